/* SPDX-License-Identifier: MIT */
#include "legacynames.h"

const char *legacynames_counter(enum counter c)
{
	static const char *const names[COUNTER_COUNT] = {
#define X(name, meaning) [COUNTER_##name] = #name,
		COUNTER_TABLE(X)
#undef X
	};

	return names[c];
}

void legacynames_add(struct counter_set *to, const struct legacyline *l)
{
	for (enum counter c = 0; c < COUNTER_COUNT; c++) {
		uint64_t n;

		if (legacyline_get(l, legacynames_counter(c), UINT64_MAX, &n))
			counter_add(to, c, n);
	}
}
