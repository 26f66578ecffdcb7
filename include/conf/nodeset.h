/* SPDX-License-Identifier: MIT */
#ifndef CONF_NODESET_H
#define CONF_NODESET_H

#include "base/text.h"
#include "conf/nodelist.h"
#include "core/settings.h"

/*
 * The nodes that the cluster told, on their way to servers: as they advertise themselves (found),
 * as this configuration wants them (selected: with other addresses for some, and without those of
 * other localities), and as servers besides the nodes that are written in the file (joined).  Pure;
 * results belong to the arena.
 */
enum { NODESET_MAX = 1024 }; /* more are not taken */

/* A copy of what was read. */
void nodeset_take(const struct nodelist *l, struct mem_arena *arena, struct settings_nodes *ret);
/* Those that are on their way out: names and reasons. */
void nodeset_take_leavers(const struct nodelist *l, struct mem_arena *arena,
                          struct settings_nodes *ret);
void nodeset_copy(const struct settings_nodes *from, struct mem_arena *arena,
                  struct settings_nodes *ret);

/* Lines that conf/nodelist.h reads. */
void nodeset_write(const struct settings_nodes *nodes, struct text *out);

/* `node` with the address that `d` has for it, by its host or by its name; in the arena of both. */
struct settings_node nodeset_map(const struct settings_node *node,
                                 const struct settings_discover *d);

/* False if no node is wanted; the error names the localities that there are. */
bool nodeset_select(const struct settings_nodes *found, const struct settings_discover *d,
                    struct mem_arena *arena, struct settings_nodes *ret,
                    struct error *err) MUST_CHECK;

/*
 * A node that is written stands for the found one of its address; names that are taken get a number
 * ("n1-2"), and `told` is what they were.
 */
void nodeset_join(const struct settings_nodes *written, const struct settings_nodes *selected,
                  struct mem_arena *arena, struct settings_nodes *ret);

/*
 * Those of `nodes`, servers that the cluster has let go, that still are no others by their names.
 * At most NODESET_MAX.
 */
void nodeset_leave(const struct settings_nodes *nodes, const struct settings_nodes *written,
                   const struct settings_nodes *joined, struct mem_arena *arena,
                   struct settings_nodes *ret);

/* How the cluster lets go of the node that it told by that name, which its list has no more. */
enum settings_leaving nodeset_reason(const struct settings_nodes *leavers, const char *told);

/* The node of that name; NULL: there is none. */
const struct settings_node *nodeset_find(const struct settings_nodes *nodes, const char *name);

/* Whether they are the same in the same order. */
bool nodeset_same(const struct settings_nodes *a, const struct settings_nodes *b);

/* What was there before and what is now; `leavers`: as for nodeset_reason(). */
struct nodeset_news {
	struct settings_nodes before, after, leavers;
};

/*
 * "n4, n5 joined; n2 left; n3 is being decommissioned; n1 has another address", by name; as much as
 * fits into `room` bytes, then "and 7 more".  Nothing if nothing is different but localities. `out`
 * is empty before.
 */
void nodeset_tell(const struct nodeset_news *news, size_t room, struct text *out);
/* "n2 left", of nodes that are written and stand for found ones of `before`: what `after` lacks. */
void nodeset_tell_written(const struct nodeset_news *news, const struct settings_nodes *written,
                          const struct settings_discover *d, size_t room, struct text *out);

#endif
