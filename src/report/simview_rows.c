/* SPDX-License-Identifier: MIT */
#include "plain.h"
#include "report/eventline.h"
#include "simviews.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	MOMENT = 7,
	RATE = 7,
	COUNT = 6,
	COUNTS = 3,
	LEFT = MOMENT + RATE + COUNTS * COUNT,
	NARROWEST = 64,
	BAR_MAX = 24,
	NOTES_SHOWN = 8, /* of those between two rows */
	EIGHTHS = 8,
	NUMBER = 7,
	ROOM_FOR_WORD = 20, /* "  of 1000 servers" */
	BEFORE_CELL = 2     /* spaces before it */
};

struct table {
	const struct simview *v;
	const struct simulation_options *o;
	const struct simulation_result *r;
	size_t servers;
	size_t width;  /* of a line */
	size_t digits; /* of the largest number of sessions */
	size_t cell;   /* columns of a server; 0: they are shown by signs */
	size_t bar;    /* ... of these of its bar; 0: none */
	size_t number; /* ... else of the least, the mean and the most */
	size_t signs;  /* servers are shown by so many */
};

void simview_add_moment(struct text *out, int64_t ms, size_t width)
{
	char buf[32];

	if (ms % 1000)
		snprintf(buf, sizeof(buf), "%.*fs",
		         ms % 100 == 0  ? 1
		         : ms % 10 == 0 ? 2
		                        : 3,
		         (double)ms / 1000);
	else
		snprintf(buf, sizeof(buf), "%" PRId64 "s", ms / 1000);
	plain_add_right(out, buf, width > strlen(buf) ? width : strlen(buf));
}

/* --- how it is laid out ------------------------------------------------------------------- */

static void lay_out(struct table *t)
{
	size_t room;
	char buf[16];

	t->servers = t->r->service->server_count;
	t->width = t->v->width < NARROWEST ? NARROWEST : t->v->width;
	t->digits = (size_t)snprintf(buf, sizeof(buf), "%" PRIu32, t->r->most_sessions);
	room = t->width - LEFT;
	t->cell = room / t->servers;
	if (t->cell < BEFORE_CELL + t->digits + 1) {
		t->cell = 0;
		t->number = t->digits + 2 > NUMBER ? t->digits + 2 : NUMBER;
		room -= 3 * t->number + 2;
		t->signs = t->servers < room ? t->servers : room;
		return;
	}
	t->bar = t->cell - BEFORE_CELL - t->digits - 1;
	t->bar = t->bar > 3 ? t->bar - 1 : 0;
	if (t->bar > BAR_MAX)
		t->bar = BAR_MAX;
	t->cell = BEFORE_CELL + t->bar + (t->bar ? 1 : 0) + t->digits + 1;
	if (t->cell < BEFORE_CELL + 5 && t->cell < room / t->servers)
		t->cell = room / t->servers < BEFORE_CELL + 5 ? room / t->servers : BEFORE_CELL + 5;
}

static void add_head(const struct table *t, struct text *out)
{
	plain_colour(out, t->v->colour, PLAIN_DIM);
	plain_add_right(out, "time", MOMENT);
	plain_add_right(out, "new/s", RATE);
	plain_add_right(out, "cut", COUNT);
	plain_add_right(out, "wait", COUNT);
	plain_add_right(out, "lost", COUNT);
	for (size_t i = 0; i < t->servers && t->cell; i++) {
		text_add(out, "  ");
		plain_add_name(out, t->r->service->servers[i].name, t->cell - BEFORE_CELL);
	}
	if (!t->cell) {
		plain_add_right(out, "least", t->number);
		plain_add_right(out, "mean", t->number);
		plain_add_right(out, "most", t->number);
		text_addf(out, "  of %zu%s", t->servers,
		          t->width > LEFT + 3 * t->number + ROOM_FOR_WORD ? " servers" : "");
	}
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	plain_colour(out, t->v->colour, PLAIN_RESET);
	text_addc(out, '\n');
}

/* --- a server ----------------------------------------------------------------------------- */

static enum plain_colour colour_of(enum simulation_mark m)
{
	switch (m) {
	case SIMULATION_UP:
		return PLAIN_GREEN;
	case SIMULATION_STARTING:
	case SIMULATION_CHECKING:
		return PLAIN_CYAN;
	case SIMULATION_NOLB:
	case SIMULATION_DRAIN:
	case SIMULATION_PRESSED:
		return PLAIN_YELLOW;
	case SIMULATION_DOWN:
		return PLAIN_RED;
	case SIMULATION_MAINT:
	case SIMULATION_MARKS:
		break;
	}
	return PLAIN_MAGENTA;
}

/* What is more than nothing is never drawn as nothing. */
static void add_bar(const struct table *t, uint32_t sessions, struct text *out)
{
	static const char *const eighths[] = { " ",      "\u258f", "\u258e", "\u258d",
		                               "\u258c", "\u258b", "\u258a", "\u2589" };
	uint64_t most = t->r->most_sessions ? t->r->most_sessions : 1;
	uint64_t parts = (uint64_t)sessions * t->bar * EIGHTHS / most;
	size_t i = 0;

	parts = sessions && !parts ? 1 : parts;
	for (; i < t->bar && i < parts / EIGHTHS; i++)
		text_add(out, t->v->ascii ? "#" : "\u2588");
	if (i < t->bar && parts % EIGHTHS) {
		text_add(out, !t->v->ascii          ? eighths[parts % EIGHTHS]
		              : parts % EIGHTHS > 3 ? "#"
		                                    : " ");
		i++;
	}
	text_addf(out, "%*s", (int)(t->bar - i), "");
}

static void add_cell(const struct table *t, const struct simulation_cell *c, struct text *out)
{
	size_t used = BEFORE_CELL + t->bar + (t->bar ? 1 : 0) + t->digits + 1;

	text_add(out, "  ");
	plain_colour(out, t->v->colour, colour_of(c->mark));
	if (t->bar) {
		add_bar(t, c->sessions, out);
		text_addc(out, ' ');
	}
	text_addf(out, "%*" PRIu32 "%c", (int)t->digits, c->sessions,
	          simulation_mark_letter(c->mark));
	plain_colour(out, t->v->colour, PLAIN_RESET);
	if (t->cell > used)
		text_addf(out, "%*s", (int)(t->cell - used), "");
}

/* --- many servers ------------------------------------------------------------------------- */

static bool takes_sessions(enum simulation_mark m)
{
	return m == SIMULATION_UP || m == SIMULATION_STARTING || m == SIMULATION_PRESSED;
}

/* Of `count` servers: the letter of those that are not well, if that is most of them. */
static void add_sign(const struct table *t, const struct simulation_cell *cells, size_t count,
                     struct text *out)
{
	static const char *const blocks[] = { "\u2581", "\u2582", "\u2583", "\u2584",
		                              "\u2585", "\u2586", "\u2587", "\u2588" };
	static const char *const ascii[] = { ".", ":", "-", "=", "+", "*", "#", "@" };
	uint64_t most = t->r->most_sessions ? t->r->most_sessions : 1;
	enum simulation_mark mark = SIMULATION_UP;
	uint64_t sum = 0;
	size_t away = 0;
	uint64_t step;

	for (size_t i = 0; i < count; i++) {
		sum += cells[i].sessions;
		if (takes_sessions(cells[i].mark))
			continue;
		away++;
		mark = cells[i].mark;
	}
	step = sum * (EIGHTHS - 1) / (most * count);
	plain_colour(out, t->v->colour, colour_of(2 * away > count ? mark : SIMULATION_UP));
	if (2 * away > count)
		text_addc(out, simulation_mark_letter(mark));
	else
		text_add(out, (t->v->ascii ? ascii : blocks)[step < EIGHTHS ? step : EIGHTHS - 1]);
	plain_colour(out, t->v->colour, PLAIN_RESET);
}

static void add_crowd(const struct table *t, const struct simulation_cell *cells, struct text *out)
{
	int width = (int)t->number;
	uint32_t least = UINT32_MAX;
	uint32_t most = 0;
	uint64_t sum = 0;
	size_t count = 0;

	for (size_t i = 0; i < t->servers; i++) {
		if (!takes_sessions(cells[i].mark))
			continue;
		count++;
		sum += cells[i].sessions;
		least = cells[i].sessions < least ? cells[i].sessions : least;
		most = cells[i].sessions > most ? cells[i].sessions : most;
	}
	text_addf(out, "%*" PRIu32 "%*" PRIu64 "%*" PRIu32 "  ", width, count ? least : 0, width,
	          count ? (sum + count / 2) / count : 0, width, most);
	for (size_t i = 0; i < t->signs; i++) {
		size_t from = i * t->servers / t->signs;
		size_t to = (i + 1) * t->servers / t->signs;

		if (to > from)
			add_sign(t, &cells[from], to - from, out);
	}
}

/* --- rows and what is between them -------------------------------------------------------- */

static void add_count(uint64_t n, struct text *out)
{
	if (n)
		text_addf(out, "%*" PRIu64, COUNT, n);
	else
		text_addf(out, "%*s", COUNT, "-");
}

static void add_row(const struct table *t, size_t i, struct text *out)
{
	static const struct simulation_row nothing;
	const struct simulation_row *row = &t->r->rows[i];
	const struct simulation_row *before = i ? row - 1 : &nothing;
	int64_t ms = row->ms - before->ms;
	uint64_t came = row->counts.arrived - before->counts.arrived;

	simview_add_moment(out, row->ms, MOMENT);
	text_addf(out, "%*" PRIu64, RATE,
	          ms > 0 ? (came * 1000 + (uint64_t)ms / 2) / (uint64_t)ms : 0);
	add_count(row->counts.cut - before->counts.cut, out);
	add_count(row->counts.waiting, out);
	add_count(row->counts.refused - before->counts.refused, out);
	for (size_t k = 0; k < t->servers && t->cell; k++)
		add_cell(t, &row->cells[k], out);
	if (!t->cell)
		add_crowd(t, row->cells, out);
	while (out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	text_addc(out, '\n');
}

static void add_change(const struct journal_event *e, struct text *out)
{
	AUTO_TEXT why = { 0 };

	eventline_write_name(e, out);
	text_addc(out, ' ');
	eventline_write_what(e, out);
	eventline_write_why(e, &why);
	if (why.len)
		text_addf(out, ": %s", text_str(&why));
}

static void add_event(const struct simevent *e, struct text *out)
{
	char words[SIMEVENT_TEXT_MAX];

	text_add(out, simevent_format(e, words));
}

static void add_note(const struct table *t, const struct simulation_note *n, struct text *out)
{
	bool is_event = n->kind == SIMULATION_EVENT;
	bool is_bad =
	    !is_event && (n->e.kind == JOURNAL_PANIC ? n->e.begins : eventline_turns_away(&n->e));
	const char *sign = is_event ? "*" : is_bad ? "v" : "^";
	AUTO_TEXT line = { 0 };

	if (!t->v->ascii)
		sign = is_event ? "\u25cf" : is_bad ? "\u25bc" : "\u25b2";
	if (is_event)
		add_event(&t->o->events->at[n->event], &line);
	else
		add_change(&n->e, &line);
	simview_add_moment(out, n->ms, MOMENT);
	text_add(out, "  ");
	plain_colour(out, t->v->colour, is_event ? PLAIN_BOLD : is_bad ? PLAIN_RED : PLAIN_GREEN);
	text_addf(out, "%s ", sign);
	plain_add_folded(out, text_str(&line), MOMENT + 4, t->width, MOMENT + 4);
	plain_colour(out, t->v->colour, PLAIN_RESET);
	text_addc(out, '\n');
}

static void add_notes(const struct table *t, size_t *at, int64_t before_ms, struct text *out)
{
	size_t shown = 0;
	size_t left_out = 0;

	for (; *at < t->r->note_count && t->r->notes[*at].ms < before_ms; (*at)++) {
		if (t->r->notes[*at].kind == SIMULATION_CHANGE && shown++ >= NOTES_SHOWN)
			left_out++;
		else
			add_note(t, &t->r->notes[*at], out);
	}
	if (left_out)
		text_addf(out, "%*s... and %zu further changes\n", MOMENT + 2, "", left_out);
}

void simview_add_rows(const struct simview *v, const struct simulation_options *o,
                      const struct simulation_result *r, struct text *out)
{
	struct table t = { .v = v, .o = o, .r = r };
	size_t note = 0;

	lay_out(&t);
	add_head(&t, out);
	for (size_t i = 0; i < r->row_count; i++) {
		add_notes(&t, &note, r->rows[i].ms, out);
		add_row(&t, i, out);
	}
	add_notes(&t, &note, INT64_MAX, out);
}
