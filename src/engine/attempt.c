/* SPDX-License-Identifier: MIT */
/*
 * The connections of one check.  The probe says what comes next, and each phase what it waits for;
 * step() runs them into one another without waiting for the loop, so that a check over a fast
 * network costs few turns, and settle() is the one place that changes watchers or ends the attempt.
 */
#include "attempt.h"

#include "base/cleanup.h"
#include "base/tick.h"
#include "net/lowfd.h"
#include "net/proxyproto.h"
#include "net/sock.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

enum {
	READ_SIZE = 4096,
	/* More than any answer; interim ones do not count as such, and may come without end. */
	RECEIVED_MAX = 4 * PROBE_ANSWER_MAX,
	DRAIN_READS = 16,
	LOOKS_SPARED = 50,
	GO_ON = 0 /* instead of events: there is something else to do first */
};

/* The phase that begins with what the probe wants. */
static int follow(struct attempt *a, enum probe_act act)
{
	switch (act) {
	case PROBE_CONNECT:
		a->phase = ATTEMPT_OPENING;
		break;
	case PROBE_SEND:
		a->phase = ATTEMPT_SENDING;
		a->sent = 0;
		break;
	case PROBE_RECEIVE:
		a->phase = ATTEMPT_RECEIVING;
		a->received = 0;
		/* Nobody answers that soon; but TLS may have read more than was asked for. */
		return a->tls ? GO_ON : EV_READ;
	case PROBE_DONE:
		a->phase = ATTEMPT_DONE;
		break;
	}
	return GO_ON;
}

static int give_up(struct attempt *a, enum probe_layer layer, int errnum, const char *words)
{
	return follow(a, probe_broken(&a->probe, layer, errnum, words));
}

/* A peer that has closed its side is answered in kind. */
static bool has_left(int fd)
{
	char buf[READ_SIZE];
	ssize_t n = 1;

	for (int i = 0; i < DRAIN_READS && n > 0; i++)
		n = recv(fd, buf, sizeof(buf), 0);
	return n == 0;
}

/* HAProxy's checks reset unless they are told to linger: a node then logs nothing about them. */
static void close_connection(struct attempt *a)
{
	ev_io_stop(a->loop, &a->io);
	tls_free(a->tls);
	a->tls = NULL;
	if (a->io.fd == -1)
		return;
	if (!a->lingers && (a->silent || !has_left(a->io.fd)))
		sock_end_with_reset(a->io.fd);
	lowfd_close(a->io.fd);
	ev_io_set(&a->io, -1, EV_WRITE);
}

/* The first segment leaves at once in any case; those after it would wait for its ACK. */
static void wait_for_no_ack(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* recv() or its TLS likeness: bytes, or what to wait for, or GO_ON. */
static int receive_some(struct attempt *a, char *buf, size_t *n)
{
	*n = 0;
	if (!a->tls) {
		ssize_t got = recv(a->io.fd, buf, READ_SIZE, 0);

		if (got == 0)
			return follow(a, probe_eof(&a->probe));
		if (got > 0)
			*n = (size_t)got;
		else if (errno != EAGAIN && errno != EINTR)
			return give_up(a, PROBE_ESTABLISHED, errno, NULL);
		return EV_READ;
	}
	switch (tls_read(a->tls, buf, READ_SIZE, n)) {
	case TLS_DONE:
	case TLS_WANT_READ:
		return EV_READ;
	case TLS_WANT_WRITE:
		return EV_WRITE;
	case TLS_EOF:
		return follow(a, probe_eof(&a->probe));
	case TLS_FAILED:
		return give_up(a, PROBE_ESTABLISHED, 0, tls_reason(a->tls));
	}
	return GO_ON;
}

/* Reads until there is nothing left: bytes may wait inside TLS where the loop does not see them. */
static int receive(struct attempt *a)
{
	char buf[READ_SIZE];

	for (;;) {
		size_t n;
		int want = receive_some(a, buf, &n);
		enum probe_act act;

		if (!n)
			return want;
		act = probe_feed(&a->probe, buf, n);
		if (act != PROBE_RECEIVE)
			return follow(a, act);
		a->received += n;
		if (a->received > RECEIVED_MAX)
			return follow(a, probe_eof(&a->probe));
	}
}

/* Some of `t`, from a->sent on: what to wait for if it is not all, GO_ON if it is; -1: failed. */
static int send_text(struct attempt *a, const struct text *t)
{
	if (a->spoke && !a->sent)
		wait_for_no_ack(a->io.fd);
	a->spoke = true;
	while (a->sent < t->len) {
		ssize_t put = send(a->io.fd, t->data + a->sent, t->len - a->sent, MSG_NOSIGNAL);

		if (put > 0)
			a->sent += (size_t)put;
		else
			return errno == EAGAIN || errno == EINTR ? EV_WRITE : -1;
	}
	return GO_ON;
}

static int send_over_tls(struct attempt *a, const struct text *t)
{
	while (a->sent < t->len) {
		size_t n = 0;

		switch (tls_write(a->tls, t->data + a->sent, t->len - a->sent, &n)) {
		case TLS_DONE:
			a->sent += n;
			break;
		case TLS_WANT_WRITE:
			return EV_WRITE;
		case TLS_WANT_READ:
			return EV_READ;
		case TLS_EOF:
		case TLS_FAILED:
			errno = EPIPE;
			return -1;
		}
	}
	return GO_ON;
}

static int send_request(struct attempt *a)
{
	const struct text *out = probe_output(&a->probe);
	int want = a->tls ? send_over_tls(a, out) : send_text(a, out);

	if (want == -1)
		return follow(a, probe_unsent(&a->probe, errno));
	return want == GO_ON ? follow(a, probe_sent(&a->probe)) : want;
}

static int shake_hands(struct attempt *a)
{
	switch (tls_handshake(a->tls)) {
	case TLS_DONE:
		return follow(a, probe_connected(&a->probe));
	case TLS_WANT_READ:
		return EV_READ;
	case TLS_WANT_WRITE:
		return EV_WRITE;
	case TLS_EOF:
		return give_up(a, PROBE_HANDSHAKING, 0, "Connection closed during SSL handshake");
	case TLS_FAILED:
		return give_up(a, PROBE_HANDSHAKING, 0, tls_reason(a->tls));
	}
	return GO_ON;
}

/* The TCP connection stands, and its PROXY header is sent. */
static int begin_talk(struct attempt *a)
{
	const struct probe_connect *where = probe_where(&a->probe);
	const char *name = where->sni || !where->as_server ? where->sni : a->peer;

	if (!where->tls)
		return follow(a, probe_connected(&a->probe));
	wait_for_no_ack(a->io.fd);
	a->tls = tls_new(a->context, a->io.fd, name);
	if (!a->tls || (where->alpn && !tls_set_alpn(a->tls, where->alpn)))
		return give_up(a, PROBE_ESTABLISHED, 0, "Cannot set up TLS");
	a->phase = ATTEMPT_HANDSHAKING;
	return GO_ON;
}

/* Of the connection itself: a check has no client (version 2 says so). */
static void write_head(struct attempt *a)
{
	char buf[PROXYPROTO_V1_MAX + PROXYPROTO_V2_PLAIN];
	struct addr own = { 0 };
	struct addr peer = { 0 };
	size_t len;

	if (a->check->proxy_version == SETTINGS_PROXY_V2) {
		len = proxyproto_write_v2(NULL, NULL, NULL, 0, buf, sizeof(buf));
	} else {
		peer.len = sizeof(peer.un);
		if (!sock_local(a->io.fd, &own) || getpeername(a->io.fd, &peer.sa, &peer.len) == -1)
			own.len = peer.len = 0;
		len = proxyproto_write_v1(&own, &peer, buf, sizeof(buf));
	}
	text_clear(&a->head);
	text_addn(&a->head, buf, len);
	a->sent = 0;
}

static int announce(struct attempt *a)
{
	int want = send_text(a, &a->head);

	if (want == -1)
		return give_up(a, PROBE_CONNECTING, errno, NULL);
	return want == GO_ON ? begin_talk(a) : want;
}

static int connected(struct attempt *a)
{
	if (!probe_where(&a->probe)->send_proxy)
		return begin_talk(a);
	write_head(a);
	a->phase = ATTEMPT_ANNOUNCING;
	return GO_ON;
}

static bool is_http(enum settings_check_type type)
{
	return type == SETTINGS_CHECK_HTTP || type == SETTINGS_CHECK_HTTPS;
}

static int connect_from(struct attempt *a, const struct addr *to, struct sock_options o)
{
	const struct settings_source *from = a->source;
	struct sock_source source;
	bool at_once;

	if (from && (from->addr.len || from->interface)) {
		source = (struct sock_source){ .addr = from->addr,
			                       .port_low = from->port_low,
			                       .port_high = from->port_high,
			                       .interface = from->interface };
		o.source = &source;
		o.turn = a->turn++;
	}
	return sock_connect(to, &o, &at_once);
}

static int open_connection(struct attempt *a)
{
	const struct probe_connect *where = probe_where(&a->probe);
	struct addr to = where->addr.len ? where->addr : a->to;
	struct sock_options o = { 0 };
	int fd;

	close_connection(a);
	a->lingers = where->linger;
	a->silent = where->silent;
	a->spoke = false;
	if (where->port)
		addr_set_port(&to, where->port);
	else if (where->addr.len)
		addr_set_port(&to, addr_port(&a->to));
	/*
	 * Silent is HAProxy's trick: the ACK that would complete the handshake waits, and the RST
	 * that ends the check takes its place, so that the node never accepts.
	 */
	o.speaks_first =
	    where->silent || where->tls || where->send_proxy || is_http(a->check->type);
	fd = lowfd_move(connect_from(a, &to, o));
	ev_io_set(&a->io, fd, EV_WRITE);
	if (fd == -1)
		return give_up(a, PROBE_CONNECTING, errno, NULL);
	a->phase = ATTEMPT_CONNECTING;
	return sock_is_there(a->io.fd, &a->far, LOOKS_SPARED) ? connected(a) : EV_WRITE;
}

static int confirm(struct attempt *a)
{
	int errnum = sock_error(a->io.fd);

	return errnum ? give_up(a, PROBE_CONNECTING, errnum, NULL) : connected(a);
}

static int run_phase(struct attempt *a)
{
	switch (a->phase) {
	case ATTEMPT_OPENING:
		return open_connection(a);
	case ATTEMPT_CONNECTING:
		return confirm(a);
	case ATTEMPT_ANNOUNCING:
		return announce(a);
	case ATTEMPT_HANDSHAKING:
		return shake_hands(a);
	case ATTEMPT_SENDING:
		return send_request(a);
	case ATTEMPT_RECEIVING:
		return receive(a);
	case ATTEMPT_DONE:
		break;
	}
	return GO_ON;
}

/* The events to wait for, or GO_ON with the verdict. */
static int step(struct attempt *a)
{
	int want = GO_ON;

	while (want == GO_ON && a->phase != ATTEMPT_DONE)
		want = run_phase(a);
	return want;
}

static void expire(struct attempt *a)
{
	enum probe_layer layer = PROBE_ESTABLISHED;

	switch (a->phase) {
	case ATTEMPT_OPENING:
	case ATTEMPT_CONNECTING:
	case ATTEMPT_ANNOUNCING:
		layer = PROBE_CONNECTING;
		break;
	case ATTEMPT_HANDSHAKING:
		layer = PROBE_HANDSHAKING;
		break;
	case ATTEMPT_SENDING:
	case ATTEMPT_RECEIVING:
		break;
	case ATTEMPT_DONE:
		return;
	}
	follow(a, probe_expired(&a->probe, layer));
}

void attempt_cancel(struct attempt *a)
{
	if (!a->running)
		return;
	a->running = false;
	ev_timer_stop(a->loop, &a->deadline);
	close_connection(a);
	probe_release(&a->probe);
	text_release(&a->head);
}

/* The only place that re-arms or ends.  Calls `done` last: it may start the next attempt. */
static void settle(struct attempt *a, int want)
{
	struct probe_result result;

	assert(a->running && (want == GO_ON) == (a->phase == ATTEMPT_DONE));
	if (want == GO_ON) {
		result = *probe_verdict(&a->probe);
		result.duration_ms = (uint32_t)((tick_us() - a->started_us) / 1000);
		attempt_cancel(a);
		a->done(a->ctx, &result);
		return;
	}
	if (ev_is_active(&a->io) && want == (a->io.events & (EV_READ | EV_WRITE)))
		return;
	ev_io_stop(a->loop, &a->io);
	ev_io_modify(&a->io, want);
	ev_io_start(a->loop, &a->io);
}

static void on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct attempt *a = container_of(w, struct attempt, io);

	(void)loop;
	/* The kernel does not watch it, for want of memory: that says nothing of the server. */
	if (revents & EV_ERROR)
		give_up(a, PROBE_CONNECTING, ENOMEM, NULL);
	settle(a, step(a));
}

static uint32_t timeout_ms(const struct attempt *a)
{
	return a->check->timeout_ms ? a->check->timeout_ms : a->check->inter_ms;
}

static void arm(struct attempt *a, int64_t us)
{
	ev_timer_stop(a->loop, &a->deadline);
	ev_timer_set(&a->deadline, (double)us / 1e6, 0.);
	ev_now_update(a->loop);
	ev_timer_start(a->loop, &a->deadline);
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct attempt *a = container_of(w, struct attempt, deadline);
	int64_t left_us = a->started_us + timeout_ms(a) * 1000LL - tick_us();

	(void)loop;
	(void)revents;
	/* That was the connection's part, and it stands. */
	if (left_us > 0 && a->phase > ATTEMPT_CONNECTING && a->phase != ATTEMPT_DONE) {
		arm(a, left_us);
		return;
	}
	expire(a);
	settle(a, GO_ON);
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
	uint32_t first_ms = timeout_ms(a);
	const struct probe_given given = { .authority = a->authority,
		                           .agent_send = a->agent_send,
		                           .now_s = (uint32_t)(tick_wall_ms() / 1000) };
	int want;

	assert(!a->running);
	a->running = true;
	a->to = *to;
	a->started_us = tick_us();
	follow(a, probe_begin(&a->probe, a->plan, &given));
	want = step(a);
	if (a->check->connect_timeout_ms && a->check->connect_timeout_ms < first_ms)
		first_ms = a->check->connect_timeout_ms;
	arm(a, want == GO_ON ? 0 : first_ms * 1000LL);
	if (want != GO_ON)
		settle(a, want);
}
