/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ACTFORM_H
#define CONTROL_ACTFORM_H

#include "base/error.h"
#include "base/text.h"

/*
 * The form that POST /v1/act takes, and the line of the runtime API that it stands for.  Pure
 * functions over any bytes.  What is read has no byte that could begin another command or another
 * word: names are those of one server, values have the characters of weights, times and faults.
 */
struct actform {
	/* A row of the actions; NULL before one is read. */
	const struct actform_action *action;
	/* NULL: not there.  They point into the form. */
	const char *server, *id, *value, *deadline;
};

/*
 * Reads `form`, which is decoded in place and must outlive `ret`.  Each field is there at most once
 * and belongs to the action, and what the action needs is there; the error names the field and the
 * cure.
 */
bool actform_read(char *form, struct actform *ret, struct error *err) MUST_CHECK;

const char *actform_action_word(const struct actform *f); /* "drain" */

/* The command; `path` is "service/server" as the topology writes it, or NULL (kill by id). */
void actform_write_command(const struct actform *f, const char *path, struct text *out);

/* The same in the words of the form, for the journal: "weight psql/n1 50%". */
void actform_write_deed(const struct actform *f, const char *path, struct text *out);

/*
 * What came of it, for people, where the command itself answers nothing.  `sessions`: how many the
 * server had before.
 */
void actform_write_result(const struct actform *f, const char *path, unsigned int sessions,
                          struct text *out);

/* HTTP's status when the command refuses what was well written. */
int actform_refusal(const struct actform *f);

/* Do its changes of state tell by themselves who has ordered them (orders_come_from())? */
bool actform_is_order(const struct actform *f);

#endif
