/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SUCCESSION_H
#define CONTROL_SUCCESSION_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * How a process and the one that takes its place talk: over a socket pair of whole messages, each
 * of whole lines, some with a descriptor.
 *
 *   the new one                       the old one
 *                                     starts it, with its listening sockets
 *   "ready": all is open         ->
 *   (or "error WHY")                  accepts no more
 *                                <-   its state: "process", "listener", and those of legacy.h
 *                                <-   "stream" with a descriptor: what still older ones tell
 *                                <-   "go"
 *   "accepting"                  ->   closes its listening sockets
 *                                <-   "yours": control sockets, files of sockets, pid file
 *                                <-   each second what it has counted ("...-gain") and "left N"
 *   "report", what people order  ->   obeys, and tells how many sessions are where (carried.h)
 *   "leave MS"                   ->   ends within so many milliseconds, 0: at once
 *                                     ends when its last session has
 *
 * Until "go" everything can be given up: the old one goes on as if nothing had happened.
 */
enum { SUCCESSION_MESSAGE_MAX = 32768 };

#define SUCCESSION_VARIABLE "SLUICE_PREDECESSOR"

/* Two ends, both CLOEXEC. */
bool succession_pair(int ends[2]);

/*
 * Sends whole lines, in as many messages as it takes; `fd` (-1: none) goes with the first.  Waits
 * up to `limit_ms` for room.  Returns how many bytes are on their way: fewer than `len` if the
 * other one does not read, or is gone.
 */
size_t succession_send(int channel, const char *lines, size_t len, int fd, int limit_ms);
/* One short line, without its newline. */
bool succession_say(int channel, const char *line, int fd);

enum succession_news {
	SUCCESSION_MESSAGE,
	SUCCESSION_NOTHING, /* not now */
	SUCCESSION_GONE     /* the other one is */
};

/*
 * One message; waits up to `limit_ms` for it.  `line` begins with it, terminated; a descriptor that
 * came along is the caller's, -1: none.
 */
enum succession_news succession_receive(int channel, int limit_ms,
                                        char ret_lines[static SUCCESSION_MESSAGE_MAX + 1],
                                        int *ret_fd);

/* The next line of what was received, terminated; NULL at the end. */
char *succession_line(char **rest);

#endif
