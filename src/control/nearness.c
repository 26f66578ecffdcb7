/* SPDX-License-Identifier: MIT */
#include "nearness.h"

#include "base/log.h"
#include "rosterlog.h"

enum { EVERY_MS = 10000 };

static void name_tier(const struct topology_service *service, uint32_t tier, struct text *out)
{
	bool any = false;

	for (size_t i = 0; i < service->server_count; i++) {
		const struct topology_server *s = service->servers[i];

		if (s->settings->backup || topology_tier(s) != tier)
			continue;
		text_addf(out, "%s%s", any ? ", " : tier ? "; then " : "", s->settings->name);
		any = true;
	}
}

static void tell(struct roster *r, const struct topology_service *service)
{
	AUTO_TEXT text = { 0 };
	uint32_t count = atomic_load_explicit(&service->tier_count, memory_order_relaxed);

	text_addf(&text, "service %s: by latency the near servers are ", service->settings->name);
	for (uint32_t tier = 0; tier < count; tier++)
		name_tier(service, tier, &text);
	rosterlog_mark(r, LOG_LEVEL_NOTICE, text_str(&text));
}

void nearness_look(struct roster *r, int64_t now_ms)
{
	struct topology *t = r->o.topology;

	if (now_ms - r->ranked_ms < EVERY_MS)
		return;
	r->ranked_ms = now_ms;
	for (size_t i = 0; i < t->service_count; i++)
		if (topology_tiers_measure(t->services[i]))
			tell(r, t->services[i]);
}
