/* SPDX-License-Identifier: MIT */
#include "report/tierline.h"
#include "topviewparts.h"

#include <inttypes.h>
#include <string.h>

enum column {
	STATE,
	SERVER,
	SINCE,
	CHECK,
	SESSIONS,
	BAR,
	RATE,
	TIER,
	SPARK,
	LOST,
	MOVED,
	WEIGHT,
	LOCALITY,
	ADDRESS,
	COLUMNS
};

enum { LEFT = 2, NAME_MOST = 32, LOCALITY_LEAST = 40, WIDE = 60, LEAD = 4 };

static const struct toptable_column columns[COLUMNS] = {
	[STATE] = { "STATE", 10, 14, 1, false },
	[SERVER] = { "SERVER", 6, 6, 0, false },
	[SINCE] = { "SINCE", 6, 6, 3, true },
	[CHECK] = { "CHECK", 18, 32, 4, false },
	[SESSIONS] = { "SESS", 5, 11, 2, true },
	[BAR] = { "LIMIT", 7, 20, 9, false },
	[RATE] = { "RATE", 6, 7, 5, true },
	[TIER] = { "TIER", 4, 4, 6, true },
	[SPARK] = { "SEEN", 8, 30, 7, false },
	[LOST] = { "LOST", 4, 7, 8, true },
	[MOVED] = { "MOVED", 5, 7, 10, true },
	[WEIGHT] = { "WGHT", 4, 5, 11, true },
	[LOCALITY] = { "LOCALITY", 10, 10, 12, false },
	[ADDRESS] = { "ADDRESS", 10, 10, 13, false },
};

/* A row in the making. */
struct line {
	const struct topview_pen *pen;
	const struct toprows_row *what;
	int64_t most;
};

static unsigned int greater(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

/* What columns need that have names in them; those with nothing in them are left out. */
static void measure(const struct topview_pen *p, const struct toprows *rows, struct toptable *t)
{
	unsigned int name = 6, locality = 0, address = 7;
	bool limited = false, tiers = false;

	for (size_t i = 0; i < rows->count; i++) {
		const struct statusjson_server *s = rows->rows[i].server;
		unsigned int backup = s != NULL && s->backup ? 4 : 0;

		tiers = tiers || rows->rows[i].kind == TOPROWS_TIERS;
		if (s == NULL)
			continue;
		name = greater(name, topgrid_width(p->g, s->name) + backup);
		address = greater(address, topgrid_width(p->g, s->address));
		if (s->locality != NULL)
			locality = greater(locality, topgrid_width(p->g, s->locality));
		limited = limited || s->sessions_limit > 0;
	}
	t->columns[SERVER].most = name < NAME_MOST ? name : NAME_MOST;
	t->columns[SERVER].least = name < 16 ? name : 16;
	t->columns[ADDRESS].least = t->columns[ADDRESS].most = address;
	/* Their beginnings are all alike. */
	t->columns[LOCALITY].least = locality < LOCALITY_LEAST ? locality : LOCALITY_LEAST;
	t->columns[LOCALITY].most = greater(locality, (unsigned int)strlen("LOCALITY"));
	if (!limited)
		t->columns[BAR].least = 0;
	if (!tiers)
		t->columns[TIER].least = 0;
}

static size_t sorted_column(unsigned int sort)
{
	switch ((enum topstate_services_sort)sort) {
	case TOPSTATE_SERVICES_STATE:
		return STATE;
	case TOPSTATE_SERVICES_SESSIONS:
		return SESSIONS;
	case TOPSTATE_SERVICES_RATE:
		return RATE;
	case TOPSTATE_SERVICES_SINCE:
		return SINCE;
	case TOPSTATE_SERVICES_LOST:
		return LOST;
	case TOPSTATE_SERVICES_NAME:
		return SERVER;
	case TOPSTATE_SERVICES_ORDER:
		break;
	}
	return COLUMNS;
}

static size_t lay_out(const struct topview_pen *p, const struct toprows *rows, struct toptable *t)
{
	t->count = COLUMNS;
	t->left = LEFT;
	memcpy(t->columns, columns, sizeof(columns));
	measure(p, rows, t);
	toptable_share(t, p->g->columns > LEFT ? p->g->columns - LEFT : 0);
	return sorted_column(p->s->lists[TOPSTATE_SERVICES].sort);
}

/* --- a server ----------------------------------------------------------------------------- */

static void add_sessions(const struct statusjson_server *s, unsigned int width, struct text *out)
{
	text_addf(out, "%" PRId64, s->sessions);
	if (s->sessions_limit > 0 && width > 8)
		text_addf(out, "/%" PRId64, s->sessions_limit);
}

/* A sign of what went wrong is not to be overlooked. */
static void add_bad_count(int64_t n, struct toptable_cell *cell)
{
	text_addf(&cell->text, "%" PRId64, n);
	cell->style = n > 0 ? TOPGRID_YELLOW : TOPGRID_DIM;
}

static void fill_picture(const struct line *l, enum column column, unsigned int width,
                         struct toptable_cell *cell)
{
	const struct statusjson_server *s = l->what->server;
	bool full = s->sessions_limit > 0 && s->sessions >= s->sessions_limit;

	if (column == BAR) {
		topview_add_bar(l->pen, s->sessions, s->sessions_limit, width, &cell->text);
		cell->style = full ? TOPGRID_RED : TOPGRID_CYAN;
	} else {
		topview_add_spark(l->pen, l->what->service->name, s->name, width, l->most,
		                  &cell->text);
		cell->style = TOPGRID_CYAN;
	}
}

static void fill(const void *ctx, size_t column, unsigned int width, struct toptable_cell *cell)
{
	const struct line *l = ctx;
	const struct statusjson_server *s = l->what->server;
	struct topview_look look = topview_look_of(l->pen, s);

	switch ((enum column)column) {
	case STATE:
		text_addf(&cell->text, "%s %s", look.glyph, s->state);
		cell->style = look.style;
		break;
	case SERVER:
		topview_add_name(s, &cell->text);
		cell->style = TOPGRID_BOLD;
		break;
	case SINCE:
		topview_add_age(s->since_s + topmodel_age_s(l->pen->m, l->pen->now_ms),
		                &cell->text);
		break;
	case CHECK:
		topview_add_check(l->pen, s, width, &cell->text);
		if (s->has_check && !s->maint && !s->check_passed)
			cell->style = TOPGRID_YELLOW;
		break;
	case SESSIONS:
		add_sessions(s, width, &cell->text);
		break;
	case RATE:
		text_addf(&cell->text, "%" PRId64 "/s", s->rate);
		break;
	case TIER:
		if (!s->backup && tierline_is_needed(l->what->service))
			text_addf(&cell->text, "%" PRId64, s->tier);
		break;
	case BAR:
	case SPARK:
		fill_picture(l, (enum column)column, width, cell);
		break;
	case LOST:
		add_bad_count(s->cut + s->server_aborts, cell);
		break;
	case MOVED:
		add_bad_count(s->redispatches, cell);
		break;
	case WEIGHT:
		text_addf(&cell->text, "%" PRId64, s->weight);
		break;
	case LOCALITY:
		text_add(&cell->text, s->locality != NULL ? s->locality : "");
		break;
	case ADDRESS:
		text_add(&cell->text, s->address);
		cell->style = TOPGRID_DIM;
		break;
	case COLUMNS:
		break;
	}
}

/* --- the other rows ----------------------------------------------------------------------- */

/* Why a service is worth a look, or NULL. */
static const char *trouble(const struct statusjson_service *s)
{
	if (s->panicking)
		return "PANIC";
	if (!s->up)
		return "NO SERVER USABLE";
	return s->on_backup ? "on backup" : NULL;
}

/* The shorter, the less room there is. */
static void write_numbers(const struct statusjson_service *s, bool wide, struct text *out)
{
	const char *bad = trouble(s);

	if (bad != NULL)
		text_addf(out, "%s  ", bad);
	if (!wide) {
		text_addf(out, "%" PRId64 "/%zu usable  %" PRId64, s->usable + s->backup_usable,
		          s->server_count, s->sessions);
		return;
	}
	text_addf(out, "%" PRId64 " of %zu usable  ", s->usable + s->backup_usable,
	          s->server_count);
	if (s->held > 0)
		text_addf(out, "%" PRId64 " held  ", s->held);
	topview_add_count(s->sessions, "session", out);
	text_addf(out, "  %" PRId64 "/s", s->rate);
}

static void draw_service(const struct topview_pen *p, unsigned int row,
                         const struct statusjson_service *s)
{
	unsigned int style = s->panicking || !s->up ? TOPGRID_RED | TOPGRID_BOLD
	                     : s->on_backup         ? TOPGRID_YELLOW
	                                            : TOPGRID_PLAIN;
	AUTO_TEXT left = { 0 };
	AUTO_TEXT right = { 0 };
	unsigned int width, room;

	text_addf(&left, "%s  %s", s->name, s->balance);
	for (size_t i = 0; i < s->bind_count; i++)
		text_addf(&left, "%s%s", i > 0 ? " " : "  ", s->binds[i]);
	write_numbers(s, p->g->columns >= WIDE, &right);
	width = topgrid_width(p->g, text_str(&right));
	room = p->g->columns > width + 1 ? p->g->columns - width - 1 : 0;
	topgrid_put(p->g, row, 0, room, TOPGRID_BOLD, text_str(&left));
	topgrid_put_right(p->g, row, room, p->g->columns - room, style, text_str(&right));
}

static void draw_tiers(const struct topview_pen *p, unsigned int row,
                       const struct statusjson_service *s)
{
	unsigned int room = p->g->columns > LEAD ? p->g->columns - LEAD : 0;
	AUTO_TEXT line = { 0 };

	tierline_write(s, room, &line);
	topgrid_put(p->g, row, LEAD, room, TOPGRID_PLAIN, text_str(&line));
}

static void draw_note(const struct topview_pen *p, unsigned int row, const struct toprows_row *what)
{
	const struct statusjson_server *s = what->server;
	int64_t left = s->fault_left_ms / 1000 - topmodel_age_s(p->m, p->now_ms);
	bool is_fault = what->kind == TOPROWS_FAULT;
	AUTO_TEXT words = { 0 };

	text_addf(&words, "%s ", p->g->ascii ? "`" : "\u2514");
	if (!is_fault)
		text_add(&words, s->cause);
	else
		text_addf(&words, "fault: %s", s->fault);
	if (is_fault && s->fault_left_ms >= 0) {
		text_add(&words, ", ");
		topview_add_age(left, &words);
		text_add(&words, " left");
	}
	topgrid_put(p->g, row, LEAD, p->g->columns - LEAD, is_fault ? TOPGRID_RED : TOPGRID_DIM,
	            text_str(&words));
}

static void draw(const struct topview_pen *p, const struct toptable *t, unsigned int row,
                 const struct toprows_row *what)
{
	struct line l = { .pen = p, .what = what, .most = 1 };

	if (what->kind == TOPROWS_SERVICE) {
		draw_service(p, row, what->service);
	} else if (what->kind == TOPROWS_TIERS) {
		draw_tiers(p, row, what->service);
	} else if (what->kind == TOPROWS_SERVER) {
		if (t->widths[SPARK] > 0)
			l.most = topmodel_most_rate(p->m, what->service->name);
		toptable_row(t, p->g, row, fill, &l);
	} else {
		draw_note(p, row, what);
	}
}

const struct topview_part *topview_services_part(void)
{
	static const struct topview_part part = { .lay_out = lay_out, .draw = draw };

	return &part;
}
