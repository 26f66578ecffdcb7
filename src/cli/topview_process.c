/* SPDX-License-Identifier: MIT */
#include "report/discoveryline.h"
#include "report/stamp.h"
#include "topviewparts.h"

#include <inttypes.h>
#include <string.h>

enum column {
	SERVICE,
	USABLE,
	SESSIONS,
	RATE,
	HELD,
	LOST,
	FAILED,
	RETRIES,
	MOVED,
	REPLAYED,
	ASKED,
	DENIED,
	TOTAL,
	IN,
	OUT,
	COLUMNS
};

enum { NAME_MOST = 32, LABEL = 12, BAR = 20, SPARK = 60 };

static const struct toptable_column columns[COLUMNS] = {
	[SERVICE] = { "SERVICE", 8, 8, 0, false }, [USABLE] = { "USABLE", 6, 8, 1, true },
	[SESSIONS] = { "SESS", 5, 9, 2, true },    [RATE] = { "RATE", 6, 8, 3, true },
	[HELD] = { "HELD", 4, 7, 4, true },        [LOST] = { "LOST", 4, 8, 5, true },
	[FAILED] = { "FAILED", 6, 8, 6, true },    [RETRIES] = { "RETRIES", 7, 8, 7, true },
	[MOVED] = { "MOVED", 5, 8, 8, true },      [REPLAYED] = { "REPLAYED", 8, 9, 9, true },
	[ASKED] = { "ASKED", 5, 8, 10, true },     [DENIED] = { "DENIED", 6, 8, 11, true },
	[TOTAL] = { "TOTAL", 6, 12, 12, true },    [IN] = { "IN", 8, 9, 14, true },
	[OUT] = { "OUT", 8, 9, 13, true },
};

static size_t lay_out(const struct topview_pen *p, const struct toprows *rows, struct toptable *t)
{
	unsigned int name = 8;

	for (size_t i = 0; i < rows->count; i++) {
		const struct statusjson_service *s = rows->rows[i].service;
		unsigned int n = s != NULL ? topgrid_width(p->g, s->name) : 0;

		name = n > name ? n : name;
	}
	t->count = COLUMNS;
	t->left = 0;
	memcpy(t->columns, columns, sizeof(columns));
	t->columns[SERVICE].most = name < NAME_MOST ? name : NAME_MOST;
	t->columns[SERVICE].least = name < 16 ? name : 16;
	toptable_share(t, p->g->columns);
	return COLUMNS;
}

/* --- a service ---------------------------------------------------------------------------- */

static int64_t number_of(const struct statusjson_service *s, enum column column)
{
	const int64_t numbers[COLUMNS] = {
		[SESSIONS] = s->sessions,
		[HELD] = s->held,
		[LOST] = s->cut + s->server_aborts,
		[FAILED] = s->connect_errors,
		[RETRIES] = s->retries,
		[MOVED] = s->redispatches,
		[REPLAYED] = s->replayed,
		[ASKED] = s->asked,
		[DENIED] = s->denied,
		[TOTAL] = s->sessions_total,
	};

	return numbers[column];
}

static void fill(const void *ctx, size_t number, unsigned int width, struct toptable_cell *cell)
{
	const struct statusjson_service *s = ctx;
	enum column column = (enum column)number;

	(void)width;
	if (column == SERVICE) {
		text_add(&cell->text, s->name);
		cell->style = TOPGRID_BOLD;
	} else if (column == USABLE) {
		text_addf(&cell->text, "%" PRId64 "/%zu", s->usable + s->backup_usable,
		          s->server_count);
		cell->style = !s->up ? TOPGRID_RED : s->on_backup ? TOPGRID_YELLOW : TOPGRID_GREEN;
	} else if (column == RATE) {
		text_addf(&cell->text, "%" PRId64 "/s", s->rate);
	} else if (column == IN) {
		topview_add_bytes(s->bytes_in, &cell->text);
	} else if (column == OUT) {
		topview_add_bytes(s->bytes_out, &cell->text);
	} else {
		int64_t n = number_of(s, column);
		bool is_bad = column == HELD || column == LOST || column == FAILED;

		text_addf(&cell->text, "%" PRId64, n);
		if (is_bad && n > 0)
			cell->style = TOPGRID_YELLOW;
	}
}

/* --- the process -------------------------------------------------------------------------- */

static void write_uptime(const struct topview_pen *p, struct text *out)
{
	const struct statusjson *s = p->m->status;
	int64_t now;

	topview_add_age(s->uptime_s + topmodel_age_s(p->m, p->now_ms), out);
	if (!stamp_parse_rfc3339(s->now, &now))
		return;
	text_add(out, ", since ");
	stamp_add_date(out, now - s->uptime_s * 1000);
	text_addc(out, ' ');
	stamp_add_time(out, now - s->uptime_s * 1000);
	/* When it has begun is known to the second. */
	out->len -= strlen(".000");
	out->data[out->len] = '\0';
}

static void write_open(const struct topview_pen *p, struct text *out)
{
	const struct statusjson *s = p->m->status;

	text_addf(out, "%" PRId64, s->sessions);
	if (s->maxconn > 0) {
		text_addf(out, " of at most %" PRId64 "  ", s->maxconn);
		topview_add_bar(p, s->sessions, s->maxconn, BAR, out);
	}
	text_addf(out, "  %" PRId64 " in all", s->sessions_total);
}

static void write_rate(const struct topview_pen *p, struct text *out)
{
	const struct statusjson *s = p->m->status;
	int64_t rates[TOPMODEL_BINS], most = 1;
	unsigned int room = p->g->columns > 44 ? p->g->columns - 44 : 0;

	text_addf(out, "%" PRId64 " new/s, at most %" PRId64 "  ", s->session_rate,
	          s->session_rate_max);
	topmodel_rates(p->m, NULL, NULL, p->now_ms, TOPMODEL_BINS, rates);
	for (size_t i = 0; i < TOPMODEL_BINS; i++)
		most = rates[i] > most ? rates[i] : most;
	topview_add_spark(p, NULL, NULL, room < SPARK ? room : SPARK, most, out);
}

static const char *write_fact(const struct topview_pen *p, enum toprows_fact fact, struct text *out)
{
	const struct statusjson *s = p->m->status;

	switch (fact) {
	case TOPROWS_VERSION:
		text_addf(out, "sluice %s%s%s", s->version, s->node != NULL ? " on " : "",
		          s->node != NULL ? s->node : "");
		return "version";
	case TOPROWS_PID:
		text_addf(out, "pid %" PRId64 ", ", s->pid);
		topview_add_count(s->threads, "thread", out);
		text_add(out, s->stopping ? ", STOPPING" : "");
		return "process";
	case TOPROWS_UPTIME:
		write_uptime(p, out);
		return "running for";
	case TOPROWS_OPEN:
		write_open(p, out);
		return "sessions";
	case TOPROWS_RATE:
		write_rate(p, out);
		return "rate";
	case TOPROWS_BYTES:
		topview_add_bytes(s->bytes_out_rate, out);
		text_add(out, "/s to clients, ");
		topview_add_bytes(s->bytes_out, out);
		text_add(out, " in all");
		return "bytes";
	case TOPROWS_LOGS:
		text_addf(out, "%" PRId64 " dropped", s->dropped_logs);
		return "log lines";
	case TOPROWS_NODES:
		discoveryline_add(&s->discovery, out);
		if (s->discovery.error != NULL)
			text_addf(out, "; %s", s->discovery.error);
		return "discovery";
	case TOPROWS_FACTS:
		break;
	}
	return "";
}

static void write_before(const struct statusjson_predecessor *b, struct text *out)
{
	text_addf(out, "pid %" PRId64 ", upgraded ", b->pid);
	topview_add_age(b->since_s, out);
	text_add(out, " ago, still has ");
	if (b->known)
		topview_add_count(b->sessions, "session", out);
	else
		text_add(out, "sessions that it has not told of");
}

static void draw(const struct topview_pen *p, const struct toptable *t, unsigned int row,
                 const struct toprows_row *what)
{
	unsigned int style = TOPGRID_PLAIN;
	const char *label = "before it";
	AUTO_TEXT words = { 0 };

	if (what->kind == TOPROWS_SUMMARY) {
		toptable_row(t, p->g, row, fill, what->service);
		return;
	}
	if (what->kind == TOPROWS_FACT) {
		label = write_fact(p, (enum toprows_fact)what->order, &words);
		if (what->order == TOPROWS_NODES && p->m->status->discovery.error != NULL)
			style = TOPGRID_YELLOW;
	} else {
		write_before(&p->m->status->predecessors[what->order], &words);
		style = TOPGRID_YELLOW;
	}
	topgrid_put(p->g, row, 0, LABEL, TOPGRID_DIM, label);
	if (p->g->columns > LABEL)
		topgrid_put(p->g, row, LABEL, p->g->columns - LABEL, style, text_str(&words));
}

const struct topview_part *topview_process_part(void)
{
	static const struct topview_part part = { .lay_out = lay_out, .draw = draw };

	return &part;
}
