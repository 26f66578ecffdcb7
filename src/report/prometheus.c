/* SPDX-License-Identifier: MIT */
#include "report/prometheus.h"

#include "report/info.h"
#include "series.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct writer {
	const struct snapshot *s;
	struct text *out;
	bool openmetrics, no_maint;
};

/* A label with one word of several, and how much of it there is. */
struct word {
	const char *name;
	int64_t value;
};

enum { WORDS_MAX = 24 };

static const char *const server_words[] = { "DOWN", "UP", "MAINT", "DRAIN", "NOLB" };
enum { SERVER_WORDS = 5 };

/* HAProxy's codes of checks, those that do not occur here included: dashboards list them. */
static const char *const check_words[] = { "HANA",   "SOCKERR", "L4OK",     "L4TOUT",
	                                   "L4CON",  "L6OK",    "L6TOUT",   "L6RSP",
	                                   "L7TOUT", "L7RSP",   "L7OK",     "L7OKC",
	                                   "L7STS",  "PROCERR", "PROCTOUT", "PROCOK" };
enum { CHECK_WORDS = sizeof(check_words) / sizeof(check_words[0]) };

static const char *server_word(const struct snapshot_server *server)
{
	if (state_in_maint(&server->state))
		return "MAINT";
	switch (server->state.health) {
	case STATE_UP:
	case STATE_NOCHECK:
		return server->state.admin & STATE_DRAIN_ANY ? "DRAIN" : "UP";
	case STATE_NOLB:
		return "NOLB";
	case STATE_DOWN:
	case STATE_CHECKING:
	case STATE_HEALTH_COUNT:
		break;
	}
	return "DOWN";
}

/* A name that does not resolve is what HAProxy calls a connection problem. */
static const char *check_word(const struct snapshot_server *server)
{
	return server->check.code == PROBE_RESOLVE ? "L4CON" : probe_code_name(server->check.code);
}

static void tally(struct word *words, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		words[i].value += strcmp(words[i].name, name) == 0;
}

/* Whether the check's series exist: without a check there is no result to show. */
static bool has_check(const struct snapshot_server *server)
{
	return server->limits.checked && !state_in_maint(&server->state);
}

static size_t start(struct word *words, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		words[i] = (struct word){ .name = names[i] };
	return count;
}

static size_t split_server(const struct snapshot_server *server, enum metric m, struct word *words)
{
	size_t n;

	if (m == METRIC_CHECK_STATUS) {
		if (!has_check(server))
			return 0;
		n = start(words, check_words, CHECK_WORDS);
		tally(words, n, check_word(server));
		return n;
	}
	n = start(words, server_words, SERVER_WORDS);
	tally(words, n, server_word(server));
	return n;
}

/* Of a service: DOWN and UP of the frontend or backend, or how many servers have each word. */
static size_t split_service(const struct snapshot_service *service, const struct snapshot_row *r,
                            enum metric m, struct word *words)
{
	const char *status = r->at[METRIC_STATUS].text;
	size_t n;

	if (m == METRIC_STATUS) {
		n = start(words, server_words, 2);
		tally(words, n,
		      strcmp(status, "OPEN") == 0 || strcmp(status, "UP") == 0 ? "UP" : "DOWN");
		return n;
	}
	n = m == METRIC_AGG_CHECK_STATUS ? start(words, check_words, CHECK_WORDS)
	                                 : start(words, server_words, SERVER_WORDS);
	for (size_t i = 0; i < service->server_count; i++) {
		const struct snapshot_server *server = &service->servers[i];

		if (m != METRIC_AGG_CHECK_STATUS)
			tally(words, n, server_word(server));
		else if (has_check(server))
			tally(words, n, check_word(server));
	}
	return n;
}

static void add_words(struct writer *w, const char *name, const struct snapshot_row *r,
                      const struct word *words, size_t count)
{
	bool is_server = r->kind == SNAPSHOT_SERVER;

	for (size_t i = 0; i < count; i++) {
		const char *const of_server[] = { "proxy", r->proxy,      "server", r->name,
			                          "state", words[i].name, NULL };
		const char *const of_proxy[] = { "proxy", r->proxy, "state", words[i].name, NULL };

		series_add(w->out, name, is_server ? of_server : of_proxy, words[i].value);
	}
}

static void add_number(struct writer *w, const char *name, const struct metric_info *info,
                       const struct snapshot_value *v, const char *const labels[])
{
	int64_t ms = v->number;

	/* A counter that does not exist is NaN for HAProxy, and forbidden in OpenMetrics. */
	if (!v->present && info->kind == METRIC_KIND_COUNTER && w->openmetrics)
		return;
	series_add_name(w->out, name, labels);
	if (info->kind == METRIC_KIND_HTTP)
		text_add(w->out, "0\n");
	else if (!v->present)
		text_add(w->out, "NaN\n");
	else if (info->unit == METRIC_UNIT_MS)
		text_addf(w->out, "%" PRId64 ".%03d000\n", ms / 1000, (int)(ms % 1000));
	else
		text_addf(w->out, "%" PRId64 "\n", v->number);
}

static void add_row(struct writer *w, const char *name, enum metric m, const struct snapshot_row *r)
{
	const struct metric_info *info = metric_get(m);
	bool is_server = r->kind == SNAPSHOT_SERVER;
	bool is_class = m >= METRIC_HRSP_1XX && m <= METRIC_HRSP_OTHER;
	const char *second = is_server ? "server" : is_class ? "code" : NULL;
	const char *const labels[] = { "proxy", r->proxy, second,
		                       is_server ? r->name : info->column + strlen("hrsp_"), NULL };

	add_number(w, name, info, &r->at[m], labels);
}

static bool is_hidden(const struct writer *w, const struct snapshot_server *server)
{
	return w->no_maint && state_in_maint(&server->state);
}

static void add_servers(struct writer *w, const char *name, enum metric m,
                        const struct snapshot_service *service)
{
	bool of_check = m == METRIC_CHECK_CODE || m == METRIC_CHECK_DURATION;
	struct word words[WORDS_MAX];

	for (size_t i = 0; i < service->server_count; i++) {
		const struct snapshot_server *server = &service->servers[i];

		if (is_hidden(w, server) || (of_check && !has_check(server)))
			continue;
		if (metric_get(m)->kind == METRIC_KIND_STATE)
			add_words(w, name, &server->row, words, split_server(server, m, words));
		else
			add_row(w, name, m, &server->row);
	}
}

static void add_family(struct writer *w, unsigned int scope, enum metric m)
{
	const struct metric_info *info = metric_get(m);
	const char *of = scope == METRIC_F ? "frontend" : scope == METRIC_B ? "backend" : "server";
	bool again = m && metric_get(m - 1)->family && info->family &&
	             strcmp(metric_get(m - 1)->family, info->family) == 0;
	struct word words[WORDS_MAX];
	char name[96];

	if (!info->family || !(info->scopes & scope))
		return;
	snprintf(name, sizeof(name), "haproxy_%s_%s", of, info->family);
	if (!again)
		series_begin(w->out, w->openmetrics, name, info->kind, info->help);
	for (size_t i = 0; i < w->s->service_count; i++) {
		const struct snapshot_service *service = &w->s->services[i];
		const struct snapshot_row *r =
		    scope == METRIC_F ? &service->frontend : &service->backend;

		if (scope == METRIC_S)
			add_servers(w, name, m, service);
		else if (info->kind == METRIC_KIND_STATE)
			add_words(w, name, r, words, split_service(service, r, m, words));
		else
			add_row(w, name, m, r);
	}
}

static void add_scope(struct writer *w, unsigned int scope)
{
	for (enum metric m = 0; m < METRIC_COUNT; m++)
		add_family(w, scope, m);
}

/* --- what HAProxy lacks -------------------------------------------------------------------- */

static void begin(struct writer *w, const char *name, enum metric_kind kind, const char *help)
{
	series_begin(w->out, w->openmetrics, name, kind, help);
}

static void add_process(struct writer *w)
{
	const struct snapshot_process *p = &w->s->process;
	const char *const version[] = { "version", p->version, NULL };
	static const char workers[] = "sluice_worker_sessions";
	char number[24];

	begin(w, "sluice_build_info", METRIC_KIND_GAUGE, "Version, as a label");
	series_add(w->out, "sluice_build_info", version, 1);
	begin(w, workers, METRIC_KIND_GAUGE, "Sessions of each worker thread now");
	for (size_t i = 0; i < p->worker_count; i++) {
		const char *const labels[] = { "worker", number, NULL };

		snprintf(number, sizeof(number), "%zu", i);
		series_add(w->out, workers, labels, p->worker_sessions[i]);
	}
}

static void add_services(struct writer *w)
{
	static const char ended[] = "sluice_sessions_ended_total";
	static const char usable[] = "sluice_usable_servers";

	begin(w, ended, METRIC_KIND_COUNTER, "Sessions ended, by reason");
	for (size_t i = 0; i < w->s->service_count; i++) {
		for (enum reason r = 0; r < REASON_COUNT; r++) {
			const char *const labels[] = { "proxy", w->s->services[i].name, "reason",
				                       reason_key(r), NULL };

			series_add(w->out, ended, labels, (int64_t)w->s->services[i].ended[r]);
		}
	}
	begin(w, usable, METRIC_KIND_GAUGE, "Servers that may take new sessions, by role");
	for (size_t i = 0; i < w->s->service_count; i++) {
		const struct snapshot_service *s = &w->s->services[i];
		const char *const active[] = { "proxy", s->name, "role", "active", NULL };
		const char *const backup[] = { "proxy", s->name, "role", "backup", NULL };

		series_add(w->out, usable, active, s->active_usable);
		series_add(w->out, usable, backup, s->backup_usable);
	}
}

/* One value of each server, for families that are nothing more. */
static void add_each(struct writer *w, const char *name, enum metric_kind kind, const char *help,
                     int64_t (*get)(const struct snapshot_server *))
{
	begin(w, name, kind, help);
	for (size_t i = 0; i < w->s->service_count; i++) {
		for (size_t k = 0; k < w->s->services[i].server_count; k++) {
			const struct snapshot_server *s = &w->s->services[i].servers[k];
			const char *const labels[] = { "proxy", s->service, "server", s->name,
				                       NULL };

			if (!is_hidden(w, s))
				series_add(w->out, name, labels, get(s));
		}
	}
}

static int64_t state_age(const struct snapshot_server *s)
{
	return s->age_ms / 1000;
}

static int64_t is_usable(const struct snapshot_server *s)
{
	return s->usable;
}

static int64_t connected(const struct snapshot_server *s)
{
	return (int64_t)s->count[COUNTER_CONNECTED];
}

static int64_t cut(const struct snapshot_server *s)
{
	return (int64_t)s->count[COUNTER_CUT];
}

static void add_health_of(struct writer *w, const char *name, const struct snapshot_server *s)
{
	for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++) {
		const char *const labels[] = { "proxy",  s->service,          "server", s->name,
			                       "health", state_health_key(h), NULL };

		series_add(w->out, name, labels, s->state.health == h);
	}
}

static void add_health(struct writer *w)
{
	static const char name[] = "sluice_server_health";

	begin(w, name, METRIC_KIND_GAUGE, "What checks found out; the word that applies is 1");
	for (size_t i = 0; i < w->s->service_count; i++)
		for (size_t k = 0; k < w->s->services[i].server_count; k++)
			if (!is_hidden(w, &w->s->services[i].servers[k]))
				add_health_of(w, name, &w->s->services[i].servers[k]);
}

void prometheus_write_scoped(const struct snapshot *s, bool openmetrics, unsigned int scopes,
                             bool no_maint, struct text *out)
{
	struct writer w = { .s = s, .out = out, .openmetrics = openmetrics, .no_maint = no_maint };

	if (scopes & PROMETHEUS_GLOBAL)
		info_write_prometheus(s, openmetrics, out);
	if (scopes & PROMETHEUS_FRONTEND)
		add_scope(&w, METRIC_F);
	if (scopes & PROMETHEUS_BACKEND)
		add_scope(&w, METRIC_B);
	if (scopes & PROMETHEUS_SERVER)
		add_scope(&w, METRIC_S);
	if (scopes & PROMETHEUS_GLOBAL)
		add_process(&w);
	if (scopes & PROMETHEUS_BACKEND)
		add_services(&w);
	if (scopes & PROMETHEUS_SERVER) {
		add_health(&w);
		add_each(&w, "sluice_server_usable", METRIC_KIND_GAUGE,
		         "1 if the server may take new sessions", is_usable);
		add_each(&w, "sluice_server_state_age_seconds", METRIC_KIND_GAUGE,
		         "How long the server has been in its state", state_age);
		add_each(&w, "sluice_server_connected_total", METRIC_KIND_COUNTER,
		         "Connections to the server that were established", connected);
		add_each(&w, "sluice_server_cut_sessions_total", METRIC_KIND_COUNTER,
		         "Sessions that sluice itself closed", cut);
	}
	if (openmetrics)
		text_add(out, "# EOF\n");
}

void prometheus_write(const struct snapshot *s, bool openmetrics, struct text *out)
{
	prometheus_write_scoped(s, openmetrics, PROMETHEUS_ALL, false, out);
}
