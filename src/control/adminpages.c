/* SPDX-License-Identifier: MIT */
#include "adminpages.h"

#include "drillpage.h"
#include "eventfeed.h"
#include "eventfollow.h"
#include "historypage.h"
#include "livepage.h"
#include "report/eventjson.h"
#include "report/page.h"
#include "report/sessionline.h"
#include "report/statusjson.h"
#include "uipage.h"
#include "webact.h"
#include "whypage.h"

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
	live_shown(x->daemon->live, s);
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

static void get_events(struct exchange *x)
{
	const struct journal *j = x->daemon->journal;
	uint64_t seq = eventfeed_first(x, 1);
	const struct journal_event *e;
	bool any = false;

	x->follow = httphead_has_token(httphead_field(x->request, "accept"), "text/event-stream");
	if (x->follow && !eventfollow_may(x)) {
		x->follow = false;
		return;
	}
	if (x->follow)
		x->type = "text/event-stream";
	else
		text_add(&x->body, "{\"events\": [");
	for (; (e = journal_find(j, seq)); seq = e->seq + 1) {
		if (x->follow) {
			eventfeed_add(&x->body, e);
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

/* A route that ends with '/' has all below it, except for the dashboard's own. */
static bool leads_to(const char *route, const char *path)
{
	size_t len = strlen(route);

	if (len > 1 && route[len - 1] == '/')
		return strncmp(route, path, len) == 0;
	return strcmp(route, path) == 0;
}

bool adminpages_serve(struct exchange *x)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!leads_to(routes[i].path, x->path))
			continue;
		x->type = routes[i].type;
		routes[i].get(x);
		return true;
	}
	return false;
}
