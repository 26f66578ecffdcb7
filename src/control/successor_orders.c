/* SPDX-License-Identifier: MIT */
/*
 * The sessions that predecessors still have: how many, and what people order of them.
 */
#include "succession.h"
#include "successorparts.h"
#include "supervising.h"

/* One that takes nothing for so long stands still; it will not be known to have obeyed. */
enum { UNSENT_MAX = 1 << 20 };

static void flush(struct ancestor *a)
{
	text_consume(&a->unsent, succession_send(a->fd, a->unsent.data, a->unsent.len, -1, 0));
}

static void order(struct successor *h, struct carried_order *o)
{
	struct ancestor *a;

	if (!h)
		return;
	o->seq = ++h->seq;
	TAILQ_FOREACH(a, &h->ancestors, link) {
		a->asked = o->seq;
		if (a->unsent.len < UNSENT_MAX)
			carried_order_write(o, &a->unsent);
		flush(a);
	}
}

void successor_ask(struct successor *h)
{
	order(h, &(struct carried_order){ .kind = CARRIED_REPORT });
}

static struct carried_order of_server(const struct topology_server *s, enum carried_kind kind)
{
	return (struct carried_order){ .kind = kind,
		                       .service = s->service->settings->name,
		                       .server = s->settings->name };
}

void successor_order(struct successor *h, const struct topology_server *s, enum roster_order state)
{
	struct carried_order o = of_server(s, CARRIED_ORDER);

	o.order = state;
	order(h, &o);
}

void successor_drain(struct successor *h, const struct topology_server *s, uint32_t deadline_ms)
{
	struct carried_order o = of_server(s, CARRIED_DRAIN);

	o.deadline_ms = deadline_ms;
	order(h, &o);
}

void successor_end_sessions(struct successor *h, const struct topology_server *s)
{
	struct carried_order o = of_server(s, CARRIED_END);

	order(h, &o);
}

bool successor_kill(struct successor *h, uint64_t id)
{
	struct carried_order o = { .kind = CARRIED_KILL, .session = id };

	if (!h || !h->count || id >= h->first_session)
		return false;
	order(h, &o);
	return true;
}

/* --- what they have told ------------------------------------------------------------------ */

static uint32_t sessions_on(const struct successor *h, const struct topology_server *s)
{
	const struct ancestor *a;
	uint32_t n = 0;

	TAILQ_FOREACH(a, &h->ancestors, link)
		n += carried_book_sessions(a->book, s);
	return n;
}

void successor_count(struct successor *h)
{
	const struct topology *t = h->s->daemon.topology;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++)
			t->services[i]->servers[k]->active_before =
			    sessions_on(h, t->services[i]->servers[k]);
}

void successor_tend(struct successor *h)
{
	struct ancestor *a;

	if (!h)
		return;
	TAILQ_FOREACH(a, &h->ancestors, link)
		flush(a);
	successor_count(h);
}

size_t successor_list(const struct successor *h, struct snapshot_predecessor *ret, size_t most)
{
	const struct ancestor *a;
	size_t count = 0;

	TAILQ_FOREACH(a, &h->ancestors, link) {
		const struct carried_process *p = carried_book_process(a->book);

		if (count == most)
			break;
		ret[count++] = (struct snapshot_predecessor){
			.pid = p->pid,
			.since_wall_ms = p->since_wall_ms,
			.sessions = a->left,
			.known = a->asked && p->seen == a->asked,
		};
	}
	return count;
}
