/* SPDX-License-Identifier: MIT */
/*
 * `upgrade`.
 */
#include "call.h"

void upgradecalls_upgrade(struct call *c)
{
	const struct daemon_upgrade *u = &c->ctx->daemon->upgrade;

	if (c->count)
		call_say(c, CALL_ERROR, "Usage: upgrade");
	else if (u->run)
		u->run(u->ctx, c->out);
	else
		text_add(c->out, "not upgraded: only `sluice run` can start itself again\n");
}
