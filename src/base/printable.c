/* SPDX-License-Identifier: MIT */
#include "base/printable.h"

#include <stdbool.h>

/* Marks that turn the direction of what is beside them, and ends of lines, forge what is shown. */
static bool misleads(const unsigned char *s)
{
	if (s[0] == 0xd8)
		return s[1] == 0x9c; /* U+061C */
	if (s[0] != 0xe2)
		return false;
	if (s[1] == 0x80) /* U+200E and U+200F, U+2028 to U+202E */
		return s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae);
	return s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9; /* U+2066 to U+2069 */
}

size_t printable_len(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return (s[0] == 0xc2 && s[1] < 0xa0) || misleads(s) ? 0 : len;
}

void printable_clean(char *s)
{
	while (*s) {
		size_t len = printable_len(s);

		if (!len)
			*s = '?';
		s += len ? len : 1;
	}
}
