/* SPDX-License-Identifier: MIT */
#include "core/ownaddress.h"

static bool is_v4(const struct addr *a)
{
	return a->sa.sa_family == AF_INET;
}

static bool leads_to(const struct addr *to, bool is_local, const struct settings_bind *b)
{
	if (b->kind != SETTINGS_BIND_ADDR || addr_port(&b->addr) != addr_port(to))
		return false;
	if (addr_reach(&b->addr) != ADDR_REACH_ALL)
		return addr_equal(to, &b->addr);
	return is_local && (is_v4(to) == is_v4(&b->addr) || (is_v4(to) && !b->v6only));
}

static const struct settings_bind *find(const struct settings_bind *binds, size_t count,
                                        const struct addr *to, bool is_local)
{
	for (size_t i = 0; i < count; i++)
		if (leads_to(to, is_local, &binds[i]))
			return &binds[i];
	return NULL;
}

const struct settings_bind *ownaddress_find(const struct settings_service *service,
                                            const struct addr *to, bool is_local)
{
	const struct settings_bind *b = find(service->binds, service->bind_count, to, is_local);

	for (size_t i = 0; !b && i < service->frontend_count; i++)
		b = find(service->frontends[i].binds, service->frontends[i].bind_count, to,
		         is_local);
	return b;
}
