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

#endif
