/* SPDX-License-Identifier: MIT */
#include "drillwords.h"

#include "plain.h"
#include "report/stamp.h"

#include <inttypes.h>
#include <string.h>

enum { UNKNOWN = DRILLFACTS_UNKNOWN, NAMED_MAX = 4 };

/* --- numbers ------------------------------------------------------------------------------ */

void drillwords_add_ms(struct text *out, int64_t ms)
{
	if (ms == UNKNOWN)
		text_addc(out, '-');
	else if (ms < 1000)
		text_addf(out, "%" PRId64 " ms", ms);
	else if (ms < 10000)
		text_addf(out, "%" PRId64 ".%02d s", ms / 1000, (int)(ms % 1000 / 10));
	else if (ms < 60000)
		text_addf(out, "%" PRId64 ".%d s", ms / 1000, (int)(ms % 1000 / 100));
	else if (ms < 3600000)
		text_addf(out, "%" PRId64 " m %02d s", ms / 60000, (int)(ms / 1000 % 60));
	else
		text_addf(out, "%" PRId64 " h %02d m", ms / 3600000, (int)(ms / 60000 % 60));
}

void drillwords_add_number(struct text *out, int64_t n)
{
	if (n == UNKNOWN)
		text_addc(out, '-');
	else
		text_addf(out, "%" PRId64, n);
}

void drillwords_add_offset(struct text *out, int64_t zero_ms, int64_t wall_ms)
{
	int64_t ms = wall_ms - zero_ms;

	text_addc(out, ms < 0 ? '-' : '+');
	if (ms < 0)
		ms = -ms;
	if (ms >= 3600000)
		text_addf(out, "%" PRId64 ":%02d", ms / 3600000, (int)(ms / 60000 % 60));
	else
		text_addf(out, "%d", (int)(ms / 60000));
	text_addf(out, ":%02d.%03d", (int)(ms / 1000 % 60), (int)(ms % 1000));
}

/* --- names -------------------------------------------------------------------------------- */

void drillwords_add_place(struct text *out, const struct drill *d, size_t service, size_t server)
{
	if (service == SIZE_MAX) {
		text_add(out, "all");
		return;
	}
	plain_add(out, d->services[service].name);
	if (server == SIZE_MAX)
		return;
	text_addc(out, '/');
	plain_add(out, d->services[service].servers[server].name);
}

static void add_clock(struct text *out, int64_t wall_ms)
{
	AUTO_TEXT stamp = { 0 };

	stamp_add_rfc3339(&stamp, wall_ms);
	text_addn(out, text_str(&stamp) + sizeof("2026-11-20T") - 1, sizeof("12:12:01") - 1);
}

void drillwords_add_title(struct text *out, const struct drill *d)
{
	if (d->name[0] != '\0') {
		plain_add(out, d->name);
		return;
	}
	add_clock(out, d->from_ms);
	text_add(out, " - ");
	add_clock(out, d->to_ms);
}

void drillwords_add_about(struct text *out, const struct drill *d)
{
	plain_add(out, d->source);
	text_add(out, d->source[0] != '\0' ? ", " : "");
	stamp_add_rfc3339(out, d->from_ms);
	text_add(out, ", ");
	drillwords_add_ms(out, d->to_ms - d->from_ms);
	if (d->truncated)
		text_add(out, ", its beginning was forgotten already");
}

void drillwords_write_title(struct text *out, const char *lead, const struct drill *d,
                            unsigned int width, bool colour)
{
	AUTO_TEXT title = { 0 };
	AUTO_TEXT about = { 0 };
	size_t used;

	text_add(&title, lead);
	drillwords_add_title(&title, d);
	drillwords_add_about(&about, d);
	plain_colour(out, colour, PLAIN_BOLD);
	text_add(out, text_str(&title));
	plain_colour(out, colour, PLAIN_RESET);
	used = plain_width(text_str(&title)) + 2;
	if (used + plain_width(text_str(&about)) > width) {
		text_addc(out, '\n');
		used = 2;
	}
	text_add(out, "  ");
	plain_colour(out, colour, PLAIN_DIM);
	plain_add_folded(out, text_str(&about), used, width, 2);
	plain_colour(out, colour, PLAIN_RESET);
	text_addc(out, '\n');
}

/* --- the verdict -------------------------------------------------------------------------- */

static int64_t value_of(const struct drillfacts *f, enum expectation_name n)
{
	struct expectation_value v;

	expectation_find(f, n, &v);
	return v.value;
}

/* Is this the first outage of its server? */
static bool is_first(const struct drillfacts *f, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (f->outages[k].service == f->outages[i].service &&
		    f->outages[k].server == f->outages[i].server)
			return false;
	return true;
}

static size_t count_servers(const struct drillfacts *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->outage_count; i++)
		n += is_first(f, i);
	return n;
}

/* "psql/n1, psql/n2 and psql/n3" */
static void add_servers(struct text *out, const struct drillfacts *f, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < f->outage_count; i++) {
		if (!is_first(f, i))
			continue;
		if (n > 0)
			text_add(out, n + 1 == count ? " and " : ", ");
		drillwords_add_place(out, f->drill, f->outages[i].service, f->outages[i].server);
		n++;
	}
}

static const char *how(const struct drillfacts_outage *o)
{
	switch (o->state) {
	case DRILL_NOLB:
		return "asked for no new sessions";
	case DRILL_DRAIN:
		return "was drained";
	case DRILL_MAINT:
		return "was in maintenance";
	case DRILL_DOWN:
	case DRILL_CHECKING:
	case DRILL_UP:
	case DRILL_STATE_COUNT:
		break;
	}
	return "was down";
}

static void add_one(struct text *out, const struct drillfacts *f, const struct drillfacts_outage *o)
{
	drillwords_add_place(out, f->drill, o->service, o->server);
	text_addf(out, " %s ", how(o));
	if (o->early && o->back_ms == UNKNOWN) {
		text_add(out, "all the time");
	} else if (o->early) {
		text_add(out, "at the beginning");
	} else if (o->back_ms == UNKNOWN) {
		text_add(out, "and was not back at the end");
	} else {
		text_add(out, o->state == DRILL_NOLB ? "and was back after " : "for ");
		drillwords_add_ms(out, o->recover_ms);
	}
}

static void add_subject(struct text *out, const struct drillfacts *f)
{
	size_t servers = count_servers(f);
	int64_t none = value_of(f, EXPECTATION_NOSERVER);

	if (f->outage_count == 0)
		text_add(out, "No server was out");
	else if (f->outage_count == 1)
		add_one(out, f, &f->outages[0]);
	else if (servers <= NAMED_MAX)
		add_servers(out, f, servers);
	else
		text_addf(out, "%zu servers", servers);
	if (f->outage_count > 1 && servers == f->outage_count)
		text_add(out, " were out, each once");
	else if (f->outage_count > 1)
		text_addf(out, " %s out, %zu times in all", servers == 1 ? "was" : "were",
		          f->outage_count);
	if (none > 0) {
		text_add(out, ", with no usable server at all for ");
		drillwords_add_ms(out, none);
	}
}

void drillwords_add_gap(struct text *out, const struct drill *d, int64_t ms)
{
	bool coarse = ms != UNKNOWN && drill_is_coarse(d);

	text_add(out, coarse ? "under " : "");
	drillwords_add_ms(out, coarse ? ms + 2 * (int64_t)d->every_ms : ms);
}

static void add_clause(struct text *out, bool *first, bool last)
{
	text_add(out, *first ? ": " : last ? " and " : ", ");
	*first = false;
}

static void add_amount(struct text *out, int64_t n, const char *noun, const char *past)
{
	if (n == 0)
		text_addf(out, "no %s was %s", noun, past);
	else
		text_addf(out, "%" PRId64 " %s%s %s", n, noun, n == 1 ? " was" : "s were", past);
}

void drillwords_add_verdict(struct text *out, const struct drillfacts *f)
{
	int64_t failed = value_of(f, EXPECTATION_FAILED), cut = value_of(f, EXPECTATION_CUT);
	int64_t gap = value_of(f, EXPECTATION_GAP), asked = value_of(f, EXPECTATION_ASKED);
	int64_t held = value_of(f, EXPECTATION_HELD);
	bool first = true;

	add_subject(out, f);
	if (failed != UNKNOWN) {
		add_clause(out, &first, false);
		add_amount(out, failed, "client", "turned away");
	}
	if (held > 0) {
		add_clause(out, &first, false);
		text_addf(out, "at most %" PRId64 " held at a time", held);
	}
	if (cut != UNKNOWN) {
		add_clause(out, &first, gap == UNKNOWN && asked <= 0);
		add_amount(out, cut, "session", "cut");
	}
	if (asked > 0) {
		add_clause(out, &first, gap == UNKNOWN);
		text_addf(out, "%" PRId64 " closed between transactions", asked);
	}
	if (gap != UNKNOWN) {
		add_clause(out, &first, true);
		text_add(out, "the longest time without a new connection was ");
		drillwords_add_gap(out, f->drill, gap);
	}
	text_addc(out, '.');
}

bool drillwords_is_clean(const struct drillfacts *f)
{
	return value_of(f, EXPECTATION_FAILED) <= 0 && value_of(f, EXPECTATION_CUT) <= 0;
}

/* --- states, events ----------------------------------------------------------------------- */

const char *drillwords_state(enum drill_state s)
{
	static const char *const all[] = {
#define X(name, key, usable, words) [DRILL_##name] = words,
		DRILL_STATE_TABLE(X)
#undef X
	};

	return all[s];
}

void drillwords_add_state(struct text *out, enum drill_state s)
{
	for (const char *p = drill_state_key(s); *p != '\0'; p++)
		text_addc(out, (char)(*p - 'a' + 'A'));
}

static const char *kind_words(const struct drill_event *e)
{
	switch (e->kind) {
	case DRILL_CHECK:
		return e->good ? "check passed" : "check failed";
	case DRILL_SERVICE:
		return e->good ? "a usable server again" : "no usable server is left";
	case DRILL_FAULT:
		return e->good ? "fault ends" : "fault begins";
	case DRILL_MARK:
		return "mark";
	case DRILL_STATE:
	case DRILL_KIND_COUNT:
		break;
	}
	return drillwords_state(e->state);
}

/* A reason that only says again what the event is. */
static bool is_echo(const struct drill_event *e)
{
	return e->kind == DRILL_SERVICE && !e->good && strcmp(e->text, "no server usable") == 0;
}

static void add_sessions(struct text *out, const struct drill_event *e, const char *why)
{
	AUTO_TEXT count = { 0 };

	plain_add_count(&count, e->sessions, "session");
	if (strstr(why, text_str(&count)) != NULL)
		return;
	text_addf(out, "; %s on it", text_str(&count));
}

void drillwords_add_event(struct text *out, const struct drill_event *e)
{
	const char *why = e->text != NULL && !is_echo(e) ? e->text : "";
	bool is_state = e->kind == DRILL_STATE;
	/* A reason may name the event itself. */
	bool named = !is_state && strstr(why, kind_words(e)) != NULL;

	if (is_state)
		drillwords_add_state(out, e->state);
	if (is_state && why[0] == '\0')
		text_add(out, ", ");
	if (is_state ? why[0] == '\0' : !named)
		text_add(out, kind_words(e));
	if (why[0] != '\0' && !named)
		text_add(out, ": ");
	plain_add(out, why);
	if (is_state && !drill_state_is_usable(e->state) && e->sessions > 0)
		add_sessions(out, e, why);
}

void drillwords_add_expectation(struct text *out, const struct expectation_verdict *v, size_t i)
{
	const struct expectation_value *value = &v->values[i];

	expectation_describe(&v->items[i], out);
	text_add(out, ": ");
	expectation_add_value(v->items[i].name, value->value, out);
	if (value->where[0] == '\0' || value->value == 0)
		return;
	text_add(out, ", ");
	plain_add(out, value->where);
}
