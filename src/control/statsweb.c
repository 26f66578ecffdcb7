/* SPDX-License-Identifier: MIT */
#include "statsweb.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "net/httpquery.h"
#include "report/csv.h"
#include "report/prometheus.h"
#include "report/schema.h"
#include "report/statspage.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char openmetrics_type[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
static const char prometheus_type[] = "text/plain; version=0.0.4; charset=utf-8";
static const char classic_uri[] = "/haproxy?stats";

static const char *after(const char *s, const char *start)
{
	size_t len = strlen(start);

	return strncmp(s, start, len) == 0 ? s + len : NULL;
}

const char *statsweb_options(const struct exchange *x)
{
	const struct settings_admin *set = x->endpoint->settings;
	const char *rest = after(x->target, set->stats_uri ? set->stats_uri : classic_uri);

	if (rest || set->stats_only)
		return rest;
	if ((rest = after(x->target, classic_uri)))
		return rest;
	rest = set->stats_uri ? NULL : after(x->target, "/stats");
	return rest && (*rest == ';' || *rest == '?' || strncmp(rest, "/;", 2) == 0) ? rest : NULL;
}

/* The address of the page, without options: what links and redirections go to. */
static char *uri_of(const struct exchange *x, const char *options)
{
	return mem_strndup(x->target, (size_t)(options - x->target));
}

static struct csv_filter filter_of(const struct exchange *x, const struct httpquery_stats *q)
{
	const struct settings_admin *set = x->endpoint->settings;

	return (struct csv_filter){
		.proxy_id = -1,
		.server_id = -1,
		.hide_down = q->up,
		.hide_maint = q->no_maint,
		.hide_secrets = true,
		.scope = q->scope[0] ? q->scope : NULL,
		.proxies = &set->scope,
		.self = set->name,
	};
}

static void write_page(struct exchange *x, const char *options, const struct httpquery_stats *q,
                       const struct snapshot *s)
{
	const struct settings_admin *set = x->endpoint->settings;
	AUTO_FREE char *uri = uri_of(x, options);
	struct statspage_options o = {
		.uri = uri,
		.suffix = q->up ? ";up" : "",
		.filter = filter_of(x, q),
		.writable = set->writable,
		.hide_version = set->hide_version,
		.refresh_s = q->norefresh ? 0 : set->refresh_s,
		.outcome = q->outcome[0] ? q->outcome : NULL,
	};

	x->type = "text/html; charset=utf-8";
	x->styled = true;
	if (o.refresh_s)
		text_addf(&x->fields, "Refresh: %u\r\n", o.refresh_s);
	statspage_write(s, &o, &x->body);
}

void statsweb_get(struct exchange *x, const char *options)
{
	struct snapshot *s = daemon_snapshot(x->daemon);
	struct httpquery_stats q;
	struct csv_filter f;

	httpquery_parse_stats(options, strlen(options), &q);
	f = filter_of(x, &q);
	x->cache = "no-cache";
	x->type = "text/plain";
	switch (q.form) {
	case HTTPQUERY_HTML:
		write_page(x, options, &q, s);
		break;
	case HTTPQUERY_CSV:
		csv_write(s, &f, &x->body);
		text_addc(&x->body, '\n');
		break;
	case HTTPQUERY_TYPED:
		csv_write_typed(s, &f, false, &x->body);
		break;
	case HTTPQUERY_JSON:
		x->type = "application/json";
		csv_write_json(s, &f, &x->body);
		break;
	case HTTPQUERY_SCHEMA:
		x->type = "application/json";
		schema_write(&x->body);
		break;
	}
	snapshot_free(s);
}

/* --- what the form posts -------------------------------------------------------------------- */

struct order {
	struct exchange *x;
	struct topology_service *service;
	const struct statspage_action *action;
	size_t wanted, changed;
};

static struct topology_service *find_service(const struct topology *t, const char *name)
{
	for (size_t i = 0; i < t->service_count; i++) {
		char id[16];

		snprintf(id, sizeof(id), "#%u", t->services[i]->id);
		if (strcmp(id, name) == 0)
			return t->services[i];
	}
	return topology_find_service(t, name);
}

static struct topology_server *find_server(const struct topology_service *service, const char *name)
{
	for (size_t i = 0; i < service->server_count; i++)
		if (strcmp(service->servers[i]->settings->name, name) == 0)
			return service->servers[i];
	return NULL;
}

static bool order_to(struct order *o, struct topology_server *s, enum roster_order order)
{
	roster_order(o->x->daemon->roster, s, order);
	return true;
}

static bool has_check(const struct topology_server *s)
{
	return !s->tracked && s->target->check.type != SETTINGS_CHECK_NONE;
}

/* Health can be forced where there are checks, and not where it is another's. */
static bool force(struct order *o, struct topology_server *s, enum roster_order order)
{
	return has_check(s) && order_to(o, s, order);
}

static bool enable_check(struct order *o, struct topology_server *s, bool on)
{
	if (!has_check(s) || s->check_disabled != on)
		return false;
	roster_enable_check(o->x->daemon->roster, s, on);
	return true;
}

static bool enable_agent(struct order *o, struct topology_server *s, bool on)
{
	if (!s->settings->agent || s->agent_disabled != on)
		return false;
	roster_enable_agent(o->x->daemon->roster, s, on);
	return true;
}

static bool set_agent(struct order *o, struct topology_server *s, bool up)
{
	if (!s->settings->agent || s->agent_disabled)
		return false;
	roster_set_agent(o->x->daemon->roster, s, up);
	return true;
}

static bool act(struct order *o, struct topology_server *s)
{
	const char *action = o->action->value;

	if (strcmp(action, "ready") == 0)
		return order_to(o, s, ROSTER_READY);
	if (strcmp(action, "drain") == 0)
		return order_to(o, s, ROSTER_DRAIN);
	if (strcmp(action, "maint") == 0)
		return order_to(o, s, ROSTER_MAINT);
	if (strcmp(action, "hrunn") == 0)
		return force(o, s, ROSTER_HEALTH_UP);
	if (strcmp(action, "hnolb") == 0)
		return force(o, s, ROSTER_HEALTH_NOLB);
	if (strcmp(action, "hdown") == 0)
		return force(o, s, ROSTER_HEALTH_DOWN);
	if (strcmp(action, "dhlth") == 0)
		return enable_check(o, s, false);
	if (strcmp(action, "ehlth") == 0)
		return enable_check(o, s, true);
	if (strcmp(action, "dagent") == 0)
		return enable_agent(o, s, false);
	if (strcmp(action, "eagent") == 0)
		return enable_agent(o, s, true);
	if (strcmp(action, "arunn") == 0)
		return set_agent(o, s, true);
	if (strcmp(action, "adown") == 0)
		return set_agent(o, s, false);
	return daemon_end_sessions(o->x->daemon, s);
}

static const struct statspage_action *find_action(const char *value)
{
	size_t count;
	const struct statspage_action *list = statspage_actions(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].value, value) == 0)
			return &list[i];
	return NULL;
}

/* Proxy and action, wherever they stand in the form.  False: one of them is not known. */
static bool read_order(struct order *o, char *form)
{
	bool fine = true;
	char *name;
	char *value;

	while (httpquery_next(&form, &name, &value)) {
		if (strcmp(name, "b") == 0) {
			o->service = find_service(o->x->daemon->topology, value);
			fine = fine && o->service;
		} else if (strcmp(name, "action") == 0) {
			o->action = find_action(value);
			fine = fine && o->action;
		}
	}
	return fine;
}

static void order_servers(struct order *o, char *form)
{
	char *name;
	char *value;

	while (httpquery_next(&form, &name, &value)) {
		struct topology_server *s;

		if (strcmp(name, "s") != 0)
			continue;
		o->wanted++;
		s = find_server(o->service, value);
		if (s && act(o, s))
			o->changed++;
	}
}

/* HAProxy's word for what came of it. */
static const char *run(struct exchange *x)
{
	size_t len = x->request->content_length;
	AUTO_FREE char *form = mem_strndup(x->body_in, len);
	AUTO_FREE char *again = mem_strndup(x->body_in, len);
	struct order o = { .x = x };

	if (!read_order(&o, form))
		return "ERRP";
	if (!o.service || !o.action)
		return "NONE";
	order_servers(&o, again);
	if (!o.wanted || !o.changed)
		return "NONE";
	return o.changed == o.wanted ? "DONE" : "PART";
}

/* RFC 3986 section 2.3; what a client sent must not end a field of the answer. */
static void add_escaped(struct text *out, const char *s)
{
	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~", *s))
			text_addc(out, *s);
		else
			text_addf(out, "%%%02X", (unsigned char)*s);
	}
}

void statsweb_redirect(struct exchange *x, const char *options, const char *outcome)
{
	AUTO_FREE char *uri = uri_of(x, options);
	struct httpquery_stats q;

	httpquery_parse_stats(options, strlen(options), &q);
	exchange_say(x, 303, outcome);
	text_addf(&x->fields, "Location: %s;st=%s%s%s%s", uri, outcome, q.up ? ";up" : "",
	          q.no_maint ? ";no-maint" : "", q.norefresh ? ";norefresh" : "");
	if (q.scope[0]) {
		text_add(&x->fields, "?scope=");
		add_escaped(&x->fields, q.scope);
	}
	text_add(&x->fields, "\r\n");
}

void statsweb_post(struct exchange *x, const char *options)
{
	if (!x->endpoint->settings->writable)
		exchange_say(x, 403, "State can not be changed here.");
	else if (!webauth_is_same_origin(x->request))
		exchange_say(x, 403, "State is not changed for another site.");
	else if (daemon_has_handed_over(x->daemon))
		exchange_say(x, 503, "An upgrade is under way: try again.");
	else
		statsweb_redirect(x, options, run(x));
}

/* --- metrics -------------------------------------------------------------------------------- */

/* False: HAProxy knows no such scope. */
static bool add_scope(struct prometheus_filter *f, const char *name)
{
	static const struct {
		const char *name;
		unsigned int scope;
	} scopes[] = {
		{ "global", PROMETHEUS_GLOBAL },
		{ "frontend", PROMETHEUS_FRONTEND },
		{ "backend", PROMETHEUS_BACKEND },
		{ "server", PROMETHEUS_SERVER },
		{ "listener", PROMETHEUS_LISTENER },
		{ "sticktable", 0 },
		{ "*", PROMETHEUS_ALL },
		{ "", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
		if (strcmp(scopes[i].name, name) != 0)
			continue;
		f->scopes |= scopes[i].scope;
		return true;
	}
	return false;
}

static void add_names(struct prometheus_filter *f, char *list)
{
	char *rest;

	for (char *n = strtok_r(list, ",", &rest); n; n = strtok_r(NULL, ",", &rest))
		if (f->name_count < PROMETHEUS_NAMES_MAX)
			f->names[f->name_count++] = n;
}

/* The names of the filter point into `query`. */
static bool read_filter(char *query, struct prometheus_filter *ret)
{
	bool scoped = false;
	bool known = true;
	char *name;
	char *value;

	*ret = (struct prometheus_filter){ 0 };
	while (httpquery_next(&query, &name, &value)) {
		bool is_scope = strcmp(name, "scope") == 0;

		scoped = scoped || is_scope;
		known = known && (!is_scope || add_scope(ret, value));
		if (strcmp(name, "metrics") == 0)
			add_names(ret, value);
		ret->no_maint = ret->no_maint || strcmp(name, "no-maint") == 0;
	}
	if (!scoped)
		ret->scopes = PROMETHEUS_ALL;
	return known;
}

void statsweb_get_metrics(struct exchange *x)
{
	bool openmetrics = httphead_has_token(httphead_field(x->request, "accept"),
	                                      "application/openmetrics-text");
	struct prometheus_filter f;
	struct snapshot *s;

	if (!read_filter(x->query, &f)) {
		exchange_say(x, 400, "There is no such scope.");
		return;
	}
	s = daemon_snapshot(x->daemon);
	x->type = openmetrics ? openmetrics_type : prometheus_type;
	prometheus_write(s, openmetrics, &f, &x->body);
	snapshot_free(s);
}
