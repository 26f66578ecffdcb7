/* SPDX-License-Identifier: MIT */
/*
 * The connection of one check.  Each step says what the check waits for next; settle() is the one
 * place that changes watchers or ends the attempt.  Steps run into one another without waiting
 * for the loop, so that a check over a fast network costs few turns.
 */
#include "attempt.h"

#include "base/cleanup.h"
#include "base/tick.h"
#include "net/sock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	READ_SIZE = 4096,
	/* More than any answer; interim ones do not count as such, and may come without end. */
	RECEIVED_MAX = 4 * PROBE_ANSWER_MAX
};

/* The verdict is there; nothing more to wait for. */
static int conclude(struct attempt *a, enum probe_code code, int errnum)
{
	a->result = errnum ? probe_failed(code, errnum) : (struct probe_result){ .code = code };
	a->settled = true;
	return 0;
}

/* As conclude(), with words of our own. */
static int conclude_words(struct attempt *a, enum probe_code code, const char *words)
{
	conclude(a, code, 0);
	snprintf(a->result.info, sizeof(a->result.info), "%s", words);
	return 0;
}

/* Why no connection came about.  A lack of our own resources says nothing about the peer. */
static int refuse(struct attempt *a, int errnum)
{
	switch (errnum) {
	case ETIMEDOUT:
		return conclude(a, PROBE_L4TOUT, 0);
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EADDRNOTAVAIL:
		return conclude(a, PROBE_UNKNOWN, errnum);
	default:
		return conclude(a, PROBE_L4CON, errnum);
	}
}

static int conclude_eof(struct attempt *a)
{
	probe_eof(&a->probe, &a->result);
	a->settled = true;
	return 0;
}

/* recv() or its TLS likeness: bytes, or what to wait for, or the verdict. */
static int receive_some(struct attempt *a, char *buf, size_t *n)
{
	*n = 0;
	if (!a->tls) {
		ssize_t got = recv(a->io.fd, buf, READ_SIZE, 0);

		if (got == 0)
			return conclude_eof(a);
		if (got > 0)
			*n = (size_t)got;
		else if (errno != EAGAIN && errno != EINTR)
			return conclude(a, PROBE_SOCKERR, errno);
		return EV_READ;
	}
	switch (tls_read(a->tls, buf, READ_SIZE, n)) {
	case TLS_DONE:
	case TLS_WANT_READ:
		return EV_READ;
	case TLS_WANT_WRITE:
		return EV_WRITE;
	case TLS_EOF:
		return conclude_eof(a);
	case TLS_FAILED:
		return conclude_words(a, PROBE_L6RSP, tls_reason(a->tls));
	}
	return 0;
}

/* Reads until there is nothing left: bytes may wait inside TLS where the loop does not see them. */
static int receive(struct attempt *a)
{
	char buf[READ_SIZE];

	a->phase = ATTEMPT_RECEIVING;
	for (;;) {
		size_t n;
		int want = receive_some(a, buf, &n);

		if (!n)
			return want;
		if (probe_feed(&a->probe, buf, n, &a->result) == PROBE_DONE) {
			a->settled = true;
			return 0;
		}
		a->received += n;
		if (a->received > RECEIVED_MAX)
			return conclude_eof(a);
	}
}

/* send() or its TLS likeness: how much went, or what to wait for, or 0 if the peer is gone. */
static int send_some(struct attempt *a, size_t *n)
{
	const char *bytes = a->request.data + a->sent;
	size_t len = a->request.len - a->sent;

	*n = 0;
	if (!a->tls) {
		ssize_t put = send(a->io.fd, bytes, len, MSG_NOSIGNAL);

		if (put > 0)
			*n = (size_t)put;
		else if (errno != EAGAIN && errno != EINTR)
			return 0;
		return EV_WRITE;
	}
	switch (tls_write(a->tls, bytes, len, n)) {
	case TLS_DONE:
	case TLS_WANT_WRITE:
		return EV_WRITE;
	case TLS_WANT_READ:
		return EV_READ;
	case TLS_EOF:
	case TLS_FAILED:
		return 0;
	}
	return 0;
}

/* A peer that does not take the request may have answered before it left: reading tells. */
static int send_request(struct attempt *a)
{
	a->phase = ATTEMPT_SENDING;
	while (a->sent < a->request.len) {
		size_t n;
		int want = send_some(a, &n);

		if (!want)
			break;
		if (!n)
			return want;
		a->sent += n;
	}
	return receive(a);
}

static int shake_hands(struct attempt *a)
{
	a->phase = ATTEMPT_HANDSHAKING;
	switch (tls_handshake(a->tls)) {
	case TLS_DONE:
		return send_request(a);
	case TLS_WANT_READ:
		return EV_READ;
	case TLS_WANT_WRITE:
		return EV_WRITE;
	case TLS_EOF:
		return conclude_words(a, PROBE_L6RSP, "Connection closed during SSL handshake");
	case TLS_FAILED:
		return conclude_words(a, PROBE_L6RSP, tls_reason(a->tls));
	}
	return 0;
}

static int connected(struct attempt *a)
{
	int errnum = sock_error(a->io.fd);

	if (errnum)
		return refuse(a, errnum);
	if (probe_is_connect_only(a->check))
		return conclude(a, PROBE_L4OK, 0);
	probe_request(&a->probe, a->authority, &a->request);
	if (!a->context)
		return send_request(a);
	a->tls = tls_new(a->context, a->io.fd, a->peer);
	if (!a->tls)
		return conclude_words(a, PROBE_SOCKERR, "Cannot set up TLS");
	return shake_hands(a);
}

/* The events to wait for, or 0 with the verdict in `result`. */
static int step(struct attempt *a)
{
	switch (a->phase) {
	case ATTEMPT_CONNECTING:
		return connected(a);
	case ATTEMPT_HANDSHAKING:
		return shake_hands(a);
	case ATTEMPT_SENDING:
		return send_request(a);
	case ATTEMPT_RECEIVING:
		return receive(a);
	}
	return 0;
}

static int expire(struct attempt *a)
{
	switch (a->phase) {
	case ATTEMPT_CONNECTING:
		return conclude(a, PROBE_L4TOUT, 0);
	case ATTEMPT_HANDSHAKING:
		return conclude(a, PROBE_L6TOUT, 0);
	case ATTEMPT_SENDING:
	case ATTEMPT_RECEIVING:
		return conclude(a, PROBE_L7TOUT, 0);
	}
	return 0;
}

/* HAProxy's pgsql check lingers, all others reset: a node then logs nothing about them. */
static void close_connection(struct attempt *a)
{
	if (a->io.fd == -1)
		return;
	if (a->check->type == SETTINGS_CHECK_PGSQL)
		sock_close(a->io.fd);
	else
		sock_reset(a->io.fd);
	a->io.fd = -1;
}

void attempt_cancel(struct attempt *a)
{
	if (!a->running)
		return;
	a->running = false;
	ev_io_stop(a->loop, &a->io);
	ev_timer_stop(a->loop, &a->deadline);
	tls_free(a->tls);
	a->tls = NULL;
	close_connection(a);
	probe_release(&a->probe);
	text_release(&a->request);
}

/* The only place that re-arms or ends.  Calls `done` last: it may start the next attempt. */
static void settle(struct attempt *a, int want)
{
	struct probe_result result;

	assert(a->running && (want == 0) == a->settled);
	if (want == 0) {
		result = a->result;
		result.duration_ms = (uint32_t)((tick_us() - a->started_us) / 1000);
		attempt_cancel(a);
		a->done(a->ctx, &result);
		return;
	}
	if (want == (a->io.events & (EV_READ | EV_WRITE)))
		return;
	ev_io_stop(a->loop, &a->io);
	ev_io_modify(&a->io, want);
	ev_io_start(a->loop, &a->io);
}

static void on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct attempt *a = container_of(w, struct attempt, io);

	(void)loop;
	(void)revents;
	settle(a, step(a));
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct attempt *a = container_of(w, struct attempt, deadline);

	(void)loop;
	(void)revents;
	settle(a, a->settled ? 0 : expire(a));
}

void attempt_init(struct attempt *a, struct ev_loop *loop, const struct settings_check *check,
                  attempt_done *done, void *ctx)
{
	*a = (struct attempt){ .loop = loop, .check = check, .done = done, .ctx = ctx };
	ev_io_init(&a->io, on_io, -1, EV_WRITE);
	ev_timer_init(&a->deadline, on_deadline, 0., 0.);
	/* An answer that has come beats a deadline that passed while the loop was busy. */
	ev_set_priority(&a->deadline, EV_MINPRI);
}

void attempt_start(struct attempt *a, const struct addr *to)
{
	uint32_t timeout_ms = a->check->timeout_ms ? a->check->timeout_ms : a->check->inter_ms;
	bool at_once;
	int fd;

	assert(!a->running);
	a->running = true;
	a->phase = ATTEMPT_CONNECTING;
	a->settled = false;
	a->sent = 0;
	a->received = 0;
	a->started_us = tick_us();
	probe_init(&a->probe, a->check);
	fd = sock_connect(to, &(struct sock_options){ .nodelay = true }, &at_once);
	ev_io_set(&a->io, fd, EV_WRITE);
	ev_timer_set(&a->deadline, timeout_ms / 1000., 0.);
	if (fd == -1) {
		refuse(a, errno);
		ev_timer_set(&a->deadline, 0., 0.);
	} else {
		/* HAProxy's trick: the ACK that would complete the handshake waits, and the RST
		 * that ends the check takes its place, so that the node never accepts. */
		if (probe_is_connect_only(a->check))
			sock_quickack(fd, false);
		ev_io_start(a->loop, &a->io);
	}
	ev_now_update(a->loop);
	ev_timer_start(a->loop, &a->deadline);
}
