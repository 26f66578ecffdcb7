/* SPDX-License-Identifier: MIT */
#include "net/webget.h"

#include "base/httpanswer.h"
#include "base/mem.h"
#include "net/sock.h"
#include "webgetwords.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	HEAD_MAX = 16384,
	READ_SIZE = 65536,
	READS_MAX = 16, /* in one step */
	USED_MAX = 1 << 20,
	FRAMING_MAX = 65536,
	EARLY_MAX = 8 /* answers before the answer */
};

/* In the order of time, as webgetwords_late() takes them. */
enum phase { CONNECTING, HANDSHAKING, SENDING, READING };

struct webget {
	struct webget_target t;
	struct addr to;
	int fd;
	struct tls *tls;
	enum phase phase;
	enum webget_wants wants;
	struct text out; /* the request; `sent` bytes of it are out */
	size_t sent;
	/* What came: the head, then, once that is known, the content as it was sent. */
	struct text in;
	size_t gone; /* of the content, before what is in `in` */
	bool has_head;
	struct httpanswer_head head; /* its slices are of no use after the head */
	uint16_t status;
	unsigned int early;
	size_t used; /* of `in`: it is in `body`, too */
	struct text body;
};

static void add_request(struct webget *w)
{
	const struct url *u = w->t.url;
	char authority[URL_AUTHORITY_MAX];

	text_addf(&w->out,
	          "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: sluice/" SLUICE_VERSION
	          "\r\nAccept: application/json\r\nConnection: close\r\n",
	          *u->path ? u->path : "/", url_authority(u, authority));
	/* The pages of /_status/ read the cookie, those of /api/v2/ the field. */
	if (w->t.session)
		text_addf(&w->out, "Cookie: session=%s\r\nX-Cockroach-API-Session: %s\r\n",
		          w->t.session, w->t.session);
	text_add(&w->out, "\r\n");
}

struct webget *webget_begin(const struct webget_target *t, struct error *err)
{
	struct sock_options options = { .nodelay = true };
	struct webget *w = mem_zalloc(sizeof(*w));
	bool connected;

	w->t = *t;
	w->to = *t->to;
	w->wants = WEBGET_WRITE;
	w->fd = sock_connect(t->to, &options, &connected);
	if (w->fd == -1) {
		webgetwords_unconnected(t->name, t->to, errno, err);
		webget_end(w);
		return NULL;
	}
	if (t->url->secure) {
		w->tls = tls_new(t->tls, w->fd, t->url->host);
		if (!w->tls) {
			error_set(err, "%s: there can be no certificate for that host", t->name);
			webget_end(w);
			return NULL;
		}
	}
	add_request(w);
	return w;
}

int webget_fd(const struct webget *w)
{
	return w->fd;
}

enum webget_wants webget_wants(const struct webget *w)
{
	return w->wants;
}

uint16_t webget_status(const struct webget *w)
{
	return w->status;
}

struct text *webget_body(struct webget *w)
{
	return &w->body;
}

bool webget_expired(const struct webget *w, struct error *err)
{
	return webgetwords_late(w->t.name, (unsigned int)w->phase, w->gone + w->in.len, err);
}

void webget_end(struct webget *w)
{
	if (!w)
		return;
	tls_free(w->tls);
	if (w->fd >= 0)
		sock_close(w->fd);
	text_release(&w->out);
	text_release(&w->in);
	text_release(&w->body);
	free(w);
}

static enum webget_state fail(bool unused)
{
	(void)unused;
	return WEBGET_FAILED;
}

static enum webget_state wait_for(struct webget *w, enum webget_wants wants)
{
	w->wants = wants;
	return WEBGET_MORE;
}

/* --- the answer ----------------------------------------------------------------------------- */

static struct httpanswer_slice slice_of(const struct text *t)
{
	return (struct httpanswer_slice){ text_str(t), t->len };
}

/* WEBGET_DONE: there is a head, of status 200. */
static enum webget_state take_head(struct webget *w, struct error *err)
{
	do {
		enum httpanswer_state state = httpanswer_parse(slice_of(&w->in), false, &w->head);

		if (state == HTTPANSWER_MORE && w->in.len <= HEAD_MAX)
			return WEBGET_MORE;
		if (state != HTTPANSWER_OK)
			return fail(webgetwords_garbage(w->t.name, w->t.url, err));
		w->status = (uint16_t)w->head.status;
		if (w->head.status >= 200)
			break;
		if (++w->early > EARLY_MAX)
			return fail(webgetwords_garbage(w->t.name, w->t.url, err));
		/* 100 and the like: the answer comes after it (RFC 9110 section 15.2). */
		text_consume(&w->in, w->head.size);
	} while (true);
	if (w->head.status != 200) {
		webgetwords_refused(w->t.name, w->t.url, w->t.session, &w->head, err);
		webget_cover(w->t.session, err);
		return WEBGET_FAILED;
	}
	text_consume(&w->in, w->head.size);
	w->has_head = true;
	return WEBGET_DONE;
}

/* What is in the body need not be there twice. */
static void forget_used(struct webget *w)
{
	if (w->used < USED_MAX)
		return;
	text_consume(&w->in, w->used);
	if (w->head.framing == HTTPANSWER_LENGTH)
		w->head.length -= w->used;
	w->gone += w->used;
	w->used = 0;
}

/* Whatever came is in `in`. */
static enum webget_state take_bytes(struct webget *w, struct error *err)
{
	enum httpanswer_state state;

	if (!w->has_head) {
		enum webget_state head = take_head(w, err);

		if (head != WEBGET_DONE)
			return head;
	}
	if (w->head.framing == HTTPANSWER_LENGTH && w->head.length > w->t.max)
		return fail(webgetwords_long(w->t.name, w->t.max, err));
	state = httpanswer_take(&w->head, slice_of(&w->in), &w->used, &w->body);
	if (state == HTTPANSWER_BAD)
		return fail(webgetwords_garbage(w->t.name, w->t.url, err));
	if (w->body.len > w->t.max || (w->gone + w->in.len) / 2 > w->t.max + FRAMING_MAX)
		return fail(webgetwords_long(w->t.name, w->t.max, err));
	if (state == HTTPANSWER_OK)
		return WEBGET_DONE;
	forget_used(w);
	return WEBGET_MORE;
}

/* Nothing more comes: complete only if the end of the connection is the end of the content. */
static enum webget_state take_end(struct webget *w, struct error *err)
{
	if (w->has_head && w->head.framing == HTTPANSWER_CLOSE)
		return WEBGET_DONE;
	return fail(webgetwords_cut(w->t.name, w->t.url, w->gone + w->in.len, err));
}

/* --- bytes ---------------------------------------------------------------------------------- */

enum moved { MOVED_SOME, MOVED_LATER, MOVED_END, MOVED_FAILED };

/* `errnum` is for MOVED_FAILED without TLS. */
static enum moved tls_moved(struct webget *w, enum tls_status status)
{
	switch (status) {
	case TLS_DONE:
		return MOVED_SOME;
	case TLS_WANT_READ:
	case TLS_WANT_WRITE:
		w->wants = status == TLS_WANT_READ ? WEBGET_READ : WEBGET_WRITE;
		return MOVED_LATER;
	case TLS_EOF:
		return MOVED_END;
	case TLS_FAILED:
		break;
	}
	return MOVED_FAILED;
}

static enum moved plain_moved(struct webget *w, ssize_t n, enum webget_wants wants)
{
	if (n > 0)
		return MOVED_SOME;
	if (n == 0)
		return MOVED_END;
	if (errno != EAGAIN && errno != EINTR)
		return MOVED_FAILED;
	w->wants = wants;
	return MOVED_LATER;
}

static enum moved send_some(struct webget *w, size_t *n)
{
	const char *at = w->out.data + w->sent;
	size_t left = w->out.len - w->sent;
	ssize_t sent;

	if (w->tls)
		return tls_moved(w, tls_write(w->tls, at, left, n));
	sent = send(w->fd, at, left, MSG_NOSIGNAL);
	*n = sent > 0 ? (size_t)sent : 0;
	return plain_moved(w, sent, WEBGET_WRITE);
}

static enum moved receive_some(struct webget *w, char *buf, size_t *n)
{
	ssize_t got;

	if (w->tls)
		return tls_moved(w, tls_read(w->tls, buf, READ_SIZE, n));
	got = recv(w->fd, buf, READ_SIZE, 0);
	*n = got > 0 ? (size_t)got : 0;
	return plain_moved(w, got, WEBGET_READ);
}

static enum webget_state broken(struct webget *w, struct error *err)
{
	if (w->tls)
		return fail(webgetwords_tls(w->t.name, tls_reason(w->tls), err));
	return fail(webgetwords_broken(w->t.name, errno, err));
}

/* --- phases: WEBGET_DONE leads to the next one ----------------------------------------------- */

static enum webget_state finish_connect(struct webget *w, struct error *err)
{
	int errnum = sock_error(w->fd);

	if (errnum)
		return fail(webgetwords_unconnected(w->t.name, &w->to, errnum, err));
	return WEBGET_DONE;
}

static enum webget_state shake_hands(struct webget *w, struct error *err)
{
	switch (tls_moved(w, tls_handshake(w->tls))) {
	case MOVED_SOME:
		return WEBGET_DONE;
	case MOVED_LATER:
		return WEBGET_MORE;
	case MOVED_END:
	case MOVED_FAILED:
		break;
	}
	return broken(w, err);
}

static enum webget_state send_request(struct webget *w, struct error *err)
{
	while (w->sent < w->out.len) {
		size_t n = 0;

		switch (send_some(w, &n)) {
		case MOVED_SOME:
			w->sent += n;
			break;
		case MOVED_LATER:
			return WEBGET_MORE;
		case MOVED_END:
		case MOVED_FAILED:
			return broken(w, err);
		}
	}
	return WEBGET_DONE;
}

static enum webget_state read_answer(struct webget *w, struct error *err)
{
	char buf[READ_SIZE];

	for (int i = 0; i < READS_MAX; i++) {
		enum webget_state state;
		size_t n = 0;

		switch (receive_some(w, buf, &n)) {
		case MOVED_SOME:
			break;
		case MOVED_LATER:
			return WEBGET_MORE;
		case MOVED_END:
			return take_end(w, err);
		case MOVED_FAILED:
			return broken(w, err);
		}
		text_addn(&w->in, buf, n);
		state = take_bytes(w, err);
		if (state != WEBGET_MORE)
			return state;
	}
	/* TLS may hold bytes that no poll() sees; the socket can be written to at once. */
	return wait_for(w, WEBGET_WRITE);
}

enum webget_state webget_step(struct webget *w, struct error *err)
{
	enum webget_state state = WEBGET_DONE;

	if (w->phase == CONNECTING) {
		state = finish_connect(w, err);
		if (state == WEBGET_DONE)
			w->phase = w->tls ? HANDSHAKING : SENDING;
	}
	if (state == WEBGET_DONE && w->phase == HANDSHAKING) {
		state = shake_hands(w, err);
		if (state == WEBGET_DONE)
			w->phase = SENDING;
	}
	if (state == WEBGET_DONE && w->phase == SENDING) {
		state = send_request(w, err);
		if (state == WEBGET_DONE)
			w->phase = READING;
	}
	if (state == WEBGET_DONE && w->phase == READING)
		state = read_answer(w, err);
	return state;
}
