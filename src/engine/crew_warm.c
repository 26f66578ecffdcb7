/* SPDX-License-Identifier: MIT */
/*
 * Which servers have warm connections, as the workers are told: those of the services that this
 * process accepts clients for.
 */
#include "crewparts.h"

struct warming {
	const struct crew *crew;
	struct worker *worker;
	bool afresh;
	bool any; /* some server has some */
};

/*
 * The client must speak first, and one whose connection turns out to be dead must get another: the
 * configuration says so for servers of a service, but nodes stand in services of all kinds.
 */
static bool suits(const struct settings_service *set)
{
	return set->protocol == SETTINGS_PROTOCOL_PGWIRE && set->replay && set->redispatch;
}

static void keep_those(struct warming *q, const struct topology_service *service)
{
	const struct topology_roll *roll =
	    atomic_load_explicit(&service->roll, memory_order_acquire);
	uint32_t threads = q->crew->options.threads;

	for (size_t i = 0; i < roll->count; i++) {
		uint32_t count = roll->at[i]->settings->warm;

		if (!count || roll->at[i]->unix_addr.len)
			continue;
		q->any = true;
		warm_keep(&q->worker->host.warm, roll->at[i], (count + threads - 1) / threads);
	}
}

static void tell(void *arg)
{
	struct warming *q = arg;
	const struct posts *posts = &q->crew->posts;

	warm_begin(&q->worker->host.warm, q->afresh);
	for (size_t i = 0; i < posts->count && !q->crew->yields; i++) {
		const struct listener *l = posts->at[i]->listener;
		const struct topology_service *service = l->frontend->service;

		if (l->fd != -1 && suits(service->settings))
			keep_those(q, service);
	}
	warm_end(&q->worker->host.warm);
}

static bool has_any(const struct topology_service *service)
{
	const struct topology_roll *roll =
	    atomic_load_explicit(&service->roll, memory_order_relaxed);

	for (size_t i = 0; i < roll->count; i++)
		if (roll->at[i]->settings->warm)
			return true;
	return false;
}

/* Without any, which is usual, a large configuration is gone through once. */
static bool is_wanted(const struct crew *c)
{
	const struct topology_service *last = NULL;

	for (size_t i = 0; i < c->posts.count; i++) {
		const struct topology_service *service =
		    c->posts.at[i]->listener->frontend->service;

		if (service != last && has_any(service))
			return true;
		last = service;
	}
	return false;
}

void crew_warm(struct crew *c, bool afresh)
{
	struct warming q = { .crew = c, .afresh = afresh };

	if (!c->warms && !is_wanted(c))
		return;
	for (uint32_t i = 0; i < c->options.threads; i++) {
		q.worker = c->workers[i];
		worker_call(q.worker, tell, &q);
	}
	c->warms = q.any;
}

void crew_warm_for(struct crew *c, const struct topology_service *service)
{
	if (c->warms || has_any(service))
		crew_warm(c, false);
}
