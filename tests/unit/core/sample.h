/* SPDX-License-Identifier: MIT */
#ifndef TEST_SAMPLE_H
#define TEST_SAMPLE_H

#include "core/topology.h"

#include <string.h>

/* A topology of one service "psql" with the servers that a test wants, each with its own target. */
struct sample_server {
	const char *name, *host;
	uint16_t weight;
	bool backup, disabled;
	uint32_t maxconn;
};

static inline void sample_fill(struct settings *s, struct settings_service *service,
                               enum settings_check_type check, const struct sample_server *from,
                               size_t count)
{
	struct settings_server *servers = mem_arena_zalloc(&s->arena, count * sizeof(*servers));
	struct settings_target *targets = mem_arena_zalloc(&s->arena, count * sizeof(*targets));

	for (size_t i = 0; i < count; i++) {
		servers[i] = (struct settings_server){
			.name = from[i].name,
			.host = from[i].host ? from[i].host : "127.0.0.1",
			.port = 26257,
			.weight = from[i].weight,
			.backup = from[i].backup,
			.disabled = from[i].disabled,
			.maxconn = from[i].maxconn,
			.node = i,
		};
		targets[i] = (struct settings_target){
			.name = from[i].name,
			.host = servers[i].host,
			.check_port = 8080,
			.check = settings_check_default(check),
		};
	}
	service->servers = servers;
	service->server_count = count;
	s->targets = targets;
	s->target_count = count;
}

/* A service like that, with these unchecked servers: usable from the start. */
static inline struct topology *sample_like(const struct settings_service *like,
                                           const struct sample_server *servers, size_t count)
{
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));

	*service = *like;
	service->name = "psql";
	sample_fill(s, service, SETTINGS_CHECK_NONE, servers, count);
	s->services = service;
	s->service_count = 1;
	return topology_new(s);
}

static inline struct topology *sample_pool(enum settings_balance balance, bool allbackups,
                                           const struct sample_server *servers, size_t count)
{
	struct settings_service like = settings_service_default();

	like.balance = balance;
	like.allbackups = allbackups;
	return sample_like(&like, servers, count);
}

enum { SAMPLE_MAX = 8 };

/* A service like that, of unchecked servers "s1", "s2", ... with those weights, ended by 0. */
static inline struct topology *sample_like_weights(const struct settings_service *like,
                                                   const uint16_t *weights)
{
	static const char *const names[SAMPLE_MAX] = { "s1", "s2", "s3", "s4",
		                                       "s5", "s6", "s7", "s8" };
	struct sample_server servers[SAMPLE_MAX] = { 0 };
	size_t n = 0;

	for (; weights[n]; n++)
		servers[n] = (struct sample_server){ .name = names[n], .weight = weights[n] };
	return sample_like(like, servers, n);
}

static inline struct topology *sample_weights(enum settings_balance balance,
                                              const uint16_t *weights)
{
	struct settings_service like = settings_service_default();

	like.balance = balance;
	return sample_like_weights(&like, weights);
}

#endif
