/* SPDX-License-Identifier: MIT */
#include "haproxyrecparts.h"

#include <stdlib.h>
#include <string.h>

static void copy_series(const struct haproxyrec *r, const struct haproxyrec_row *row,
                        const uint32_t **to)
{
	struct drill *d = r->drill;

	for (int k = 0; k < DRILL_SERIES_COUNT; k++) {
		uint32_t *counts;

		if (!row->at[k])
			continue;
		counts = mem_arena_zalloc(&d->arena, (r->samples + 1) * sizeof(counts[0]));
		memcpy(counts, row->at[k], r->samples * sizeof(counts[0]));
		to[k] = counts;
	}
}

/* Where a row is in the record. */
struct place {
	size_t service, server;
};

static void add_service(const struct haproxyrec *r, size_t at, struct place *places)
{
	struct drill *d = r->drill;
	struct drill_service *service = &d->services[d->service_count];
	const char *name = r->rows[at]->service;

	service->name = mem_arena_strdup(&d->arena, name);
	service->servers =
	    mem_arena_zalloc(&d->arena, (r->row_count + 1) * sizeof(service->servers[0]));
	copy_series(r, r->rows[at], service->at);
	places[at] = (struct place){ d->service_count, SIZE_MAX };
	for (size_t i = 0; i < r->row_count; i++) {
		struct drill_server *server = &service->servers[service->server_count];

		if (!r->rows[i]->server[0] || strcmp(r->rows[i]->service, name) != 0)
			continue;
		places[i] = (struct place){ d->service_count, service->server_count++ };
		server->name = mem_arena_strdup(&d->arena, r->rows[i]->server);
		server->first = r->rows[i]->first;
		server->began_with = r->rows[i]->began_with;
		copy_series(r, r->rows[i], server->at);
	}
	d->service_count++;
}

/* One of before the record (a stamp that was late) counts as of its beginning. */
static void place_event(const struct drill *d, const struct haproxyrec_event *from,
                        const struct place *places, struct drill_event *to)
{
	*to = from->event;
	if (from->row != SIZE_MAX) {
		to->service = places[from->row].service;
		to->server = places[from->row].server;
	}
	if (to->wall_ms < d->from_ms)
		to->wall_ms = d->from_ms;
	if (to->wall_ms > d->to_ms)
		to->wall_ms = d->to_ms;
}

/* In order; those of one moment as they came. */
static void add_events(const struct haproxyrec *r, const struct place *places)
{
	struct drill *d = r->drill;

	d->events = mem_arena_zalloc(&d->arena, (r->event_count + 1) * sizeof(d->events[0]));
	for (size_t i = 0; i < r->event_count; i++) {
		struct drill_event e;
		size_t at = d->event_count++;

		place_event(d, &r->events[i], places, &e);
		for (; at > 0 && d->events[at - 1].wall_ms > e.wall_ms; at--)
			d->events[at] = d->events[at - 1];
		d->events[at] = e;
	}
}

struct drill *haproxyrec_finish(struct haproxyrec *r, int64_t to_ms)
{
	struct drill *d = r->drill;
	struct place *places = mem_zalloc((r->row_count + 1) * sizeof(places[0]));

	d->to_ms = to_ms > d->from_ms ? to_ms : d->from_ms;
	d->samples = r->samples;
	d->services = mem_arena_zalloc(&d->arena, (r->row_count + 1) * sizeof(d->services[0]));
	for (size_t i = 0; i < r->row_count; i++)
		if (!r->rows[i]->server[0])
			add_service(r, i, places);
	add_events(r, places);
	free(places);
	r->drill = NULL;
	return d;
}
