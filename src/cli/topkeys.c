/* SPDX-License-Identifier: MIT */
#include "cli/topkeys.h"

#include <stdio.h>
#include <string.h>

enum { NOT_A_CHARACTER = 0x110000, HELP_LINES_MAX = 32 };

static bool is_enter(unsigned int key)
{
	return key == '\r' || key == '\n';
}

static bool is_backspace(unsigned int key)
{
	return key == TOPKEYS_BACKSPACE || key == 0x7f || key == '\b';
}

/* --- typing ------------------------------------------------------------------------------- */

static void erase_one(char *line)
{
	size_t len = strlen(line);

	while (len > 0 && ((unsigned char)line[len - 1] & 0xc0) == 0x80)
		len--;
	line[len > 0 ? len - 1 : 0] = '\0';
}

/* A key that changes what is typed; false: it does something else. */
static bool type(char *line, size_t size, unsigned int key)
{
	AUTO_TEXT character = { 0 };
	size_t len = strlen(line);

	if (is_backspace(key)) {
		erase_one(line);
		return true;
	}
	if (key == 0x15) { /* Ctrl-U, as shells have it */
		line[0] = '\0';
		return true;
	}
	if (key < ' ' || (key >= 0x7f && key < 0xa0) || key >= NOT_A_CHARACTER)
		return false;
	topgrid_encode(key, &character);
	if (len + character.len < size)
		memcpy(line + len, text_str(&character), character.len + 1);
	return true;
}

static void press_in_filter(struct topstate *s, unsigned int key)
{
	struct topstate_list *l = topstate_list(s);

	if (type(l->filter, sizeof(l->filter), key))
		return;
	if (key == TOPKEYS_ESCAPE)
		memcpy(l->filter, s->before, sizeof(l->filter));
	if (key == TOPKEYS_ESCAPE || is_enter(key))
		s->mode = TOPSTATE_LOOK;
}

/* --- orders ------------------------------------------------------------------------------- */

static void confirm(struct topstate *s, const struct topmodel *m, int64_t now_ms)
{
	struct error err;

	if (toporder_check(&s->order, m, &err)) {
		s->mode = TOPSTATE_CONFIRM;
		return;
	}
	s->mode = TOPSTATE_LOOK;
	topstate_say(s, true, now_ms, "%s", err.text);
}

static void press_in_value(struct topstate *s, const struct topmodel *m, unsigned int key,
                           int64_t now_ms)
{
	if (type(s->order.value, sizeof(s->order.value), key))
		return;
	if (key == TOPKEYS_ESCAPE)
		s->mode = TOPSTATE_LOOK;
	else if (is_enter(key))
		confirm(s, m, now_ms);
}

/* Only "y": what was pressed by mistake does nothing. */
static enum topkeys_wish press_in_confirm(struct topstate *s, const struct topmodel *m,
                                          unsigned int key, int64_t now_ms)
{
	s->mode = TOPSTATE_LOOK;
	if (key != 'y' && key != 'Y') {
		topstate_say(s, false, now_ms, "left as it was");
		return TOPKEYS_NOTHING;
	}
	/* It may have changed while the question stood there. */
	confirm(s, m, now_ms);
	if (s->mode != TOPSTATE_CONFIRM)
		return TOPKEYS_NOTHING;
	s->mode = TOPSTATE_LOOK;
	return TOPKEYS_ORDER;
}

/* The order that the key gives for the chosen row; false: none. */
static bool order_of(const struct topstate *s, const struct toprows_row *row, unsigned int key,
                     struct toporder *ret)
{
	static const struct {
		unsigned int key;
		enum toporder_kind kind;
	} kinds[] = {
		{ 'd', TOPORDER_DRAIN },  { 'm', TOPORDER_MAINT }, { 'r', TOPORDER_READY },
		{ 'w', TOPORDER_WEIGHT }, { 'f', TOPORDER_FAULT }, { 'k', TOPORDER_KILL },
	};

	*ret = (struct toporder){ 0 };
	if (s->tab == TOPSTATE_SESSIONS && key == 'k' && row->session != NULL) {
		ret->kind = TOPORDER_END;
		ret->session = row->session->id;
		return true;
	}
	if (row->server == NULL)
		return false;
	snprintf(ret->service, sizeof(ret->service), "%s", row->service->name);
	snprintf(ret->server, sizeof(ret->server), "%s", row->server->name);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].key == key) {
			ret->kind = kinds[i].kind;
			return true;
		}
	return false;
}

static void order(struct topstate *s, const struct topmodel *m, const struct toprows *rows,
                  unsigned int key, int64_t now_ms)
{
	size_t at = toprows_find(rows, s->tab, topstate_list(s));

	if (!s->writable) {
		topstate_say(s, true, now_ms,
		             "read-only: start it as sluice top --write to change something");
		return;
	}
	if (m->link != TOPMODEL_LIVE) {
		topstate_say(s, true, now_ms, "there is no daemon to tell");
		return;
	}
	if (at >= rows->count || !order_of(s, &rows->rows[at], key, &s->order)) {
		topstate_say(s, true, now_ms, "choose a %s first",
		             s->tab == TOPSTATE_SESSIONS ? "session" : "server");
		return;
	}
	if (toporder_wants_value(s->order.kind))
		s->mode = TOPSTATE_VALUE;
	else
		confirm(s, m, now_ms);
}

/* --- looking ------------------------------------------------------------------------------ */

static void go_to(struct topstate *s, unsigned int tab)
{
	s->tab = (enum topstate_tab)(tab % TOPSTATE_TABS);
}

/* Another tab, with only what belongs to the chosen service or server. */
static void follow(struct topstate *s, const struct toprows_row *row, enum topstate_tab tab)
{
	struct topstate_list *l = &s->lists[tab];

	if (row->service == NULL)
		return;
	snprintf(l->filter, sizeof(l->filter), "=%s%s%s", row->service->name,
	         row->server != NULL ? "/" : "", row->server != NULL ? row->server->name : "");
	l->chosen[0] = '\0';
	s->tab = tab;
}

static void sort_next(struct topstate *s)
{
	struct topstate_list *l = topstate_list(s);

	if (topstate_sort_name(s->tab, ++l->sort) == NULL)
		l->sort = 0;
	l->reverse = false;
}

/* Keys that need no row; false: it is none of them. */
static bool press_anywhere(struct topstate *s, unsigned int key)
{
	struct topstate_list *l = topstate_list(s);

	if (key >= '1' && key < '1' + TOPSTATE_TABS)
		go_to(s, key - '1');
	else if (key == '\t' || key == TOPKEYS_RIGHT)
		go_to(s, s->tab + 1U);
	else if (key == TOPKEYS_BACK_TAB || key == TOPKEYS_LEFT)
		go_to(s, s->tab + TOPSTATE_TABS - 1U);
	else if (key == '?' || key == 'h')
		s->mode = TOPSTATE_HELP;
	else if (key == 't')
		s->troubles = !s->troubles;
	else if (key == 's')
		sort_next(s);
	else if (key == 'S')
		l->reverse = !l->reverse;
	else if (key == TOPKEYS_ESCAPE)
		l->filter[0] = l->chosen[0] = '\0';
	else
		return false;
	return true;
}

static bool press_to_move(struct topstate *s, const struct toprows *rows, unsigned int page,
                          unsigned int key)
{
	struct topstate_list *l = topstate_list(s);
	long all = (long)rows->count, step;

	switch (key) {
	case TOPKEYS_UP:
		step = -1;
		break;
	case TOPKEYS_DOWN:
		step = 1;
		break;
	case TOPKEYS_PAGE_UP:
		step = page > 1 ? 1 - (long)page : -1;
		break;
	case TOPKEYS_PAGE_DOWN:
		step = page > 1 ? (long)page - 1 : 1;
		break;
	case TOPKEYS_HOME:
		step = -all;
		break;
	case TOPKEYS_END:
		step = all;
		break;
	default:
		return false;
	}
	toprows_move(rows, s->tab, l, step);
	return true;
}

static void press_on_row(struct topstate *s, const struct topmodel *m, const struct toprows *rows,
                         unsigned int key, int64_t now_ms)
{
	size_t at = toprows_find(rows, s->tab, topstate_list(s));
	const struct toprows_row *row = at < rows->count ? &rows->rows[at] : NULL;

	if (key < 0x80 && key != 0 && strchr("dmrwfk", (int)key) != NULL)
		order(s, m, rows, key, now_ms);
	else if (row == NULL)
		return;
	else if (is_enter(key) && (row->session != NULL || row->event != NULL))
		s->mode = TOPSTATE_DETAIL;
	else if (is_enter(key))
		follow(s, row, TOPSTATE_SESSIONS);
	else if (key == 'e')
		follow(s, row, TOPSTATE_EVENTS);
}

static enum topkeys_wish press_in_look(struct topstate *s, const struct topmodel *m,
                                       unsigned int page, unsigned int key, int64_t now_ms)
{
	struct toprows rows;

	s->said[0] = '\0';
	if (key == 'q' || key == 'Q')
		return TOPKEYS_QUIT;
	if (key == '/') {
		memcpy(s->before, topstate_list(s)->filter, sizeof(s->before));
		s->mode = TOPSTATE_FILTER;
		return TOPKEYS_NOTHING;
	}
	if (press_anywhere(s, key))
		return TOPKEYS_NOTHING;
	toprows_build(&rows, m, s);
	if (!press_to_move(s, &rows, page, key))
		press_on_row(s, m, &rows, key, now_ms);
	toprows_release(&rows);
	return TOPKEYS_NOTHING;
}

static void press_in_help(struct topstate *s, unsigned int key)
{
	if (key == TOPKEYS_DOWN && s->help_first < HELP_LINES_MAX)
		s->help_first++;
	else if (key == TOPKEYS_UP && s->help_first > 0)
		s->help_first--;
	else if (key != TOPKEYS_UP && key != TOPKEYS_DOWN) {
		s->help_first = 0;
		s->mode = TOPSTATE_LOOK;
	}
}

enum topkeys_wish topkeys_press(struct topstate *s, const struct topmodel *m, unsigned int page,
                                unsigned int key, int64_t now_ms)
{
	if (key == TOPKEYS_REDRAW)
		return TOPKEYS_REPAINT;
	switch (s->mode) {
	case TOPSTATE_LOOK:
		return press_in_look(s, m, page, key, now_ms);
	case TOPSTATE_HELP:
		press_in_help(s, key);
		break;
	case TOPSTATE_DETAIL:
		s->mode = TOPSTATE_LOOK;
		break;
	case TOPSTATE_FILTER:
		press_in_filter(s, key);
		break;
	case TOPSTATE_VALUE:
		press_in_value(s, m, key, now_ms);
		break;
	case TOPSTATE_CONFIRM:
		return press_in_confirm(s, m, key, now_ms);
	}
	return TOPKEYS_NOTHING;
}

void topkeys_click(struct topstate *s, const struct topmodel *m, const struct topview_place *place,
                   unsigned int row, unsigned int column)
{
	struct topstate_list *l = topstate_list(s);
	struct toprows rows;
	size_t at;

	if (s->mode != TOPSTATE_LOOK)
		return;
	for (unsigned int i = 0; i < TOPSTATE_TABS; i++)
		if (row == place->tab_row && column >= place->tab_from[i] &&
		    column < place->tab_to[i])
			go_to(s, i);
	if (row < place->list_top || row >= place->list_top + place->list_rows)
		return;
	toprows_build(&rows, m, s);
	at = l->first + row - place->list_top;
	while (at > 0 && at < rows.count && !toprows_is_choice(&rows.rows[at]))
		at--;
	if (at < rows.count)
		toprows_key(&rows.rows[at], l->chosen);
	l->index = at;
	toprows_release(&rows);
}
