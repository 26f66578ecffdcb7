/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_FOLLOWED_H
#define CONTROL_FOLLOWED_H

#include "base/text.h"

/*
 * A process that another one has followed, while its last sessions go on: obeys what the other one
 * orders of them, and tells how many there are (control/carried.h).  Control thread only.
 */
struct followed;
struct supervisor;

/* From now on.  No server may come or go any more. */
struct followed *followed_new(struct supervisor *s);
void followed_free(struct followed *f); /* NULL is fine */

/* Obeys one line, without its newline, which is changed.  False: it is no order. */
bool followed_hear(struct followed *f, char *line);

/* Adds what has changed since it was told last.  False: nothing, or nobody has asked. */
bool followed_tell(struct followed *f, struct text *out);

#endif
