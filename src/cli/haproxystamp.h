/* SPDX-License-Identifier: MIT */
#ifndef CLI_HAPROXYSTAMP_H
#define CLI_HAPROXYSTAMP_H

#include <stdint.h>

/*
 * The time stamp that a line of a log begins with, "<PRI>" before it or not; returns what follows,
 * which with RFC 5424 is the message.  See haproxytail_read() for what is believed.
 */
const char *haproxystamp_read(const char *line, int64_t seen_ms, int64_t *ret_ms);

/* What follows the date in brackets that `option tcplog` has as its second word; NULL: none. */
const char *haproxystamp_after_accept(const char *message);

#endif
