/* SPDX-License-Identifier: MIT */
#include "cli/explaincmd.h"

#include "cli/conffile.h"
#include "cli/options.h"
#include "conf/lintfile.h"
#include "report/explain.h"

static bool take_facts(const struct options *o, struct explain_facts *facts, struct error *err)
{
	const char *wait = options_value(o, "initial-wait");

	facts->initial_wait_given = wait != NULL;
	return wait == NULL || options_duration("initial-wait", wait, &facts->initial_wait_ms, err);
}

int explaincmd_main(const struct console *c, int argc, char **argv)
{
	struct explain_facts facts = { 0 };
	struct loader_problems problems = { 0 };
	enum explain_topic topic;
	struct lintfile *file;
	AUTO_TEXT out = { 0 };
	struct options o;
	const char *path;
	struct error err;

	if (!options_parse(&o, COMMANDS_EXPLAIN, argc, argv, &err) ||
	    !explain_find(o.words[0], &topic, &err) || !take_facts(&o, &facts, &err))
		return console_usage(c, commands_get(COMMANDS_EXPLAIN), &err);
	path = conffile_path(c, &o);
	file = path != NULL ? lintfile_read(path, &problems) : NULL;
	for (size_t i = 0; i < problems.count; i++)
		fprintf(c->err, "%s\n", problems.lines[i]);
	loader_problems_release(&problems);
	if (file == NULL)
		return CONSOLE_INVALID;
	explain_write(topic, lintfile_settings(file), &facts, &out);
	if (lintfile_has_stand_ins(file))
		fputs("The cluster tells its nodes (cluster.discover); three stand for them "
		      "here.\n\n",
		      c->out);
	fputs(text_str(&out), c->out);
	lintfile_free(file);
	return CONSOLE_OK;
}
