/* SPDX-License-Identifier: MIT */
#ifndef MAIN_HAPROXY_H
#define MAIN_HAPROXY_H

#include "cli/console.h"

/*
 * The program in HAProxy's place: `sluice haproxy ARGS...`, or under the name "haproxy".  argv[0]
 * is the program's name and argv is NULL at its end; the result is HAProxy's exit status.  If it
 * comes as a command (c->command is set), argv[-1] is the name of the program.
 */
int haproxy_main(const struct console *c, int argc, char **argv);

#endif
