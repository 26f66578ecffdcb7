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

static void add_ms(const struct view *v, const char *what, int64_t ms)
{
	if (ms == DRILLFACTS_UNKNOWN)
		return;
	text_addf(v->out, "%s ", what);
	drillwords_add_ms(v->out, ms);
	text_add(v->out, "  ");
}

static void add_count(const struct view *v, const char *what, int64_t n)
{
	if (n == DRILLFACTS_UNKNOWN)
		return;
	text_addf(v->out, "%s ", what);
	drillwords_add_number(v->out, n);
	text_add(v->out, "  ");
}

/* A line without blanks at its end. */
static void end_line(const struct view *v)
{
	while (v->out->len > 0 && v->out->data[v->out->len - 1] == ' ')
		v->out->data[--v->out->len] = '\0';
	text_addc(v->out, '\n');
}

static void add_outage(const struct view *v, const struct drillfacts_outage *o)
{
	const struct drill *d = v->f->drill;
	const char *why = o->fault[0] != '\0' ? o->fault : o->cause;

	text_add(v->out, "\n  ");
	colour(v, PLAIN_BOLD);
	drillwords_add_place(v->out, d, o->service, o->server);
	colour(v, PLAIN_RESET);
	text_addc(v->out, ' ');
	colour(v, looks[o->gravest].colour);
	drillwords_add_state(v->out, o->state);
	colour(v, PLAIN_RESET);
	text_add(v->out, o->early ? " from the beginning" : " at ");
	if (!o->early)
		drillwords_add_offset(v->out, d->from_ms, o->out_ms);
	if (why[0] != '\0') {
		text_add(v->out, ": ");
		plain_add(v->out, why);
	}
	text_add(v->out, "\n    ");
	add_ms(v, "noticed", o->noticed_ms);
	add_ms(v, "detected", o->detect_ms);
	add_ms(v, "last new", o->last_new_ms);
	add_ms(v, "out for", o->recover_ms);
	add_ms(v, "even after", o->rebalanced_ms);
	if (o->back_ms == DRILLFACTS_UNKNOWN)
		text_add(v->out, "not back at the end");
	end_line(v);
	text_add(v->out, "    ");
	add_count(v, "sessions", o->sessions);
	add_count(v, "cut", o->cut);
	add_count(v, "asked", o->asked);
	add_count(v, "survived", o->survived);
	add_count(v, "moved", o->moved);
	add_count(v, "held", o->held);
	end_line(v);
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

/* Words on lines of `width`, broken at spaces. */
static void add_wrapped(const struct view *v, const char *s)
{
	size_t used = 2;

	text_add(v->out, "  ");
	while (*s != '\0') {
		size_t len = strcspn(s, " ");
		AUTO_TEXT word = { 0 };

		text_addn(&word, s, len);
		if (used > 2 && used + 1 + plain_width(text_str(&word)) > v->width) {
			text_add(v->out, "\n  ");
			used = 2;
		} else if (used > 2) {
			text_addc(v->out, ' ');
			used++;
		}
		text_add(v->out, text_str(&word));
		used += plain_width(text_str(&word));
		s += len;
		s += strspn(s, " ");
	}
	text_addc(v->out, '\n');
}

void drillview_write(const struct drillfacts *f, const struct expectation_verdict *verdict,
                     unsigned int width, unsigned int flags, struct text *out)
{
	struct view v = { .f = f, .width = width, .flags = flags, .out = out };
	AUTO_TEXT words = { 0 };

	if (v.width < WIDTH_MIN)
		v.width = WIDTH_MIN;
	fit(&v);
	colour(&v, PLAIN_BOLD);
	text_add(out, "Drill ");
	drillwords_add_title(out, f->drill);
	colour(&v, PLAIN_RESET);
	colour(&v, PLAIN_DIM);
	text_add(out, "  ");
	drillwords_add_about(out, f->drill);
	colour(&v, PLAIN_RESET);
	text_add(out, "\n\n");
	drillwords_add_verdict(&words, f);
	colour(&v, drillwords_is_clean(f) ? PLAIN_GREEN : PLAIN_YELLOW);
	add_wrapped(&v, text_str(&words));
	colour(&v, PLAIN_RESET);
	text_addc(out, '\n');
	add_lanes(&v);
	add_legend(&v);
	for (size_t i = 0; i < f->outage_count; i++)
		add_outage(&v, &f->outages[i]);
	if (verdict == NULL)
		return;
	text_addc(out, '\n');
	drillview_write_expectations(verdict, flags, out);
}
