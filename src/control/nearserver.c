/* SPDX-License-Identifier: MIT */
#include "nearserver.h"

#include "base/mem.h"
#include "base/suggest.h"

#include <stdlib.h>
#include <string.h>

void nearserver_write(const struct topology *t, const char *name, struct text *out)
{
	bool full = strchr(name, '/') != NULL;
	const char **names = NULL, *near;
	struct mem_arena arena = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			const char *server = t->services[i]->servers[k]->settings->name;

			names = mem_resize(names, n + 1, sizeof(*names));
			names[n++] = full ? mem_arena_printf(&arena, "%s/%s",
			                                     t->services[i]->settings->name, server)
			                  : server;
		}
	near = suggest_nearest(name, names, n);
	if (near)
		text_addf(out, "no server \"%s\": did you mean \"%s\"?", name, near);
	else
		text_addf(out, "no server \"%s\"; `sluice status` shows them", name);
	mem_arena_release(&arena);
	free(names);
}
