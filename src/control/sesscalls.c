/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/number.h"
#include "call.h"
#include "report/sessionline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* HAProxy's are addresses, "0x55dc7252fd00", so its clients may send hexadecimal digits. */
static bool parse_id(const char *s, uint64_t *ret)
{
	if (strncmp(s, "0x", 2) != 0)
		return number_parse(s, UINT64_MAX, ret);
	s += 2;
	if (!*s || strlen(s) > 16 || strspn(s, "0123456789abcdefABCDEF") != strlen(s))
		return false;
	*ret = strtoull(s, NULL, 16);
	return true;
}

void sesscalls_shutdown(struct call *c)
{
	const char *word = call_arg(c, 0);
	uint64_t id;

	if (!word || !parse_id(word, &id) || id == 0)
		call_say(c, CALL_ERROR, "Session pointer expected (use 'show sess').");
	else if (!daemon_kill(c->ctx->daemon, id))
		call_say(c, CALL_ERROR, "No such session (use 'show sess').");
}

/* --- one session -------------------------------------------------------------------------- */

/* "7m59s", the two largest units at most; "" for what has no end. */
static const char *human(int64_t ms, char buf[static 32])
{
	int64_t s = ms / 1000;

	if (s >= 86400)
		snprintf(buf, 32, "%" PRId64 "d%" PRId64 "h", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		snprintf(buf, 32, "%" PRId64 "h%" PRId64 "m", s / 3600, s / 60 % 60);
	else if (s >= 60)
		snprintf(buf, 32, "%" PRId64 "m%" PRId64 "s", s / 60, s % 60);
	else
		snprintf(buf, 32, "%" PRId64 "s", s > 0 ? s : 0);
	return buf;
}

/* What is left of an idle time-out. */
static const char *left(const struct record *r, uint32_t timeout_ms, char buf[static 32])
{
	buf[0] = '\0';
	return timeout_ms ? human((int64_t)timeout_ms - r->idle_ms, buf) : buf;
}

static const char *protocol(const struct addr_ip *a)
{
	switch (a->family) {
	case AF_INET:
		return "tcpv4";
	case AF_INET6:
		return "tcpv6";
	default:
		return "unix_stream";
	}
}

/* As HAProxy writes it: without brackets, and a UNIX client by its listener. */
static const char *source(const struct record *r, char buf[static ADDR_TEXT_MAX])
{
	struct addr a = addr_unpack(&r->client);
	char host[ADDR_TEXT_MAX];

	if (r->client.family != AF_INET && r->client.family != AF_INET6)
		return "unix:1";
	snprintf(buf, ADDR_TEXT_MAX, "%.100s:%u", addr_format_host(&a, host), r->client.port);
	return buf;
}

static const char *frontend_name(const struct record *r)
{
	return r->frontend ? r->frontend->settings->name : r->service->settings->name;
}

static const char *server_name(const struct record *r, const char *otherwise)
{
	return r->server ? r->server->settings->name : otherwise;
}

static void write_line(const struct record *r, struct text *out)
{
	uint32_t server_ms = r->service->settings->timeout.server_ms;
	uint32_t client_ms = r->frontend ? r->frontend->settings->client_ms
	                                 : r->service->settings->timeout.client_ms;
	uint32_t least = client_ms && (!server_ms || client_ms < server_ms) ? client_ms : server_ms;
	char from[ADDR_TEXT_MAX];
	char b[4][32];

	text_addf(out,
	          "0x%" PRIx64 ": proto=%s src=%s fe=%s be=%s srv=%s ts=00 epoch=0 age=%s calls=1 "
	          "rate=0 cpu=0 lat=0 ",
	          r->id, protocol(&r->client), source(r, from), frontend_name(r),
	          r->service->settings->name, server_name(r, "<none>"), human(r->total_ms, b[0]));
	text_addf(out,
	          "rq[f=848000h,i=0,an=00h,rx=%s,wx=,ax=] rp[f=80048000h,i=0,an=00h,rx=%s,wx=,ax=] "
	          "scf=[8,0h,fd=-1] scb=[8,1h,fd=-1] exp=%s rc=0 c_exp=\n",
	          left(r, client_ms, b[1]), left(r, server_ms, b[2]), left(r, least, b[3]));
}

static void write_date(int64_t wall_ms, struct text *out)
{
	time_t s = (time_t)(wall_ms / 1000);
	char date[32];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S", &tm);
	text_addf(out, "[%s.%06d]", date, (int)(wall_ms % 1000) * 1000);
}

static void write_server(const struct record *r, struct text *out)
{
	char name[ADDR_TEXT_MAX];
	struct addr a;

	if (!r->server) {
		text_add(out, "  server=<NONE> (id=-1)\n");
		return;
	}
	a = addr_unpack(&r->server_addr);
	text_addf(out, "  server=%s (id=%u) addr=%s\n", server_name(r, ""), r->server->id,
	          r->server_addr.family ? addr_format(&a, name) : "?");
}

static void write_details(const struct record *r, struct text *out)
{
	char from[ADDR_TEXT_MAX];
	char age[32];

	text_addf(out, "0x%" PRIx64 ": ", r->id);
	write_date(r->accepted_wall_ms, out);
	text_addf(out,
	          " id=%" PRIu64 " proto=%s source=%s\n  flags=0x0, conn_retries=%u, "
	          "conn_exp=<NEVER> conn_et=0x000 srv_conn=(nil), pend_pos=(nil) waiting=0 "
	          "epoch=0\n",
	          r->id, protocol(&r->client), source(r, from), r->retries);
	text_addf(out, "  frontend=%s (id=%u mode=tcp), listener=%s (id=1) addr=%s\n",
	          frontend_name(r), r->frontend ? r->frontend->id : r->service->id,
	          r->bind->name ? r->bind->name : "?", r->bind->text);
	text_addf(out, "  backend=%s (id=%u mode=tcp)\n", r->service->settings->name,
	          r->service->id);
	write_server(r, out);
	text_addf(out, "  task=0x%" PRIx64 " (state=0x00 nice=0 calls=1 age=%s thread=%u)\n", r->id,
	          human(r->total_ms, age), r->worker + 1U);
	text_addf(out,
	          "  req=0x%" PRIx64 " (total=%" PRIu64 ")\n  res=0x%" PRIx64 " (total=%" PRIu64
	          ")\n",
	          r->id, r->bytes_in, r->id, r->bytes_out);
}

/* --- lists -------------------------------------------------------------------------------- */

/* What a listing is limited to. */
struct wanted {
	bool all, help, json;
	bool one;
	uint64_t id;
	const char *frontend, *backend, *server;
	uint64_t older_ms;
};

static bool take_older(struct call *c, const char *word, struct wanted *w)
{
	/* A bare number is seconds, as HAProxy has it. */
	if (number_parse(word, UINT32_MAX, &w->older_ms))
		w->older_ms *= 1000;
	else if (!number_parse_duration(word, &w->older_ms)) {
		call_say(c, CALL_ERROR, "Invalid age.");
		return false;
	}
	return true;
}

/* The filter that the word `name` begins; false if `word` is missing or makes no sense. */
static bool take_filter(struct call *c, const char *name, const char *word, struct wanted *w)
{
	const struct topology *t = c->ctx->daemon->topology;
	const char *missing = NULL;

	if (!word) {
		call_say(c, CALL_ERROR, "'%s' expects an argument.", name);
		return false;
	}
	if (strcmp(name, "older") == 0)
		return take_older(c, word, w);
	if (strcmp(name, "frontend") == 0) {
		w->frontend = word;
		missing = topology_find_frontend(t, word) ? NULL : "No such frontend.";
	} else if (strcmp(name, "backend") == 0) {
		w->backend = word;
		missing = topology_find_service(t, word) ? NULL : "No such backend.";
	} else {
		w->server = word;
		missing = topology_find_server(t, word) ? NULL : "No such server.";
	}
	if (missing)
		call_say(c, CALL_ERROR, "%s", missing);
	return !missing;
}

static bool is_filter(const char *word)
{
	return strcmp(word, "older") == 0 || strcmp(word, "frontend") == 0 ||
	       strcmp(word, "backend") == 0 || strcmp(word, "server") == 0;
}

/* What is not known is ignored, as by HAProxy. */
static bool take_words(struct call *c, struct wanted *w)
{
	for (size_t i = 0; i < c->count; i++) {
		const char *a = c->args[i];

		if (is_filter(a)) {
			if (!take_filter(c, a, call_arg(c, ++i), w))
				return false;
		} else if (strcmp(a, "all") == 0) {
			w->all = true;
		} else if (strcmp(a, "help") == 0) {
			w->help = true;
		} else if (strcmp(a, "json") == 0) {
			w->json = true;
		} else if (parse_id(a, &w->id)) {
			w->one = true;
		}
	}
	return true;
}

static bool is_wanted(const struct call *c, const struct wanted *w, const struct record *r)
{
	const struct topology *t = c->ctx->daemon->topology;

	if (w->one && r->id != w->id)
		return false;
	if (w->frontend && r->frontend != topology_find_frontend(t, w->frontend))
		return false;
	if (w->backend && r->service != topology_find_service(t, w->backend))
		return false;
	if (w->server && r->server != topology_find_server(t, w->server))
		return false;
	return (uint64_t)r->total_ms >= w->older_ms;
}

static void write_list(struct call *c, const struct wanted *w, const struct record **list,
                       size_t count)
{
	if (w->json) {
		sessionline_write_list(list, count, c->out);
		text_addc(c->out, '\n');
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (w->all || w->one)
			write_details(list[i], c->out);
		else
			write_line(list[i], c->out);
	}
	if (w->one && count == 0)
		text_add(c->out, "Session not found.\n");
}

void sesscalls_show(struct call *c)
{
	struct wanted w = { 0 };
	const struct record **at;
	struct record *list;
	size_t count;
	size_t n = 0;

	if (!take_words(c, &w))
		return;
	if (w.help) {
		call_say(c, CALL_INFO,
		         "Usage: show sess [all | <id> | json] [older <age>] [frontend <name>] "
		         "[backend <name>] [server <backend>/<server>]");
		return;
	}
	list = crew_sessions(c->ctx->daemon->crew, &count);
	at = mem_zalloc((count + 1) * sizeof(struct record *));
	for (size_t i = 0; i < count; i++)
		if (is_wanted(c, &w, &list[i]))
			at[n++] = &list[i];
	write_list(c, &w, at, n);
	free(at);
	free(list);
}
