/* SPDX-License-Identifier: MIT */
#include "core/rebalance.h"

/* Those that new sessions go to, as the pool has it. */
struct field {
	const struct topology_service *service;
	const struct topology_server *only; /* one backup serves alone; or NULL */
	bool backups;
	uint32_t tier; /* of the active ones: what a tier takes is not to be even with the others */
	size_t count;
	uint64_t weights, sessions;
	bool starves; /* one has too few */
};

static bool may_serve(const struct topology_server *s)
{
	return topology_is_usable(s) && topology_share(s);
}

static bool serves(const struct field *f, const struct topology_server *s)
{
	if (!may_serve(s) || s->settings->backup != f->backups)
		return false;
	return f->backups ? !f->only || s == f->only : topology_tier(s) == f->tier;
}

static void choose_backups(struct field *f)
{
	const struct topology_service *service = f->service;

	f->backups = true;
	for (size_t i = 0; i < service->server_count; i++) {
		const struct topology_server *s = service->servers[i];

		if (!may_serve(s))
			continue;
		if (!s->settings->backup)
			f->backups = false;
		else if (!f->only && !service->settings->allbackups)
			f->only = s;
	}
	if (!f->backups)
		f->only = NULL;
}

static void measure(struct field *f)
{
	for (size_t i = 0; i < f->service->server_count; i++) {
		const struct topology_server *s = f->service->servers[i];

		if (!serves(f, s))
			continue;
		f->count++;
		f->weights += topology_share(s);
		f->sessions += atomic_load_explicit(&s->active, memory_order_relaxed);
	}
}

/* Has it too few, by a whole session at least? */
static bool has_too_few(const struct field *f, const struct topology_server *s)
{
	uint64_t even = f->sessions * topology_share(s); /* in parts of `weights` */
	uint64_t own = atomic_load_explicit(&s->active, memory_order_relaxed) * f->weights;

	return own * 100 < even * (100 - REBALANCE_DEAD_ZONE_PERCENT) && even - own >= f->weights;
}

static void find_starving(struct field *f)
{
	for (size_t i = 0; i < f->service->server_count; i++)
		if (serves(f, f->service->servers[i]) && has_too_few(f, f->service->servers[i]))
			f->starves = true;
}

/* Half of what is too much, rounded up: one session too many is not left for ever. */
static void judge(const struct field *f, struct rebalance_move *m)
{
	uint64_t even = f->sessions * topology_share(m->server); /* in parts of `weights` */
	bool tolerable =
	    m->sessions * f->weights * 100 <= even * (100 + REBALANCE_DEAD_ZONE_PERCENT);

	m->share = (uint32_t)((even + f->weights - 1) / f->weights);
	if ((!tolerable || f->starves) && m->sessions > m->share)
		m->close = (m->sessions - m->share + 1) / 2;
}

/* Each gives up the same part of what it should close; together they close `budget`. */
static void cut(struct rebalance_move *moves, size_t count, uint64_t wanted, uint32_t budget)
{
	uint64_t sum = 0;
	uint64_t given = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t due;

		sum += moves[i].close;
		due = sum * budget / wanted;
		moves[i].close = (uint32_t)(due - given);
		given = due;
	}
}

/* How many sessions should end on the servers of the field. */
static uint64_t plan(struct field *f, struct rebalance_move *moves)
{
	bool idle;
	uint64_t wanted = 0;

	measure(f);
	find_starving(f);
	idle = f->count < 2 || atomic_load_explicit(&f->service->panicking, memory_order_relaxed);
	for (size_t i = 0; f->weights && i < f->service->server_count; i++) {
		if (!serves(f, moves[i].server))
			continue;
		judge(f, &moves[i]);
		if (idle)
			moves[i].close = 0;
		wanted += moves[i].close;
	}
	return wanted;
}

uint32_t rebalance_plan(const struct topology_service *service, uint32_t budget,
                        struct rebalance_move *moves)
{
	struct field whole = { .service = service };
	uint64_t wanted = 0;

	choose_backups(&whole);
	for (size_t i = 0; i < service->server_count; i++)
		moves[i] = (struct rebalance_move){
			.server = service->servers[i],
			.sessions = atomic_load_explicit(&service->servers[i]->active,
			                                 memory_order_relaxed),
		};
	for (uint32_t tier = 0; tier < (whole.backups ? 1 : TIERS_MAX); tier++) {
		struct field f = whole;

		f.tier = tier;
		wanted += plan(&f, moves);
	}
	if (wanted <= budget)
		return (uint32_t)wanted;
	cut(moves, service->server_count, wanted, budget);
	return budget;
}
