/* SPDX-License-Identifier: MIT */
#include "core/topology.h"

#include <stdlib.h>
#include <string.h>

void topology_limit_frontend(struct topology_frontend *f, uint32_t maxconn)
{
	uint32_t limit = f->settings->maxconn ? f->settings->maxconn : maxconn;

	atomic_store_explicit(&f->maxconn, limit, memory_order_relaxed);
	f->limited = false;
}

void topology_set_fullconn(struct topology_service *s, uint32_t maxconn)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < s->frontend_count; k++) {
		uint32_t limit = s->frontends[k]->settings->maxconn;

		sum += limit ? limit : maxconn;
	}
	/* HAProxy configuration manual 4.2, "fullconn". */
	sum = (sum + 9) / 10;
	s->fullconn = sum < 1 ? 1 : sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
	if (s->settings->fullconn)
		s->fullconn = s->settings->fullconn;
}

void topology_set_maxconn(struct topology *t, uint32_t maxconn)
{
	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *s = t->services[i];

		for (size_t k = 0; k < s->frontend_count; k++)
			topology_limit_frontend(s->frontends[k], maxconn);
		topology_set_fullconn(s, maxconn);
	}
}

struct state topology_state(const struct topology_server *s)
{
	return state_unpack(atomic_load_explicit(&s->state, memory_order_acquire));
}

void topology_set_state(struct topology_server *s, struct state state)
{
	atomic_store_explicit(&s->state, state_pack(&state), memory_order_release);
	atomic_store_explicit(&s->usable, s->pressed || state_is_usable(&state),
	                      memory_order_release);
	topology_tiers_update(s->service);
}

void topology_press(struct topology_server *s, bool pressed)
{
	s->pressed = pressed;
	topology_set_state(s, topology_state(s));
}

/*
 * A sequence lock without fences: the words are stored with release after the odd version, so a
 * reader that sees one of them also sees that version or a later one when it looks again.
 */
static struct addr_ip read_address(struct topology_server *s)
{
	uint64_t words[ARRAY_LEN(s->addr_words)] = { 0 };
	struct addr_ip ip;
	uint32_t before;

	_Static_assert(sizeof(ip) == sizeof(words), "an address fills the words");
	do {
		before = atomic_load_explicit(&s->addr_version, memory_order_acquire);
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			words[i] = atomic_load_explicit(&s->addr_words[i], memory_order_acquire);
	} while (before % 2 ||
	         atomic_load_explicit(&s->addr_version, memory_order_relaxed) != before);
	memcpy(&ip, words, sizeof(ip));
	return ip;
}

bool topology_address(struct topology_server *s, struct addr *ret)
{
	struct addr_ip ip;

	if (s->unix_addr.len) {
		*ret = s->unix_addr;
		return true;
	}
	ip = read_address(s);
	if (!ip.family)
		return false;
	*ret = addr_unpack(&ip);
	return true;
}

void topology_set_address(struct topology_server *s, const struct addr *addr)
{
	struct addr_ip ip = addr ? addr_pack(addr) : (struct addr_ip){ 0 };
	uint64_t words[ARRAY_LEN(s->addr_words)];
	uint32_t version = atomic_load_explicit(&s->addr_version, memory_order_relaxed);

	memcpy(words, &ip, sizeof(words));
	atomic_store_explicit(&s->addr_version, version + 1, memory_order_relaxed);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		atomic_store_explicit(&s->addr_words[i], words[i], memory_order_release);
	atomic_store_explicit(&s->addr_version, version + 2, memory_order_release);
	topology_tiers_update(s->service);
}

void topology_remove_server(struct topology_server *s)
{
	struct topology_service *service = s->service;
	size_t kept = 0;

	for (size_t i = 0; i < service->server_count; i++)
		if (service->servers[i] != s)
			service->servers[kept++] = service->servers[i];
	service->server_count = kept;
}

struct topology_roll *topology_publish(struct topology_service *service)
{
	struct topology_roll *roll =
	    topology_roll_new(service->settings, service->servers, service->server_count);

	topology_tiers_rank(service);
	return atomic_exchange_explicit(&service->roll, roll, memory_order_acq_rel);
}

void topology_free_server(struct topology_server *s)
{
	if (!s)
		return;
	settings_free(s->own);
	settings_free(s->base);
	free(s->checks);
	free(s->agent_checks);
	free(s);
}

static uint32_t load32(const _Atomic uint32_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

/* As HAProxy: these know the weights of their first moment only, so nothing can start slowly. */
static bool is_static(const struct settings_service *s)
{
	bool hashes = s->balance == SETTINGS_SOURCE || s->balance == SETTINGS_HASH;

	return s->balance == SETTINGS_STATIC_RR || (hashes && s->hash.type == SETTINGS_HASH_MAP);
}

uint32_t topology_ramped_share(const struct topology_server *s, uint32_t ramp)
{
	uint32_t part = TOPOLOGY_SHARE;

	if (ramp < 100 && !is_static(s->service->settings))
		part = ramp ? (ramp * TOPOLOGY_SHARE + 99) / 100 : 1;
	return load32(&s->weight) * part;
}

uint32_t topology_weight(const struct topology_server *s)
{
	return (topology_share(s) + TOPOLOGY_SHARE - 1) / TOPOLOGY_SHARE;
}

uint32_t topology_present_maxconn(const struct topology_server *s, uint32_t max)
{
	uint32_t min = s->settings->minconn;
	uint32_t ramp = load32(&s->ramp);

	if (min && min < max) {
		uint32_t active = load32(&s->service->active);
		uint32_t full = s->service->fullconn;
		uint64_t part = active < full ? (uint64_t)active * max / full : max;

		max = part > min ? (uint32_t)part : min;
	}
	if (ramp < 100)
		max = (uint32_t)((uint64_t)max * ramp / 100);
	return max ? max : 1;
}

void topology_count_usable(const struct topology_service *s, uint32_t *active, uint32_t *backup)
{
	*active = 0;
	*backup = 0;
	for (size_t i = 0; i < s->server_count; i++) {
		const struct topology_server *server = s->servers[i];
		struct state state = topology_state(server);

		if (!state_is_usable(&state) ||
		    !atomic_load_explicit(&server->weight, memory_order_relaxed))
			continue;
		if (server->settings->backup)
			(*backup)++;
		else
			(*active)++;
	}
}
