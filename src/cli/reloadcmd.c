/* SPDX-License-Identifier: MIT */
#include "cli/reloadcmd.h"

#include "cli/client.h"
#include "cli/options.h"

#include <string.h>

/* New names are looked up and new certificates read before the daemon answers. */
enum { PATIENCE_MS = 60000 };

#define REFUSAL "not reloaded: "

/* As conf/confdiff.h writes them: "~ threads: 4 (was 2)". */
static bool is_difference(const char *line)
{
	return *line != '\0' && strchr("~+-!", *line) != NULL && line[1] == ' ';
}

static bool is_good_end(const char *line)
{
	return strcmp(line, "reloaded") == 0 || strcmp(line, "nothing has changed") == 0 ||
	       strcmp(line, "nothing would change") == 0 || is_difference(line);
}

/* The last line that is not empty; the newlines after it are taken away. */
static char *cut_last_line(char *s)
{
	size_t len = strlen(s);
	char *newline;

	while (len > 0 && s[len - 1] == '\n')
		s[--len] = '\0';
	newline = strrchr(s, '\n');
	return newline != NULL ? newline + 1 : s;
}

/* What came before a refusal: differences, or problems of the file. */
static int show_refusal(const struct console *c, char *lines, const char *end)
{
	int status = CONSOLE_FAILED;
	struct error err;
	char *rest;

	for (char *line = strtok_r(lines, "\n", &rest); line != NULL && line != end;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (!is_difference(line))
			status = CONSOLE_INVALID;
		fprintf(is_difference(line) ? c->out : c->err, "%s\n", line);
	}
	error_set(&err, "%s", end);
	console_fail(c, &err);
	return status;
}

static int show(const struct console *c, char *answer)
{
	char *end = cut_last_line(answer);
	struct error err;

	if (strncmp(end, REFUSAL, strlen(REFUSAL)) == 0)
		return show_refusal(c, answer, end);
	if (!is_good_end(end)) {
		client_refused(answer, &err);
		return console_fail(c, &err);
	}
	fprintf(c->out, "%s\n", answer);
	return CONSOLE_OK;
}

int reloadcmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT answer = { 0 };
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_RELOAD, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_RELOAD), &err);
	if (!client_ask(client_path(options_value(&o, "socket")),
	                options_has(&o, "diff") ? "reload diff" : "reload", PATIENCE_MS, &answer,
	                &err))
		return console_fail(c, &err);
	text_addc(&answer, '\n'); /* so that there is something to cut */
	return show(c, answer.data);
}
