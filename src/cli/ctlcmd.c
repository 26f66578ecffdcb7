/* SPDX-License-Identifier: MIT */
#include "cli/ctlcmd.h"

#include "cli/client.h"
#include "cli/options.h"

#include <string.h>

enum { ERROR_DIGIT = '3' }; /* this severity, and graver ones */

static bool begins_with(const char *s, const char *start)
{
	return strncmp(s, start, strlen(start)) == 0;
}

/*
 * Messages come with their severity then, which tells a refusal from an answer; it is not printed.
 * Who asks for severities sees them.
 */
static const char with_severities[] = "set severity-output number;";

/* "[3]: No such server." */
static bool has_severity(const char *line)
{
	return line[0] == '[' && line[1] >= '0' && line[1] <= '7' && begins_with(line + 2, "]: ");
}

/* Prints the answer; true if a line of it is an error. */
static bool show(FILE *out, const char *s, bool severities)
{
	bool failed = false;

	while (*s != '\0') {
		size_t len = strcspn(s, "\n");
		size_t skip = 0;

		if (has_severity(s)) {
			failed = failed || s[1] <= ERROR_DIGIT;
			skip = severities ? sizeof("[3]: ") - 1 : 0;
		}
		failed = failed || begins_with(s, "[err]: ") ||
		         begins_with(s + skip, "Unknown command") ||
		         begins_with(s + skip, "Permission denied");
		len += s[len] == '\n';
		fwrite(s + skip, 1, len - skip, out);
		s += len;
	}
	return failed;
}

int ctlcmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT command = { 0 };
	AUTO_TEXT answer = { 0 };
	bool severities = true;
	const char *words;
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_CTL, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_CTL), &err);
	for (size_t i = 0; i < o.word_count; i++)
		severities = severities && strstr(o.words[i], "severity-output") == NULL;
	text_add(&command, severities ? with_severities : "");
	for (size_t i = 0; i < o.word_count; i++)
		text_addf(&command, "%s%s", i > 0 ? " " : "", o.words[i]);
	/* `wait` and `show events` may be silent for as long as they like. */
	if (!client_ask(client_path(options_value(&o, "socket")), text_str(&command), 0, &answer,
	                &err))
		return console_fail(c, &err);
	/* The answer to the order before is an empty line. */
	words = text_str(&answer);
	words += severities && *words == '\n';
	return show(c->out, words, severities) ? CONSOLE_FAILED : CONSOLE_OK;
}
