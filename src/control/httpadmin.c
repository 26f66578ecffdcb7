/* SPDX-License-Identifier: MIT */
#include "control/httpadmin.h"

#include "adminpages.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "eventfollow.h"
#include "exchange.h"
#include "statsweb.h"
#include "webact.h"

#include <stdlib.h>
#include <string.h>

enum {
	IDLE_S = 60,
	UNREAD_MAX = 256 * 1024, /* answers that wait; the requests behind them wait, too */
	TURN_BYTES = 32 * 1024,  /* so much is made for a client, or for so long, then others ... */
	TURN_US = 5000,          /* ... have their turn */
	ALL_UNREAD_MAX = 64 * 1024 * 1024, /* of all clients; then only health is told */
	FORM_MAX = 16384                   /* HAProxy's tune.bufsize limits forms the same way */
};

/* --- which answer --------------------------------------------------------------------------- */

static bool is_path(const char *wanted, const char *path)
{
	return wanted && strcmp(wanted, path) == 0;
}

/* NULL: a section of HAProxy's that says nothing of metrics has none. */
static const char *metrics_path(const struct settings_admin *set)
{
	return set->metrics_path || set->stats_only ? set->metrics_path : "/metrics";
}

static void ask_for_user(struct exchange *x)
{
	const char *realm = x->endpoint->settings->realm;

	exchange_say(x, 401, "You need a valid user and password to access this content.");
	text_add(&x->fields, "WWW-Authenticate: Basic realm=\"");
	for (realm = realm ? realm : "sluice"; *realm; realm++) {
		if (*realm == '"' || *realm == '\\')
			text_addc(&x->fields, '\\');
		if ((unsigned char)*realm >= 0x20 && *realm != 0x7f)
			text_addc(&x->fields, *realm);
	}
	text_add(&x->fields, "\"\r\n");
}

/* True: go on.  Otherwise the answer says why not. */
static bool is_allowed(struct exchange *x)
{
	if (!x->endpoint->auth)
		return true;
	switch (webauth_check(x->endpoint->auth, httphead_field(x->request, "authorization"))) {
	case WEBAUTH_OK:
		return true;
	case WEBAUTH_REFUSED:
		ask_for_user(x);
		return false;
	case WEBAUTH_BUSY:
		break;
	}
	exchange_say(x, 429, "Too many passwords were tried.");
	text_add(&x->fields, "Retry-After: 1\r\n");
	return false;
}

static void answer_monitor(struct exchange *x)
{
	if (x->daemon->stopping)
		exchange_say(x, 503, "Service is leaving.");
	else
		exchange_say(x, 200, "Service ready.");
}

/* What HAProxy says where it has nothing to send a request to. */
static void answer_nothing(struct exchange *x)
{
	if (x->endpoint->settings->stats_only)
		exchange_say(x, 503, "No server is available to handle this request.");
	else
		adminpages_not_found(x);
}

static void refuse_method(struct exchange *x)
{
	exchange_say(x, 405, "Only GET and HEAD, and POST to /v1/act and to HAProxy's statistics.");
	text_add(&x->fields, "Allow: GET, HEAD\r\n");
}

/* An answer may have megabytes, and who asks and does not read would take all memory. */
static void refuse_crowd(struct exchange *x)
{
	exchange_say(x, 503, "Too much waits to be read by other clients.");
	text_add(&x->fields, "Retry-After: 5\r\n");
}

/* Paths of our own are found before an address of statistics that is shorter: "/" is one. */
static bool is_own(const struct exchange *x, const char *options)
{
	return !options || strlen(x->path) > (size_t)(options - x->target);
}

/* What health checkers and scrapers get without a user.  Of HAProxy's sections metrics, too. */
static bool serve_open(struct exchange *x)
{
	const struct settings_admin *set = x->endpoint->settings;

	if (!exchange_is_read(x))
		return false;
	if (is_path(set->monitor_uri, x->path))
		answer_monitor(x);
	else if (set->stats_only && is_path(metrics_path(set), x->path))
		statsweb_get_metrics(x);
	else if (set->stats_only || !adminpages_is_health(x->path) || !adminpages_serve(x))
		return false;
	return true;
}

static void serve_read(struct exchange *x, const char *options)
{
	const struct settings_admin *set = x->endpoint->settings;

	if (!set->stats_only && is_path(metrics_path(set), x->path))
		statsweb_get_metrics(x);
	else if (!set->stats_only && is_own(x, options) && adminpages_serve(x))
		return;
	else if (options)
		statsweb_get(x, options);
	else
		answer_nothing(x);
}

static bool is_act(const struct exchange *x)
{
	return !x->endpoint->settings->stats_only && webact_is_path(x);
}

static void dispatch(struct exchange *x)
{
	const char *options = statsweb_options(x);

	if (serve_open(x))
		return;
	if (x->endpoint->settings->stats_only && !options) {
		answer_nothing(x);
		return;
	}
	if (!is_allowed(x))
		return;
	if (stream_server_unread(x->stream->server) > ALL_UNREAD_MAX)
		refuse_crowd(x);
	else if (exchange_is_read(x))
		serve_read(x, options);
	else if (is_act(x) && exchange_is_post(x))
		webact_post(x);
	else if (is_act(x))
		webact_refuse_method(x);
	else if (exchange_is_post(x) && options)
		statsweb_post(x, options);
	else if (x->endpoint->settings->stats_only)
		answer_nothing(x);
	else
		refuse_method(x);
}

/* --- one request ---------------------------------------------------------------------------- */

static void count_answer(struct exchange_endpoint *e, int status, size_t len)
{
	int class = status / 100;

	e->answers[class >= 1 && class <= 5 ? class - 1 : SNAPSHOT_HTTP_CLASSES - 1]++;
	e->bytes_out += len;
}

static void reply(struct exchange *x, bool keep, bool with_body)
{
	struct exchange_visitor *v = x->stream->state;
	AUTO_TEXT out = { 0 };

	/* That of HEAD costs as much. */
	v->made += x->body.len;
	exchange_write(x, keep, with_body, &out);
	count_answer(x->endpoint, x->status, out.len);
	exchange_send(v, &out);
	text_release(&x->body);
	text_release(&x->fields);
}

static struct exchange begin(struct stream *s, const struct httphead_request *r)
{
	struct exchange_endpoint *e = s->server->ctx;

	return (struct exchange){
		.stream = s,
		.endpoint = e,
		.daemon = e->daemon,
		.request = r,
		.status = 200,
		.type = "text/plain",
	};
}

static void refuse(struct stream *s, int status, const char *why)
{
	struct exchange x = begin(s, NULL);

	x.endpoint->bad_requests++;
	exchange_say(&x, status, why);
	reply(&x, false, true);
	s->ending = true;
}

static void split_target(struct exchange *x)
{
	struct httphead_string target = x->request->target;
	size_t len;

	x->target = mem_strndup(target.at, target.len);
	len = strcspn(x->target, "?");
	x->path = mem_strndup(x->target, len);
	x->query = mem_strdup(x->target[len] ? x->target + len + 1 : "");
}

static void serve(struct stream *s, const struct httphead_request *r, const char *body)
{
	bool head = httphead_equals(r->method, "HEAD");
	struct httphead_string connection = httphead_field(r, "connection");
	bool keep = r->minor >= 1 ? !httphead_has_token(connection, "close")
	                          : httphead_has_token(connection, "keep-alive");
	struct exchange x = begin(s, r);

	x.body_in = body;
	x.endpoint->requests++;
	exchange_count(&x.endpoint->request_rate);
	split_target(&x);
	dispatch(&x);
	reply(&x, keep && !x.follow, !head);
	if (x.follow && !head)
		eventfollow_begin(&x);
	else
		s->ending = s->ending || !keep || x.follow;
	free(x.target);
	free(x.path);
	free(x.query);
}

/* A form that is too long is not waited for. */
static void refuse_body(struct stream *s, const struct httphead_request *r)
{
	struct exchange x = begin(s, r);
	const char *options;

	split_target(&x);
	options = statsweb_options(&x);
	if (is_act(&x) && is_allowed(&x))
		webact_refuse_form(&x);
	else if (exchange_is_post(&x) && options && is_allowed(&x))
		statsweb_redirect(&x, options, "EXCD");
	else if (x.status == 200)
		exchange_say(&x, 400, "A request has no need of such a body.");
	reply(&x, false, true);
	s->ending = true;
	free(x.target);
	free(x.path);
	free(x.query);
}

/* False: more bytes are needed, or nothing more is wanted. */
static bool take_request(struct stream *s, struct text *in)
{
	struct httphead_request r;
	size_t len;

	switch (httphead_parse_request(in->data, in->len, &r)) {
	case HTTPHEAD_BAD:
		refuse(s, 400, "This is not an HTTP/1 request.");
		return false;
	case HTTPHEAD_MORE:
		return false;
	case HTTPHEAD_OK:
		break;
	}
	if (r.content_length > FORM_MAX) {
		refuse_body(s, &r);
		return false;
	}
	len = r.head_len + r.content_length;
	if (in->len < len)
		return false;
	((struct exchange_endpoint *)s->server->ctx)->bytes_in += len;
	serve(s, &r, in->data + r.head_len);
	text_consume(in, len);
	return true;
}

/* --- connections ---------------------------------------------------------------------------- */

static void meet(struct stream *s)
{
	struct exchange_visitor *v = s->state;
	struct exchange_endpoint *e = s->server->ctx;

	v->known = true;
	v->stream = s;
	e->clients++;
	exchange_count(&e->client_rate);
	if (s->server->clients > e->clients_max)
		e->clients_max = (uint32_t)s->server->clients;
	if (e->tls && !(v->tls = tlsserver_new(e->tls)))
		s->ending = true;
}

/* What came over TLS becomes `plain`; false: there is nothing to read. */
static bool decrypt(struct stream *s)
{
	struct exchange_visitor *v = s->state;
	enum tlsserver_status status;

	status = tlsserver_take(v->tls, s->in.data, s->in.len, &v->plain, &s->out);
	text_clear(&s->in);
	if (status == TLSSERVER_CLOSED)
		s->eof = true;
	if (status == TLSSERVER_FAILED || v->plain.len > STREAM_INPUT_MAX)
		s->ending = true;
	return !s->ending && v->plain.len;
}

/* Large pages may be asked for in one breath: checks and other clients go on between them. */
static void take_requests(struct stream *s, struct text *in)
{
	struct exchange_visitor *v = s->state;
	int64_t begun_us = tick_us();
	bool enough = false;

	v->made = 0;
	while (in->len && s->out.len < UNREAD_MAX && !s->ending && !eventfollow_is(v) && !enough) {
		if (!take_request(s, in))
			return;
		enough = v->made >= TURN_BYTES || tick_us() - begun_us >= TURN_US;
	}
	s->yields = in->len && s->out.len < UNREAD_MAX && !s->ending && !eventfollow_is(v);
}

static void on_input(struct stream *s)
{
	struct exchange_visitor *v = s->state;
	struct text *in = &s->in;

	if (!v->known)
		meet(s);
	if (v->tls) {
		in = &v->plain;
		if (!decrypt(s))
			return;
	}
	take_requests(s, in);
	/* What is read already would be forgotten: over TLS a client waits for its answers. */
	if (v->tls && in->len && s->out.len >= UNREAD_MAX)
		s->ending = true;
	if (eventfollow_is(v))
		text_clear(in);
	if (v->tls && s->ending)
		tlsserver_end(v->tls, &s->out);
}

static void on_close(struct stream *s)
{
	struct exchange_visitor *v = s->state;
	struct exchange_endpoint *e = s->server->ctx;

	eventfollow_end(v, e->daemon);
	tlsserver_free(v->tls);
	v->tls = NULL;
	text_release(&v->plain);
}

static const struct stream_protocol protocol = {
	.state_size = sizeof(struct exchange_visitor),
	.on_input = on_input,
	.on_close = on_close,
	.idle_s = IDLE_S,
};

/* --- the endpoint --------------------------------------------------------------------------- */

static void free_endpoint(struct exchange_endpoint *e)
{
	tlsserver_context_free(e->tls);
	webauth_free(e->auth);
	free(e);
}

static void on_loop_end(struct ev_loop *loop, ev_cleanup *w, int revents)
{
	(void)loop;
	(void)revents;
	free_endpoint(container_of(w, struct exchange_endpoint, cleanup));
}

static bool start_tls(struct exchange_endpoint *e, struct error *err)
{
	const struct tlsserver_options o = { .cert = e->settings->cert,
		                             .key = e->settings->key,
		                             .ca = e->settings->ca };

	return !o.cert || tlsserver_context_new(&o, &e->tls, err);
}

static void warn(const struct settings_admin *settings)
{
	if (settings->writable && !settings->user_count && !settings->stats_only)
		log_warn("admin.writable: without users only HAProxy's form changes anything, and "
		         "not the dashboard: write users");
}

bool httpadmin_open(struct ev_loop *loop, const struct settings_admin *settings,
                    struct daemon *daemon, struct stream_server **ret, struct error *err)
{
	struct exchange_endpoint *e = mem_zalloc(sizeof(*e));

	e->settings = settings;
	e->daemon = daemon;
	e->start_ms = tick_ms();
	e->auth = webauth_new(settings->users, settings->user_count);
	webact_make_token(e->token);
	warn(settings);
	if (!start_tls(e, err)) {
		free_endpoint(e);
		return error_wrap(err, "admin");
	}
	if (!stream_server_open(loop, &settings->addr, 0660, &protocol, e, ret, err)) {
		free_endpoint(e);
		return error_wrap(err, "admin.bind");
	}
	/* Streams and their server are gone before the loop is. */
	ev_cleanup_init(&e->cleanup, on_loop_end);
	ev_cleanup_start(loop, &e->cleanup);
	return true;
}

bool httpadmin_report(const struct stream_server *server, struct snapshot_http *ret)
{
	const struct exchange_endpoint *e = server->ctx;

	if (!e->settings->name)
		return false;
	*ret = (struct snapshot_http){
		.name = e->settings->name,
		.id = e->settings->id,
		.has_backend = e->settings->listen,
		.sessions = (uint32_t)server->clients,
		.sessions_max = e->clients_max,
		.connections = e->clients,
		.rate = exchange_per_second(&e->client_rate),
		.rate_max = e->client_rate.max,
		.requests = e->requests,
		.request_rate = exchange_per_second(&e->request_rate),
		.request_rate_max = e->request_rate.max,
		.bad_requests = e->bad_requests,
		.bytes_in = e->bytes_in,
		.bytes_out = e->bytes_out,
		.age_s = (tick_ms() - e->start_ms) / 1000,
	};
	memcpy(ret->answers, e->answers, sizeof(ret->answers));
	return true;
}
