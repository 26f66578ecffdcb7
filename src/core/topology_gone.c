/* SPDX-License-Identifier: MIT */
#include "core/topology_gone.h"

static uint64_t take(struct counter_set *from, enum counter c)
{
	return atomic_exchange_explicit(&from->at[c], 0, memory_order_relaxed);
}

void topology_gone_set(struct topology_service *to, struct counter_set *from)
{
	/* Its sessions are counted by the service itself. */
	for (enum counter c = 0; c < COUNTER_COUNT; c++)
		counter_add(&to->count, c == COUNTER_SESSIONS ? COUNTER_GONE_ATTEMPTS : c,
		            take(from, c));
}

void topology_gone_server(struct topology_server *s)
{
	topology_gone_set(s->service, &s->count);
}

void topology_gone_frontend(struct topology_frontend *f)
{
	static const enum counter summed[] = { COUNTER_CONNECTIONS, COUNTER_DENIED,
		                               COUNTER_DENIED_SESSIONS };

	for (size_t i = 0; i < ARRAY_LEN(summed); i++)
		counter_add(&f->service->count, summed[i], take(&f->count, summed[i]));
}

void topology_gone_service(struct topology *t, struct topology_service *s)
{
	t->gone_bytes_out += take(&s->count, COUNTER_BYTES_OUT);
	for (size_t i = 0; i < s->server_count; i++)
		t->gone_bytes_out += take(&s->servers[i]->count, COUNTER_BYTES_OUT);
}

uint64_t topology_gone_bytes_out(const struct topology *t)
{
	uint64_t n = t->gone_bytes_out;

	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *s = t->services[i];

		n += counter_get(&s->count, COUNTER_BYTES_OUT);
		for (size_t k = 0; k < s->server_count; k++)
			n += counter_get(&s->servers[k]->count, COUNTER_BYTES_OUT);
	}
	return n;
}
