/* SPDX-License-Identifier: MIT */
#include "topviewparts.h"

#include <inttypes.h>
#include <string.h>

enum column { ID, CLIENT, SERVER, AGE, IDLE, IN, OUT, CONNECT, RETRIES, WORKER, BIND, COLUMNS };

enum { CLIENT_LEAST = 10, CLIENT_MOST = 48, SERVER_MOST = 40 };

static const struct toptable_column columns[COLUMNS] = {
	[ID] = { "ID", 6, 12, 3, true },
	[CLIENT] = { "CLIENT", CLIENT_LEAST, CLIENT_LEAST, 0, false },
	[SERVER] = { "SERVER", 8, 8, 1, false },
	[AGE] = { "AGE", 6, 7, 2, true },
	[IDLE] = { "IDLE", 6, 7, 4, true },
	[IN] = { "IN", 8, 9, 6, true },
	[OUT] = { "OUT", 8, 9, 5, true },
	[CONNECT] = { "CONNECT", 7, 8, 7, true },
	[RETRIES] = { "RETRIES", 7, 7, 8, true },
	[WORKER] = { "WORKER", 6, 6, 9, true },
	[BIND] = { "BIND", 10, 24, 10, false },
};

static void write_server(const struct sessionline *l, struct text *out)
{
	text_addf(out, "%s/%s", l->service, l->server[0] != '\0' ? l->server : "-");
}

static void measure(const struct topview_pen *p, const struct toprows *rows, struct toptable *t)
{
	unsigned int client = CLIENT_LEAST, server = 8;
	AUTO_TEXT words = { 0 };

	for (size_t i = 0; i < rows->count; i++) {
		const struct sessionline *l = rows->rows[i].session;
		unsigned int n = topgrid_width(p->g, l->client);

		client = n > client ? n : client;
		text_clear(&words);
		write_server(l, &words);
		n = topgrid_width(p->g, text_str(&words));
		server = n > server ? n : server;
	}
	t->columns[CLIENT].most = client < CLIENT_MOST ? client : CLIENT_MOST;
	t->columns[CLIENT].least = client < 16 ? client : 16;
	t->columns[SERVER].most = server < SERVER_MOST ? server : SERVER_MOST;
	t->columns[SERVER].least = server < 12 ? server : 12;
}

static size_t sorted_column(unsigned int sort)
{
	switch ((enum topstate_sessions_sort)sort) {
	case TOPSTATE_SESSIONS_AGE:
		return AGE;
	case TOPSTATE_SESSIONS_IDLE:
		return IDLE;
	case TOPSTATE_SESSIONS_IN:
		return IN;
	case TOPSTATE_SESSIONS_OUT:
		return OUT;
	case TOPSTATE_SESSIONS_SERVER:
		return SERVER;
	case TOPSTATE_SESSIONS_CLIENT:
		return CLIENT;
	case TOPSTATE_SESSIONS_ID:
		break;
	}
	return ID;
}

static size_t lay_out(const struct topview_pen *p, const struct toprows *rows, struct toptable *t)
{
	t->count = COLUMNS;
	t->left = 0;
	memcpy(t->columns, columns, sizeof(columns));
	measure(p, rows, t);
	toptable_share(t, p->g->columns);
	return sorted_column(p->s->lists[TOPSTATE_SESSIONS].sort);
}

static void fill_times(const struct sessionline *l, enum column column, struct toptable_cell *cell)
{
	if (column == AGE)
		topview_add_duration(l->total_ms, &cell->text);
	else if (column == IDLE)
		topview_add_duration(l->idle_ms, &cell->text);
	else if (l->connect_ms < 0)
		text_add(&cell->text, "-");
	else
		topview_add_duration(l->connect_ms, &cell->text);
}

static void fill(const void *ctx, size_t column, unsigned int width, struct toptable_cell *cell)
{
	const struct sessionline *l = ctx;

	(void)width;
	switch ((enum column)column) {
	case ID:
		text_addf(&cell->text, "%" PRIu64, l->id);
		break;
	case CLIENT:
		text_add(&cell->text, l->client);
		cell->style = TOPGRID_BOLD;
		break;
	case SERVER:
		write_server(l, &cell->text);
		break;
	case AGE:
	case IDLE:
	case CONNECT:
		fill_times(l, (enum column)column, cell);
		break;
	case IN:
		topview_add_bytes((int64_t)l->bytes_in, &cell->text);
		break;
	case OUT:
		topview_add_bytes((int64_t)l->bytes_out, &cell->text);
		break;
	case RETRIES:
		text_addf(&cell->text, "%" PRIu32 "%s", l->retries, l->redispatched ? "+" : "");
		cell->style = l->retries > 0 ? TOPGRID_YELLOW : TOPGRID_DIM;
		break;
	case WORKER:
		text_addf(&cell->text, "%" PRIu32, l->worker);
		break;
	case BIND:
		text_add(&cell->text, l->bind);
		cell->style = TOPGRID_DIM;
		break;
	case COLUMNS:
		break;
	}
}

static void draw(const struct topview_pen *p, const struct toptable *t, unsigned int row,
                 const struct toprows_row *what)
{
	toptable_row(t, p->g, row, fill, what->session);
}

const struct topview_part *topview_sessions_part(void)
{
	static const struct topview_part part = { .lay_out = lay_out, .draw = draw };

	return &part;
}
