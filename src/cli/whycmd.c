/* SPDX-License-Identifier: MIT */
#include "cli/whycmd.h"

#include "cli/client.h"
#include "cli/options.h"
#include "report/whytext.h"

int whycmd_main(const struct console *c, int argc, char **argv)
{
	unsigned int flags = (c->colour ? WHYTEXT_COLOUR : 0U) | (c->ascii ? WHYTEXT_ASCII : 0U);
	AUTO_TEXT command = { 0 };
	AUTO_TEXT answer = { 0 };
	AUTO_TEXT shown = { 0 };
	struct whyjson *why;
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_WHY, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_WHY), &err);
	text_add(&command, "show why");
	client_add_word(&command, o.words[0]);
	if (!client_ask_json(client_path(options_value(&o, "socket")), text_str(&command), &answer,
	                     &err))
		return console_fail(c, &err);
	why = whyjson_read(text_str(&answer), &err);
	if (why == NULL) {
		error_wrap(&err, "the daemon's answer is not understood");
		return console_fail(c, &err);
	}
	if (options_has(&o, "json")) {
		fputs(text_str(&answer), c->out);
	} else {
		whytext_write(why, c->width, flags, &shown);
		fputs(text_str(&shown), c->out);
	}
	whyjson_free(why);
	return CONSOLE_OK;
}
