/* SPDX-License-Identifier: MIT */
/* `show why <bk>/<srv>`, also for a server's name in all services: what it answers is JSON. */
#include "call.h"
#include "whyanswer.h"

void whycalls_show(struct call *c)
{
	const char *name = call_arg(c, 0);
	AUTO_TEXT answer = { 0 };

	if (!name || c->count > 1)
		call_say(c, CALL_ERROR, "write which server: show why <bk>/<srv>");
	else if (whyanswer_write(c->ctx->daemon, name, &answer))
		text_addn(c->out, text_str(&answer), answer.len);
	else
		call_say(c, CALL_ERROR, "%s", text_str(&answer));
}
