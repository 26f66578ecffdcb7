/* SPDX-License-Identifier: MIT */
#include "cli/topview.h"

#include "report/stamp.h"
#include "topviewparts.h"

#include <inttypes.h>
#include <string.h>

enum {
	ROWS_MIN = 5,
	COLUMNS_MIN = 20,
	SUMMARY_ROWS = 14, /* with fewer there is no summary */
	CLOCK_COLUMNS = 60,
	TAB_COLUMNS = 50 /* with fewer, only the tab that is shown has its name */
};

static const struct topview_part *part_of(enum topstate_tab tab)
{
	switch (tab) {
	case TOPSTATE_SESSIONS:
		return topview_sessions_part();
	case TOPSTATE_EVENTS:
		return topview_events_part();
	case TOPSTATE_PROCESS:
		return topview_process_part();
	case TOPSTATE_SERVICES:
	case TOPSTATE_TABS:
		break;
	}
	return topview_services_part();
}

/* --- title -------------------------------------------------------------------------------- */

/* The daemon's clock, as far as it was told. */
static void write_clock(const struct topview_pen *p, struct text *out)
{
	size_t start = out->len;
	int64_t wall_ms;

	if (!stamp_parse_rfc3339(p->m->status->now, &wall_ms))
		return;
	stamp_add_time(out, wall_ms + p->now_ms - p->m->status_ms);
	out->len = start + strlen("12:03:41");
	out->data[out->len] = '\0';
}

static unsigned int write_link(const struct topview_pen *p, struct text *out)
{
	switch (p->m->link) {
	case TOPMODEL_LIVE:
		text_add(out, p->g->ascii ? "+ live" : "\u25cf live");
		return TOPGRID_GREEN;
	case TOPMODEL_LOST:
		text_add(out, p->g->ascii ? "x lost " : "\u2716 lost ");
		topview_add_age((p->now_ms - p->m->lost_ms) / 1000, out);
		text_add(out, ", trying again");
		return TOPGRID_RED | TOPGRID_BOLD;
	case TOPMODEL_CONNECTING:
		break;
	}
	text_add(out, "connecting");
	return TOPGRID_YELLOW;
}

/* Puts `s` at the end of the first `width` columns of the title; returns how many are left. */
static unsigned int put_last(const struct topview_pen *p, unsigned int width, unsigned int style,
                             const char *s)
{
	unsigned int used = topgrid_width(p->g, s);

	if (used == 0)
		return width;
	if (used > width)
		used = width;
	topgrid_put(p->g, 0, width - used, used, style, s);
	return width > used + 2 ? width - used - 2 : 0;
}

static void draw_title(const struct topview_pen *p)
{
	const struct statusjson *status = p->m->status;
	const char *permission = p->s->writable ? "WRITE" : "read-only";
	unsigned int width = p->g->columns, style;
	AUTO_TEXT left = { 0 };
	AUTO_TEXT link = { 0 };
	AUTO_TEXT clock = { 0 };

	style = write_link(p, &link);
	if (status != NULL && width >= CLOCK_COLUMNS)
		write_clock(p, &clock);
	width = put_last(p, width, TOPGRID_PLAIN, text_str(&clock));
	width = put_last(p, width, style, text_str(&link));
	/* With a long word about the link there may be no room left for both. */
	if (width > 2 * strlen(permission))
		width =
		    put_last(p, width, p->s->writable ? TOPGRID_YELLOW | TOPGRID_BOLD : TOPGRID_DIM,
		             permission);
	text_add(&left, "sluice");
	if (status != NULL)
		text_addf(&left, " %s%s%s", status->version, status->node != NULL ? "  " : "",
		          status->node != NULL ? status->node : "");
	topgrid_put(p->g, 0, 0, width, TOPGRID_BOLD, text_str(&left));
}

/* --- summary ------------------------------------------------------------------------------ */

struct sum {
	int64_t servers, usable, troubles, held;
};

static struct sum sum_up(const struct statusjson *s)
{
	struct sum sum = { 0 };

	for (size_t i = 0; i < s->service_count; i++) {
		sum.held += s->services[i].held;
		for (size_t k = 0; k < s->services[i].server_count; k++) {
			const struct statusjson_server *server = &s->services[i].servers[k];

			sum.servers++;
			sum.usable += server->usable;
			sum.troubles += topmodel_is_trouble(server);
		}
	}
	return sum;
}

static void draw_summary(const struct topview_pen *p, unsigned int row)
{
	const struct statusjson *s = p->m->status;
	struct sum sum = sum_up(s);
	AUTO_TEXT words = { 0 };
	unsigned int column;

	if (p->m->link == TOPMODEL_LOST) {
		text_addn(&words, p->m->why, strcspn(p->m->why, "\n"));
		topgrid_put(p->g, row, 0, p->g->columns, TOPGRID_RED, text_str(&words));
		return;
	}
	topview_add_count((int64_t)s->service_count, "service", &words);
	text_addf(&words, "  %" PRId64 " of ", sum.usable);
	topview_add_count(sum.servers, "server", &words);
	text_add(&words, " usable  ");
	topview_add_count(s->sessions, "session", &words);
	text_addf(&words, "  %" PRId64 "/s", s->session_rate);
	column = topgrid_add(p->g, row, 0, TOPGRID_PLAIN, text_str(&words));
	text_clear(&words);
	if (sum.held > 0)
		text_addf(&words, "  %" PRId64 " held", sum.held);
	if (sum.troubles > 0)
		text_addf(&words, "  %" PRId64 " in trouble", sum.troubles);
	if (s->stopping)
		text_add(&words, "  STOPPING");
	column = topgrid_add(p->g, row, column, TOPGRID_YELLOW | TOPGRID_BOLD, text_str(&words));
	text_clear(&words);
	text_add(&words, "  ");
	topview_add_bytes(s->bytes_out_rate, &words);
	text_add(&words, "/s out");
	topgrid_add(p->g, row, column, TOPGRID_DIM, text_str(&words));
}

/* --- tabs --------------------------------------------------------------------------------- */

static void write_choices(const struct topview_pen *p, const struct toprows *rows, struct text *out)
{
	const struct topstate_list *l = &p->s->lists[p->s->tab];
	const char *sort = topstate_sort_name(p->s->tab, l->sort);

	if (p->s->troubles && p->s->tab != TOPSTATE_PROCESS)
		text_add(out, "  troubles only");
	if (l->filter[0] != '\0')
		text_addf(out, "  filter: %s", l->filter);
	if (rows->hidden > 0)
		text_addf(out, "  %zu hidden", rows->hidden);
	if (sort != NULL)
		text_addf(out, "  by %s%s", sort, l->reverse ? ", reversed" : "");
}

static void draw_tabs(const struct topview_pen *p, const struct toprows *rows,
                      struct topview_place *place)
{
	unsigned int row = place->tab_row, column = 0, have;
	AUTO_TEXT choices = { 0 };

	for (unsigned int i = 0; i < TOPSTATE_TABS; i++) {
		bool named = p->g->columns >= TAB_COLUMNS || i == p->s->tab;
		AUTO_TEXT name = { 0 };

		text_addf(&name, " %u%s%s ", i + 1, named ? " " : "",
		          named ? topstate_tab_name((enum topstate_tab)i) : "");
		place->tab_from[i] = column;
		column =
		    topgrid_add(p->g, row, column,
		                i == p->s->tab ? TOPGRID_REVERSE | TOPGRID_BOLD : TOPGRID_PLAIN,
		                text_str(&name));
		place->tab_to[i] = column;
	}
	write_choices(p, rows, &choices);
	have = p->g->columns - column;
	topgrid_put_right(p->g, row, column, have, TOPGRID_CYAN, text_str(&choices));
}

/* --- rows --------------------------------------------------------------------------------- */

/* Why there is nothing to see. */
static void write_emptiness(const struct topview_pen *p, const struct toprows *rows,
                            struct text *out)
{
	if (rows->hidden > 0)
		text_addf(out, "nothing is left of %zu by %s", rows->hidden,
		          p->s->troubles ? "\"troubles only\" (t) and the filter (/)"
		                         : "the filter (/)");
	else if (p->s->tab == TOPSTATE_SESSIONS && p->m->sessions_refused[0] != '\0')
		text_addf(out, "sessions cannot be shown: %s", p->m->sessions_refused);
	else if (p->s->tab == TOPSTATE_SESSIONS)
		text_add(out, p->m->sessions_known ? "no sessions" : "...");
	else if (p->s->tab == TOPSTATE_EVENTS)
		text_add(out, "no events yet");
	else
		text_add(out, p->s->troubles ? "no troubles" : "no services");
}

static void draw_rows(const struct topview_pen *p, const struct toprows *rows,
                      const struct topview_place *place)
{
	const struct topview_part *part = part_of(p->s->tab);
	const struct topstate_list *l = &p->s->lists[p->s->tab];
	struct toptable table = { 0 };
	size_t sorted = part->lay_out(p, rows, &table);
	AUTO_TEXT words = { 0 };

	toptable_head(&table, p->g, place->list_top - 1, sorted,
	              p->g->ascii ? (l->reverse ? "^" : "v") : (l->reverse ? "\u25b2" : "\u25bc"));
	if (rows->count == 0) {
		write_emptiness(p, rows, &words);
		topgrid_put(p->g, place->list_top, 0, p->g->columns, TOPGRID_DIM, text_str(&words));
		return;
	}
	for (unsigned int i = 0; i < place->list_rows && l->first + i < rows->count; i++) {
		struct toprows_row row = rows->rows[l->first + i];

		/* Whose servers these are is always to be seen. */
		if (i == 0 && place->list_rows > 1 && toprows_is_under_heading(rows, l->first))
			row.kind = TOPROWS_SERVICE;
		part->draw(p, &table, place->list_top + i, &row);
		if (l->first + i == l->index)
			topgrid_paint(p->g, place->list_top + i, 0, p->g->columns, TOPGRID_REVERSE);
	}
}

/* --- frame -------------------------------------------------------------------------------- */

static struct topview_place place_of(const struct topgrid *g)
{
	struct topview_place place = { .tab_row = g->rows >= SUMMARY_ROWS ? 2 : 1 };

	place.list_top = place.tab_row + 2;
	place.list_rows = g->rows > place.list_top + 1 ? g->rows - place.list_top - 1 : 0;
	return place;
}

static void draw_waiting(const struct topview_pen *p, const struct topview_place *place)
{
	AUTO_TEXT lines = { 0 };
	unsigned int row = place->tab_row + 1;
	char *line, *rest;

	topgrid_fold(p->g,
	             p->m->link == TOPMODEL_LOST ? p->m->why : "waiting for the daemon's answer",
	             p->g->columns, &lines);
	for (line = strtok_r(lines.data, "\n", &rest); line != NULL && row + 1 < p->g->rows;
	     line = strtok_r(NULL, "\n", &rest))
		topgrid_put(p->g, row++, 0, p->g->columns, TOPGRID_PLAIN, line);
}

void topview_draw(struct topgrid *g, const struct topmodel *m, struct topstate *s, int64_t now_ms,
                  struct topview_place *ret)
{
	const struct topview_pen pen = { .g = g, .m = m, .s = s, .now_ms = now_ms };
	struct toprows rows;

	topgrid_clear(g);
	*ret = place_of(g);
	if (g->rows < ROWS_MIN || g->columns < COLUMNS_MIN) {
		*ret = (struct topview_place){ 0 };
		if (g->rows > 0)
			topgrid_put(g, 0, 0, g->columns, TOPGRID_BOLD, "too small");
		return;
	}
	toprows_build(&rows, m, s);
	toprows_scroll(&rows, s->tab, topstate_list(s), ret->list_rows);
	draw_title(&pen);
	draw_tabs(&pen, &rows, ret);
	if (m->status == NULL) {
		draw_waiting(&pen, ret);
	} else {
		if (ret->tab_row > 1)
			draw_summary(&pen, 1);
		draw_rows(&pen, &rows, ret);
	}
	topview_draw_foot(&pen, &rows, ret->list_top, ret->list_rows);
	toprows_release(&rows);
}
