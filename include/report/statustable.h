/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STATUSTABLE_H
#define REPORT_STATUSTABLE_H

#include "base/text.h"
#include "report/statusjson.h"

/*
 * The table of `sluice status`: a heading line for each service, a line for each server with its
 * state, since when, last check, sessions, rate, and a further line with the cause if the server
 * is not simply UP.  No line is wider than `width` columns (at least 60 are assumed).
 */
enum statustable_flag {
	STATUSTABLE_COLOUR = 1, /* ANSI colours */
	STATUSTABLE_ASCII = 2   /* no character above 126: glyphs become + ~ ! x - ? */
};

void statustable_write(const struct statusjson *s, unsigned int width, unsigned int flags,
                       struct text *out);

#endif
