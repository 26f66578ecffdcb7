/* SPDX-License-Identifier: MIT */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stddef.h>

/*
 * What a node, a file or the network said, on its way to a terminal or to a line of a log: nobody
 * is to move the cursor, to forge a line, or to turn the order of what is read.
 */

/*
 * Bytes of the UTF-8 character at `text` if it may be shown, else 0: for control characters (C0,
 * DEL, C1), marks of direction and ends of lines (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066
 * to U+2069), and a byte that is not UTF-8.  `text` ends with a zero byte, for which it is 0, too.
 */
size_t printable_len(const char *text);

/* Each byte that may not be shown becomes "?", in place. */
void printable_clean(char *s);

#endif
