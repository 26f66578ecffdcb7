/* SPDX-License-Identifier: MIT */
#include "core/topology.h"

#include "base/number.h"

#include <string.h>

/* "#12": a number instead of a name. */
static bool parse_id(const char *text, size_t len, uint32_t *ret)
{
	char digits[16];
	uint64_t n;

	if (len < 2 || len > sizeof(digits) || text[0] != '#')
		return false;
	memcpy(digits, text + 1, len - 1);
	digits[len - 1] = '\0';
	if (!number_parse(digits, UINT32_MAX, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool is_named(const char *name, uint32_t id, const char *text, size_t len)
{
	uint32_t wanted;

	return (strlen(name) == len && strncmp(name, text, len) == 0) ||
	       (parse_id(text, len, &wanted) && wanted == id);
}

static struct topology_service *find_service(const struct topology *t, const char *text, size_t len)
{
	for (size_t i = 0; i < t->service_count; i++)
		if (is_named(t->services[i]->settings->name, t->services[i]->id, text, len))
			return t->services[i];
	return NULL;
}

struct topology_service *topology_find_service(const struct topology *t, const char *name)
{
	return find_service(t, name, strlen(name));
}

struct topology_frontend *topology_find_frontend(const struct topology *t, const char *name)
{
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->frontend_count; k++) {
			struct topology_frontend *f = t->services[i]->frontends[k];

			if (is_named(f->settings->name, f->id, name, strlen(name)))
				return f;
		}
	return NULL;
}

static struct topology_server *find_in(const struct topology_service *service, const char *name)
{
	for (size_t i = 0; i < service->server_count; i++)
		if (is_named(service->servers[i]->settings->name, service->servers[i]->id, name,
		             strlen(name)))
			return service->servers[i];
	return NULL;
}

struct topology_server *topology_find_server(const struct topology *t, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct topology_service *service =
	    slash ? find_service(t, path, (size_t)(slash - path)) : NULL;

	return service ? find_in(service, slash + 1) : NULL;
}
