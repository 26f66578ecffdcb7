/* SPDX-License-Identifier: MIT */
#ifndef CLI_RECORDCMD_H
#define CLI_RECORDCMD_H

#include "cli/console.h"

/*
 * `sluice drill record --haproxy SOCKET_OR_ADDR`: records a failure drill on HAProxy, until SIGINT
 * or SIGTERM or the end of --for, and writes the record.  Both signals are blocked from then on.
 * HAProxy has to answer at the beginning; later it may be gone for a while.
 */
int recordcmd_main(const struct console *c, int argc, char **argv);

#endif
