/* SPDX-License-Identifier: MIT */
#ifndef REPORT_PLAIN_H
#define REPORT_PLAIN_H

#include "base/text.h"

#include <stdint.h>

/*
 * Strings that came from a node, a file or the network, made fit for a terminal and for a line of
 * a log: no control character gets through, so nobody can move the cursor or forge a line.
 */

/* Adds `s` with each control character (C0, DEL, C1) and each byte that is not UTF-8 as "?". */
void plain_add(struct text *t, const char *s);

/* The same for HTML text and for attribute values in double quotes. */
void plain_add_html(struct text *t, const char *s);

/* plain_add() in place. */
void plain_clean(char *s);

/*
 * Columns on a terminal: two for each wide character of East Asia and each emoji, none for marks
 * that stand on the character before.
 */
size_t plain_width(const char *s);

/* Adds `s` in exactly `width` columns: cut with "~" at its end, or padded with spaces. */
void plain_add_left(struct text *t, const char *s, size_t width);
void plain_add_right(struct text *t, const char *s, size_t width);
/* As plain_add_left(), but cut in its middle: "east-1" and "east-2" differ at their ends. */
void plain_add_name(struct text *t, const char *s, size_t width);

/*
 * Adds `s` as it is, broken at its spaces so that no line is wider than `width` unless a word is;
 * the first line has `used` columns already, further ones begin with `indent` spaces.
 */
void plain_add_folded(struct text *t, const char *s, size_t used, size_t width, size_t indent);

enum plain_colour {
	PLAIN_RESET,
	PLAIN_BOLD,
	PLAIN_DIM,
	PLAIN_RED,
	PLAIN_GREEN,
	PLAIN_YELLOW,
	PLAIN_BLUE,
	PLAIN_MAGENTA,
	PLAIN_CYAN
};

/* The escape sequence, or nothing if `on` is false. */
void plain_colour(struct text *t, bool on, enum plain_colour c);

/* "1 session", "2 sessions" */
void plain_add_count(struct text *t, uint64_t n, const char *noun);

/* "7 ms", "1.2s", "4m12s" */
void plain_add_duration(struct text *t, int64_t ms);

#endif
