/* SPDX-License-Identifier: MIT */
#include "drillbookparts.h"

#include "base/tick.h"

#include <string.h>

/*
 * Curves that reach half an hour back however many servers there are: sums of five seconds, kept
 * beside the samples.  Where the samples reach as far, curves are made of them.
 */
enum {
	BIN = 20, /* samples of one */
	BINS = DRILLBOOK_LONGEST_MS / DRILLBOOK_EVERY_MS / BIN,
	CURVES_OF_SERVER = 3,
	CURVES_OF_SERVICE = 4
};

static const enum drill_series curves[CURVES_OF_SERVICE] = {
	DRILL_SERIES_SESSIONS,
	DRILL_SERIES_CONNECTED,
	DRILL_SERIES_CUT,
	DRILL_SERIES_FAILED,
};

static size_t curves_of(const struct drillbook_row *r)
{
	return r->server[0] ? CURVES_OF_SERVER : CURVES_OF_SERVICE;
}

/* --- what one interval was ---------------------------------------------------------------- */

/* Of a gauge the end counts, otherwise the sum. */
static uint32_t combine(enum drill_series k, uint32_t sum, uint32_t next)
{
	if (next == DRILL_NO_COUNT)
		return sum;
	if (sum == DRILL_NO_COUNT || k == DRILL_SERIES_SESSIONS)
		return next;
	return next < DRILL_NO_COUNT - 1 - sum ? sum + next : DRILL_NO_COUNT - 1;
}

/* DRILL_NO_COUNT: forgotten or still to come, or the row was not there. */
static uint32_t sample_of(const struct drillbook *b, const struct drillbook_row *r,
                          enum drill_series k, int64_t i)
{
	uint64_t oldest = b->taken > b->capacity ? b->taken - b->capacity : 0;

	if (oldest < b->woke)
		oldest = b->woke;
	if (oldest < r->begun)
		oldest = r->begun;
	if (i < (int64_t)oldest || i >= (int64_t)b->taken - (int64_t)r->gone)
		return DRILL_NO_COUNT;
	return r->at[k][(uint64_t)i % b->capacity];
}

static uint32_t sum_samples(const struct drillbook *b, const struct drillbook_row *r,
                            enum drill_series k, int64_t from, int64_t to)
{
	uint32_t sum = DRILL_NO_COUNT;

	for (int64_t i = from; i < to; i++)
		sum = combine(k, sum, sample_of(b, r, k, i));
	return sum;
}

static uint32_t *bin_of(const struct drillbook_row *r, size_t curve, uint64_t bin)
{
	return &r->bins[curve * BINS + bin % BINS];
}

static uint32_t sum_bins(const struct drillbook *b, const struct drillbook_row *r, size_t curve,
                         int64_t from, int64_t to)
{
	int64_t closed = (int64_t)b->binned;
	uint32_t sum = DRILL_NO_COUNT;

	for (int64_t i = from; i < to; i++) {
		enum drill_series k = curves[curve];

		if (i >= closed)
			sum = combine(k, sum, sum_samples(b, r, k, i * BIN, (i + 1) * BIN));
		else if (i >= 0 && i >= closed - BINS)
			sum = combine(k, sum, *bin_of(r, curve, (uint64_t)i));
	}
	return sum;
}

/* --- keeping them ------------------------------------------------------------------------- */

void drillbook_history_begin_row(const struct drillbook *b, struct drillbook_row *r)
{
	size_t size = curves_of(r) * BINS * sizeof(r->bins[0]);

	r->begun = b->taken;
	if (!r->bins)
		r->bins = mem_zalloc(size);
	memset(r->bins, 0xff, size); /* DRILL_NO_COUNT */
}

/* Of those that the loop slept through for too long nothing is known. */
static void close_bin(struct drillbook *b, const struct drillbook_row *r, size_t curve,
                      uint64_t bin)
{
	uint64_t slept = bin - b->binned < BINS ? b->binned : bin + 1 - BINS;
	int64_t from = (int64_t)bin * BIN;

	for (; slept < bin; slept++)
		*bin_of(r, curve, slept) = DRILL_NO_COUNT;
	*bin_of(r, curve, bin) = sum_samples(b, r, curves[curve], from, from + BIN);
}

void drillbook_history_tend(struct drillbook *b)
{
	uint64_t bin = b->taken / BIN;

	if (b->taken % BIN || bin == b->binned)
		return;
	for (size_t i = 0; i < b->row_count; i++)
		for (size_t k = 0; k < curves_of(b->rows[i]); k++)
			close_bin(b, b->rows[i], k, bin - 1);
	b->binned = bin;
}

/* --- showing them ------------------------------------------------------------------------- */

/* Intervals of `width` samples, counted since the book began; the first may be before that. */
struct window {
	int64_t width, first, count;
	bool in_bins; /* the samples do not reach as far */
};

static int64_t divide_up(int64_t a, int64_t by)
{
	return (a + by - 1) / by;
}

/* Intervals do not move from one time to the next, so that curves do not wobble. */
static struct window choose(const struct drillbook *b, uint32_t last_ms, uint32_t points)
{
	int64_t samples = divide_up(last_ms, DRILLBOOK_EVERY_MS);
	struct window w = { .width = divide_up(samples, points) };

	w.in_bins = b->taken > b->capacity && samples + w.width > (int64_t)b->capacity;
	if (w.in_bins)
		w.width = divide_up(w.width, BIN) * BIN;
	w.count = divide_up(samples, w.width);
	w.first = (b->taken ? ((int64_t)b->taken - 1) / w.width : 0) - w.count + 1;
	return w;
}

static bool is_in(const struct drillbook *b, const struct window *w, const struct drillbook_row *r)
{
	int64_t from = w->first > 0 ? w->first * w->width : 0;

	return !r->gone || (int64_t)r->gone < (int64_t)b->taken - from;
}

static void add_curves(const struct drillbook *b, const struct window *w,
                       const struct drillbook_row *r, struct drill *d, const uint32_t **at)
{
	for (size_t curve = 0; curve < curves_of(r); curve++) {
		uint32_t *to = mem_arena_zalloc(&d->arena, d->samples * sizeof(to[0]));

		for (int64_t i = 0; i < w->count; i++) {
			int64_t from = (w->first + i) * w->width;

			to[i] = w->in_bins
			            ? sum_bins(b, r, curve, from / BIN, (from + w->width) / BIN)
			            : sum_samples(b, r, curves[curve], from, from + w->width);
		}
		at[curves[curve]] = to;
	}
}

/* Where a row is in the history, and the state that it began with. */
struct place {
	size_t service, server;
	enum drill_state first;
};

static void add_service(const struct drillbook *b, const struct window *w, size_t row,
                        struct drill *d, struct place *places)
{
	const struct drillbook_row *r = b->rows[row];
	struct drill_service *service = &d->services[d->service_count];

	service->name = mem_arena_strdup(&d->arena, r->service);
	service->servers =
	    mem_arena_zalloc(&d->arena, (b->row_count + 1) * sizeof(service->servers[0]));
	add_curves(b, w, r, d, service->at);
	for (size_t i = 0; i < b->row_count; i++) {
		const struct drillbook_row *other = b->rows[i];
		struct drill_server *server = &service->servers[service->server_count];

		if (!other->server[0] || strcmp(other->service, r->service) != 0 ||
		    !is_in(b, w, other))
			continue;
		places[i].service = d->service_count;
		places[i].server = service->server_count++;
		server->name = mem_arena_strdup(&d->arena, other->server);
		server->first = places[i].first;
		server->began_with = -1;
		add_curves(b, w, other, d, server->at);
	}
	d->service_count++;
}

/* From the newest back: what the oldest change in the span began with. */
static void find_first_states(const struct drillbook *b, int64_t from_ms, struct place *places)
{
	for (size_t i = 0; i < b->row_count; i++)
		places[i] = (struct place){ SIZE_MAX, SIZE_MAX, b->rows[i]->state };
	for (uint64_t i = b->noted; i-- > drillbook_notes_first(b);) {
		const struct drillbook_note *n = &b->notes[i % DRILLBOOK_EVENTS];

		if (n->kind == DRILL_STATE && n->ms >= from_ms)
			places[n->row].first = n->before;
	}
}

static void add_notes(const struct drillbook *b, int64_t from_ms, struct drill *d,
                      const struct place *places)
{
	d->events = mem_arena_zalloc(&d->arena, (DRILLBOOK_EVENTS + 1) * sizeof(d->events[0]));
	for (uint64_t i = drillbook_notes_first(b); i < b->noted; i++) {
		const struct drillbook_note *n = &b->notes[i % DRILLBOOK_EVENTS];
		bool is_state = n->kind == DRILL_STATE && places[n->row].server != SIZE_MAX;

		if (n->ms < from_ms || (!is_state && n->kind != DRILL_MARK))
			continue;
		d->events[d->event_count++] = (struct drill_event){
			.wall_ms = n->ms + b->offset_ms,
			.kind = n->kind,
			.service = is_state ? places[n->row].service : SIZE_MAX,
			.server = is_state ? places[n->row].server : SIZE_MAX,
			.state = n->state,
			.sessions = n->sessions,
			.text = mem_arena_strdup(&d->arena, n->text),
		};
	}
}

struct drill *drillbook_history(const struct drillbook *b, uint32_t last_ms, uint32_t points)
{
	struct window w = choose(b, last_ms, points);
	int64_t from_ms = b->begin_ms + w.first * w.width * DRILLBOOK_EVERY_MS;
	struct drill *d = drill_new();
	struct place *places = mem_arena_zalloc(&d->arena, (b->row_count + 1) * sizeof(places[0]));

	d->from_ms = d->samples_from_ms = from_ms + b->offset_ms;
	d->to_ms = tick_ms() + b->offset_ms;
	d->every_ms = (uint32_t)w.width * DRILLBOOK_EVERY_MS;
	d->samples = (size_t)w.count;
	d->services = mem_arena_zalloc(&d->arena, (b->row_count + 1) * sizeof(d->services[0]));
	find_first_states(b, from_ms, places);
	for (size_t i = 0; i < b->row_count; i++)
		if (!b->rows[i]->server[0] && is_in(b, &w, b->rows[i]))
			add_service(b, &w, i, d, places);
	add_notes(b, from_ms, d, places);
	return d;
}
