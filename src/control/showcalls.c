/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "base/tick.h"
#include "call.h"
#include "report/csv.h"
#include "report/eventjson.h"
#include "report/eventline.h"
#include "report/info.h"
#include "report/schema.h"
#include "report/serversstate.h"
#include "report/statusjson.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A row type that no row has: nothing is shown. */
enum { NO_TYPE = 1 << 16 };

/* --- the process -------------------------------------------------------------------------- */

void showcalls_info(struct call *c)
{
	const struct daemon *d = c->ctx->daemon;
	const struct settings *set = d->topology->settings;
	struct snapshot *s = daemon_snapshot(c->ctx->daemon);
	struct info_form form = { .described = call_has(c, "desc"),
		                  .floats = call_has(c, "float"),
		                  .hard_maxconn = d->hard_maxconn,
		                  .conn_rate_limit = set->conn_rate_limit,
		                  .session_rate_limit = set->session_rate_limit };

	if (d->limits_changed) {
		form.conn_rate_limit = d->conn_rate_limit;
		form.session_rate_limit = d->session_rate_limit;
	}
	if (call_has(c, "typed"))
		form.kind = INFO_TYPED;
	else if (call_has(c, "json"))
		form.kind = INFO_JSON;
	info_write_form(s, &form, c->out);
	snapshot_free(s);
}

void showcalls_version(struct call *c)
{
	struct snapshot *s = daemon_snapshot(c->ctx->daemon);
	AUTO_TEXT version = { 0 };

	info_add_version(s, &version);
	call_say(c, CALL_INFO, "%s", text_str(&version));
	snapshot_free(s);
}

void showcalls_schema(struct call *c)
{
	schema_write(c->out);
}

void showcalls_status(struct call *c)
{
	struct snapshot *s = daemon_snapshot(c->ctx->daemon);

	statusjson_write(s, c->out);
	text_addc(c->out, '\n');
	snapshot_free(s);
}

static const char *level_name(enum settings_level l)
{
	switch (l) {
	case SETTINGS_LEVEL_USER:
		return "user";
	case SETTINGS_LEVEL_OPERATOR:
		return "operator";
	case SETTINGS_LEVEL_ADMIN:
		return "admin";
	}
	return "unknown";
}

void showcalls_cli_level(struct call *c)
{
	call_say(c, CALL_INFO, "%s", level_name(c->ctx->level));
}

void showcalls_cli_sockets(struct call *c)
{
	const struct settings *set = c->ctx->daemon->topology->settings;

	text_add(c->out, "# socket lvl processes\n");
	for (size_t i = 0; i < set->socket_count; i++) {
		const struct settings_socket *s = &set->sockets[i];
		char where[ADDR_TEXT_MAX];

		if (!s->addr.len)
			text_addf(c->out, "fd@%d", s->fd);
		else if (s->addr.sa.sa_family == AF_UNIX)
			text_addf(c->out, "unix@%s", s->addr.un.sun_path);
		else
			text_addf(c->out, "%s@%s",
			          s->addr.sa.sa_family == AF_INET ? "ipv4" : "ipv6",
			          addr_format(&s->addr, where));
		text_addf(c->out, " %s all\n", level_name(s->level));
	}
}

/* --- statistics --------------------------------------------------------------------------- */

/* As atoi() of what clients send: -1 stands for all, and what is no number for none. */
static int64_t small_number(const char *s)
{
	uint64_t n;

	if (number_parse(s, UINT32_MAX, &n))
		return (int64_t)n;
	return strcmp(s, "-1") == 0 ? -1 : 0;
}

/* `{<iid>|<proxy>} <type> <sid>` from word `at` on; with fewer words they mean nothing. */
static struct csv_filter filter_of(const struct call *c, size_t at)
{
	struct csv_filter f = { .proxy_id = -1, .server_id = -1 };
	int64_t types;

	f.hide_down = call_has(c, "up");
	f.hide_maint = call_has(c, "no-maint");
	if (c->count < at + 3)
		return f;
	f.proxy_id = small_number(c->args[at]);
	if (f.proxy_id == 0) {
		f.proxy_id = -1;
		f.proxy = c->args[at];
	}
	types = small_number(c->args[at + 1]);
	f.types = types == 0 ? NO_TYPE : (unsigned int)types;
	f.server_id = small_number(c->args[at + 2]);
	return f;
}

/* HAProxy's other statistics: of look-ups, which are not counted here. */
static void show_resolvers(struct call *c)
{
	text_add(c->out, "# id,pid,sent,send_error,valid,update,cname,cname_error,any_err,nx,"
	                 "timeout,refused,other,invalid,too_big,truncated,outdated,\n");
}

void showcalls_stat(struct call *c)
{
	bool domain = call_arg(c, 0) && strcmp(c->args[0], "domain") == 0;
	struct csv_filter f = filter_of(c, domain ? 2 : 0);
	struct snapshot *s;

	if (domain && call_arg(c, 1) && strcmp(c->args[1], "resolvers") == 0) {
		show_resolvers(c);
		return;
	}
	if (domain && (!call_arg(c, 1) || strcmp(c->args[1], "proxy") != 0)) {
		call_say(c, CALL_ERROR, "Invalid statistics domain.");
		return;
	}
	s = daemon_snapshot(c->ctx->daemon);
	if (f.proxy && !csv_filter_matches(s, &f))
		call_say(c, CALL_ERROR, "No such proxy.");
	else if (call_has(c, "typed"))
		csv_write_typed(s, &f, call_has(c, "desc"), c->out);
	else if (call_has(c, "json"))
		csv_write_json(s, &f, c->out);
	else
		csv_write(s, &f, c->out);
	snapshot_free(s);
}

/* --- services ----------------------------------------------------------------------------- */

void showcalls_backend(struct call *c)
{
	const struct topology *t = c->ctx->daemon->topology;

	text_add(c->out, "# name\n");
	for (size_t i = 0; i < t->service_count; i++)
		text_addf(c->out, "%s\n", t->services[i]->settings->name);
}

/* A service by name or "#iid". */
static const struct topology_service *find_service(const struct topology *t, const char *word)
{
	uint64_t id;

	if (word[0] != '#' || !number_parse(word + 1, UINT32_MAX, &id))
		return topology_find_service(t, word);
	for (size_t i = 0; i < t->service_count; i++)
		if (t->services[i]->id == id)
			return t->services[i];
	return NULL;
}

static void show_servers(struct call *c,
                         bool (*write)(const struct snapshot *, const struct topology *,
                                       const char *, struct text *))
{
	const struct topology_service *service = NULL;
	struct snapshot *s;

	if (call_arg(c, 0)) {
		service = find_service(c->ctx->daemon->topology, c->args[0]);
		if (!service) {
			call_say(c, CALL_ERROR, "Can't find backend.");
			return;
		}
	}
	s = daemon_snapshot(c->ctx->daemon);
	if (!write(s, c->ctx->daemon->topology, service ? service->settings->name : NULL, c->out))
		call_say(c, CALL_ERROR, "Can't find backend.");
	snapshot_free(s);
}

void showcalls_servers_state(struct call *c)
{
	show_servers(c, serversstate_write);
}

void showcalls_servers_conn(struct call *c)
{
	show_servers(c, serversstate_write_conn);
}

/* Bytes are relayed as they are: there is nothing in them that could be an error. */
void showcalls_errors(struct call *c)
{
	const struct topology *t = c->ctx->daemon->topology;
	const char *name = call_arg(c, 0);
	int64_t now = tick_wall_ms();
	time_t s = (time_t)(now / 1000);
	char date[32];
	struct tm tm;

	if (name && small_number(name) == 0 && !topology_find_service(t, name) &&
	    !topology_find_frontend(t, name)) {
		call_say(c, CALL_ERROR, "No such proxy.");
		return;
	}
	localtime_r(&s, &tm);
	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S", &tm);
	text_addf(c->out, "Total events captured on [%s.%03d] : 0\n", date, (int)(now % 1000));
}

/* --- events ------------------------------------------------------------------------------- */

static void list_sinks(struct call *c)
{
	text_add(c->out,
	         "Supported events sinks are listed below. Add -w(wait), -n(new). Any key to stop\n"
	         "    stdout     : type=fd, 0 dropped, standard output (fd#1)\n"
	         "    stderr     : type=fd, 0 dropped, standard output (fd#2)\n"
	         "    buf0       : type=buffer, 0 dropped, in-memory ring buffer\n");
}

static void write_events(struct call *c, uint64_t seq, bool json)
{
	const struct journal *j = c->ctx->daemon->journal;
	const struct journal_event *e;

	for (; (e = journal_find(j, seq)); seq = e->seq + 1) {
		if (json)
			eventjson_write(e, c->out);
		else
			eventline_write(e, EVENTLINE_TIME | EVENTLINE_DATE, c->out);
		text_addc(c->out, '\n');
	}
	c->ctx->follow_json = json;
	c->ctx->follow_from = seq;
}

/* `show events [json] [since SEQ] [follow]`: our own form. */
static void show_own(struct call *c)
{
	uint64_t seq = 1;

	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->args[i], "since") == 0 &&
		    (!call_arg(c, i + 1) || !number_parse(c->args[i + 1], UINT64_MAX, &seq))) {
			call_say(c, CALL_ERROR, "'since' expects the number of an event.");
			return;
		}
	write_events(c, seq, call_has(c, "json"));
	c->ctx->follow = call_has(c, "follow") || call_has(c, "-w");
}

/* HAProxy's form: what the sink holds; here buf0 is the journal. */
static void show_sink(struct call *c)
{
	bool waiting = false;
	bool fresh = false;

	if (!call_may(c, SETTINGS_LEVEL_OPERATOR))
		return;
	if (strcmp(c->args[0], "stdout") == 0 || strcmp(c->args[0], "stderr") == 0) {
		call_say(c, CALL_ERROR, "Nothing to report for this sink");
		return;
	}
	if (strcmp(c->args[0], "buf0") != 0) {
		call_say(c, CALL_ERROR, "No such event sink");
		return;
	}
	for (size_t i = 1; i < c->count; i++) {
		const char *a = c->args[i];

		if (a[0] != '-' || !a[1] || strspn(a + 1, "wn0") != strlen(a + 1)) {
			call_say(c, CALL_ERROR, "unknown option");
			return;
		}
		waiting = waiting || strchr(a, 'w');
		fresh = fresh || strchr(a, 'n');
	}
	write_events(c, fresh ? journal_last(c->ctx->daemon->journal) + 1 : 1, false);
	c->ctx->follow = waiting;
}

void showcalls_events(struct call *c)
{
	const char *first = call_arg(c, 0);

	if (!first)
		list_sinks(c);
	else if (strcmp(first, "json") == 0 || strcmp(first, "since") == 0 ||
	         strcmp(first, "follow") == 0)
		show_own(c);
	else
		show_sink(c);
}
