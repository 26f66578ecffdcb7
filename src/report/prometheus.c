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

static const char *const listener_words[] = { "WAITING", "OPEN", "FULL" };
enum { LISTENER_WORDS = 3 };

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
	switch (state_effective(&server->state)) {
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
	return server->check_on && !state_in_maint(&server->state);
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

/* How many servers of a backend have each word; an HTTP endpoint has none. */
static size_t split_backend(const struct snapshot_row *r, enum metric m, struct word *words)
{
	bool of_checks = m == METRIC_AGG_CHECK_STATUS;
	size_t n = of_checks ? start(words, check_words, CHECK_WORDS)
	                     : start(words, server_words, SERVER_WORDS);

	for (size_t i = 0; r->service && i < r->service->server_count; i++) {
		const struct snapshot_server *server = &r->service->servers[i];

		if (!of_checks)
			tally(words, n, server_word(server));
		else if (has_check(server))
			tally(words, n, check_word(server));
	}
	return n;
}

/* DOWN and UP; a paused frontend is UP, too. */
static size_t split_proxy(const struct snapshot_row *r, struct word *words)
{
	const char *status = r->at[METRIC_STATUS].text;
	bool down = strcmp(status, "STOP") == 0 || strcmp(status, "DOWN") == 0;
	size_t n = start(words, server_words, 2);

	tally(words, n, down ? "DOWN" : "UP");
	return n;
}

static size_t split(const struct snapshot_row *r, enum metric m, struct word *words)
{
	size_t n;

	switch (r->kind) {
	case SNAPSHOT_SERVER:
		return split_server(r->server, m, words);
	case SNAPSHOT_LISTENER:
		n = start(words, listener_words, LISTENER_WORDS);
		tally(words, n, r->full ? "FULL" : "OPEN");
		return n;
	case SNAPSHOT_BACKEND:
		if (m != METRIC_STATUS)
			return split_backend(r, m, words);
		break;
	case SNAPSHOT_FRONTEND:
		break;
	}
	return split_proxy(r, words);
}

/* The second label of a row, if it has one. */
static const char *second_label(const struct snapshot_row *r)
{
	switch (r->kind) {
	case SNAPSHOT_SERVER:
		return "server";
	case SNAPSHOT_LISTENER:
		return "listener";
	case SNAPSHOT_FRONTEND:
	case SNAPSHOT_BACKEND:
		break;
	}
	return NULL;
}

static void add_words(struct writer *w, const char *name, const struct snapshot_row *r,
                      const struct word *words, size_t count)
{
	const char *second = second_label(r);

	for (size_t i = 0; i < count; i++) {
		const char *const of_two[] = { "proxy", r->proxy,      second, r->name,
			                       "state", words[i].name, NULL };
		const char *const of_proxy[] = { "proxy", r->proxy, "state", words[i].name, NULL };

		series_add(w->out, name, second ? of_two : of_proxy, words[i].value);
	}
}

static void add_number(struct writer *w, const char *name, enum metric m,
                       const struct snapshot_row *r)
{
	const struct metric_info *info = metric_get(m);
	const struct snapshot_value *v = &r->at[m];
	bool is_class = m >= METRIC_HRSP_1XX && m <= METRIC_HRSP_OTHER;
	const char *second = is_class ? "code" : second_label(r);
	const char *const labels[] = { "proxy", r->proxy, second,
		                       is_class ? info->column + strlen("hrsp_") : r->name, NULL };
	int64_t ms = v->number;

	/* A counter that does not exist is NaN for HAProxy, and forbidden in OpenMetrics. */
	if (!v->present && info->kind == METRIC_KIND_COUNTER && w->openmetrics)
		return;
	series_add_name(w->out, name, labels);
	if (!v->present)
		text_add(w->out, "NaN\n");
	else if (info->unit == METRIC_UNIT_MS)
		text_addf(w->out, "%" PRId64 ".%03d000\n", ms / 1000, (int)(ms % 1000));
	else
		text_addf(w->out, "%" PRId64 "\n", v->number);
}

static bool is_hidden(const struct writer *w, const struct snapshot_server *server)
{
	return w->no_maint && state_in_maint(&server->state);
}

/* Does a family have series for that row? */
static bool has_series(const struct writer *w, const struct snapshot_row *r, enum metric m)
{
	enum metric_kind kind = metric_get(m)->kind;
	bool of_check = m == METRIC_CHECK_CODE || m == METRIC_CHECK_DURATION;

	if (kind == METRIC_KIND_HTTP || kind == METRIC_KIND_HTTP_GAUGE)
		return r->http && r->at[m].present;
	if (!r->server)
		return true;
	return !is_hidden(w, r->server) && (!of_check || has_check(r->server));
}

static enum metric_scope scope_of(enum snapshot_kind kind)
{
	switch (kind) {
	case SNAPSHOT_FRONTEND:
		return METRIC_F;
	case SNAPSHOT_BACKEND:
		return METRIC_B;
	case SNAPSHOT_SERVER:
		return METRIC_S;
	case SNAPSHOT_LISTENER:
		return METRIC_L;
	}
	return METRIC_NONE;
}

/* Columns that share a family stand together; the first that has a series begins it. */
static void add_column(struct writer *w, const char *name, enum snapshot_kind kind, enum metric m,
                       bool *begun)
{
	const struct metric_info *info = metric_get(m);
	struct snapshot_cursor c = { 0 };
	const struct snapshot_row *r;
	struct word words[WORDS_MAX];

	while ((r = snapshot_next(w->s, &c))) {
		if (r->kind != kind || !has_series(w, r, m))
			continue;
		if (!*begun)
			series_begin(w->out, w->openmetrics, name, info->kind, info->help);
		*begun = true;
		if (info->kind == METRIC_KIND_STATE)
			add_words(w, name, r, words, split(r, m, words));
		else
			add_number(w, name, m, r);
	}
}

static void add_scope(struct writer *w, enum snapshot_kind kind)
{
	static const char *const words[] = { [SNAPSHOT_FRONTEND] = "frontend",
		                             [SNAPSHOT_BACKEND] = "backend",
		                             [SNAPSHOT_SERVER] = "server",
		                             [SNAPSHOT_LISTENER] = "listener" };
	char name[96] = "";
	bool begun = false;

	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const struct metric_info *info = metric_get(m);
		char next[96];

		if (!info->family || !(info->scopes & scope_of(kind)))
			continue;
		snprintf(next, sizeof(next), "haproxy_%s_%s", words[kind], info->family);
		begun = begun && strcmp(next, name) == 0;
		memcpy(name, next, sizeof(name));
		add_column(w, name, kind, m, &begun);
	}
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

static void add_servers(struct writer *w)
{
	add_health(w);
	add_each(w, "sluice_server_usable", METRIC_KIND_GAUGE,
	         "1 if the server may take new sessions", is_usable);
	add_each(w, "sluice_server_state_age_seconds", METRIC_KIND_GAUGE,
	         "How long the server has been in its state", state_age);
	add_each(w, "sluice_server_connected_total", METRIC_KIND_COUNTER,
	         "Connections to the server that were established", connected);
	add_each(w, "sluice_server_cut_sessions_total", METRIC_KIND_COUNTER,
	         "Sessions that sluice itself closed", cut);
}

/* --- what is wanted ------------------------------------------------------------------------- */

/* Is it `name`, which for OpenMetrics may lack the "_total"? */
static bool is_family(const char *wanted, const char *name, size_t len)
{
	return strncmp(wanted, name, len) == 0 &&
	       (wanted[len] == '\0' || strcmp(wanted + len, "_total") == 0);
}

static bool is_wanted(const struct prometheus_filter *f, const char *name, size_t len)
{
	bool any = false;
	bool named = false;

	for (size_t i = 0; i < f->name_count; i++) {
		const char *wanted = f->names[i];

		if (wanted[0] == '-' && is_family(wanted + 1, name, len))
			return false;
		if (wanted[0] == '-')
			continue;
		any = true;
		named = named || is_family(wanted, name, len);
	}
	return named || !any;
}

/* Copies the families that are wanted; each begins with its HELP. */
static void add_wanted(const struct prometheus_filter *f, const char *from, struct text *out)
{
	static const char help[] = "# HELP ";
	bool wanted = true;

	for (const char *line = from; *line;) {
		size_t len = strcspn(line, "\n") + 1;
		const char *name = line + sizeof(help) - 1;

		if (strncmp(line, help, sizeof(help) - 1) == 0)
			wanted = is_wanted(f, name, strcspn(name, " "));
		if (wanted)
			text_addn(out, line, len);
		line += len;
	}
}

static void add_all(struct writer *w, unsigned int scopes)
{
	if (scopes & PROMETHEUS_GLOBAL)
		info_write_prometheus(w->s, w->openmetrics, w->out);
	if (scopes & PROMETHEUS_FRONTEND)
		add_scope(w, SNAPSHOT_FRONTEND);
	if (scopes & PROMETHEUS_LISTENER)
		add_scope(w, SNAPSHOT_LISTENER);
	if (scopes & PROMETHEUS_BACKEND)
		add_scope(w, SNAPSHOT_BACKEND);
	if (scopes & PROMETHEUS_SERVER)
		add_scope(w, SNAPSHOT_SERVER);
	if (scopes & PROMETHEUS_GLOBAL)
		add_process(w);
	if (scopes & PROMETHEUS_BACKEND)
		add_services(w);
	if (scopes & PROMETHEUS_SERVER)
		add_servers(w);
}

void prometheus_write_filtered(const struct snapshot *s, bool openmetrics,
                               const struct prometheus_filter *f, struct text *out)
{
	AUTO_TEXT all = { 0 };
	struct writer w = {
		.s = s, .out = &all, .openmetrics = openmetrics, .no_maint = f->no_maint
	};

	add_all(&w, f->scopes);
	if (f->name_count)
		add_wanted(f, text_str(&all), out);
	else
		text_addn(out, text_str(&all), all.len);
	if (openmetrics)
		text_add(out, "# EOF\n");
}

void prometheus_write(const struct snapshot *s, bool openmetrics, struct text *out)
{
	static const struct prometheus_filter all = { .scopes = PROMETHEUS_ALL };

	prometheus_write_filtered(s, openmetrics, &all, out);
}
