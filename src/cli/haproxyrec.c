/* SPDX-License-Identifier: MIT */
#include "haproxyrecparts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const enum drill_series recorded[] = {
	DRILL_SERIES_SESSIONS, DRILL_SERIES_CONNECTED, DRILL_SERIES_FAILED,
	DRILL_SERIES_CUT,      DRILL_SERIES_MOVED,
};

struct haproxyrec *haproxyrec_new(const struct haproxyrec_options *o)
{
	struct haproxyrec *r = mem_zalloc(sizeof(*r));
	AUTO_TEXT begin = { 0 };

	r->has_log = o->has_log;
	r->drill = drill_new();
	r->drill->name = mem_arena_strdup(&r->drill->arena, o->name);
	r->drill->source = "HAProxy";
	r->drill->from_ms = r->drill->samples_from_ms = o->from_ms;
	r->drill->every_ms = o->every_ms;
	text_addf(&begin, "recording of %s begins", o->where);
	haproxyrec_states_note(r, NULL, DRILL_MARK, o->from_ms, text_str(&begin));
	return r;
}

void haproxyrec_free(struct haproxyrec *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->row_count; i++) {
		for (size_t k = 0; k < DRILL_SERIES_COUNT; k++)
			free(r->rows[i]->at[k]);
		free(r->rows[i]);
	}
	free(r->rows);
	free(r->events);
	drill_free(r->drill);
	free(r);
}

/* --- rows --------------------------------------------------------------------------------- */

struct haproxyrec_row *haproxyrec_row(const struct haproxyrec *r, const char *service,
                                      const char *server)
{
	for (size_t i = 0; i < r->row_count; i++)
		if (strcmp(r->rows[i]->server, server) == 0 &&
		    strcmp(r->rows[i]->service, service) == 0)
			return r->rows[i];
	return NULL;
}

static void grow(struct haproxyrec_row *row, size_t from, size_t room)
{
	for (size_t k = 0; k < ARRAY_LEN(recorded); k++) {
		uint32_t **at = &row->at[recorded[k]];

		*at = mem_resize(*at, room, sizeof(**at));
		memset(*at + from, 0, (room - from) * sizeof(**at));
	}
}

static struct haproxyrec_row *add_row(struct haproxyrec *r, const struct haproxystat_row *like)
{
	struct haproxyrec_row *row = mem_zalloc(sizeof(*row));

	memcpy(row->service, like->service, sizeof(row->service));
	memcpy(row->server, like->server, sizeof(row->server));
	row->began_with = -1;
	grow(row, 0, r->room + 1);
	r->rows = mem_resize(r->rows, r->row_count + 1, sizeof(struct haproxyrec_row *));
	r->rows[r->row_count++] = row;
	return row;
}

/* --- samples ------------------------------------------------------------------------------ */

static void add_sample(struct haproxyrec *r)
{
	if (r->samples == r->room) {
		r->room = r->room ? 2 * r->room : 256;
		for (size_t i = 0; i < r->row_count; i++)
			grow(r->rows[i], r->samples, r->room + 1);
	}
	r->samples++;
}

static void put(const struct haproxyrec *r, struct haproxyrec_row *row, enum drill_series k,
                uint64_t value)
{
	row->at[k][r->samples - 1] = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

/* What came since the poll before. */
static uint64_t gained(struct haproxyrec_row *row, enum drill_series k, uint64_t now)
{
	uint64_t n = now > row->seen[k] ? now - row->seen[k] : 0;

	row->seen[k] = now;
	return row->is_known ? n : 0;
}

/* Connects that failed: each is counted once, as the last one, or by what came after it. */
static uint64_t failures(const struct haproxystat_row *now)
{
	return now->econ + now->wretr + now->wredis;
}

/* Never less than it was in the same process: between two of its counters there may be a moment. */
static uint64_t connects(const struct haproxyrec_row *row, const struct haproxystat_row *now)
{
	uint64_t lost = failures(now);
	uint64_t n = now->stot > lost ? now->stot - lost : 0;
	uint64_t before = row->seen[DRILL_SERIES_CONNECTED];

	return n < before && before - n <= lost ? before : n;
}

static void sample_server(struct haproxyrec *r, struct haproxyrec_row *row,
                          const struct haproxystat_row *now)
{
	put(r, row, DRILL_SERIES_SESSIONS, now->scur);
	put(r, row, DRILL_SERIES_CONNECTED,
	    gained(row, DRILL_SERIES_CONNECTED, connects(row, now)));
	put(r, row, DRILL_SERIES_FAILED, gained(row, DRILL_SERIES_FAILED, failures(now)));
	put(r, row, DRILL_SERIES_MOVED, gained(row, DRILL_SERIES_MOVED, now->wredis));
	put(r, row, DRILL_SERIES_CUT, gained(row, DRILL_SERIES_CUT, now->srv_abrt) + row->killed);
	row->killed = 0;
}

static uint64_t sum(const struct haproxyrec *r, const struct haproxyrec_row *service,
                    enum drill_series k)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->row_count; i++)
		if (r->rows[i]->server[0] && strcmp(r->rows[i]->service, service->service) == 0)
			n += r->rows[i]->at[k][r->samples - 1];
	return n;
}

/* Its servers have theirs already. */
static void sum_up(struct haproxyrec *r, struct haproxyrec_row *row)
{
	static const enum drill_series sums[] = { DRILL_SERIES_SESSIONS, DRILL_SERIES_CONNECTED,
		                                  DRILL_SERIES_CUT, DRILL_SERIES_MOVED };

	for (size_t k = 0; k < ARRAY_LEN(sums); k++)
		put(r, row, sums[k], sum(r, row, sums[k]));
}

/* An interval of which nothing is known. */
static void repeat(struct haproxyrec *r)
{
	add_sample(r);
	for (size_t i = 0; i < r->row_count; i++) {
		struct haproxyrec_row *row = r->rows[i];

		if (r->samples > 1)
			put(r, row, DRILL_SERIES_SESSIONS,
			    row->at[DRILL_SERIES_SESSIONS][r->samples - 2]);
	}
}

/* --- polls -------------------------------------------------------------------------------- */

static void mark(struct haproxyrec *r, int64_t wall_ms, const char *text)
{
	haproxyrec_states_note(r, NULL, DRILL_MARK, wall_ms, text);
}

/* Which process answers.  The counters of a new one begin with 0. */
static void identify(struct haproxyrec *r, const char *answer, int64_t wall_ms)
{
	char value[96];

	if (haproxystat_info(answer, "Version", value, sizeof(value)))
		r->drill->source = mem_arena_printf(&r->drill->arena, "HAProxy %s", value);
	if (!haproxystat_info(answer, "Pid", value, sizeof(r->pid)) || strcmp(value, r->pid) == 0)
		return;
	if (r->pid[0]) {
		AUTO_TEXT text = { 0 };

		text_addf(&text, "HAProxy is another process: %s after %s", value, r->pid);
		mark(r, wall_ms, text_str(&text));
		for (size_t i = 0; i < r->row_count; i++)
			memset(r->rows[i]->seen, 0, sizeof(r->rows[i]->seen));
	}
	memcpy(r->pid, value, sizeof(r->pid));
}

static void take_row(struct haproxyrec *r, const struct haproxystat_row *now, int64_t wall_ms)
{
	struct haproxyrec_row *row = haproxyrec_row(r, now->service, now->server);

	if (!row)
		row = add_row(r, now);
	if (!row->is_known) {
		row->first = row->state = now->state;
		row->step = now->step;
		row->without = !now->server[0] && now->state == DRILL_DOWN;
	}
	if (now->server[0])
		sample_server(r, row, now);
	else
		put(r, row, DRILL_SERIES_FAILED, gained(row, DRILL_SERIES_FAILED, now->econ));
	if (row->is_known)
		haproxyrec_states_poll(r, row, now, wall_ms);
	row->is_known = true;
}

static void take_answer(struct haproxyrec *r, const struct haproxystat *s, int64_t wall_ms)
{
	for (size_t i = 0; i < s->count; i++)
		take_row(r, &s->rows[i], wall_ms);
	for (size_t i = 0; i < r->row_count; i++)
		if (!r->rows[i]->server[0])
			sum_up(r, r->rows[i]);
}

/* The intervals before the one that ends now. */
static void catch_up(struct haproxyrec *r, int64_t wall_ms)
{
	int64_t due = (wall_ms - r->drill->samples_from_ms) / r->drill->every_ms;

	while ((int64_t)r->samples < due - 1)
		repeat(r);
}

/* `why` NULL: it answers. */
static void note_loss(struct haproxyrec *r, int64_t wall_ms, const char *why)
{
	if (r->lost == (why != NULL))
		return;
	r->lost = why != NULL;
	mark(r, wall_ms, why ? why : "HAProxy answers again");
}

bool haproxyrec_first(struct haproxyrec *r, const char *answer, struct error *err)
{
	struct haproxystat stat;

	if (!haproxystat_read(answer, &stat, err))
		return false;
	identify(r, answer, r->drill->from_ms);
	add_sample(r);
	take_answer(r, &stat, r->drill->from_ms);
	for (size_t i = 0; i < r->row_count; i++)
		r->rows[i]->began_with = r->rows[i]->at[DRILL_SERIES_SESSIONS][0];
	/* Of an interval that has not been. */
	r->samples = 0;
	haproxystat_release(&stat);
	return true;
}

bool haproxyrec_poll(struct haproxyrec *r, int64_t wall_ms, const char *answer, struct error *err)
{
	struct haproxystat stat = { 0 };
	bool ok = !answer || haproxystat_read(answer, &stat, err);

	catch_up(r, wall_ms);
	if (!answer || !ok) {
		note_loss(r, wall_ms, "HAProxy does not answer");
		repeat(r);
		return ok;
	}
	note_loss(r, wall_ms, NULL);
	identify(r, answer, wall_ms);
	add_sample(r);
	take_answer(r, &stat, wall_ms);
	haproxystat_release(&stat);
	return true;
}
