/* SPDX-License-Identifier: MIT */
#include "base/suggest.h"

#include <string.h>

enum { LONGEST = 40 };

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment distance; words are at most LONGEST characters. */
static size_t distance(const char *a, size_t la, const char *b, size_t lb)
{
	size_t row[3][LONGEST + 1];

	for (size_t j = 0; j <= lb; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = row[i % 3];
		const size_t *up = row[(i + 2) % 3];
		const size_t *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] =
			    min3(up[j] + 1, now[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < now[j])
				now[j] = up2[j - 2] + 1;
		}
	}
	return row[la % 3][lb];
}

const char *suggest_nearest(const char *word, const char *const *names, size_t count)
{
	size_t len = strlen(word);
	size_t best = len < 6 ? 2 : len / 3 + 1; /* first distance that is too far */
	const char *found = NULL;

	if (!len || len > LONGEST)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(names[i]);
		size_t d = n > LONGEST ? best : distance(word, len, names[i], n);

		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
