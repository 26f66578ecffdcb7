/* SPDX-License-Identifier: MIT */
#include "cli/faultcmd.h"

#include "cli/client.h"
#include "cli/options.h"

int faultcmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT command = { 0 };
	AUTO_TEXT answer = { 0 };
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_FAULT, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_FAULT), &err);
	text_add(&command, "fault");
	for (size_t i = 0; i < o.word_count; i++)
		client_add_word(&command, o.words[i]);
	if (!client_ask_done(client_path(options_value(&o, "socket")), text_str(&command), &answer,
	                     &err))
		return console_fail(c, &err);
	fputs(text_str(&answer), c->out);
	return CONSOLE_OK;
}
