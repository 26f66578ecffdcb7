/* SPDX-License-Identifier: MIT */
#include "core/tierplan.h"

#include <stdlib.h>

static enum tierplan_basis basis_of(const struct settings_service *s)
{
	if (s->tiers == SETTINGS_TIERS_NONE)
		return TIERPLAN_OFF;
	if (s->balance == SETTINGS_SOURCE || s->balance == SETTINGS_HASH)
		return TIERPLAN_HASH;
	if (s->tiers == SETTINGS_TIERS_LATENCY)
		return TIERPLAN_LATENCY;
	return s->here ? TIERPLAN_LOCALITY : TIERPLAN_NOWHERE;
}

static void rank(struct tierplan *p)
{
	const struct settings_service *s = p->service;
	uint32_t *shared = mem_zalloc((s->server_count + 1) * sizeof(uint32_t));
	uint8_t *tier = mem_zalloc(s->server_count + 1);
	size_t n = 0;

	for (size_t i = 0; i < s->server_count; i++)
		if (!s->servers[i].backup)
			shared[n++] = tiers_shared(s->here, s->servers[i].locality);
	p->count = tiers_rank_shared(shared, n, tier);
	n = 0;
	for (size_t i = 0; i < s->server_count; i++)
		if (!s->servers[i].backup)
			p->tier[i] = tier[n++];
	free(shared);
	free(tier);
}

void tierplan_make(struct tierplan *p, const struct settings_service *s)
{
	*p = (struct tierplan){ s, basis_of(s), mem_zalloc(s->server_count + 1), 1 };
	if (p->basis == TIERPLAN_LOCALITY)
		rank(p);
}

void tierplan_release(struct tierplan *p)
{
	free(p->tier);
	*p = (struct tierplan){ 0 };
}

bool tierplan_is_in(const struct tierplan *p, size_t server, uint32_t tier)
{
	return !p->service->servers[server].backup && p->tier[server] == tier;
}
