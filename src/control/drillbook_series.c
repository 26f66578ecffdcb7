/* SPDX-License-Identifier: MIT */
#include "drillbookparts.h"

#include "base/tick.h"

#include <stdio.h>
#include <string.h>

enum { BYTES_MAX = 8 << 20, FEWEST = 64, SPARE_ROWS = 8, OFFSET_TOLERANCE_MS = 2 };

static bool is_of_service(enum drill_series s)
{
	return s == DRILL_SERIES_HELD || s == DRILL_SERIES_GAP;
}

static size_t rows_wanted(const struct topology *t)
{
	size_t n = t->service_count;

	for (size_t i = 0; i < t->service_count; i++)
		n += t->services[i]->server_count;
	return n ? n : 1;
}

/* Half an hour, or as much of it as fits. */
static size_t fit(size_t rows)
{
	size_t most = DRILLBOOK_LONGEST_MS / DRILLBOOK_EVERY_MS;
	size_t most_rows = 2 * rows + SPARE_ROWS;
	size_t room = BYTES_MAX / (most_rows * DRILL_SERIES_COUNT * sizeof(uint32_t));

	if (room > most)
		return most;
	return room > FEWEST ? room : FEWEST;
}

static void give_rings(const struct drillbook *b, struct drillbook_row *r)
{
	for (int k = 0; k < DRILL_SERIES_COUNT; k++)
		if (!r->server[0] || !is_of_service((enum drill_series)k))
			r->at[k] = mem_zalloc(b->capacity * sizeof(uint32_t));
}

/*
 * One that was gone for as long as the rings reach back, or, with very many names, the one that is
 * gone for longest.
 */
static struct drillbook_row *reuse(struct drillbook *b, bool of_server, size_t *ret)
{
	uint64_t longest = b->row_count < b->row_limit ? b->capacity - 1 : 0;
	struct drillbook_row *found = NULL;

	for (size_t i = 0; i < b->row_count; i++) {
		struct drillbook_row *r = b->rows[i];

		if (r->gone <= longest || (r->server[0] != '\0') != of_server)
			continue;
		longest = r->gone;
		found = r;
		*ret = i;
	}
	for (int k = 0; found && k < DRILL_SERIES_COUNT; k++)
		if (found->at[k])
			memset(found->at[k], 0, b->capacity * sizeof(uint32_t));
	if (found)
		drillbook_notes_forget(b, *ret);
	return found;
}

static size_t add(struct drillbook *b, const char *service, const char *server)
{
	size_t i = b->row_count;
	struct drillbook_row *r = reuse(b, server != NULL, &i);
	bool is_new = !r;

	if (is_new) {
		r = mem_zalloc(sizeof(*r));
		b->rows = mem_resize(b->rows, b->row_count + 1, sizeof(struct drillbook_row *));
		b->rows[b->row_count++] = r;
	}
	snprintf(r->service, sizeof(r->service), "%s", service);
	snprintf(r->server, sizeof(r->server), "%s", server ? server : "");
	if (is_new)
		give_rings(b, r);
	drillbook_history_begin_row(b, r);
	memset(r->seen, 0, sizeof(r->seen));
	r->state = DRILL_CHECKING;
	r->connects_failed = r->gone = 0;
	r->checked_ms = 0;
	r->passed = false;
	return i;
}

static bool is_it(const struct drillbook_row *r, const char *service, const char *server)
{
	return strcmp(r->service, service) == 0 && strcmp(r->server, server ? server : "") == 0;
}

/* Samples ask for the rows in turn: the next one is nearly always the one after the last. */
size_t drillbook_series_row(struct drillbook *b, const char *service, const char *server)
{
	for (size_t i = 1; i <= b->row_count; i++) {
		size_t at = (b->found + i) % b->row_count;

		if (!is_it(b->rows[at], service, server))
			continue;
		b->found = at;
		return at;
	}
	return add(b, service, server);
}

/* The array may move while it is looked for. */
static struct drillbook_row *find(struct drillbook *b, const char *service, const char *server)
{
	size_t at = drillbook_series_row(b, service, server);

	return b->rows[at];
}

/* --- what is counted ---------------------------------------------------------------------- */

static uint64_t now_of_server(struct drillbook_row *r, struct topology_server *s,
                              enum drill_series k)
{
	switch (k) {
	case DRILL_SERIES_SESSIONS:
		return atomic_load_explicit(&s->active, memory_order_relaxed);
	case DRILL_SERIES_CONNECTED:
		return counter_get(&s->count, COUNTER_CONNECTED);
	case DRILL_SERIES_FAILED:
		return r->connects_failed;
	case DRILL_SERIES_CUT:
		return counter_get(&s->count, COUNTER_CUT) +
		       counter_get(&s->count, COUNTER_SERVER_ABORTS);
	case DRILL_SERIES_ASKED:
		return counter_get(&s->count, COUNTER_ASKED);
	case DRILL_SERIES_MOVED:
		return counter_get(&s->count, COUNTER_REDISPATCHES) +
		       counter_get(&s->count, COUNTER_REPLAYED);
	case DRILL_SERIES_HELD:
	case DRILL_SERIES_GAP:
	case DRILL_SERIES_COUNT:
		break;
	}
	return 0;
}

/* Clients that got no server. */
static uint64_t turned_away(const struct topology_service *s)
{
	static const enum reason reasons[] = {
		REASON_NO_SERVER, REASON_CONNECT_REFUSED, REASON_CONNECT_TIMEOUT,
		REASON_ALL_FULL,  REASON_QUEUE_TIMEOUT,   REASON_HOLD_TIMEOUT,
		REASON_HOLD_FULL, REASON_SERVER_LEAVING,
	};
	uint64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		n += atomic_load_explicit(&s->ended[reasons[i]], memory_order_relaxed);
	return n;
}

/* Gauges are as they are, everything else is what came since the last sample. */
static bool is_gauge(enum drill_series k)
{
	return k == DRILL_SERIES_SESSIONS || k == DRILL_SERIES_HELD || k == DRILL_SERIES_GAP;
}

static uint32_t difference(struct drillbook_row *r, enum drill_series k, uint64_t now)
{
	uint64_t gained = now > r->seen[k] ? now - r->seen[k] : 0;

	if (is_gauge(k))
		return now < UINT32_MAX ? (uint32_t)now : UINT32_MAX;
	r->seen[k] = now;
	return gained < UINT32_MAX ? (uint32_t)gained : UINT32_MAX;
}

static uint32_t gap_of(struct topology_service *s)
{
	int64_t last = atomic_load_explicit(&s->connected_ms, memory_order_relaxed);
	uint32_t most = atomic_exchange_explicit(&s->gap_max_ms, 0, memory_order_relaxed);
	int64_t since = last ? tick_ms() - last : 0;

	return since > (int64_t)most ? (uint32_t)since : most;
}

static void put(const struct drillbook *b, struct drillbook_row *r, enum drill_series k,
                uint32_t value)
{
	if (r->at[k])
		r->at[k][b->taken % b->capacity] = value;
}

static void sample_service(struct drillbook *b, struct topology_service *s)
{
	struct drillbook_row *sum = find(b, s->settings->name, NULL);
	uint32_t totals[DRILL_SERIES_COUNT] = { 0 };

	sum->gone = 0;
	for (size_t i = 0; i < s->server_count; i++) {
		struct topology_server *server = s->servers[i];
		struct drillbook_row *r = find(b, s->settings->name, server->settings->name);
		struct state state = topology_state(server);

		r->gone = 0;
		r->state = drillbook_notes_state(&state);
		for (int k = 0; k < DRILL_SERIES_COUNT; k++) {
			uint64_t now = now_of_server(r, server, (enum drill_series)k);
			uint32_t value = difference(r, (enum drill_series)k, now);

			put(b, r, (enum drill_series)k, value);
			totals[k] += value;
		}
	}
	totals[DRILL_SERIES_FAILED] = difference(sum, DRILL_SERIES_FAILED, turned_away(s));
	totals[DRILL_SERIES_HELD] = atomic_load_explicit(&s->held, memory_order_relaxed);
	totals[DRILL_SERIES_GAP] = gap_of(s);
	for (int k = 0; k < DRILL_SERIES_COUNT; k++)
		put(b, sum, (enum drill_series)k, totals[k]);
}

/* Nothing is known of the intervals that the loop slept through but that nothing was counted. */
static void repeat(struct drillbook *b)
{
	for (size_t i = 0; i < b->row_count; i++) {
		struct drillbook_row *r = b->rows[i];

		r->gone += r->gone > 0;
		for (int k = 0; k < DRILL_SERIES_COUNT; k++) {
			size_t before = (b->taken + b->capacity - 1) % b->capacity;
			bool stays = is_gauge((enum drill_series)k) && b->taken && r->at[k];

			put(b, r, (enum drill_series)k, stays ? r->at[k][before] : 0);
		}
	}
	b->taken++;
}

static void sample_all(struct drillbook *b)
{
	for (size_t i = 0; i < b->row_count; i++) {
		b->rows[i]->gone++;
		for (int k = 0; k < DRILL_SERIES_COUNT; k++)
			put(b, b->rows[i], (enum drill_series)k, 0);
	}
	for (size_t i = 0; i < b->topology->service_count; i++)
		sample_service(b, b->topology->services[i]);
	b->taken++;
}

/* Two clocks are never read at once: what is less than a correction of one is left as it was. */
static void follow_wall(struct drillbook *b)
{
	int64_t off = tick_wall_ms() - tick_ms() - b->offset_ms;

	if (off < -OFFSET_TOLERANCE_MS || off > OFFSET_TOLERANCE_MS)
		b->offset_ms += off;
}

void drillbook_sample(struct drillbook *b)
{
	int64_t due = (tick_ms() - b->begin_ms) / DRILLBOOK_EVERY_MS - (int64_t)b->taken;

	if (due > (int64_t)b->capacity) {
		b->taken += (uint64_t)(due - (int64_t)b->capacity);
		b->woke = b->taken;
		due = (int64_t)b->capacity;
	}
	follow_wall(b);
	for (; due > 0; due--) {
		if (due > 1)
			repeat(b);
		else
			sample_all(b);
		drillbook_history_tend(b);
	}
}

void drillbook_connect_failed(struct drillbook *b, const struct topology_server *s)
{
	find(b, s->service->settings->name, s->settings->name)->connects_failed++;
}

/* Counters begin with what they are: an upgrade has brought them along. */
void drillbook_series_prepare(struct drillbook *b)
{
	const struct topology *t = b->topology;

	b->capacity = fit(rows_wanted(t));
	b->row_limit = 2 * rows_wanted(t) + SPARE_ROWS;
	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *s = t->services[i];
		find(b, s->settings->name, NULL)->seen[DRILL_SERIES_FAILED] = turned_away(s);
		for (size_t k = 0; k < s->server_count; k++) {
			struct topology_server *server = s->servers[k];
			struct drillbook_row *r =
			    find(b, s->settings->name, server->settings->name);
			struct state state = topology_state(server);

			r->state = drillbook_notes_state(&state);
			for (int n = 0; n < DRILL_SERIES_COUNT; n++)
				r->seen[n] = now_of_server(r, server, (enum drill_series)n);
		}
	}
}
