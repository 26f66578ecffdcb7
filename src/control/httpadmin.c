/* SPDX-License-Identifier: MIT */
#include "control/httpadmin.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/httphead.h"
#include "report/csv.h"
#include "report/eventjson.h"
#include "report/page.h"
#include "report/prometheus.h"
#include "report/sessionline.h"
#include "report/statusjson.h"

#include <stdio.h>
#include <string.h>

enum {
	IDLE_S = 60,
	UNREAD_MAX = 256 * 1024, /* answers that wait; the requests behind them wait, too */
};

static const char openmetrics_type[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/* A client that may follow events. */
struct visitor {
	struct daemon_follower follower;
	struct stream *stream;
	bool following;
};

struct exchange {
	struct stream *stream;
	struct daemon *daemon;
	const struct httphead_request *request;
	const char *query; /* after '?', "" if there is none */
	int status;
	const char *type;
	struct text body;
	bool follow; /* the answer is an event stream */
};

/* --- routes ------------------------------------------------------------------------------- */

static void get_page(struct exchange *x)
{
	struct snapshot *s = daemon_snapshot(x->daemon);

	page_write(s, x->daemon->journal, &x->body);
	snapshot_free(s);
}

static void get_csv(struct exchange *x)
{
	struct csv_filter f = { .proxy_id = -1, .server_id = -1, .hide_secrets = true };
	struct snapshot *s = daemon_snapshot(x->daemon);

	x->type = "text/plain";
	csv_write_filtered(s, &f, &x->body);
	text_addc(&x->body, '\n');
	snapshot_free(s);
}

/* "/haproxy?stats" is the page, "/haproxy?stats;csv" the CSV. */
static void get_haproxy(struct exchange *x)
{
	if (strncmp(x->query, "stats", 5) != 0) {
		x->status = 404;
		return;
	}
	if (strncmp(x->query + 5, ";csv", 4) == 0)
		get_csv(x);
	else
		get_page(x);
}

static void get_status(struct exchange *x)
{
	struct snapshot *s = daemon_snapshot(x->daemon);

	statusjson_write(s, &x->body);
	text_addc(&x->body, '\n');
	snapshot_free(s);
}

static void get_sessions(struct exchange *x)
{
	size_t count;
	struct record *list = crew_sessions(x->daemon->crew, &count);
	const struct record **at = mem_zalloc(count * sizeof(struct record *));

	for (size_t i = 0; i < count; i++)
		at[i] = &list[i];
	sessionline_write_list(at, count, &x->body);
	text_addc(&x->body, '\n');
	free(at);
	free(list);
}

static void add_sse(struct text *out, const struct journal_event *e)
{
	text_addf(out, "id: %llu\nevent: %s\ndata: ", (unsigned long long)e->seq,
	          journal_kind_key(e->kind));
	eventjson_write(e, out);
	text_add(out, "\n\n");
}

/* From `?since=SEQ`, or after the Last-Event-ID with which a browser reconnects. */
static uint64_t first_wanted(const struct exchange *x)
{
	struct httphead_string last = httphead_field(x->request, "last-event-id");
	const char *since = strstr(x->query, "since=");
	char digits[24];
	uint64_t seq;

	if (last.at && last.len < sizeof(digits)) {
		snprintf(digits, sizeof(digits), "%.*s", (int)last.len, last.at);
		if (number_parse(digits, UINT64_MAX - 1, &seq))
			return seq + 1;
	}
	if (since) {
		snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(since + 6, "&"), since + 6);
		if (number_parse(digits, UINT64_MAX, &seq))
			return seq;
	}
	return 1;
}

static void get_events(struct exchange *x)
{
	const struct journal *j = x->daemon->journal;
	uint64_t seq = first_wanted(x);
	const struct journal_event *e;
	bool any = false;

	x->follow = httphead_has_token(httphead_field(x->request, "accept"), "text/event-stream");
	if (x->follow)
		x->type = "text/event-stream";
	else
		text_add(&x->body, "{\"events\": [");
	for (; (e = journal_find(j, seq)); seq = e->seq + 1) {
		if (x->follow) {
			add_sse(&x->body, e);
			continue;
		}
		text_add(&x->body, any ? ",\n" : "\n");
		eventjson_write(e, &x->body);
		any = true;
	}
	if (!x->follow)
		text_add(&x->body, "\n]}\n");
}

static void get_metrics(struct exchange *x)
{
	bool openmetrics = httphead_has_token(httphead_field(x->request, "accept"),
	                                      "application/openmetrics-text");
	struct snapshot *s = daemon_snapshot(x->daemon);

	if (openmetrics)
		x->type = openmetrics_type;
	prometheus_write(s, openmetrics, &x->body);
	snapshot_free(s);
}

static void get_healthz(struct exchange *x)
{
	text_add(&x->body, "ok\n");
}

static void get_readyz(struct exchange *x)
{
	char reason[256] = "ok";

	if (x->daemon->stopping)
		snprintf(reason, sizeof(reason), "stopping");
	else if (!x->daemon->accepting)
		snprintf(reason, sizeof(reason), "starting: the first checks are not over");
	else
		roster_ready(x->daemon->roster, reason, sizeof(reason));
	if (reason[0] == '\0')
		snprintf(reason, sizeof(reason), "ok");
	if (strcmp(reason, "ok") != 0)
		x->status = 503;
	text_addf(&x->body, "%s\n", reason);
}

static const struct {
	const char *path, *type, *help;
	void (*get)(struct exchange *x);
} routes[] = {
#define ROUTE(path_, type_, handler, help_)                                                        \
	{ .path = path_, .type = type_, .get = handler, .help = help_ },
#include "control/routes.def"
};

static void not_found(struct exchange *x)
{
	x->status = 404;
	x->type = "text/plain";
	text_add(&x->body, "Not found. There are:\n");
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		text_addf(&x->body, "  %-22s %s\n", routes[i].path, routes[i].help);
}

static void dispatch(struct exchange *x)
{
	struct httphead_string target = x->request->target;
	const char *mark = memchr(target.at, '?', target.len);
	size_t len = mark ? (size_t)(mark - target.at) : target.len;
	char *query = mark ? mem_strndup(mark + 1, target.len - len - 1) : mem_strdup("");
	size_t i;

	x->query = query;
	for (i = 0; i < ARRAY_LEN(routes); i++)
		if (strlen(routes[i].path) == len && memcmp(routes[i].path, target.at, len) == 0)
			break;
	if (i == ARRAY_LEN(routes)) {
		not_found(x);
	} else {
		x->type = routes[i].type;
		routes[i].get(x);
		if (x->status == 404 && !x->body.len)
			not_found(x);
	}
	x->query = "";
	free(query);
}

/* --- answers ------------------------------------------------------------------------------ */

static const char *words_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	default:
		return "Service Unavailable";
	}
}

/* What any answer carries: nothing may be cached, framed, sniffed or loaded from elsewhere. */
static const char common_fields[] =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:\r\n";

static void answer(struct exchange *x, bool keep, bool with_body)
{
	struct text *out = &x->stream->out;

	text_addf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%s", x->status, words_of(x->status),
	          x->type, common_fields);
	if (x->status == 405)
		text_add(out, "Allow: GET, HEAD\r\n");
	if (!x->follow)
		text_addf(out, "Content-Length: %zu\r\n", x->body.len);
	text_addf(out, "Connection: %s\r\n\r\n", keep ? "keep-alive" : "close");
	if (with_body)
		text_addn(out, text_str(&x->body), x->body.len);
}

static void on_event(struct daemon_follower *f, const struct journal_event *e)
{
	struct visitor *v = container_of(f, struct visitor, follower);

	add_sse(&v->stream->out, e);
	stream_flush(v->stream);
}

static void follow(struct exchange *x)
{
	struct visitor *v = x->stream->state;

	v->stream = x->stream;
	v->following = true;
	v->follower.on_event = on_event;
	x->stream->patient = true;
	daemon_follow(x->daemon, &v->follower);
}

static void refuse(struct stream *s, int status, const char *why)
{
	struct exchange x = { .stream = s, .status = status, .type = "text/plain" };

	text_addf(&x.body, "%s\n", why);
	answer(&x, false, true);
	text_release(&x.body);
	s->ending = true;
}

static void serve(struct stream *s, const struct httphead_request *r)
{
	bool head = httphead_equals(r->method, "HEAD");
	struct exchange x = {
		.stream = s, .daemon = s->server->ctx, .request = r, .status = 200, .query = ""
	};
	struct httphead_string connection = httphead_field(r, "connection");
	bool keep = r->minor >= 1 ? !httphead_has_token(connection, "close")
	                          : httphead_has_token(connection, "keep-alive");

	dispatch(&x);
	answer(&x, keep && !x.follow, !head);
	if (x.follow && !head)
		follow(&x);
	else
		s->ending = !keep || x.follow;
	text_release(&x.body);
}

static void on_input(struct stream *s)
{
	struct visitor *v = s->state;
	struct httphead_request r;

	while (s->in.len && s->out.len < UNREAD_MAX && !s->ending && !v->following) {
		enum httphead_status status = httphead_parse_request(s->in.data, s->in.len, &r);

		if (status == HTTPHEAD_BAD) {
			refuse(s, 400, "This is not an HTTP/1 request.");
		} else if (status == HTTPHEAD_MORE) {
			return;
		} else if (!httphead_equals(r.method, "GET") &&
		           !httphead_equals(r.method, "HEAD")) {
			refuse(s, 405, "Only GET and HEAD.");
		} else if (r.content_length > STREAM_INPUT_MAX / 2) {
			refuse(s, 400, "A request has no need of such a body.");
		} else {
			if (s->in.len < r.head_len + r.content_length)
				return;
			serve(s, &r);
			text_consume(&s->in, r.head_len + r.content_length);
		}
	}
	if (v->following)
		text_clear(&s->in);
}

static void on_close(struct stream *s)
{
	struct visitor *v = s->state;
	struct daemon *daemon = s->server->ctx;

	if (v->following)
		daemon_unfollow(daemon, &v->follower);
	v->following = false;
}

static const struct stream_protocol protocol = {
	.state_size = sizeof(struct visitor),
	.on_input = on_input,
	.on_close = on_close,
	.idle_s = IDLE_S,
};

bool httpadmin_open(struct ev_loop *loop, const struct addr *at, struct daemon *daemon,
                    struct stream_server **ret, struct error *err)
{
	if (!stream_server_open(loop, at, 0660, &protocol, daemon, ret, err))
		return error_wrap(err, "admin.bind");
	return true;
}
