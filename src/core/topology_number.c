/* SPDX-License-Identifier: MIT */
#include "topology_number.h"

static bool is_given(struct topology_server *const *servers, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (servers[i]->id == id)
			return true;
	return false;
}

uint32_t topology_number_free(const struct topology_service *service)
{
	uint32_t id = 1;

	while (is_given(service->servers, service->server_count, id))
		id++;
	return id;
}

void topology_number_servers(struct topology_server *const *servers, size_t count)
{
	uint32_t next = 1;

	for (size_t i = 0; i < count; i++, next++) {
		if (servers[i]->id)
			continue;
		while (is_given(servers, count, next))
			next++;
		servers[i]->id = next;
	}
}

static bool service_has(const struct topology_service *s, uint32_t id)
{
	for (size_t i = 0; i < s->frontend_count; i++)
		if (s->frontends[i]->id == id)
			return true;
	return s->id == id;
}

static bool is_taken(const struct topology *t, uint32_t id)
{
	for (size_t i = 0; i < t->service_count; i++)
		if (service_has(t->services[i], id))
			return true;
	for (size_t i = 0; i < t->settings->admin_count; i++)
		if (t->settings->admins[i].id == id)
			return true;
	return false;
}

static void number_one(const struct topology *t, uint32_t *id, uint32_t *next)
{
	if (!*id) {
		while (is_taken(t, *next))
			++*next;
		*id = *next;
	}
	++*next;
}

void topology_number(struct topology *t)
{
	uint32_t next = 2;

	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *s = t->services[i];

		topology_number_servers(s->servers, s->server_count);
		for (size_t k = 0; s->settings->frontend_count && k < s->frontend_count; k++)
			number_one(t, &s->frontends[k]->id, &next);
		number_one(t, &s->id, &next);
		if (!s->settings->frontend_count)
			s->frontends[0]->id = s->id;
	}
}
