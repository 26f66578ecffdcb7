/* SPDX-License-Identifier: MIT */
#include "drillbookparts.h"

#include "base/tick.h"

#include <string.h>

/* The span as intervals: the first, and one past the last, counted since the book began. */
struct span {
	int64_t from_ms, to_ms, offset_ms; /* as the book's */
	uint64_t first, end;
	bool truncated;
};

static struct span measure(const struct drillbook *b, int64_t from_ms, int64_t to_ms)
{
	int64_t now = tick_ms();
	struct span s = { .from_ms = from_ms < b->begin_ms ? b->begin_ms : from_ms,
		          .to_ms = to_ms && to_ms < now ? to_ms : now,
		          .offset_ms = drillbook_offset_ms(b) };
	uint64_t oldest = b->taken > b->capacity ? b->taken - b->capacity : 0;
	uint64_t notes = b->noted < DRILLBOOK_EVENTS ? b->noted : DRILLBOOK_EVENTS;

	if (s.to_ms < s.from_ms)
		s.to_ms = s.from_ms;
	s.first = (uint64_t)(s.from_ms - b->begin_ms) / DRILLBOOK_EVERY_MS;
	s.end = ((uint64_t)(s.to_ms - b->begin_ms) + DRILLBOOK_EVERY_MS - 1) / DRILLBOOK_EVERY_MS;
	if (s.end > b->taken)
		s.end = b->taken;
	s.truncated =
	    s.first < oldest || (b->noted > DRILLBOOK_EVENTS &&
	                         b->notes[(b->noted - notes) % DRILLBOOK_EVENTS].ms > s.from_ms);
	if (s.first < oldest)
		s.first = oldest;
	if (s.first > s.end)
		s.first = s.end;
	return s;
}

static const uint32_t *copy(const struct drillbook *b, const struct span *s, const uint32_t *ring,
                            struct drill *d)
{
	uint32_t *to = mem_arena_zalloc(&d->arena, (d->samples + 1) * sizeof(to[0]));

	for (size_t i = 0; i < d->samples; i++)
		to[i] = ring[(s->first + i) % b->capacity];
	return to;
}

static void copy_all(const struct drillbook *b, const struct span *s, const struct drillbook_row *r,
                     struct drill *d, const uint32_t **to)
{
	for (int k = 0; k < DRILL_SERIES_COUNT; k++)
		to[k] = r->at[k] ? copy(b, s, r->at[k], d) : NULL;
}

/* As it was when the span began: what the first change after that began with. */
static enum drill_state state_at(const struct drillbook *b, size_t row, int64_t ms)
{
	for (uint64_t i = drillbook_notes_first(b); i < b->noted; i++) {
		const struct drillbook_note *n = &b->notes[i % DRILLBOOK_EVENTS];

		if (n->row == row && n->kind == DRILL_STATE && n->ms >= ms)
			return n->before;
	}
	return b->rows[row]->state;
}

/* Where a row is in the record. */
struct place {
	size_t service, server;
};

/* One that was not there in the whole span is left out. */
static bool is_in(const struct drillbook *b, const struct span *s, const struct drillbook_row *r)
{
	return r->gone < b->taken - s->first || !r->gone;
}

/* Its sessions at the end of the interval before the first, if that is remembered. */
static int64_t sessions_before(const struct drillbook *b, const struct span *s,
                               const struct drillbook_row *r)
{
	uint64_t oldest = b->taken > b->capacity ? b->taken - b->capacity : 0;

	if (s->first <= oldest)
		return -1;
	return r->at[DRILL_SERIES_SESSIONS][(s->first - 1) % b->capacity];
}

static void add_server(const struct drillbook *b, const struct span *s, size_t row, struct drill *d,
                       struct place *place)
{
	const struct drillbook_row *r = b->rows[row];
	struct drill_service *service = &d->services[place->service];
	struct drill_server *server = &service->servers[service->server_count];

	place->server = service->server_count++;
	server->name = mem_arena_strdup(&d->arena, r->server);
	server->first = state_at(b, row, s->from_ms);
	server->began_with = sessions_before(b, s, r);
	copy_all(b, s, r, d, server->at);
}

static void add_service(const struct drillbook *b, const struct span *s, size_t row,
                        struct drill *d, struct place *places)
{
	const struct drillbook_row *r = b->rows[row];
	struct drill_service *service = &d->services[d->service_count];

	service->name = mem_arena_strdup(&d->arena, r->service);
	service->servers =
	    mem_arena_zalloc(&d->arena, (b->row_count + 1) * sizeof(service->servers[0]));
	copy_all(b, s, r, d, service->at);
	places[row] = (struct place){ d->service_count, SIZE_MAX };
	for (size_t i = 0; i < b->row_count; i++) {
		const struct drillbook_row *other = b->rows[i];

		if (!other->server[0] || strcmp(other->service, r->service) != 0 ||
		    !is_in(b, s, other))
			continue;
		places[i].service = d->service_count;
		add_server(b, s, i, d, &places[i]);
	}
	d->service_count++;
}

static void add_events(const struct drillbook *b, const struct span *s, struct drill *d,
                       const struct place *places)
{
	d->events = mem_arena_zalloc(&d->arena, (DRILLBOOK_EVENTS + 1) * sizeof(d->events[0]));
	for (uint64_t i = drillbook_notes_first(b); i < b->noted; i++) {
		const struct drillbook_note *n = &b->notes[i % DRILLBOOK_EVENTS];
		struct place at =
		    n->row == SIZE_MAX ? (struct place){ SIZE_MAX, SIZE_MAX } : places[n->row];

		if (n->kind == DRILL_KIND_COUNT || n->ms < s->from_ms || n->ms > s->to_ms ||
		    (n->row != SIZE_MAX && at.service == SIZE_MAX))
			continue;
		d->events[d->event_count++] = (struct drill_event){
			.wall_ms = n->ms + s->offset_ms,
			.kind = n->kind,
			.service = at.service,
			.server = at.server,
			.state = n->state,
			.good = n->good,
			.sessions = n->sessions,
			.text = mem_arena_strdup(&d->arena, n->text),
		};
	}
}

struct drill *drillbook_record(const struct drillbook *b, const char *name, int64_t from_ms,
                               int64_t to_ms)
{
	struct span s = measure(b, from_ms, to_ms);
	struct drill *d = drill_new();
	struct place *places = mem_arena_zalloc(&d->arena, (b->row_count + 1) * sizeof(places[0]));

	d->name = mem_arena_strdup(&d->arena, name);
	d->source = "sluice " SLUICE_VERSION;
	d->from_ms = s.from_ms + s.offset_ms;
	d->to_ms = s.to_ms + s.offset_ms;
	d->every_ms = DRILLBOOK_EVERY_MS;
	d->samples_from_ms = b->begin_ms + (int64_t)s.first * DRILLBOOK_EVERY_MS + s.offset_ms;
	d->samples = (size_t)(s.end - s.first);
	d->truncated = s.truncated;
	d->services = mem_arena_zalloc(&d->arena, (b->row_count + 1) * sizeof(d->services[0]));
	for (size_t i = 0; i < b->row_count; i++)
		places[i] = (struct place){ SIZE_MAX, SIZE_MAX };
	for (size_t i = 0; i < b->row_count; i++)
		if (!b->rows[i]->server[0] && is_in(b, &s, b->rows[i]))
			add_service(b, &s, i, d, places);
	add_events(b, &s, d, places);
	return d;
}
