/* SPDX-License-Identifier: MIT */
#include "sim/simportal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct simportal *simportal_find(const struct simportal_set *set, char kind, const char *name)
{
	struct simportal *p;

	LIST_FOREACH(p, set, link)
		if (p->kind == kind && strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

void simportal_put(struct simportal_set *set, char kind, const char *name,
                   const struct simstmt *stmt, bool binary)
{
	struct simportal *p = simportal_find(set, kind, name);

	if (!p) {
		p = mem_zalloc(sizeof(*p));
		p->kind = kind;
		p->name = mem_strdup(name);
		LIST_INSERT_HEAD(set, p, link);
	}
	p->stmt = *stmt;
	p->binary = binary;
}

static void destroy(struct simportal *p)
{
	free(p->name);
	free(p);
}

void simportal_drop(struct simportal_set *set, char kind, const char *name)
{
	struct simportal *p = simportal_find(set, kind, name);

	if (!p)
		return;
	LIST_REMOVE(p, link);
	destroy(p);
}

void simportal_release(struct simportal_set *set)
{
	while (!LIST_EMPTY(set)) {
		struct simportal *p = LIST_FIRST(set);

		LIST_REMOVE(p, link);
		destroy(p);
	}
}
