/* SPDX-License-Identifier: MIT */
/*
 * `reload` and `reload diff`.
 */
#include "call.h"

/* Somebody who wrote "reload --diff" does not want a reload. */
static void run(struct call *c, bool dry)
{
	const struct daemon_reload *r = &c->ctx->daemon->reload;

	if (c->count)
		call_say(c, CALL_ERROR, "Usage: reload [diff]");
	else if (r->run)
		r->run(r->ctx, dry, c->out);
	else
		text_add(c->out, "not reloaded: there is no file to read again\n");
}

void reloadcalls_reload(struct call *c)
{
	run(c, false);
}

void reloadcalls_diff(struct call *c)
{
	run(c, true);
}
