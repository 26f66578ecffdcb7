/* SPDX-License-Identifier: MIT */
#include "core/topology_tiers.h"

#include "core/tiers.h"
#include "core/topology.h"

#include <stdlib.h>

/* Hashes choose from all servers: a client's server must not depend on the others' health more. */
static bool has_tiers(const struct settings_service *set)
{
	return set->balance != SETTINGS_SOURCE && set->balance != SETTINGS_HASH &&
	       set->tiers != SETTINGS_TIERS_NONE;
}

void topology_tiers_update(struct topology_service *service)
{
	struct tiers_health at[TIERS_MAX] = { 0 };
	uint32_t count = atomic_load_explicit(&service->tier_count, memory_order_relaxed);

	if (count <= 1)
		return;
	for (size_t i = 0; i < service->server_count; i++) {
		struct topology_server *s = service->servers[i];
		uint32_t weight = atomic_load_explicit(&s->weight, memory_order_relaxed);
		struct tiers_health *h = &at[topology_tier(s)];

		if (s->settings->backup)
			continue;
		h->total += weight;
		h->usable += topology_is_usable(s) && topology_has_address(s) ? weight : 0;
	}
	atomic_store_explicit(&service->spread, tiers_spread(at, count, service->settings->spill),
	                      memory_order_release);
}

static void set_count(struct topology_service *service, uint32_t count)
{
	if (count <= 1)
		atomic_store_explicit(&service->spread, UINT64_MAX, memory_order_relaxed);
	atomic_store_explicit(&service->tier_count, count, memory_order_release);
}

static void set_tier(struct topology_server *s, uint32_t tier)
{
	atomic_store_explicit(&s->tier, (uint8_t)tier, memory_order_relaxed);
}

/* Its latency, as it counts. */
static uint32_t follow(struct topology_server *s)
{
	enum { LEAST_US = 2000 };
	uint32_t now = s->latency_us;
	uint32_t off = now > s->ranked_us ? now - s->ranked_us : s->ranked_us - now;

	if (!s->ranked_us || (off > LEAST_US && off > s->ranked_us / 4))
		s->ranked_us = now;
	return s->ranked_us;
}

/* What it ranks by; of a backup nothing. */
static uint32_t measure(struct topology_server *s)
{
	const struct settings_service *set = s->service->settings;

	if (set->tiers == SETTINGS_TIERS_LOCALITY)
		return tiers_shared(set->here, s->settings->locality);
	return s->latency_us ? follow(s) / 1000 : UINT32_MAX;
}

/* Tiers of the active servers, in their order; to be freed. */
static uint8_t *rank(const struct topology_service *service, uint32_t *ret_count)
{
	uint32_t *value = mem_zalloc((service->server_count + 1) * sizeof(uint32_t));
	uint8_t *tier = mem_zalloc(service->server_count + 1);
	bool locality = service->settings->tiers == SETTINGS_TIERS_LOCALITY;
	size_t n = 0;

	for (size_t i = 0; i < service->server_count; i++)
		if (!service->servers[i]->settings->backup)
			value[n++] = measure(service->servers[i]);
	*ret_count =
	    locality ? tiers_rank_shared(value, n, tier) : tiers_rank_latency(value, n, tier);
	free(value);
	return tier;
}

static void put(struct topology_service *service, const uint8_t *tier, uint32_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < service->server_count; i++)
		if (!service->servers[i]->settings->backup)
			set_tier(service->servers[i], tier[n++]);
	set_count(service, count);
	topology_tiers_update(service);
}

/* Until the next measurement: one tier if there was none, and who is new belongs to the last. */
static void await_measurement(struct topology_service *service)
{
	uint32_t count = atomic_load_explicit(&service->tier_count, memory_order_relaxed);

	if (!count)
		set_count(service, 1);
	for (size_t i = 0; count > 1 && i < service->server_count; i++) {
		struct topology_server *s = service->servers[i];

		if (!s->latency_us && !s->settings->backup)
			set_tier(s, count - 1);
	}
	topology_tiers_update(service);
}

void topology_tiers_rank(struct topology_service *service)
{
	const struct settings_service *set = service->settings;
	uint8_t *tier;
	uint32_t count;

	if (has_tiers(set) && set->tiers == SETTINGS_TIERS_LATENCY) {
		await_measurement(service);
		return;
	}
	if (!has_tiers(set) || !set->here) {
		for (size_t i = 0; i < service->server_count; i++)
			set_tier(service->servers[i], 0);
		set_count(service, 1);
		return;
	}
	tier = rank(service, &count);
	put(service, tier, count);
	free(tier);
}

/* --- latency ------------------------------------------------------------------------------ */

enum { SMOOTH = 8 };

void topology_tiers_note(struct topology_server *s, uint32_t duration_ms)
{
	int64_t us = (int64_t)duration_ms * 1000;

	if (!s->latency_us)
		s->latency_us = us > 0 ? (uint32_t)us : 1;
	else
		s->latency_us = (uint32_t)(s->latency_us + (us - s->latency_us) / SMOOTH);
	if (!s->latency_us)
		s->latency_us = 1;
}

/* How many of the active servers stand elsewhere than `tier` says; notes it as their next one. */
static void compare(struct topology_service *service, const uint8_t *tier, bool *ret_same,
                    bool *ret_again)
{
	size_t n = 0;

	*ret_same = *ret_again = true;
	for (size_t i = 0; i < service->server_count; i++) {
		struct topology_server *s = service->servers[i];

		if (s->settings->backup)
			continue;
		*ret_same = *ret_same && tier[n] == topology_tier(s);
		*ret_again = *ret_again && tier[n] == s->next_tier;
		s->next_tier = tier[n++];
	}
}

bool topology_tiers_measure(struct topology_service *service)
{
	bool first = atomic_load_explicit(&service->tier_count, memory_order_relaxed) <= 1;
	bool same;
	bool again;
	uint8_t *tier;
	uint32_t count;

	if (!has_tiers(service->settings) || service->settings->tiers != SETTINGS_TIERS_LATENCY)
		return false;
	tier = rank(service, &count);
	compare(service, tier, &same, &again);
	if (!same && (first || again))
		put(service, tier, count);
	free(tier);
	return !same && (first || again);
}
