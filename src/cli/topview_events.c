/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "report/eventline.h"
#include "report/stamp.h"
#include "topviewparts.h"

#include <string.h>

enum column { TIME, WHERE, WHAT, WHY, COLUMNS };

enum { WHERE_LEAST = 8, WHERE_MOST = 32, WHAT_LEAST = 10, WHOLE_TIME = 12, SHORT_TIME = 8 };

static const struct toptable_column columns[COLUMNS] = {
	[TIME] = { "TIME", SHORT_TIME, WHOLE_TIME, 0, false },
	[WHERE] = { "SERVER", WHERE_LEAST, WHERE_LEAST, 1, false },
	[WHAT] = { "WHAT", WHAT_LEAST, WHAT_LEAST, 2, false },
	[WHY] = { "WHY", 8, 400, 3, false },
};

static size_t lay_out(const struct topview_pen *p, const struct toprows *rows, struct toptable *t)
{
	unsigned int where = WHERE_LEAST, what = WHAT_LEAST;
	AUTO_TEXT words = { 0 };

	for (size_t i = 0; i < rows->count; i++) {
		unsigned int n;

		text_clear(&words);
		eventline_write_name(rows->rows[i].event, &words);
		n = topgrid_width(p->g, text_str(&words));
		where = n > where ? n : where;
		text_clear(&words);
		eventline_write_what(rows->rows[i].event, &words);
		n = topgrid_width(p->g, text_str(&words));
		what = n > what ? n : what;
	}
	t->count = COLUMNS;
	t->left = 0;
	memcpy(t->columns, columns, sizeof(columns));
	t->columns[WHERE].most = where < WHERE_MOST ? where : WHERE_MOST;
	t->columns[WHERE].least = where < 12 ? where : 12;
	t->columns[WHAT].most = what;
	/* Where the reason has hardly any room, it is not cut further for milliseconds. */
	if (p->g->columns < 100)
		t->columns[TIME].most = SHORT_TIME;
	toptable_share(t, p->g->columns);
	return TIME;
}

static unsigned int style_of_state(const struct state *s)
{
	if (state_in_maint(s))
		return TOPGRID_BLUE;
	if ((s->admin & STATE_DRAIN_ANY) != 0)
		return TOPGRID_CYAN;
	switch (s->health) {
	case STATE_UP:
	case STATE_NOCHECK:
		return TOPGRID_GREEN;
	case STATE_NOLB:
	case STATE_CHECKING:
		return TOPGRID_YELLOW;
	case STATE_DOWN:
	case STATE_HEALTH_COUNT:
		break;
	}
	return TOPGRID_RED;
}

static unsigned int style_of(const struct journal_event *e)
{
	switch (e->kind) {
	case JOURNAL_SERVER:
		return style_of_state(&e->after);
	case JOURNAL_CHECK:
		return probe_code_passed(e->check.code) ? TOPGRID_GREEN : TOPGRID_YELLOW;
	case JOURNAL_SERVICE_DOWN:
		return TOPGRID_RED;
	case JOURNAL_SERVICE_UP:
		return TOPGRID_GREEN;
	case JOURNAL_PANIC:
	case JOURNAL_FAULT:
		return e->begins ? TOPGRID_RED : TOPGRID_GREEN;
	case JOURNAL_MARK:
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		break;
	}
	return e->level <= LOG_LEVEL_WARN ? TOPGRID_YELLOW : TOPGRID_BOLD;
}

static void fill_time(const struct journal_event *e, unsigned int width, struct text *out)
{
	size_t start = out->len;

	stamp_add_time(out, e->wall_ms);
	if (width < WHOLE_TIME && out->len > start + SHORT_TIME) {
		out->len = start + SHORT_TIME;
		out->data[out->len] = '\0';
	}
}

static void fill(const void *ctx, size_t column, unsigned int width, struct toptable_cell *cell)
{
	const struct journal_event *e = ctx;

	switch ((enum column)column) {
	case TIME:
		fill_time(e, width, &cell->text);
		cell->style = TOPGRID_DIM;
		break;
	case WHERE:
		eventline_write_name(e, &cell->text);
		break;
	case WHAT:
		eventline_write_what(e, &cell->text);
		cell->style = style_of(e);
		break;
	case WHY:
		eventline_write_why(e, &cell->text);
		break;
	case COLUMNS:
		break;
	}
}

static void draw(const struct topview_pen *p, const struct toptable *t, unsigned int row,
                 const struct toprows_row *what)
{
	toptable_row(t, p->g, row, fill, what->event);
}

const struct topview_part *topview_events_part(void)
{
	static const struct topview_part part = { .lay_out = lay_out, .draw = draw };

	return &part;
}
