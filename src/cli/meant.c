/* SPDX-License-Identifier: MIT */
#include "cli/meant.h"

#include "base/mem.h"
#include "base/suggest.h"

#include <stdlib.h>
#include <string.h>

bool meant_is(const char *written, const struct statusjson_service *service,
              const struct statusjson_server *server)
{
	size_t len = strlen(service->name);

	if (strncmp(written, service->name, len) == 0 && written[len] == '/' &&
	    strcmp(written + len + 1, server->name) == 0)
		return true;
	return strcmp(written, server->name) == 0;
}

/* Names that may have been meant. */
struct names {
	const char **at;
	size_t count;
	struct mem_arena arena;
};

static void add(struct names *n, const char *name)
{
	n->at = mem_resize(n->at, n->count + 1, sizeof(*n->at));
	n->at[n->count++] = name;
}

/* Of a service: of its servers, with its own before them if a slash was written. */
static void collect(struct names *n, const struct statusjson_service *service, bool full,
                    bool or_service)
{
	if (or_service && !full)
		add(n, service->name);
	for (size_t i = 0; i < service->server_count; i++)
		add(n, full ? mem_arena_printf(&n->arena, "%s/%s", service->name,
		                               service->servers[i].name)
		            : service->servers[i].name);
}

bool meant_none(const struct statusjson *status, const char *written, bool or_service,
                struct error *err)
{
	const char *what = or_service ? "service or server" : "server";
	bool full = strchr(written, '/') != NULL;
	struct names names = { 0 };
	const char *near;

	for (size_t i = 0; i < status->service_count && !or_service; i++) {
		const struct statusjson_service *service = &status->services[i];

		if (strcmp(written, service->name) == 0 && service->server_count > 0)
			return error_set(err, "%s is a service; name %s/%s", written, written,
			                 service->servers[0].name);
	}
	for (size_t i = 0; i < status->service_count; i++)
		collect(&names, &status->services[i], full, or_service);
	near = suggest_nearest(written, names.at, names.count);
	if (near != NULL)
		error_set(err, "no %s \"%s\": did you mean \"%s\"?", what, written, near);
	else
		error_set(err, "no %s \"%s\"; `sluice status` shows them", what, written);
	mem_arena_release(&names.arena);
	free(names.at);
	return false;
}
