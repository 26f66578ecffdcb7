/* SPDX-License-Identifier: MIT */
#include "cli/watchcmd.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/number.h"
#include "cli/client.h"
#include "cli/options.h"
#include "report/eventjson.h"
#include "report/eventline.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

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
		if (isatty(fileno(c->out)) == 1)
			eventline_write_folded(&event, flags, c->width, &words);
		else
			eventline_write(&event, flags, &words);
		fprintf(c->out, "%s\n", text_str(&words));
	}
	if (fflush(c->out) != 0)
		return error_set(err, "cannot write the output");
	return true;
}

static int follow(const struct console *c, struct client *client, bool json)
{
	struct error err;
	const char *line;

	client->output_fd = fileno(c->out);
	for (;;) {
		switch (client_read_line(client, &line, &err)) {
		case CLIENT_LINE:
			if (!show(c, json, line, &err))
				return console_fail(c, &err);
			break;
		case CLIENT_END:
			error_set(&err, "the daemon has gone away (%s was closed)", client->path);
			return console_fail(c, &err);
		case CLIENT_UNHEARD:
			return CONSOLE_OK;
		case CLIENT_FAILED:
			return console_fail(c, &err);
		}
	}
}

/* The number of the last event of an answer to `show events json`; 0: there was none. */
static bool read_last(const char *answer, uint64_t *ret, struct error *err)
{
	struct journal_event event = { 0 };
	const char *last = strrchr(answer, '{');

	while (last != NULL && last > answer && last[-1] != '\n')
		last = memrchr(answer, '{', (size_t)(last - answer));
	if (last == NULL)
		last = answer;
	if (*last != '\0' && *last != '{')
		return client_refused(last, err);
	if (*last == '{') {
		AUTO_FREE char *line = mem_strndup(last, strcspn(last, "\n"));

		if (!eventjson_read(line, &event, err))
			return error_wrap(err, "the daemon's answer is not understood");
	}
	*ret = event.seq;
	return true;
}

/* Where to begin: at --since, or after the last event that there is. */
static bool choose_start(const char *path, const char *since, uint64_t *ret, struct error *err)
{
	AUTO_TEXT answer = { 0 };
	uint64_t last = 0;

	if (since != NULL)
		return number_parse(since, INT64_MAX, ret);
	if (!client_ask(path, "show events json", CLIENT_PATIENCE_MS, &answer, err) ||
	    !read_last(text_str(&answer), &last, err))
		return false;
	*ret = last + 1;
	return true;
}

int watchcmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT command = { 0 };
	const char *path, *since;
	struct client client;
	struct options o;
	struct error err;
	uint64_t seq;
	int status;

	if (!options_parse(&o, COMMANDS_WATCH, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_WATCH), &err);
	path = client_path(options_value(&o, "socket"));
	since = options_value(&o, "since");
	if (since != NULL && !number_parse(since, INT64_MAX, &seq)) {
		error_set(&err, "--since \"%s\" is not the number of an event", since);
		return console_usage(c, o.command, &err);
	}
	if (!choose_start(path, since, &seq, &err))
		return console_fail(c, &err);
	text_addf(&command, "show events json follow since %" PRIu64, seq);
	if (!client_start(&client, path, text_str(&command), 0, &err))
		return console_fail(c, &err);
	if (c->live && since == NULL)
		fputs("waiting for events; Ctrl-C ends it, --since 1 shows the past too\n", c->err);
	status = follow(c, &client, options_has(&o, "json"));
	client_close(&client);
	return status;
}
