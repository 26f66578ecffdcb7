/* SPDX-License-Identifier: MIT */
#include "dynamiccalls.h"

#include "orders.h"
#include "serverline.h"

#include <string.h>

static bool is_taken(const struct topology_service *service, const char *name)
{
	for (size_t i = 0; i < service->server_count; i++)
		if (strcmp(service->servers[i]->settings->name, name) == 0)
			return true;
	return false;
}

bool dynamiccalls_add(struct daemon *d, struct topology_service *service, const char *name,
                      const char *const *words, struct error *err)
{
	struct topology_server *s;
	struct settings *own;
	bool enabled;

	if (!orders_is_dynamic(service))
		return error_set(err, "Backend must use a dynamic load balancing to support "
		                      "dynamic servers.");
	own = serverline_parse(d->topology, service, name, words, err);
	if (!own)
		return false;
	if (is_taken(service, name)) {
		settings_free(own);
		return error_set(err, "Already exists a server with the same name in backend.");
	}
	enabled = !own->services[0].servers[0].disabled;
	if (!roster_add_server(d->roster, service, own, &s, err))
		return false;
	if (enabled)
		roster_order(d->roster, s, ROSTER_READY);
	return true;
}

static bool is_tracked(const struct topology *t, const struct topology_server *s)
{
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++)
			if (t->services[i]->servers[k]->tracked == s)
				return true;
	return false;
}

bool dynamiccalls_remove(struct daemon *d, struct topology_server *s, struct error *err)
{
	struct state state = topology_state(s);

	if (is_tracked(d->topology, s))
		return error_set(err, "This server cannot be removed at runtime due to other "
		                      "configuration elements pointing to it.");
	if (!state_in_maint(&state))
		return error_set(err, "Only servers in maintenance mode can be deleted.");
	if (!roster_is_idle(d->roster, s))
		return error_set(err, "Server still has connections attached to it, cannot remove "
		                      "it.");
	roster_remove_server(d->roster, s);
	return true;
}
