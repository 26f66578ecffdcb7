/* SPDX-License-Identifier: MIT */
#include "cli/statuscmd.h"

#include "cli/client.h"
#include "cli/options.h"
#include "report/statustable.h"

int statuscmd_main(const struct console *c, int argc, char **argv)
{
	unsigned int flags =
	    (c->colour ? STATUSTABLE_COLOUR : 0U) | (c->ascii ? STATUSTABLE_ASCII : 0U);
	AUTO_TEXT answer = { 0 };
	AUTO_TEXT table = { 0 };
	struct statusjson *status;
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_STATUS, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_STATUS), &err);
	if (!client_ask_json(client_path(options_value(&o, "socket")), "show status json", &answer,
	                     &err))
		return console_fail(c, &err);
	status = statusjson_read(text_str(&answer), &err);
	if (status == NULL) {
		error_wrap(&err, "the daemon's answer is not understood");
		return console_fail(c, &err);
	}
	if (options_has(&o, "json"))
		fputs(text_str(&answer), c->out);
	else {
		statustable_write(status, c->width, flags, &table);
		fputs(text_str(&table), c->out);
	}
	statusjson_free(status);
	return CONSOLE_OK;
}
