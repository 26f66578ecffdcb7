/* SPDX-License-Identifier: MIT */
#include "core/drillfacts.h"

#include "drilloutage.h"
#include "drillspan.h"

#include <stdlib.h>
#include <string.h>

/* --- numbers of a service ----------------------------------------------------------------- */

static struct drillspan all_of(const struct drill *d)
{
	return (struct drillspan){ 0, d->samples };
}

/* The servers of a service together; unknown if one of them is. */
static int64_t sum_servers(const struct drill *d, const struct drill_service *v,
                           enum drill_series series)
{
	int64_t n = 0;

	for (size_t s = 0; s < v->server_count; s++) {
		int64_t of_one = drillspan_sum(v->servers[s].at[series], all_of(d));

		if (of_one == DRILLFACTS_UNKNOWN)
			return DRILLFACTS_UNKNOWN;
		n += of_one;
	}
	return v->server_count > 0 ? n : DRILLFACTS_UNKNOWN;
}

static int64_t sum_both(const struct drill *d, const struct drill_service *v,
                        enum drill_series series)
{
	int64_t own = drillspan_sum(v->at[series], all_of(d));

	return own != DRILLFACTS_UNKNOWN ? own : sum_servers(d, v, series);
}

/* A service that has not served yet and has a server that waits for its first check only starts. */
struct serving {
	enum drill_state *now; /* of each server */
	size_t usable, waiting;
	bool served;
};

static void add_state(struct serving *g, enum drill_state s, bool in)
{
	size_t usable = drill_state_is_usable(s), waiting = s == DRILL_CHECKING;

	g->usable = in ? g->usable + usable : g->usable - usable;
	g->waiting = in ? g->waiting + waiting : g->waiting - waiting;
	g->served = g->served || g->usable > 0;
}

static bool has_none(const struct serving *g)
{
	return g->usable == 0 && (g->served || g->waiting == 0);
}

static int64_t measure_no_server(const struct drill *d, size_t service, struct mem_arena *a)
{
	const struct drill_service *v = &d->services[service];
	struct serving g = { 0 };
	int64_t since = d->from_ms, total = 0;

	if (v->server_count == 0)
		return DRILLFACTS_UNKNOWN;
	g.now = mem_arena_zalloc(a, v->server_count * sizeof(*g.now));
	for (size_t s = 0; s < v->server_count; s++) {
		g.now[s] = v->servers[s].first;
		add_state(&g, g.now[s], true);
	}
	for (size_t i = 0; i < d->event_count; i++) {
		const struct drill_event *e = &d->events[i];

		if (e->kind != DRILL_STATE || e->service != service || e->server >= v->server_count)
			continue;
		if (has_none(&g))
			total += e->wall_ms - since;
		since = e->wall_ms;
		add_state(&g, g.now[e->server], false);
		g.now[e->server] = e->state;
		add_state(&g, e->state, true);
	}
	return has_none(&g) ? total + d->to_ms - since : total;
}

/* --- the longest gap of a service --------------------------------------------------------- */

struct gaps {
	const struct drill *d;
	const struct drill_service *v;
	uint32_t *connected;
	size_t first, last; /* intervals with a connection */
	bool steady;        /* clients came all the time */
	struct drillfacts_service *ret;
};

static bool add_connected(struct gaps *g, const uint32_t *at)
{
	if (at == NULL)
		return false;
	for (size_t i = 0; i < g->d->samples; i++)
		g->connected[i] += at[i];
	return true;
}

/* Counts what was established in each interval; false if that is not recorded. */
static bool count_connected(struct gaps *g, struct mem_arena *a)
{
	if (g->d->samples == 0)
		return false;
	g->connected = mem_arena_zalloc(a, g->d->samples * sizeof(*g->connected));
	if (add_connected(g, g->v->at[DRILL_SERIES_CONNECTED]))
		return true;
	for (size_t s = 0; s < g->v->server_count; s++)
		if (!add_connected(g, g->v->servers[s].at[DRILL_SERIES_CONNECTED]))
			return false;
	return g->v->server_count > 0;
}

static void look_at_clients(struct gaps *g)
{
	size_t with = 0;

	for (size_t i = 0; i < g->d->samples; i++) {
		if (g->connected[i] == 0)
			continue;
		if (with++ == 0)
			g->first = i;
		g->last = i;
	}
	g->steady = with > 1 && with * 2 >= g->last - g->first + 1;
}

static bool have_any(const uint32_t *at, struct drillspan s)
{
	return drillspan_max(at, s) > 0;
}

static bool have_suffered(const struct gaps *g, struct drillspan s)
{
	const uint32_t *const *own = g->v->at;

	if (have_any(own[DRILL_SERIES_FAILED], s) || have_any(own[DRILL_SERIES_HELD], s) ||
	    have_any(own[DRILL_SERIES_MOVED], s))
		return true;
	for (size_t i = 0; i < g->v->server_count; i++) {
		const uint32_t *const *at = g->v->servers[i].at;

		if (have_any(at[DRILL_SERIES_FAILED], s) || have_any(at[DRILL_SERIES_MOVED], s))
			return true;
	}
	return false;
}

/* A gap that ended at `end_ms`, in or before interval `s.end`; `closed`: a connection ended it. */
static void consider(struct gaps *g, int64_t ms, int64_t end_ms, struct drillspan s, bool closed)
{
	int64_t begin = g->d->from_ms;

	if (begin < g->d->samples_from_ms)
		begin = g->d->samples_from_ms;
	if (ms > end_ms - begin)
		ms = end_ms - begin;
	if (ms <= g->ret->gap_ms || !((closed && g->steady) || have_suffered(g, s)))
		return;
	g->ret->gap_ms = ms;
	g->ret->gap_end_ms = end_ms;
}

static void consider_measured(struct gaps *g, const uint32_t *at)
{
	for (size_t i = 0; i < g->d->samples; i++) {
		int64_t end = drillspan_end_ms(g->d, i);
		struct drillspan s = drillspan_of(g->d, end - at[i], end);

		if (at[i] > 0)
			consider(g, at[i], end, s, g->connected[i] > 0);
	}
}

static void consider_rows(struct gaps *g)
{
	for (size_t i = 0, end = 0; i < g->d->samples; i = ++end) {
		struct drillspan s;

		while (end < g->d->samples && g->connected[end] == 0)
			end++;
		if (end == i)
			continue;
		s = (struct drillspan){ i, end };
		consider(g, (int64_t)(end - i) * g->d->every_ms, drillspan_end_ms(g->d, end - 1), s,
		         i > g->first && end <= g->last);
	}
}

static void find_gap(const struct drill *d, size_t service, struct mem_arena *a,
                     struct drillfacts_service *ret)
{
	struct gaps g = { .d = d, .v = &d->services[service], .ret = ret };

	ret->gap_ms = DRILLFACTS_UNKNOWN;
	ret->gap_end_ms = DRILLFACTS_UNKNOWN;
	if (!count_connected(&g, a))
		return;
	look_at_clients(&g);
	if (g.steady)
		ret->gap_ms = 0;
	if (g.v->at[DRILL_SERIES_GAP] != NULL)
		consider_measured(&g, g.v->at[DRILL_SERIES_GAP]);
	else
		consider_rows(&g);
}

/* --- all ---------------------------------------------------------------------------------- */

static void find_service(const struct drill *d, size_t service, struct mem_arena *a,
                         struct drillfacts_service *ret)
{
	const struct drill_service *v = &d->services[service];

	find_gap(d, service, a, ret);
	ret->failed = drillspan_sum(v->at[DRILL_SERIES_FAILED], all_of(d));
	ret->connected = sum_both(d, v, DRILL_SERIES_CONNECTED);
	ret->cut = sum_both(d, v, DRILL_SERIES_CUT);
	ret->asked = sum_both(d, v, DRILL_SERIES_ASKED);
	ret->moved = sum_both(d, v, DRILL_SERIES_MOVED);
	ret->held = drillspan_max(v->at[DRILL_SERIES_HELD], all_of(d));
	ret->connects = sum_servers(d, v, DRILL_SERIES_FAILED);
	ret->no_server_ms = measure_no_server(d, service, a);
}

static int compare(const void *a, const void *b)
{
	const struct drillfacts_outage *x = a, *y = b;

	if (x->out_ms != y->out_ms)
		return x->out_ms < y->out_ms ? -1 : 1;
	if (x->service != y->service)
		return x->service < y->service ? -1 : 1;
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	return 0;
}

void drillfacts_find(const struct drill *d, struct drillfacts *ret)
{
	struct drilloutage_list all = { 0 };

	*ret = (struct drillfacts){ .drill = d };
	ret->services =
	    mem_arena_zalloc(&ret->arena, (d->service_count + 1) * sizeof(*ret->services));
	for (size_t v = 0; v < d->service_count; v++) {
		find_service(d, v, &ret->arena, &ret->services[v]);
		drilloutage_find(d, v, &ret->arena, &all);
	}
	ret->outage_count = all.count;
	ret->outages = mem_arena_zalloc(&ret->arena, (all.count + 1) * sizeof(*ret->outages));
	if (all.count > 0) {
		memcpy(ret->outages, all.items, all.count * sizeof(*all.items));
		qsort(ret->outages, all.count, sizeof(*ret->outages), compare);
	}
	free(all.items);
}

void drillfacts_release(struct drillfacts *f)
{
	mem_arena_release(&f->arena);
	*f = (struct drillfacts){ 0 };
}

const char *drillfacts_server(const struct drillfacts *f, const struct drillfacts_outage *o)
{
	return f->drill->services[o->service].servers[o->server].name;
}

const char *drillfacts_service(const struct drillfacts *f, const struct drillfacts_outage *o)
{
	return f->drill->services[o->service].name;
}
