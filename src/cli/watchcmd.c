/* SPDX-License-Identifier: MIT */
#include "cli/watchcmd.h"

#include "base/number.h"
#include "cli/client.h"
#include "cli/options.h"
#include "report/eventjson.h"
#include "report/eventline.h"

/* One line of the stream; false if it is not an event. */
static bool show(const struct console *c, bool json, const char *line, struct error *err)
{
	unsigned int flags = EVENTLINE_TIME | EVENTLINE_ALIGN | (c->colour ? EVENTLINE_COLOUR : 0U);
	AUTO_TEXT words = { 0 };
	struct journal_event event;

	if (*line == '\0')
		return true;
	if (*line != '{')
		return client_refused(line, err);
	if (!eventjson_read(line, &event, err))
		return error_wrap(err, "the daemon's answer is not understood");
	if (json) {
		fprintf(c->out, "%s\n", line);
	} else {
		eventline_write(&event, flags, &words);
		fprintf(c->out, "%s\n", text_str(&words));
	}
	if (fflush(c->out) != 0)
		return error_set(err, "cannot write the output");
	return true;
}

static bool follow(const struct console *c, struct client *client, bool json, struct error *err)
{
	const char *line;

	for (;;) {
		switch (client_read_line(client, &line, err)) {
		case CLIENT_LINE:
			if (!show(c, json, line, err))
				return false;
			break;
		case CLIENT_END:
			return error_set(err, "the daemon has gone away (%s was closed)",
			                 client->path);
		case CLIENT_FAILED:
			return false;
		}
	}
}

int watchcmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT command = { 0 };
	struct client client;
	struct options o;
	struct error err;
	const char *since;
	uint64_t seq;

	if (!options_parse(&o, COMMANDS_WATCH, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_WATCH), &err);
	text_add(&command, "show events json follow");
	since = options_value(&o, "since");
	if (since != NULL && !number_parse(since, INT64_MAX, &seq)) {
		error_set(&err, "--since \"%s\" is not the number of an event", since);
		return console_usage(c, o.command, &err);
	}
	if (since != NULL)
		text_addf(&command, " since %s", since);
	if (!client_start(&client, client_path(options_value(&o, "socket")), text_str(&command), 0,
	                  &err))
		return console_fail(c, &err);
	(void)follow(c, &client, options_has(&o, "json"), &err);
	client_close(&client);
	return console_fail(c, &err);
}
