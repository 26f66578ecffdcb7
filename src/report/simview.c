/* SPDX-License-Identifier: MIT */
#include "report/simview.h"

#include "core/rebalance.h"
#include "plain.h"
#include "simviews.h"

#include "base/number.h"

#include <inttypes.h>

enum { INDENT = 12, NARROWEST = 64 };

void simview_add_rate(struct text *out, const struct simarrival_rate *rate)
{
	const char *unit = rate->period_ms == 60000 ? "m" : rate->period_ms == 3600000 ? "h" : "s";

	text_addf(out, "%s%" PRIu32 "/%s", rate->poisson ? "poisson:" : "", rate->count, unit);
}

void simview_add_session(struct text *out, const struct simarrival_session *s)
{
	char buf[32];

	if (s->lasts == SIMARRIVAL_EVER) {
		text_add(out, "ever");
		return;
	}
	number_format_duration(s->ms, buf, sizeof(buf));
	text_addf(out, "%s%s", s->lasts == SIMARRIVAL_BY_CHANCE ? "exp:" : "", buf);
}

static size_t width_of(const struct simview *v)
{
	return v->width < NARROWEST ? NARROWEST : v->width;
}

/* --- what is simulated -------------------------------------------------------------------- */

static void add_clients(const struct simulation_options *o, struct text *out)
{
	if (o->pool)
		text_addf(out, "a pool of %" PRIu32, o->pool);
	if (o->pool && o->rate.count)
		text_add(out, " and ");
	if (o->rate.count || !o->pool)
		simview_add_rate(out, &o->rate);
	text_add(out, o->session.lasts == SIMARRIVAL_EVER ? " for " : ", each for ");
	simview_add_session(out, &o->session);
}

static void add_title(const struct simview *v, const struct simulation_options *o,
                      const struct simulation_result *r, struct text *out)
{
	AUTO_TEXT words = { 0 };

	text_addf(&words, "%s, ", settings_balance_name(r->service->balance));
	plain_add_count(&words, r->service->server_count, "server");
	text_add(&words, "; ");
	add_clients(o, &words);
	text_add(&words, "; ");
	simview_add_moment(&words, o->for_ms, 0);
	text_add(&words, " in steps of ");
	simview_add_moment(&words, o->step_ms, 0);
	text_addf(&words, ", seed %" PRIu64, o->seed);
	plain_colour(out, v->colour, PLAIN_BOLD);
	plain_add(out, r->service->name);
	plain_colour(out, v->colour, PLAIN_RESET);
	text_add(out, ": ");
	plain_add_folded(out, text_str(&words), plain_width(r->service->name) + 2, width_of(v), 2);
	text_add(out, "\n\n");
}

/* Which letters are in the rows, and what they mean. */
static void add_legend(const struct simulation_result *r, struct text *out)
{
	bool seen[SIMULATION_MARKS] = { false };
	size_t cells = r->row_count * r->service->server_count;
	const char *between = "";

	for (size_t i = 0; i < cells; i++)
		seen[r->cells[i].mark] = true;
	for (int m = SIMULATION_UP + 1; m < SIMULATION_MARKS; m++) {
		if (!seen[m])
			continue;
		text_addf(out, "%s%c %s", between, simulation_mark_letter((enum simulation_mark)m),
		          simulation_mark_key((enum simulation_mark)m));
		between = ", ";
	}
	text_add(out, *between ? "\n\n" : "\n");
}

/* --- what came of it ---------------------------------------------------------------------- */

static void add_line(const struct simview *v, const char *what, const struct text *words,
                     struct text *out)
{
	plain_add_left(out, what, INDENT);
	plain_add_folded(out, text_str(words), INDENT, width_of(v), INDENT);
	text_addc(out, '\n');
}

static void add_sessions(const struct simview *v, const struct simulation_result *r,
                         struct text *out)
{
	const struct simulation_counts *c = &r->counts;
	AUTO_TEXT words = { 0 };

	text_addf(&words,
	          "%" PRIu64 " came: %" PRIu64 " ended, %" PRIu64 " cut, %" PRIu64
	          " moved, %" PRIu64 " refused, %" PRIu32 " live",
	          c->arrived, c->ended, c->cut, c->moved, c->refused, c->live);
	if (c->waiting)
		text_addf(&words, ", %" PRIu32 " waiting", c->waiting);
	add_line(v, "sessions", &words, out);
}

static void add_waits(const struct simview *v, const struct simulation_result *r, struct text *out)
{
	AUTO_TEXT waited = { 0 };
	AUTO_TEXT vain = { 0 };

	if (r->waited) {
		plain_add_count(&waited, r->waited, "session");
		text_add(&waited, ", the longest ");
		simview_add_moment(&waited, r->longest_ms, 0);
		add_line(v, "waited", &waited, out);
	}
	if (r->vain) {
		plain_add_count(&vain, r->vain, "attempt");
		text_add(&vain, " to connect");
		add_line(v, "in vain", &vain, out);
	}
}

static void add_uneven(const struct simview *v, const struct simulation_result *r, struct text *out)
{
	AUTO_TEXT words = { 0 };

	if (r->service->balance == SETTINGS_FIRST || r->service->server_count < 2)
		return;
	text_addf(&words, "%" PRIu32 " %% from its share at most", r->uneven);
	if (r->uneven) {
		text_add(&words, " (");
		plain_add(&words, r->service->servers[r->uneven_server].name);
		text_add(&words, ", at ");
		simview_add_moment(&words, r->uneven_ms, 0);
		text_add(&words, ")");
	}
	text_addf(&words, ", %" PRIu32 " %% at the end", r->uneven_end);
	add_line(v, "uneven", &words, out);
}

/* Connections that last do not go back by themselves. */
static void add_hint(const struct simview *v, const struct simulation_options *o,
                     const struct simulation_result *r, struct text *out)
{
	AUTO_TEXT words = { 0 };

	if (r->uneven_end <= REBALANCE_DEAD_ZONE_PERCENT || r->service->rebalance ||
	    o->session.lasts != SIMARRIVAL_EVER)
		return;
	text_add(&words, "sessions that last stay where they are: with \"rebalance = true;\" in "
	                 "the service some go to servers that have too few");
	add_line(v, "", &words, out);
}

static bool brings_back(enum simevent_kind k)
{
	return k == SIMEVENT_RETURNS || k == SIMEVENT_READY;
}

static void add_seen(const struct simulation_effect *f, enum simevent_kind kind, struct text *out)
{
	const char *what = brings_back(kind) ? "new sessions" : "no new sessions";

	if (!f->servers) {
		text_add(out, "changes nothing for new sessions");
		return;
	}
	if (!f->seen) {
		text_add(out, "not noticed until the end");
		return;
	}
	text_addf(out, "%s after ", what);
	simview_add_moment(out, f->first_ms, 0);
	if (f->last_ms != f->first_ms) {
		text_add(out, " to ");
		simview_add_moment(out, f->last_ms, 0);
	}
	if (f->seen < f->servers)
		text_addf(out, " (%" PRIu32 " of %" PRIu32 ")", f->seen, f->servers);
}

static void add_effect(const struct simview *v, const struct simulation_options *o,
                       const struct simulation_result *r, const struct simulation_effect *f,
                       struct text *out)
{
	const struct simevent *e = &o->events->at[f->event];
	char words[SIMEVENT_TEXT_MAX];
	AUTO_TEXT line = { 0 };

	simview_add_moment(&line, e->at_ms, 0);
	text_addf(&line, " %s: ", simevent_format(e, words));
	if (e->kind != SIMEVENT_WEIGHT && e->kind != SIMEVENT_SLOWS)
		add_seen(f, e->kind, &line);
	else
		text_add(&line, "as ordered");
	if (f->cut) {
		text_add(&line, "; ");
		plain_add_count(&line, f->cut, "session");
		text_add(&line, " cut");
	}
	if (f->vain) {
		text_add(&line, "; ");
		plain_add_count(&line, f->vain, "attempt");
		text_add(&line, " in vain");
	}
	if (f->servers && f->seen && r->service->balance != SETTINGS_FIRST &&
	    r->service->server_count > 1) {
		text_add(&line, f->even_ms < 0 ? "; not even" : "; even after ");
		if (f->even_ms >= 0)
			simview_add_moment(&line, f->even_ms, 0);
	}
	add_line(v, f == r->effects ? "events" : "", &line, out);
}

void simview_write(const struct simview *v, const struct simulation_options *o,
                   const struct simulation_result *r, struct text *out)
{
	add_title(v, o, r, out);
	simview_add_rows(v, o, r, out);
	add_legend(r, out);
	add_sessions(v, r, out);
	add_waits(v, r, out);
	add_uneven(v, r, out);
	add_hint(v, o, r, out);
	for (size_t i = 0; i < r->effect_count; i++)
		add_effect(v, o, r, &r->effects[i], out);
	if (r->notes_left_out)
		text_addf(out, "%*s%" PRIu64 " further changes are not shown\n", INDENT, "",
		          r->notes_left_out);
}
