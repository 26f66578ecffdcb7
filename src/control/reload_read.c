/* SPDX-License-Identifier: MIT */
/*
 * The file of a reload, and saying that it is none.
 */
#include "reloadparts.h"

#include "base/log.h"
#include "conf/loader.h"

#include <sys/stat.h>

void reload_refuse(struct reload *r, const char *why, struct text *answer)
{
	text_addf(answer, "not reloaded: %s\n", why);
	roster_say(r->s->daemon.roster, LOG_LEVEL_ERROR, "not reloaded: %s", why);
}

static void say_why(struct reload *r, const char *why, bool dry, struct text *answer)
{
	if (dry)
		text_addf(answer, "not reloaded: %s\n", why);
	else
		reload_refuse(r, why, answer);
}

/* A FIFO would hold everything up until somebody writes to it. */
static bool is_fifo(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && S_ISFIFO(st.st_mode);
}

struct settings *reload_read(struct reload *r, bool dry, struct text *answer)
{
	const char *file = r->s->settings->file;
	struct loader_problems problems;
	struct settings *after;
	AUTO_TEXT why = { 0 };

	if (is_fifo(file)) {
		text_addf(&why, "%s is a FIFO, which can be read at the start only: use a file",
		          file);
		say_why(r, text_str(&why), dry, answer);
		return NULL;
	}
	after = loader_read_file_with(file,
	                              &(struct loader_nodes){ r->s->settings->found,
	                                                      r->s->settings->found_wall_ms,
	                                                      r->s->settings->leaving },
	                              &problems);
	for (size_t i = 0; i < problems.count; i++) {
		text_addf(answer, "%s\n", problems.lines[i]);
		if (!dry)
			log_error("%s", problems.lines[i]);
	}
	text_addf(&why, "%zu problem%s in %s", problems.count, problems.count == 1 ? "" : "s",
	          file);
	if (!after)
		say_why(r, text_str(&why), dry, answer);
	loader_problems_release(&problems);
	return after;
}
