/* SPDX-License-Identifier: MIT */
#include "report/eventline.h"
#include "topviewparts.h"

#include <string.h>

enum { HELP_KEY = 11, HELP_COLUMNS = 40 };

struct hint {
	const char *key, *words;
};

static const struct hint always[] = { { "q", "quit" }, { "?", "help" } };
static const struct hint server_acts[] = { { "d", "drain" },  { "m", "maint" }, { "r", "ready" },
	                                   { "w", "weight" }, { "f", "fault" }, { "k", "kill" } };
static const struct hint session_acts[] = { { "k", "kill" } };
static const struct hint list_keys[] = { { "/", "filter" }, { "s", "sort" }, { "t", "troubles" } };
static const struct hint service_keys[] = { { "ENTER", "sessions" }, { "e", "events" } };
static const struct hint row_keys[] = { { "ENTER", "all of it" } };

/* It fits 40 columns. */
static const struct hint help[] = {
	{ "1 2 3 4", "a tab, by its number" },
	{ "TAB <- ->", "another tab, forth and back" },
	{ "UP DOWN", "another row; also by pages" },
	{ "HOME END", "the first row, the last row" },
	{ "ENTER", "its sessions; all of a row" },
	{ "e", "events of the server" },
	{ "/", "filter words; =n1 exactly" },
	{ "ESC", "no filter; leave a question" },
	{ "s S", "sort by the next; reverse" },
	{ "t", "only what is in trouble" },
	{ "Ctrl-L", "draw the screen again" },
	{ "q Ctrl-C", "quit" },
	{ "d m r", "drain, maint, ready" },
	{ "w f", "weight, fault" },
	{ "k", "end sessions" },
};

/* --- keys --------------------------------------------------------------------------------- */

/* As many as there is room for; returns the column after. */
static unsigned int draw_hints(const struct topview_pen *p, unsigned int column,
                               const struct hint *hints, size_t count)
{
	unsigned int row = p->g->rows - 1;

	for (size_t i = 0; i < count; i++) {
		unsigned int key = topgrid_width(p->g, hints[i].key);
		unsigned int need = key + 1 + topgrid_width(p->g, hints[i].words);

		if (column + need > p->g->columns)
			return p->g->columns;
		topgrid_put(p->g, row, column, key, TOPGRID_BOLD, hints[i].key);
		topgrid_put(p->g, row, column + key + 1, need - key - 1, TOPGRID_DIM,
		            hints[i].words);
		column += need + 2;
	}
	return column;
}

static void draw_keys(const struct topview_pen *p)
{
	unsigned int column = draw_hints(p, 0, always, ARRAY_LEN(always));

	if (p->s->writable && p->s->tab == TOPSTATE_SERVICES)
		column = draw_hints(p, column, server_acts, ARRAY_LEN(server_acts));
	if (p->s->writable && p->s->tab == TOPSTATE_SESSIONS)
		column = draw_hints(p, column, session_acts, ARRAY_LEN(session_acts));
	if (p->s->tab == TOPSTATE_PROCESS)
		return;
	column = draw_hints(p, column, list_keys, ARRAY_LEN(list_keys));
	if (p->s->tab == TOPSTATE_SERVICES)
		draw_hints(p, column, service_keys, ARRAY_LEN(service_keys));
	else
		draw_hints(p, column, row_keys, ARRAY_LEN(row_keys));
}

/* --- boxes -------------------------------------------------------------------------------- */

/* Folded, over the last of the `height` rows from `top` on. */
static void draw_box(const struct topview_pen *p, unsigned int top, unsigned int height,
                     unsigned int style, const char *words)
{
	unsigned int width = p->g->columns > 2 ? p->g->columns - 2 : 1, count = 0, row;
	AUTO_TEXT lines = { 0 };
	char *line, *rest;

	topgrid_fold(p->g, words, width, &lines);
	for (size_t i = 0; i < lines.len; i++)
		count += lines.data[i] == '\n';
	row = top + (count < height ? height - count : 0);
	for (line = strtok_r(lines.data, "\n", &rest); line != NULL && row < top + height;
	     line = strtok_r(NULL, "\n", &rest), row++) {
		topgrid_put(p->g, row, 0, 1, style, "");
		topgrid_put(p->g, row, 1, p->g->columns - 1, style, line);
	}
}

static void draw_confirm(const struct topview_pen *p, unsigned int top, unsigned int height)
{
	AUTO_TEXT words = { 0 };
	bool worst = toporder_describe(&p->s->order, p->m, &words);

	draw_box(p, top, height,
	         (worst ? TOPGRID_RED : TOPGRID_YELLOW) | TOPGRID_BOLD | TOPGRID_REVERSE,
	         text_str(&words));
	topgrid_put(p->g, p->g->rows - 1, 0, p->g->columns, TOPGRID_BOLD,
	            "y: do it    any other key: leave it");
}

static void draw_detail(const struct topview_pen *p, const struct toprows *rows, unsigned int top,
                        unsigned int height)
{
	size_t at = toprows_find(rows, p->s->tab, &p->s->lists[p->s->tab]);
	AUTO_TEXT words = { 0 };

	if (at < rows->count && rows->rows[at].event != NULL)
		eventline_write(rows->rows[at].event, EVENTLINE_DATE | EVENTLINE_TIME, &words);
	else if (at < rows->count && rows->rows[at].session != NULL)
		sessionline_write(rows->rows[at].session, 0, &words);
	draw_box(p, top, height, TOPGRID_REVERSE, text_str(&words));
}

static void draw_help(const struct topview_pen *p, unsigned int top, unsigned int height)
{
	unsigned int across = p->g->columns >= 2 * HELP_COLUMNS ? 2 : 1;
	unsigned int lines = ((unsigned int)ARRAY_LEN(help) + across - 1) / across;
	unsigned int width = p->g->columns / across;
	size_t first = p->s->help_first;

	if (first + height > lines)
		first = lines > height ? lines - height : 0;
	for (unsigned int row = 0; row < height; row++) {
		topgrid_put(p->g, top + row, 0, p->g->columns, TOPGRID_PLAIN, "");
		for (unsigned int i = 0; i < across && first + row < lines; i++) {
			size_t at = first + row + (size_t)i * lines;
			unsigned int key;

			if (at >= ARRAY_LEN(help))
				continue;
			key = topgrid_width(p->g, help[at].key);
			key = key > HELP_KEY ? key : HELP_KEY;
			topgrid_put(p->g, top + row, i * width, key, TOPGRID_BOLD, help[at].key);
			topgrid_put(p->g, top + row, i * width + key + 1, width - key - 1,
			            TOPGRID_PLAIN, help[at].words);
		}
	}
	topgrid_put(p->g, p->g->rows - 1, 0, p->g->columns, TOPGRID_BOLD,
	            p->s->writable ? "any key: back    UP DOWN: more"
	                           : "any key: back    UP DOWN: more    d m r w f k need --write");
}

/* --- the last row ------------------------------------------------------------------------- */

/* What is typed, with its end in sight and a cursor behind it. */
static void draw_input(const struct topview_pen *p, const char *prompt, const char *typed)
{
	unsigned int row = p->g->rows - 1, column;
	unsigned int used = topgrid_width(p->g, prompt) + 1;

	while (*typed != '\0' && used + topgrid_width(p->g, typed) > p->g->columns)
		do
			typed++;
		while (((unsigned char)*typed & 0xc0) == 0x80);
	topgrid_put(p->g, row, 0, p->g->columns, TOPGRID_BOLD, "");
	column = topgrid_add(p->g, row, 0, TOPGRID_BOLD, prompt);
	column = topgrid_add(p->g, row, column, TOPGRID_BOLD, typed);
	topgrid_paint(p->g, row, column, 1, TOPGRID_REVERSE);
}

static void draw_last(const struct topview_pen *p)
{
	const struct topstate *s = p->s;

	if (s->said[0] != '\0' && p->now_ms - s->said_ms < TOPSTATE_SAID_MS)
		topgrid_put(p->g, p->g->rows - 1, 0, p->g->columns,
		            TOPGRID_BOLD | (s->said_bad ? TOPGRID_RED : TOPGRID_GREEN), s->said);
	else
		draw_keys(p);
}

void topview_draw_foot(const struct topview_pen *p, const struct toprows *rows, unsigned int top,
                       unsigned int height)
{
	AUTO_TEXT question = { 0 };

	switch (p->s->mode) {
	case TOPSTATE_LOOK:
		draw_last(p);
		break;
	case TOPSTATE_HELP:
		draw_help(p, top - 1, height + 1);
		break;
	case TOPSTATE_DETAIL:
		draw_detail(p, rows, top, height);
		draw_last(p);
		break;
	case TOPSTATE_FILTER:
		draw_input(p, "filter: ", p->s->lists[p->s->tab].filter);
		break;
	case TOPSTATE_VALUE:
		toporder_write_question(&p->s->order, p->m, &question);
		draw_box(p, top, height, TOPGRID_REVERSE, text_str(&question));
		draw_input(p, "> ", p->s->order.value);
		break;
	case TOPSTATE_CONFIRM:
		draw_confirm(p, top, height);
		break;
	}
}
