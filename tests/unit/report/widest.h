/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_REPORT_WIDEST_H
#define TESTS_UNIT_REPORT_WIDEST_H

#include <stddef.h>

/* Columns of the widest line: two for the wide characters of the tests, one for the others. */
static inline size_t widest(const char *s)
{
	size_t max = 0;
	size_t n = 0;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		n = c == '\n' ? 0 : n + ((c & 0xc0) != 0x80) + (c >= 0xe3);
		max = n > max ? n : max;
	}
	return max;
}

#endif
