/* SPDX-License-Identifier: MIT */
#include "cli/checkcmd.h"

#include "cli/conffile.h"
#include "cli/options.h"
#include "conf/loader.h"

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static struct settings *report(const struct console *c, struct settings *settings,
                               struct loader_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		fprintf(c->err, "%s\n", problems->lines[i]);
	loader_problems_release(problems);
	return settings;
}

struct settings *checkcmd_load(const struct console *c, const char *file)
{
	struct loader_problems problems = { 0 };
	struct settings *settings = loader_read_file(file, &problems);

	return report(c, settings, &problems);
}

struct settings *checkcmd_load_text(const struct console *c, const char *name, const char *text)
{
	struct loader_problems problems = { 0 };
	struct settings *settings = loader_read_string(name, text, &problems);

	return report(c, settings, &problems);
}

/* A node counts once, however many services use it; its agent does not. */
static size_t count_servers(const struct settings *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->target_count; i++)
		n += s->targets[i].check.type != SETTINGS_CHECK_AGENT;
	return n;
}

int checkcmd_main(const struct console *c, int argc, char **argv)
{
	struct settings *settings;
	struct options o;
	struct error err;
	const char *file;
	size_t servers;

	if (!options_parse(&o, COMMANDS_CHECK, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_CHECK), &err);
	file = conffile_path(c, &o);
	settings = file != NULL ? checkcmd_load(c, file) : NULL;
	if (settings == NULL)
		return CONSOLE_INVALID;
	servers = count_servers(settings);
	fprintf(c->out, "%s: ok: %zu service%s, %zu server%s\n", file, settings->service_count,
	        plural(settings->service_count), servers, plural(servers));
	settings_free(settings);
	return CONSOLE_OK;
}
