/* SPDX-License-Identifier: MIT */
#include "cli/console.h"

#include "base/printable.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned int terminal_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

unsigned int console_width_now(const struct console *c)
{
	return terminal_width(fileno(c->out));
}

/* The variable's value; NULL if it is not set or empty. */
static const char *value_of(const char *variable)
{
	const char *value = secure_getenv(variable);

	return value != NULL && *value != '\0' ? value : NULL;
}

static bool may_colour(int fd)
{
	const char *term = value_of("TERM");

	return isatty(fd) == 1 && value_of("NO_COLOR") == NULL && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

/* The first of these variables that is set decides, as in setlocale(3). */
static bool locale_is_utf8(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *value = value_of(variables[i]);

		if (value != NULL)
			return strcasestr(value, "UTF-8") != NULL ||
			       strcasestr(value, "utf8") != NULL;
	}
	return false;
}

void console_init(struct console *c)
{
	*c = (struct console){
		.in = stdin,
		.out = stdout,
		.err = stderr,
		.width = terminal_width(STDOUT_FILENO),
		.colour = may_colour(STDOUT_FILENO),
		.ascii = !locale_is_utf8(),
		.live = isatty(STDERR_FILENO) == 1,
	};
}

/* What is wrong may be what somebody else wrote. */
static void add_error(struct text *out, const struct error *err)
{
	const char *at = err->text;

	while (*at != '\0') {
		size_t len = *at == '\n' ? 1 : printable_len(at);

		text_addn(out, len > 0 ? at : "?", len > 0 ? len : 1);
		at += len > 0 ? len : 1;
	}
}

int console_fail(const struct console *c, const struct error *err)
{
	AUTO_TEXT words = { 0 };

	add_error(&words, err);
	if (c->command != NULL)
		fprintf(c->err, "sluice %s: %s\n", c->command, text_str(&words));
	else
		fprintf(c->err, "sluice: %s\n", text_str(&words));
	return CONSOLE_FAILED;
}

int console_usage(const struct console *c, const struct commands_entry *command,
                  const struct error *err)
{
	AUTO_TEXT usage = { 0 };
	AUTO_TEXT words = { 0 };

	commands_write_usage(command, &usage);
	add_error(&words, err);
	fprintf(c->err, "sluice %s: %s\n%s", command->name, text_str(&words), text_str(&usage));
	return CONSOLE_USAGE;
}

int console_finish(const struct console *c, int status)
{
	if (fflush(c->out) == 0 && !ferror(c->out))
		return status;
	fprintf(c->err, "sluice: cannot write all of the output: %m\n");
	return status == CONSOLE_OK ? CONSOLE_FAILED : status;
}
