/* SPDX-License-Identifier: MIT */
#include "cli/checkcmd.h"
#include "cli/commands.h"
#include "cli/completioncmd.h"
#include "cli/console.h"
#include "cli/ctlcmd.h"
#include "cli/drillcmd.h"
#include "cli/explaincmd.h"
#include "cli/faultcmd.h"
#include "cli/gencmd.h"
#include "cli/importcmd.h"
#include "cli/lintcmd.h"
#include "cli/rebalancecmd.h"
#include "cli/recordcmd.h"
#include "cli/reloadcmd.h"
#include "cli/sessionscmd.h"
#include "cli/simulatecmd.h"
#include "cli/statecmd.h"
#include "cli/statuscmd.h"
#include "cli/topcmd.h"
#include "cli/watchcmd.h"
#include "cli/whycmd.h"
#include "demo.h"
#include "haproxy.h"
#include "run.h"

#include <string.h>

static int (*const functions[])(const struct console *c, int argc, char **argv) = {
#define COMMAND(id, name, function, min, max, group, arguments, summary, details)                  \
	[COMMANDS_##id] = (function),
#include "cli/commands.def"
};

static bool is_help(const char *s)
{
	return strcmp(s, "--help") == 0 || strcmp(s, "-h") == 0;
}

/* Is help asked for among the options of a command? */
static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (is_help(argv[i]))
			return true;
	return false;
}

/* Called through a link of that name. */
static bool is_haproxy(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash != NULL ? slash + 1 : path, "haproxy") == 0;
}

/* The command at the beginning of `words`; some have a name of two words. */
static const struct commands_entry *find(int count, char **words, int *ret_taken)
{
	AUTO_TEXT both = { 0 };
	const struct commands_entry *command = NULL;

	*ret_taken = 2;
	if (count > 1) {
		text_addf(&both, "%s %s", words[0], words[1]);
		command = commands_find(text_str(&both));
	}
	if (command != NULL)
		return command;
	*ret_taken = 1;
	return commands_find(words[0]);
}

static int explain_unknown(const struct console *c, const char *name)
{
	const char *near = commands_suggest(name);

	if (name[0] == '-')
		fprintf(c->err, "sluice: unknown option \"%s\"; options come after the command\n",
		        name);
	else if (near != NULL)
		fprintf(c->err, "sluice: unknown command \"%s\": did you mean \"%s\"?\n", name,
		        near);
	else
		fprintf(c->err, "sluice: unknown command \"%s\"; `sluice --help` lists them\n",
		        name);
	return CONSOLE_USAGE;
}

/* Of the command that the words name; of all if there is none. */
static int show_help(const struct console *c, int count, char **words)
{
	int taken;
	const struct commands_entry *command = count > 0 ? find(count, words, &taken) : NULL;
	AUTO_TEXT help = { 0 };

	if (count > 0 && command == NULL)
		return explain_unknown(c, words[0]);
	if (command != NULL)
		commands_write_help(command, &help);
	else
		commands_write_overview(SLUICE_VERSION, &help);
	fputs(text_str(&help), c->out);
	return CONSOLE_OK;
}

static int dispatch(const struct console *c, int argc, char **argv)
{
	const struct commands_entry *command;
	struct console named = *c;
	int taken;

	if (argc < 2) {
		struct console to_err = *c;

		to_err.out = c->err;
		(void)show_help(&to_err, 0, NULL);
		return CONSOLE_USAGE;
	}
	if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
		return show_help(c, argc - 2, argv + 2);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0 ||
	    strcmp(argv[1], "version") == 0) {
		fputs("sluice " SLUICE_VERSION "\n", c->out);
		return CONSOLE_OK;
	}
	command = find(argc - 1, argv + 1, &taken);
	if (command == NULL)
		return explain_unknown(c, argv[1]);
	if (wants_help(argc - 1, argv + 1))
		return show_help(c, taken, argv + 1);
	named.command = command->name;
	return functions[command->id](&named, argc - taken, argv + taken);
}

int main(int argc, char **argv)
{
	struct console c;

	console_init(&c);
	if (argc > 0 && is_haproxy(argv[0]))
		return console_finish(&c, haproxy_main(&c, argc, argv));
	return console_finish(&c, dispatch(&c, argc, argv));
}
