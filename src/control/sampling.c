/* SPDX-License-Identifier: MIT */
#include "sampling.h"

static void sample(uint64_t total, uint64_t *last, uint64_t *rate, uint64_t *max)
{
	*rate = total >= *last ? total - *last : total;
	*last = total;
	if (*rate > *max)
		*max = *rate;
}

static void sample_frontend(struct topology_frontend *f)
{
	sample(counter_get(&f->count, COUNTER_SESSIONS), &f->last_total, &f->rate, &f->rate_max);
	sample(counter_get(&f->count, COUNTER_CONNECTIONS), &f->last_accepted, &f->conn_rate,
	       &f->conn_rate_max);
}

static void sample_service(struct topology_service *service)
{
	sample(counter_get(&service->count, COUNTER_SESSIONS), &service->last_total, &service->rate,
	       &service->rate_max);
	service->conn_rate = 0;
	for (size_t i = 0; i < service->frontend_count; i++) {
		sample_frontend(service->frontends[i]);
		service->conn_rate += service->frontends[i]->conn_rate;
	}
	if (service->conn_rate > service->conn_rate_max)
		service->conn_rate_max = service->conn_rate;
	for (size_t i = 0; i < service->server_count; i++) {
		struct topology_server *s = service->servers[i];

		sample(counter_get(&s->count, COUNTER_SESSIONS), &s->last_total, &s->rate,
		       &s->rate_max);
	}
}

void sampling_take(struct topology *t)
{
	for (size_t i = 0; i < t->service_count; i++)
		sample_service(t->services[i]);
}
