/* SPDX-License-Identifier: MIT */
#include "cli/rebalancecmd.h"

#include "cli/client.h"
#include "cli/options.h"

int rebalancecmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT command = { 0 };
	AUTO_TEXT answer = { 0 };
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_REBALANCE, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_REBALANCE), &err);
	text_add(&command, "rebalance");
	if (o.word_count)
		client_add_word(&command, o.words[0]);
	if (options_has(&o, "dry-run"))
		text_add(&command, " dry-run");
	if (!client_ask_done(client_path(options_value(&o, "socket")), text_str(&command), &answer,
	                     &err))
		return console_fail(c, &err);
	fputs(text_str(&answer), c->out);
	return CONSOLE_OK;
}
