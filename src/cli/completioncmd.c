/* SPDX-License-Identifier: MIT */
#include "cli/completioncmd.h"

#include "base/suggest.h"
#include "cli/client.h"
#include "cli/completion.h"
#include "cli/options.h"
#include "cli/until.h"
#include "core/settings.h"

#include <string.h>

enum {
	PATIENCE_MS = 500, /* somebody has pressed a key */
	NAME_BYTES = 128
};

/* A line of `show servers conn`, and what stands before it. */
struct row {
	const char *answer, *line;
	char service[NAME_BYTES], server[NAME_BYTES];
};

/* Has no line before this one that name? */
static bool is_new(const struct row *r, const char *before, const char *name, const char *after)
{
	AUTO_TEXT what = { 0 };

	text_addf(&what, "%s%s%s", before, name, after);
	return memmem(r->answer, (size_t)(r->line - r->answer), what.data, what.len) == NULL;
}

static void write_states(FILE *out, const char *service, const char *server)
{
	for (int s = 0; s < UNTIL_STATE_COUNT; s++)
		fprintf(out, "%s%s%s %s\n", service, *server != '\0' ? "/" : "", server,
		        until_state_word((enum until_state)s));
}

static void write_server(FILE *out, const struct row *r)
{
	if (is_new(r, "/", r->server, " "))
		fprintf(out, "%s\n", r->server);
	fprintf(out, "%s/%s\n", r->service, r->server);
}

static void write_service(FILE *out, const struct row *r)
{
	if (is_new(r, "\n", r->service, "/"))
		fprintf(out, "%s\n", r->service);
}

static void write_conditions(FILE *out, const struct row *r)
{
	if (is_new(r, "\n", r->service, "/"))
		write_states(out, r->service, "");
	write_states(out, r->service, r->server);
}

typedef void writer(FILE *out, const struct row *r);

static const struct {
	const char *word;
	writer *write;
} lists[] = {
	{ "servers", write_server },
	{ "services", write_service },
	{ "conditions", write_conditions },
};

/* What a shell gets is part of a command line soon: only what can be a name. */
static bool has_names(const struct row *r)
{
	return settings_is_name(r->service) && settings_is_name(r->server);
}

/* `show servers conn`: a heading, then "service/server ..." each; the cheapest that names all. */
static int list(const struct console *c, const char *socket, writer *write)
{
	AUTO_TEXT answer = { 0 };
	struct row row;

	if (!client_ask(client_path(socket), "show servers conn", PATIENCE_MS, &answer, NULL))
		return CONSOLE_FAILED;
	if (write == write_conditions)
		write_states(c->out, "all", "");
	row.answer = row.line = text_str(&answer);
	for (; *row.line != '\0';
	     row.line += strcspn(row.line, "\n"), row.line += *row.line == '\n')
		if (*row.line != '#' &&
		    sscanf(row.line, "%127[^/ \n]/%127[^ \n]", row.service, row.server) == 2 &&
		    has_names(&row))
			write(c->out, &row);
	return CONSOLE_OK;
}

static bool explain_unknown(const char *word, struct error *err)
{
	const char *shells[COMPLETION_SHELL_COUNT], *near;

	for (int i = 0; i < COMPLETION_SHELL_COUNT; i++)
		shells[i] = completion_shell_name((enum completion_shell)i);
	near = suggest_nearest(word, shells, ARRAY_LEN(shells));
	if (near != NULL)
		return error_set(err, "no shell \"%s\": did you mean \"%s\"?", word, near);
	return error_set(err, "no shell \"%s\": write bash, zsh or fish", word);
}

int completioncmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT script = { 0 };
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_COMPLETION, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_COMPLETION), &err);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (strcmp(lists[i].word, o.words[0]) == 0)
			return list(c, options_value(&o, "socket"), lists[i].write);
	for (int i = 0; i < COMPLETION_SHELL_COUNT; i++) {
		if (strcmp(completion_shell_name((enum completion_shell)i), o.words[0]) != 0)
			continue;
		completion_write((enum completion_shell)i, &script);
		fputs(text_str(&script), c->out);
		return CONSOLE_OK;
	}
	(void)explain_unknown(o.words[0], &err);
	return console_usage(c, o.command, &err);
}
