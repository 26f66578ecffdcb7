/* SPDX-License-Identifier: MIT */
#ifndef CORE_TIERPLAN_H
#define CORE_TIERPLAN_H

#include "core/settings.h"
#include "core/tiers.h"

/*
 * The tiers of a service as far as its configuration alone tells them, for those who explain and
 * judge it; what runs has core/topology_tiers.h.  Pure; any thread.
 */
enum tierplan_basis {
	TIERPLAN_LOCALITY, /* localities that are written */
	TIERPLAN_LATENCY,  /* times that only a running process knows: one tier here */
	/* and one tier for good, because */
	TIERPLAN_OFF,    /* tiers = "none" */
	TIERPLAN_HASH,   /* a hash chooses from all servers, near or far */
	TIERPLAN_NOWHERE /* nobody wrote where the proxy stands */
};

struct tierplan {
	const struct settings_service *service;
	enum tierplan_basis basis;
	uint8_t *tier;  /* of each server of the service; of a backup it means nothing */
	uint32_t count; /* of tiers, at least 1 */
};

/* The service must outlive it; tierplan_release() it. */
void tierplan_make(struct tierplan *p, const struct settings_service *s);
void tierplan_release(struct tierplan *p);

/* Is that server, by its number, an active one of that tier? */
bool tierplan_is_in(const struct tierplan *p, size_t server, uint32_t tier);

#endif
