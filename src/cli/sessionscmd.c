/* SPDX-License-Identifier: MIT */
#include "cli/sessionscmd.h"

#include "cli/client.h"
#include "cli/options.h"
#include "report/sessionline.h"

#include <stdlib.h>
#include <string.h>

int sessionscmd_list(const struct console *c, int argc, char **argv)
{
	struct sessionline *sessions;
	AUTO_TEXT answer = { 0 };
	AUTO_TEXT table = { 0 };
	struct options o;
	struct error err;
	size_t count;

	if (!options_parse(&o, COMMANDS_SESSIONS, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_SESSIONS), &err);
	if (!client_ask_json(client_path(options_value(&o, "socket")), "show sess json", &answer,
	                     &err))
		return console_fail(c, &err);
	if (!sessionline_read_list(text_str(&answer), &sessions, &count, &err)) {
		error_wrap(&err, "the daemon's answer is not understood");
		return console_fail(c, &err);
	}
	if (options_has(&o, "json"))
		fputs(text_str(&answer), c->out);
	else if (count == 0)
		fputs("no sessions\n", c->out);
	else {
		sessionline_write_table(sessions, count, c->width, c->colour, &table);
		fputs(text_str(&table), c->out);
	}
	free(sessions);
	return CONSOLE_OK;
}

/* What `sluice sessions` shows, or what HAProxy's tools make of it ("0x1267"). */
static bool is_id(const char *s)
{
	const char *digits = "0123456789";

	if (strncmp(s, "0x", 2) == 0) {
		s += 2;
		digits = "0123456789abcdefABCDEF";
	}
	return *s != '\0' && strspn(s, digits) == strlen(s);
}

int sessionscmd_kill(const struct console *c, int argc, char **argv)
{
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_KILL, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_KILL), &err);
	for (size_t i = 0; i < o.word_count; i++)
		if (!is_id(o.words[i])) {
			error_set(&err, "\"%s\" is not a session's number; see sluice sessions",
			          o.words[i]);
			return console_usage(c, o.command, &err);
		}
	for (size_t i = 0; i < o.word_count; i++) {
		AUTO_TEXT command = { 0 };

		text_addf(&command, "shutdown session %s", o.words[i]);
		if (!client_order(client_path(options_value(&o, "socket")), text_str(&command),
		                  &err)) {
			error_wrap(&err, "session %s", o.words[i]);
			return console_fail(c, &err);
		}
		fprintf(c->out, "session %s is ended\n", o.words[i]);
	}
	return CONSOLE_OK;
}
