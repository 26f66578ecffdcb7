/* SPDX-License-Identifier: MIT */
#include "cli/ctlcmd.h"

#include "cli/client.h"
#include "cli/options.h"

#include <string.h>

static bool begins_with(const char *s, const char *start)
{
	return strncmp(s, start, strlen(start)) == 0;
}

int ctlcmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT command = { 0 };
	AUTO_TEXT answer = { 0 };
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_CTL, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_CTL), &err);
	for (size_t i = 0; i < o.word_count; i++)
		text_addf(&command, "%s%s", i > 0 ? " " : "", o.words[i]);
	/* `wait` and `show events` may be silent for as long as they like. */
	if (!client_ask(client_path(options_value(&o, "socket")), text_str(&command), 0, &answer,
	                &err))
		return console_fail(c, &err);
	fwrite(text_str(&answer), 1, answer.len, c->out);
	if (begins_with(text_str(&answer), "Unknown command") ||
	    begins_with(text_str(&answer), "Permission denied"))
		return CONSOLE_FAILED;
	return CONSOLE_OK;
}
