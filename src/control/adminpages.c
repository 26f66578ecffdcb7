/* SPDX-License-Identifier: MIT */
#include "adminpages.h"

#include "base/number.h"
#include "drillpage.h"
#include "net/httpquery.h"
#include "report/eventjson.h"
#include "report/page.h"
#include "report/sessionline.h"
#include "report/statusjson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void get_page(struct exchange *x)
{
	struct snapshot *s = daemon_snapshot(x->daemon);

	page_write(s, x->daemon->journal, &x->body);
	snapshot_free(s);
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

void adminpages_add_event(struct text *out, const struct journal_event *e)
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
	char digits[24];
	uint64_t seq;

	if (last.at && last.len < sizeof(digits)) {
		snprintf(digits, sizeof(digits), "%.*s", (int)last.len, last.at);
		if (number_parse(digits, UINT64_MAX - 1, &seq))
			return seq + 1;
	}
	if (httpquery_find(x->query, "since", digits, sizeof(digits)) &&
	    number_parse(digits, UINT64_MAX, &seq))
		return seq;
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
			adminpages_add_event(&x->body, e);
			continue;
		}
		text_add(&x->body, any ? ",\n" : "\n");
		eventjson_write(e, &x->body);
		any = true;
	}
	if (!x->follow)
		text_add(&x->body, "\n]}\n");
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

bool adminpages_is_health(const char *path)
{
	return strcmp(path, "/healthz") == 0 || strcmp(path, "/readyz") == 0;
}

void adminpages_not_found(struct exchange *x)
{
	const struct settings_admin *set = x->endpoint->settings;
	AUTO_TEXT csv = { 0 };

	x->status = 404;
	x->type = "text/plain";
	text_add(&x->body, "Not found. There are:\n");
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		text_addf(&x->body, "  %-22s %s\n", routes[i].path, routes[i].help);
	text_addf(&x->body, "  %-22s HAProxy's page\n",
	          set->stats_uri ? set->stats_uri : "/haproxy?stats");
	text_addf(&csv, "%s;csv", set->stats_uri ? set->stats_uri : "/stats");
	text_addf(&x->body, "  %-22s its counters; also ;typed ;json ;json-schema\n",
	          text_str(&csv));
	text_addf(&x->body, "  %-22s Prometheus metrics\n",
	          set->metrics_path ? set->metrics_path : "/metrics");
}

bool adminpages_serve(struct exchange *x)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (strcmp(routes[i].path, x->path) != 0)
			continue;
		x->type = routes[i].type;
		routes[i].get(x);
		return true;
	}
	return false;
}
