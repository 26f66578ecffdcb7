/* SPDX-License-Identifier: MIT */
#include "core/topology_roll.h"

#include "core/topology.h"
#include "core/wheel.h"

#include <stdlib.h>

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Of the weights as configured: what is set at run time does not change it, nor in HAProxy. */
static uint32_t find_divisor(struct topology_server *const *servers, size_t count)
{
	uint32_t divisor = 0;

	for (size_t i = 0; i < count; i++)
		divisor = common_divisor(divisor, servers[i]->settings->weight);
	return divisor ? divisor : 1;
}

static void init_wheel(struct topology_roll *roll, enum settings_hash_type type, uint32_t divisor)
{
	uint32_t *ids = mem_zalloc(roll->count * sizeof(*ids));

	for (size_t i = 0; i < roll->count; i++)
		ids[i] = roll->at[i]->id;
	wheel_init(roll->wheel, type, ids, roll->count, divisor);
	free(ids);
}

struct topology_roll *topology_roll_new(const struct settings_service *service,
                                        struct topology_server *const *servers, size_t count)
{
	bool hashes = service->balance == SETTINGS_SOURCE || service->balance == SETTINGS_HASH;
	size_t size = sizeof(struct topology_roll) + count * sizeof(struct topology_server *);
	uint32_t divisor = find_divisor(servers, count);
	size_t wheel = hashes ? wheel_size(service->hash.type, count, divisor) : 0;
	struct topology_roll *roll = mem_zalloc(size + wheel);

	roll->count = count;
	for (size_t i = 0; i < count; i++)
		roll->at[i] = servers[i];
	if (hashes) {
		roll->wheel = (void *)&roll->at[count];
		init_wheel(roll, service->hash.type, divisor);
	}
	return roll;
}
