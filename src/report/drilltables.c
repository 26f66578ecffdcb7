/* SPDX-License-Identifier: MIT */
#include "drilltables.h"

#include "drillwords.h"
#include "plain.h"

#include <inttypes.h>

enum { UNKNOWN = DRILLFACTS_UNKNOWN };

static void add_ms(struct drillgrid *g, int64_t ms)
{
	AUTO_TEXT t = { 0 };

	drillwords_add_ms(&t, ms);
	drillgrid_take(g, &t);
}

static void add_number(struct drillgrid *g, int64_t n)
{
	AUTO_TEXT t = { 0 };

	drillwords_add_number(&t, n);
	drillgrid_take(g, &t);
}

/* --- outages ------------------------------------------------------------------------------ */

static void add_how(struct drillgrid *g, const struct drillfacts_outage *o)
{
	AUTO_TEXT t = { 0 };

	drillwords_add_state(&t, o->state);
	if (o->gravest != o->state) {
		text_add(&t, ", then ");
		drillwords_add_state(&t, o->gravest);
	}
	drillgrid_take(g, &t);
}

static void add_out_for(struct drillgrid *g, const struct drill *d,
                        const struct drillfacts_outage *o)
{
	AUTO_TEXT t = { 0 };

	if (o->early || o->back_ms == UNKNOWN)
		text_add(&t, "over ");
	drillwords_add_ms(&t, (o->back_ms != UNKNOWN ? o->back_ms : d->to_ms) - o->out_ms);
	drillgrid_take(g, &t);
}

static void add_outage(const struct drillfacts *f, const struct drillfacts_outage *o,
                       struct drillgrid *g)
{
	AUTO_TEXT t = { 0 };

	drillwords_add_place(&t, f->drill, o->service, o->server);
	drillgrid_take(g, &t);
	add_how(g, o);
	drillwords_add_offset(&t, f->drill->from_ms, o->out_ms);
	drillgrid_take(g, &t);
	add_ms(g, o->noticed_ms);
	add_ms(g, o->detect_ms);
	add_ms(g, o->last_new_ms);
	add_number(g, o->sessions);
	add_number(g, o->cut);
	add_number(g, o->asked);
	add_number(g, o->survived);
	add_number(g, o->moved);
	add_number(g, o->held);
	add_out_for(g, f->drill, o);
	add_ms(g, o->rebalanced_ms);
	plain_add(&t, o->fault[0] != '\0' ? o->fault : o->cause);
	drillgrid_take(g, &t);
}

void drilltables_outages(const struct drillfacts *f, struct drillgrid *g)
{
	drillgrid_column(g, "Server", false);
	drillgrid_column(g, "State", false);
	drillgrid_column(g, "Out at", true);
	drillgrid_column(g, "Noticed", true);
	drillgrid_column(g, "Detected", true);
	drillgrid_column(g, "Last new", true);
	drillgrid_column(g, "Sessions", true);
	drillgrid_column(g, "Cut", true);
	drillgrid_column(g, "Asked", true);
	drillgrid_column(g, "Survived", true);
	drillgrid_column(g, "Moved", true);
	drillgrid_column(g, "Held", true);
	drillgrid_column(g, "Out for", true);
	drillgrid_column(g, "Even after", true);
	drillgrid_column(g, "Why", false);
	for (size_t i = 0; i < f->outage_count; i++)
		add_outage(f, &f->outages[i], g);
}

/* --- services ----------------------------------------------------------------------------- */

void drilltables_services(const struct drillfacts *f, struct drillgrid *g)
{
	drillgrid_column(g, "Service", false);
	drillgrid_column(g, "Connected", true);
	drillgrid_column(g, "Turned away", true);
	drillgrid_column(g, "Longest gap", true);
	drillgrid_column(g, "No server", true);
	drillgrid_column(g, "Cut", true);
	drillgrid_column(g, "Asked", true);
	drillgrid_column(g, "Held", true);
	drillgrid_column(g, "Moved", true);
	drillgrid_column(g, "Failed connects", true);
	for (size_t i = 0; i < f->drill->service_count; i++) {
		const struct drillfacts_service *s = &f->services[i];
		AUTO_TEXT name = { 0 };

		drillwords_add_place(&name, f->drill, i, SIZE_MAX);
		drillgrid_take(g, &name);
		add_number(g, s->connected);
		add_number(g, s->failed);
		add_ms(g, s->gap_ms);
		add_ms(g, s->no_server_ms);
		add_number(g, s->cut);
		add_number(g, s->asked);
		add_number(g, s->held);
		add_number(g, s->moved);
		add_number(g, s->connects);
	}
}

/* --- expectations ------------------------------------------------------------------------- */

void drilltables_expectations(const struct expectation_verdict *v, struct drillgrid *g)
{
	drillgrid_column(g, "Expected", false);
	drillgrid_column(g, "Found", true);
	drillgrid_column(g, "Verdict", false);
	drillgrid_column(g, "Where", false);
	for (size_t i = 0; i < v->count; i++) {
		AUTO_TEXT t = { 0 };

		expectation_describe(&v->items[i], &t);
		drillgrid_take(g, &t);
		expectation_add_value(v->items[i].name, v->values[i].value, &t);
		drillgrid_take(g, &t);
		drillgrid_add(g, v->ok[i] ? "ok" : "FAILED");
		if (v->values[i].value != 0)
			plain_add(&t, v->values[i].where);
		drillgrid_take(g, &t);
	}
}

/* --- what happened ------------------------------------------------------------------------ */

void drilltables_timeline(const struct drill *d, struct drillgrid *g)
{
	drillgrid_column(g, "Time", true);
	drillgrid_column(g, "Where", false);
	drillgrid_column(g, "What", false);
	for (size_t i = 0; i < d->event_count; i++) {
		const struct drill_event *e = &d->events[i];
		AUTO_TEXT t = { 0 };

		drillwords_add_offset(&t, d->from_ms, e->wall_ms);
		drillgrid_take(g, &t);
		drillwords_add_place(&t, d, e->service, e->server);
		drillgrid_take(g, &t);
		drillwords_add_event(&t, e);
		drillgrid_take(g, &t);
	}
}

/* --- two drills --------------------------------------------------------------------------- */

static int64_t value_of(const struct drillfacts *f, enum expectation_name n)
{
	struct expectation_value v;

	expectation_find(f, n, &v);
	return v.value;
}

/* What `n` may be besides its value, `under` less or `over` more, these not included. */
struct slack {
	int64_t under, over;
};

static struct slack slack_of(const struct drill *d, enum expectation_name n)
{
	int64_t every = d->every_ms;

	switch (expectation_get(n)->unit) {
	case EXPECTATION_MS:
		break;
	case EXPECTATION_NUMBER:
	case EXPECTATION_PERCENT:
		return (struct slack){ 0, 0 };
	}
	/* Sessions are counted at the ends of intervals. */
	if (n == EXPECTATION_LASTNEW || n == EXPECTATION_REBALANCED)
		return (struct slack){ every, 0 };
	if (!drill_is_coarse(d))
		return (struct slack){ 0, 0 };
	/* The two connections around a row of empty intervals came somewhere in theirs. */
	if (n == EXPECTATION_GAP)
		return (struct slack){ 0, 2 * every };
	return (struct slack){ every, every };
}

/* Is `x` less than `y`, whatever the records left open? */
static bool is_less(int64_t x, struct slack of_x, int64_t y, struct slack of_y)
{
	return x < y && x + of_x.over <= y - of_y.under;
}

/* Which of two drills has less, -1 or 1; 0: neither for certain. */
static int weigh(enum expectation_name n, const struct drillfacts *a, const struct drillfacts *b)
{
	int64_t of_a = value_of(a, n), of_b = value_of(b, n);
	struct slack open_a = slack_of(a->drill, n), open_b = slack_of(b->drill, n);

	if (of_a == UNKNOWN || of_b == UNKNOWN)
		return 0;
	return is_less(of_b, open_b, of_a, open_a) - is_less(of_a, open_a, of_b, open_b);
}

int drilltables_judge(enum expectation_name n, const struct drillfacts *a,
                      const struct drillfacts *b)
{
	switch (expectation_get(n)->better) {
	case EXPECTATION_LESS:
		return weigh(n, a, b);
	case EXPECTATION_MORE:
		return -weigh(n, a, b);
	case EXPECTATION_NEITHER:
		break;
	}
	return 0;
}

/* Different, but not by more than the coarser record can tell. */
static bool is_even(enum expectation_name n, const struct drillfacts *a, const struct drillfacts *b)
{
	int64_t of_a = value_of(a, n), of_b = value_of(b, n);

	return of_a != UNKNOWN && of_b != UNKNOWN && of_a != of_b &&
	       expectation_get(n)->better != EXPECTATION_NEITHER && weigh(n, a, b) == 0;
}

static void add_difference(struct drillgrid *g, enum expectation_name n, int64_t a, int64_t b)
{
	AUTO_TEXT t = { 0 };

	if (a != UNKNOWN && b != UNKNOWN && a == b) {
		text_add(&t, "same");
	} else if (a != UNKNOWN && b != UNKNOWN) {
		text_addc(&t, b < a ? '-' : '+');
		expectation_add_value(n, b < a ? a - b : b - a, &t);
	}
	drillgrid_take(g, &t);
}

void drilltables_compare(const struct drillfacts *a, const struct drillfacts *b, bool meanings,
                         struct drillgrid *g)
{
	static const char *const verdicts[] = { "worse", "", "better" };

	drillgrid_column(g, "Number", false);
	drillgrid_column(g, "A", true);
	drillgrid_column(g, "B", true);
	drillgrid_column(g, "B - A", true);
	drillgrid_column(g, "B is", false);
	if (meanings)
		drillgrid_column(g, "Meaning", false);
	for (size_t i = 0; i < EXPECTATION_COUNT; i++) {
		enum expectation_name n = (enum expectation_name)i;
		int64_t of_a = value_of(a, n), of_b = value_of(b, n);
		AUTO_TEXT t = { 0 };

		drillgrid_add(g, expectation_get(n)->key);
		expectation_add_value(n, of_a, &t);
		drillgrid_take(g, &t);
		expectation_add_value(n, of_b, &t);
		drillgrid_take(g, &t);
		add_difference(g, n, of_a, of_b);
		drillgrid_add(g,
		              is_even(n, a, b) ? "even" : verdicts[drilltables_judge(n, a, b) + 1]);
		if (meanings)
			drillgrid_add(g, expectation_get(n)->meaning);
	}
}
