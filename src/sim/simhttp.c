/* SPDX-License-Identifier: MIT */
#include "sim/simhttp.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "net/httphead.h"
#include "sim/simconn.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HEAD_MAX = 16384, BODY_MAX = 1 << 20 };

struct simhttp_conn {
	LIST_ENTRY(simhttp_conn) link;
	struct simhttp *http;
	struct simconn conn;
	ev_timer delay;
	bool waiting; /* `held` goes out when the delay is over */
	bool last;    /* close after this answer */
	struct text held;
};

static const char *find_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "status code";
}

static void add_date(struct text *t)
{
	char date[64];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	text_addf(t, "Date: %s\r\n", date);
}

/* The fields in the order of Go: those of the handler by name, then Date, length, Connection. */
static void add_response(struct text *t, const struct simhttp_reply *reply, int minor,
                         const char *connection, bool head_only)
{
	text_addf(t, "HTTP/1.%d %d %s\r\n", minor, reply->status, find_reason(reply->status));
	if (reply->no_cache)
		text_add(t, "Cache-Control: no-cache\r\n");
	text_addf(t, "Content-Type: %s\r\n", reply->type);
	add_date(t);
	text_addf(t, "Content-Length: %zu\r\n", reply->body.len);
	if (connection)
		text_addf(t, "Connection: %s\r\n", connection);
	text_add(t, "\r\n");
	if (!head_only)
		text_addn(t, reply->body.data, reply->body.len);
}

/* A request that cannot be understood is answered as net/http does and ends the connection. */
static void refuse(struct simhttp_conn *c, int status, const char *why)
{
	text_addf(&c->conn.out,
	          "HTTP/1.1 %d %s%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
	          "Connection: close\r\n\r\n%d %s%s",
	          status, find_reason(status), why, status, find_reason(status), why);
	c->last = true;
}

static bool wants_close(const struct httphead_request *r)
{
	struct httphead_string connection = httphead_field(r, "connection");

	if (r->minor == 0)
		return !connection.at || !httphead_has_token(connection, "keep-alive");
	return connection.at && httphead_has_token(connection, "close");
}

/* NULL if there is none. */
static char *copy_field(const struct httphead_request *r, const char *name)
{
	struct httphead_string s = httphead_field(r, name);

	return s.at ? mem_strndup(s.at, s.len) : NULL;
}

static void handle(struct simhttp_conn *c, const struct httphead_request *r,
                   struct simhttp_reply *reply)
{
	AUTO_FREE char *method = mem_strndup(r->method.at, r->method.len);
	AUTO_FREE char *path = mem_strndup(r->target.at, r->target.len);
	AUTO_FREE char *cookie = copy_field(r, "cookie");
	AUTO_FREE char *session = copy_field(r, "x-cockroach-api-session");
	char *query = strchr(path, '?');
	struct simhttp_request request = {
		.method = method, .path = path, .cookie = cookie, .session = session
	};

	if (query)
		*query++ = '\0';
	request.query = query ? query : "";
	c->http->handler(c->http->ctx, &request, reply);
	if (reply->status)
		return;
	reply->status = 404;
	reply->type = "text/plain; charset=utf-8";
	text_clear(&reply->body);
	text_add(&reply->body, "404 page not found\n");
}

static void answer(struct simhttp_conn *c, const struct httphead_request *r)
{
	struct simhttp_reply reply = { .type = "text/plain; charset=utf-8" };
	const char *connection = NULL;

	if (r->minor > 0 && !httphead_field(r, "host").at) {
		refuse(c, 400, ": missing required Host header");
		return;
	}
	handle(c, r, &reply);
	c->last = wants_close(r);
	if (c->last && r->minor > 0)
		connection = "close";
	else if (!c->last && r->minor == 0)
		connection = "keep-alive";
	add_response(reply.delay_ms ? &c->held : &c->conn.out, &reply, r->minor, connection,
	             httphead_equals(r->method, "HEAD"));
	if (reply.delay_ms) {
		c->waiting = c->conn.busy = true;
		ev_timer_set(&c->delay, (double)reply.delay_ms / 1000., 0.);
		ev_timer_start(c->conn.loop, &c->delay);
	}
	text_release(&reply.body);
}

/* Answers one request of `in`; false if there is none to answer now. */
static bool step(struct simhttp_conn *c)
{
	struct httphead_request r;
	struct text *in = &c->conn.in;

	if (c->waiting || c->last || !in->len)
		return false;
	switch (httphead_parse_request(in->data, in->len, &r)) {
	case HTTPHEAD_MORE:
		if (in->len > HEAD_MAX)
			refuse(c, 431, "");
		return false;
	case HTTPHEAD_BAD:
		refuse(c, 400, "");
		return false;
	case HTTPHEAD_OK:
		break;
	}
	if (r.content_length > BODY_MAX) {
		refuse(c, 400, "");
		return false;
	}
	if (in->len < r.head_len + r.content_length)
		return false;
	answer(c, &r);
	text_consume(in, r.head_len + r.content_length);
	return true;
}

static void advance(struct simhttp_conn *c)
{
	while (step(c))
		;
	if (c->last && !c->waiting)
		simconn_finish(&c->conn);
	simconn_kick(&c->conn);
}

static void destroy(struct simhttp_conn *c, bool reset)
{
	LIST_REMOVE(c, link);
	ev_timer_stop(c->http->listen.loop, &c->delay);
	simconn_release(&c->conn, reset);
	text_release(&c->held);
	free(c);
}

static void on_delay(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct simhttp_conn *c = container_of(w, struct simhttp_conn, delay);

	(void)loop;
	(void)revents;
	text_addn(&c->conn.out, c->held.data, c->held.len);
	text_clear(&c->held);
	c->waiting = c->conn.busy = false;
	advance(c);
}

static void take_bytes(struct simconn *conn)
{
	advance(container_of(conn, struct simhttp_conn, conn));
}

static void take_end(struct simconn *conn, enum simconn_end end)
{
	(void)end;
	destroy(container_of(conn, struct simhttp_conn, conn), false);
}

static void take_client(struct simlisten *l, int fd)
{
	static const struct simconn_calls calls = { .bytes = take_bytes, .gone = take_end };
	struct simhttp_conn *c = mem_zalloc(sizeof(*c));

	c->http = container_of(l, struct simhttp, listen);
	ev_init(&c->delay, on_delay);
	simconn_open(&c->conn, l->loop, fd, false, &calls);
	LIST_INSERT_HEAD(&c->http->conns, c, link);
}

void simhttp_init(struct simhttp *h, struct ev_loop *loop, const struct addr *at,
                  simhttp_handler *handler, void *ctx)
{
	*h = (struct simhttp){ .handler = handler, .ctx = ctx };
	LIST_INIT(&h->conns);
	simlisten_init(&h->listen, loop, at, take_client);
}

void simhttp_release(struct simhttp *h)
{
	simhttp_close(h, false);
}

bool simhttp_open(struct simhttp *h, struct error *err)
{
	return simlisten_open(&h->listen, err);
}

void simhttp_close(struct simhttp *h, bool reset)
{
	struct simhttp_conn *c = LIST_FIRST(&h->conns);

	simlisten_close(&h->listen);
	while (c) {
		struct simhttp_conn *next = LIST_NEXT(c, link);

		destroy(c, reset);
		c = next;
	}
}

void simhttp_pause(struct simhttp *h, bool paused)
{
	struct simhttp_conn *c;

	h->paused = paused;
	simlisten_pause(&h->listen, paused);
	LIST_FOREACH(c, &h->conns, link) {
		simconn_pause(&c->conn, paused);
	}
}
