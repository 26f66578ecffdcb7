/* SPDX-License-Identifier: MIT */
#include "report/drillview.h"

#include "drillaxis.h"
#include "drillwords.h"
#include "plain.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH_MIN = 60, NAME_MAX_COLUMNS = 20, COLUMNS_MAX = 400 };

struct view {
	const struct drillfacts *f;
	unsigned int width, flags;
	size_t name_width;
	size_t columns; /* of a lane */
	struct text *out;
};

static void colour(const struct view *v, enum plain_colour c)
{
	plain_colour(v->out, v->flags & DRILLVIEW_COLOUR, c);
}

/* --- lanes -------------------------------------------------------------------------------- */

struct look {
	const char *glyph, *ascii;
	enum plain_colour colour;
};

/* Each is told by its glyph alone. */
static const struct look looks[] = {
	[DRILL_CHECKING] = { "\u00b7", ".", PLAIN_DIM },
	[DRILL_UP] = { "\u2501", "=", PLAIN_GREEN },
	[DRILL_NOLB] = { "\u2592", "n", PLAIN_YELLOW },
	[DRILL_DRAIN] = { "\u2505", "d", PLAIN_CYAN },
	[DRILL_DOWN] = { "\u00d7", "x", PLAIN_RED },
	[DRILL_MAINT] = { "\u25a1", "m", PLAIN_BLUE },
};

/* Of a column the gravest state of its time is shown, so that a short outage is seen. */
static bool is_graver(enum drill_state a, enum drill_state b)
{
	static const int grave[] = { [DRILL_UP] = 0,    [DRILL_CHECKING] = 1, [DRILL_MAINT] = 2,
		                     [DRILL_DRAIN] = 3, [DRILL_NOLB] = 4,     [DRILL_DOWN] = 5 };

	return grave[a] > grave[b];
}

static size_t column_of(const struct view *v, int64_t wall_ms)
{
	const struct drill *d = v->f->drill;
	int64_t span = d->to_ms - d->from_ms;
	int64_t at = wall_ms - d->from_ms;

	if (at <= 0 || span <= 0)
		return 0;
	if (at >= span)
		return v->columns - 1;
	return (size_t)(at * (int64_t)v->columns / span);
}

static void fill_lane(const struct view *v, size_t service, size_t server, enum drill_state *lane)
{
	const struct drill *d = v->f->drill;
	enum drill_state now = d->services[service].servers[server].first;
	size_t at = 0;

	lane[0] = now;
	for (size_t i = 0; i < d->event_count; i++) {
		const struct drill_event *e = &d->events[i];
		size_t until;

		if (e->kind != DRILL_STATE || e->service != service || e->server != server)
			continue;
		for (until = column_of(v, e->wall_ms); at < until;)
			lane[++at] = now;
		now = e->state;
		if (is_graver(now, lane[at]))
			lane[at] = now;
	}
	while (at + 1 < v->columns)
		lane[++at] = now;
}

static void add_lane(const struct view *v, size_t service, size_t server)
{
	enum drill_state lane[COLUMNS_MAX];

	fill_lane(v, service, server, lane);
	for (size_t i = 0; i < v->columns; i++) {
		const struct look *look = &looks[lane[i]];

		if (i == 0 || lane[i] != lane[i - 1])
			colour(v, look->colour);
		text_add(v->out, v->flags & DRILLVIEW_ASCII ? look->ascii : look->glyph);
		if (i + 1 == v->columns || lane[i + 1] != lane[i])
			colour(v, PLAIN_RESET);
	}
}

static void add_ticks(const struct view *v)
{
	const struct drill *d = v->f->drill;
	struct drillaxis axis = drillaxis_make(0, d->to_ms - d->from_ms, v->columns / 12);
	size_t used = 0;

	for (size_t i = 0; i < v->name_width + 4; i++)
		text_addc(v->out, ' ');
	for (int64_t ms = 0; ms <= axis.to_ms; ms += axis.step_ms) {
		size_t at = column_of(v, d->from_ms + ms);
		AUTO_TEXT label = { 0 };

		drillaxis_add_label(&axis, ms, &label);
		if (at < used || at + label.len > v->columns)
			continue;
		for (; used < at; used++)
			text_addc(v->out, ' ');
		text_add(v->out, text_str(&label));
		used += label.len;
	}
	text_addc(v->out, '\n');
}

static void add_lanes(const struct view *v)
{
	const struct drill *d = v->f->drill;

	for (size_t i = 0; i < d->service_count; i++)
		for (size_t s = 0; s < d->services[i].server_count; s++) {
			AUTO_TEXT name = { 0 };

			drillwords_add_place(&name, d, i, s);
			text_add(v->out, "  ");
			plain_add_left(v->out, text_str(&name), v->name_width);
			text_add(v->out, "  ");
			add_lane(v, i, s);
			text_addc(v->out, '\n');
		}
	add_ticks(v);
}

/* Which glyph is what, of those that there are. */
static void add_legend(const struct view *v)
{
	const struct drill *d = v->f->drill;
	bool seen[DRILL_STATE_COUNT] = { false };

	for (size_t i = 0; i < d->service_count; i++)
		for (size_t s = 0; s < d->services[i].server_count; s++)
			seen[d->services[i].servers[s].first] = true;
	for (size_t i = 0; i < d->event_count; i++)
		if (d->events[i].kind == DRILL_STATE)
			seen[d->events[i].state] = true;
	for (size_t i = 0; i < v->name_width + 2; i++)
		text_addc(v->out, ' ');
	for (size_t s = 0; s < DRILL_STATE_COUNT; s++) {
		if (!seen[s])
			continue;
		text_add(v->out, "  ");
		colour(v, looks[s].colour);
		text_add(v->out, v->flags & DRILLVIEW_ASCII ? looks[s].ascii : looks[s].glyph);
		colour(v, PLAIN_RESET);
		text_addc(v->out, ' ');
		drillwords_add_state(v->out, (enum drill_state)s);
	}
	text_addc(v->out, '\n');
}

/* --- outages ------------------------------------------------------------------------------ */

/* Numbers beside each other, on as many lines as they need. */
struct row {
	const struct view *view;
	size_t used; /* columns of the line; 0: none was begun */
};

static void add_item(struct row *r, const char *item)
{
	size_t wide = plain_width(item);
	struct text *out = r->view->out;

	if (r->used == 0 || r->used + 2 + wide > r->view->width) {
		text_add(out, r->used == 0 ? "    " : "\n    ");
		r->used = 4 + wide;
	} else {
		text_add(out, "  ");
		r->used += 2 + wide;
	}
	text_add(out, item);
}

static void add_ms(struct row *r, const char *what, int64_t ms)
{
	AUTO_TEXT item = { 0 };

	if (ms == DRILLFACTS_UNKNOWN)
		return;
	text_addf(&item, "%s ", what);
	drillwords_add_ms(&item, ms);
	add_item(r, text_str(&item));
}

static void add_count(struct row *r, const char *what, int64_t n)
{
	AUTO_TEXT item = { 0 };

	if (n == DRILLFACTS_UNKNOWN)
		return;
	text_addf(&item, "%s ", what);
	drillwords_add_number(&item, n);
	add_item(r, text_str(&item));
}

static void end_row(struct row *r)
{
	text_addc(r->view->out, '\n');
	r->used = 0;
}

static void add_head(const struct view *v, const struct drillfacts_outage *o)
{
	const struct drill *d = v->f->drill;
	const char *why = o->fault[0] != '\0' ? o->fault : o->cause;
	AUTO_TEXT place = { 0 };
	AUTO_TEXT state = { 0 };
	AUTO_TEXT rest = { 0 };

	drillwords_add_place(&place, d, o->service, o->server);
	drillwords_add_state(&state, o->state);
	text_add(&rest, o->early ? " from the beginning" : " at ");
	if (!o->early)
		drillwords_add_offset(&rest, d->from_ms, o->out_ms);
	if (why[0] != '\0') {
		text_add(&rest, ": ");
		plain_add(&rest, why);
	}
	text_add(v->out, "\n  ");
	colour(v, PLAIN_BOLD);
	text_add(v->out, text_str(&place));
	colour(v, PLAIN_RESET);
	text_addc(v->out, ' ');
	colour(v, looks[o->gravest].colour);
	text_add(v->out, text_str(&state));
	colour(v, PLAIN_RESET);
	plain_add_folded(v->out, text_str(&rest), 3 + plain_width(text_str(&place)) + state.len,
	                 v->width, 4);
	text_addc(v->out, '\n');
}

static void add_outage(const struct view *v, const struct drillfacts_outage *o)
{
	struct row r = { .view = v };

	add_head(v, o);
	add_ms(&r, "noticed", o->noticed_ms);
	add_ms(&r, "detected", o->detect_ms);
	add_ms(&r, "last new", o->last_new_ms);
	add_ms(&r, "out for", o->recover_ms);
	add_ms(&r, "even after", o->rebalanced_ms);
	if (o->back_ms == DRILLFACTS_UNKNOWN)
		add_item(&r, "not back at the end");
	end_row(&r);
	add_count(&r, "sessions", o->sessions);
	add_count(&r, "cut", o->cut);
	add_count(&r, "asked", o->asked);
	add_count(&r, "survived", o->survived);
	add_count(&r, "moved", o->moved);
	add_count(&r, "held", o->held);
	end_row(&r);
}

/* --- all ---------------------------------------------------------------------------------- */

void drillview_write_expectations(const struct expectation_verdict *v, unsigned int flags,
                                  struct text *out)
{
	bool on = flags & DRILLVIEW_COLOUR;

	for (size_t i = 0; i < v->count; i++) {
		plain_colour(out, on, v->ok[i] ? PLAIN_GREEN : PLAIN_RED);
		text_add(out, v->ok[i] ? "ok      " : "FAILED  ");
		plain_colour(out, on, PLAIN_RESET);
		drillwords_add_expectation(out, v, i);
		text_addc(out, '\n');
	}
}

static void fit(struct view *v)
{
	const struct drill *d = v->f->drill;

	for (size_t i = 0; i < d->service_count; i++)
		for (size_t s = 0; s < d->services[i].server_count; s++) {
			AUTO_TEXT name = { 0 };

			drillwords_add_place(&name, d, i, s);
			if (plain_width(text_str(&name)) > v->name_width)
				v->name_width = plain_width(text_str(&name));
		}
	if (v->name_width > NAME_MAX_COLUMNS)
		v->name_width = NAME_MAX_COLUMNS;
	v->columns = v->width - v->name_width - 6;
	if (v->columns > COLUMNS_MAX)
		v->columns = COLUMNS_MAX;
}

void drillview_write(const struct drillfacts *f, const struct expectation_verdict *verdict,
                     unsigned int width, unsigned int flags, struct text *out)
{
	struct view v = { .f = f, .width = width, .flags = flags, .out = out };
	AUTO_TEXT words = { 0 };

	if (v.width < WIDTH_MIN)
		v.width = WIDTH_MIN;
	fit(&v);
	drillwords_write_title(out, "Drill ", f->drill, v.width, flags & DRILLVIEW_COLOUR);
	drillwords_add_verdict(&words, f);
	text_add(out, "\n  ");
	colour(&v, drillwords_is_clean(f) ? PLAIN_GREEN : PLAIN_YELLOW);
	plain_add_folded(out, text_str(&words), 2, v.width, 2);
	colour(&v, PLAIN_RESET);
	text_add(out, "\n\n");
	add_lanes(&v);
	add_legend(&v);
	for (size_t i = 0; i < f->outage_count; i++)
		add_outage(&v, &f->outages[i]);
	if (verdict == NULL)
		return;
	text_addc(out, '\n');
	drillview_write_expectations(verdict, flags, out);
}
