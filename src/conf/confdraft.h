/* SPDX-License-Identifier: MIT */
#ifndef CONF_CONFDRAFT_H
#define CONF_CONFDRAFT_H

#include "draft.h"

/*
 * Settings taken apart into what each group of a file says (draft.h): the other way than
 * assemble.c.
 */

/* Memory is `arena`'s; strings stay the settings'. */
void confdraft_make(const struct settings *s, struct mem_arena *arena, struct draft_root *ret);
/* The same with the servers of every service in the service, also those that stand for nodes. */
void confdraft_make_flat(const struct settings *s, struct mem_arena *arena, struct draft_root *ret);

/* Parts of it; the sockets of an endpoint are not its own. */
struct draft_check confdraft_check(const struct settings_target *t, struct mem_arena *arena);
struct draft_admin confdraft_admin(const struct settings_admin *from, struct mem_arena *arena);

#endif
