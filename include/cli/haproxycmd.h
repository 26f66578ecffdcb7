/* SPDX-License-Identifier: MIT */
#ifndef CLI_HAPROXYCMD_H
#define CLI_HAPROXYCMD_H

#include "cli/console.h"
#include "cli/haproxyargs.h"

struct settings;

/*
 * A configuration of HAProxy, for a program that runs in its place; what is to be said is said on
 * `err` in HAProxy's words: "[ALERT]    (pid) : config : parsing [file:line] : ...".
 */

/*
 * NULL if there is an error (or a warning, with -dW).  What the file says of the command line's
 * business ("daemon", "quiet") is put into `a`.
 */
struct settings *haproxycmd_load(const struct console *c, struct haproxyargs *a);

/* `haproxy -c`: the verdict, and the exit status. */
int haproxycmd_check(const struct console *c, struct haproxyargs *a);

/* A line of the kind "NOTICE", "WARNING" or "ALERT". */
void haproxycmd_say(const struct console *c, const char *kind, const char *text);

#endif
