/* SPDX-License-Identifier: MIT */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

/*
 * "did you mean": the name nearest to `word` (edit distance with swaps, at most a third of its
 * length, at least 1), or NULL when nothing is near.  `names` are the `count` known words.
 */
const char *suggest_nearest(const char *word, const char *const *names, size_t count);

#endif
