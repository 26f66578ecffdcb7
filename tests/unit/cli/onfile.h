/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CLI_ONFILE_H
#define TESTS_UNIT_CLI_ONFILE_H

#include "fake.h"

/* "`command` `words` -f FILE" on a file of that content. */
static inline int onfile_run(struct fake *f,
                             int (*command_main)(const struct console *c, int argc, char **argv),
                             const char *content, const char *command, const char *words)
{
	char line[256], path[128], *argv[16], *rest;
	int argc = 0, status;
	FILE *file;

	fake_start(f, NULL, 0);
	snprintf(path, sizeof(path), "%s/sluice.conf", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
	snprintf(line, sizeof(line), "%s %s -f %s", command, words, path);
	for (char *word = strtok_r(line, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	status = command_main(&f->console, argc, argv);
	unlink(path);
	fake_join(f);
	return status;
}

#endif
