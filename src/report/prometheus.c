/* SPDX-License-Identifier: MIT */
#include "report/prometheus.h"

#include "ownseries.h"
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
	const struct ownseries own = {
		.s = w->s, .out = w->out, .openmetrics = w->openmetrics, .no_maint = w->no_maint
	};

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
		ownseries_add_process(&own);
	if (scopes & PROMETHEUS_BACKEND)
		ownseries_add_services(&own);
	if (scopes & PROMETHEUS_SERVER)
		ownseries_add_servers(&own);
}

void prometheus_write(const struct snapshot *s, bool openmetrics, const struct prometheus_filter *f,
                      struct text *out)
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
