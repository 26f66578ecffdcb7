/* SPDX-License-Identifier: MIT */
#include "report/whytext.h"

#include "plain.h"
#include "report/eventline.h"
#include "report/stamp.h"

#include <stdio.h>
#include <string.h>

enum {
	WIDTH_MIN = 60,
	MARGIN = 2,
	TIME_COLUMNS = 12, /* 12:03:41.120 */
	AGO_COLUMNS = 6,
	TOOK_COLUMNS = 7,
	STATE_COLUMNS = 10,
	/* margin, glyph and the gaps between the columns */
	RESULT_COLUMN =
	    MARGIN + 2 + TIME_COLUMNS + 1 + AGO_COLUMNS + 1 + TOOK_COLUMNS + 2 + STATE_COLUMNS + 1,
	EVENT_COLUMN = MARGIN + TIME_COLUMNS + 1 + AGO_COLUMNS + 2,
	CHECKS_OF_SEVERAL = 5,
	EVENTS_OF_ONE = 10,
	EVENTS_OF_SEVERAL = 3
};

struct view {
	struct text *out;
	size_t width;
	bool colour, ascii;
	bool several; /* servers are shown */
};

/* How a state looks: its colour and its glyph. */
struct look {
	const char *word; /* that the state begins with */
	enum plain_colour colour;
	const char *glyph, *ascii;
};

static const struct look *look_of(const char *state)
{
	static const struct look looks[] = {
		{ "UP", PLAIN_GREEN, "\u25cf", "+" },
		{ "no check", PLAIN_GREEN, "\u25cf", "+" },
		{ "MAINT", PLAIN_BLUE, "\u25a0", "-" },
		{ "DRAIN", PLAIN_CYAN, "\u25d0", "~" },
		{ "NOLB", PLAIN_YELLOW, "\u25d0", "~" },
		{ "CHECKING", PLAIN_YELLOW, "\u25cb", "?" },
		{ "", PLAIN_RED, "\u2716", "x" },
	};
	const struct look *l = looks;

	while (strncmp(state, l->word, strlen(l->word)) != 0)
		l++;
	return l;
}

static void add_blanks(struct view *v, size_t n)
{
	while (n--)
		text_addc(v->out, ' ');
}

static void add_glyph(struct view *v, const char *state)
{
	const struct look *l = look_of(state);

	plain_colour(v->out, v->colour, l->colour);
	text_addf(v->out, "%s ", v->ascii ? l->ascii : l->glyph);
	plain_colour(v->out, v->colour, PLAIN_RESET);
}

/* The time of that day, or the date if it was another one. */
static void add_moment(struct view *v, int64_t wall_ms, int64_t now_ms)
{
	AUTO_TEXT cell = { 0 };

	if (stamp_is_same_day(wall_ms, now_ms))
		stamp_add_time(&cell, wall_ms);
	else
		stamp_add_date(&cell, wall_ms);
	plain_colour(v->out, v->colour, PLAIN_DIM);
	plain_add_left(v->out, text_str(&cell), TIME_COLUMNS);
	plain_colour(v->out, v->colour, PLAIN_RESET);
}

static void add_ago(struct view *v, int64_t wall_ms, int64_t now_ms)
{
	AUTO_TEXT cell = { 0 };

	plain_add_duration(&cell, now_ms - wall_ms);
	plain_add_right(v->out, text_str(&cell), AGO_COLUMNS);
}

static void add_title(struct view *v, const char *title)
{
	text_addc(v->out, '\n');
	add_blanks(v, MARGIN);
	plain_colour(v->out, v->colour, PLAIN_DIM);
	text_add(v->out, title);
	plain_colour(v->out, v->colour, PLAIN_RESET);
	text_addc(v->out, '\n');
}

/* --- the verdict -------------------------------------------------------------------------- */

static void add_verdict(struct view *v, const struct whyjson_server *s)
{
	const struct look *l = look_of(s->state);

	add_glyph(v, s->state);
	plain_colour(v->out, v->colour, PLAIN_BOLD);
	text_addf(v->out, "%s/%s", s->service, s->server);
	plain_colour(v->out, v->colour, PLAIN_RESET);
	text_add(v->out, "  ");
	plain_colour(v->out, v->colour, l->colour);
	text_add(v->out, s->state);
	plain_colour(v->out, v->colour, PLAIN_RESET);
	text_add(v->out, "  since ");
	if (!stamp_is_same_day(s->since_ms, s->now_ms)) {
		stamp_add_date(v->out, s->since_ms);
		text_addc(v->out, ' ');
	}
	stamp_add_time(v->out, s->since_ms);
	text_addc(v->out, '\n');
	add_blanks(v, MARGIN);
	plain_add_folded(v->out, s->verdict, MARGIN, v->width, MARGIN);
	text_addc(v->out, '\n');
}

static void add_rules(struct view *v, const struct whyjson_server *s)
{
	if (s->rule_count)
		text_addc(v->out, '\n');
	for (size_t i = 0; i < s->rule_count; i++) {
		text_addf(v->out, "  %s ", v->ascii ? "-" : "\u2022");
		plain_add_folded(v->out, s->rules[i], MARGIN + 2, v->width, MARGIN + 2);
		text_addc(v->out, '\n');
	}
}

/* --- checks ------------------------------------------------------------------------------- */

static void add_result(struct view *v, const char *text)
{
	size_t room = v->width - RESULT_COLUMN;
	size_t n = plain_width(text);

	plain_add_left(v->out, text, n < room ? n : room);
}

static void add_check(struct view *v, const struct whyjson_check *c, int64_t now_ms)
{
	AUTO_TEXT took = { 0 };

	plain_add_duration(&took, c->duration_ms);
	add_blanks(v, MARGIN);
	add_glyph(v, c->passed ? "UP" : c->draining ? "NOLB" : "");
	add_moment(v, c->wall_ms, now_ms);
	text_addc(v->out, ' ');
	add_ago(v, c->wall_ms, now_ms);
	text_addc(v->out, ' ');
	plain_add_right(v->out, text_str(&took), TOOK_COLUMNS);
	text_add(v->out, "  ");
	plain_add_left(v->out, c->state, STATE_COLUMNS);
	text_addc(v->out, ' ');
	add_result(v, c->text);
	text_addc(v->out, '\n');
}

static void add_checks(struct view *v, const char *what, const struct whyjson_checks *checks,
                       int64_t now_ms)
{
	size_t count = checks->count;
	char title[RESULT_COLUMN + 16];

	if (v->several && count > CHECKS_OF_SEVERAL)
		count = CHECKS_OF_SEVERAL;
	if (!count)
		return;
	snprintf(title, sizeof(title), "  %-*s %*s %*s  %-*s RESULT", TIME_COLUMNS, what,
	         AGO_COLUMNS, "AGO", TOOK_COLUMNS, "TOOK", STATE_COLUMNS, "AFTER IT");
	add_title(v, title);
	for (size_t i = 0; i < count; i++)
		add_check(v, &checks->at[i], now_ms);
}

/* --- what happened ------------------------------------------------------------------------ */

static void add_event(struct view *v, const struct journal_event *e, int64_t now_ms)
{
	AUTO_TEXT line = { 0 };

	eventline_write_what(e, &line);
	text_add(&line, line.len ? "  " : "");
	eventline_write_why(e, &line);
	add_blanks(v, MARGIN);
	add_moment(v, e->wall_ms, now_ms);
	text_addc(v->out, ' ');
	add_ago(v, e->wall_ms, now_ms);
	text_add(v->out, "  ");
	plain_add_folded(v->out, text_str(&line), EVENT_COLUMN, v->width, EVENT_COLUMN);
	text_addc(v->out, '\n');
}

/* Without those of single checks, which are in the table above. */
static void add_events(struct view *v, const struct whyjson_server *s)
{
	size_t most = v->several ? EVENTS_OF_SEVERAL : EVENTS_OF_ONE;
	size_t n = 0;

	for (size_t i = 0; i < s->event_count && n < most; i++) {
		if (s->events[i].kind == JOURNAL_CHECK)
			continue;
		if (n++ == 0)
			add_title(v, "WHAT HAPPENED   AGO");
		add_event(v, &s->events[i], s->now_ms);
	}
}

void whytext_write(const struct whyjson *w, unsigned int width, unsigned int flags,
                   struct text *out)
{
	struct view v = {
		.out = out,
		.width = width < WIDTH_MIN ? WIDTH_MIN : width,
		.colour = flags & WHYTEXT_COLOUR,
		.ascii = flags & WHYTEXT_ASCII,
		.several = w->server_count > 1,
	};

	for (size_t i = 0; i < w->server_count; i++) {
		const struct whyjson_server *s = &w->servers[i];

		text_add(out, i ? "\n" : "");
		add_verdict(&v, s);
		add_rules(&v, s);
		add_checks(&v, "LAST CHECKS", &s->checks, s->now_ms);
		add_checks(&v, "OF ITS AGENT", &s->agent_checks, s->now_ms);
		add_events(&v, s);
	}
}
