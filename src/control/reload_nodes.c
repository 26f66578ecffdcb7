/* SPDX-License-Identifier: MIT */
/*
 * A reload for nodes that the cluster told.  The process may not be able any more to read what its
 * configuration names, as a user with few rights or after chroot(); and edits of the file are
 * nobody's to take over who was not asked to.
 */
#include "reloadparts.h"

#include "base/log.h"
#include "conf/loader.h"

static struct settings *read_again(const struct settings *before, const struct loader_nodes *nodes,
                                   struct error *err)
{
	struct loader_problems problems;
	struct settings *after = loader_read_again(before, nodes, &problems);

	if (!after)
		error_set(err, "%s",
		          problems.count ? problems.lines[0] : "it cannot be read again");
	loader_problems_release(&problems);
	return after;
}

enum discovery_verdict reload_nodes(struct reload *r, const struct loader_nodes *nodes,
                                    struct error *err)
{
	struct reload_plan p = { .r = r, .nodes_only = true };
	bool done;

	if (reload_obstacle(r))
		return DISCOVERY_LATER;
	reload_settle_all(r);
	p.before = r->s->settings;
	p.after = read_again(p.before, nodes, err);
	if (!p.after)
		return DISCOVERY_REFUSED;
	done = reload_carry_out(&p, err);
	reload_release(&p, done);
	return done ? DISCOVERY_TAKEN : DISCOVERY_REFUSED;
}
