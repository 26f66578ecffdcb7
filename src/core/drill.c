/* SPDX-License-Identifier: MIT */
#include "core/drill.h"

#include <stdlib.h>

struct drill *drill_new(void)
{
	struct drill *d = mem_zalloc(sizeof(*d));

	d->name = "";
	d->source = "";
	return d;
}

void drill_free(struct drill *d)
{
	if (d == NULL)
		return;
	mem_arena_release(&d->arena);
	free(d);
}

const char *drill_state_key(enum drill_state s)
{
	static const char *const keys[] = {
#define X(name, key, usable, words) [DRILL_##name] = key,
		DRILL_STATE_TABLE(X)
#undef X
	};

	return keys[s];
}

bool drill_state_is_usable(enum drill_state s)
{
	static const bool usable_in[] = {
#define X(name, key, usable, words) [DRILL_##name] = usable,
		DRILL_STATE_TABLE(X)
#undef X
	};

	return usable_in[s];
}

const char *drill_kind_key(enum drill_kind k)
{
	static const char *const keys[] = {
		[DRILL_STATE] = "state", [DRILL_CHECK] = "check", [DRILL_SERVICE] = "service",
		[DRILL_FAULT] = "fault", [DRILL_MARK] = "mark",
	};

	return keys[k];
}

const char *drill_series_key(enum drill_series s)
{
	static const char *const keys[] = {
#define X(name, key, words) [DRILL_SERIES_##name] = key,
		DRILL_SERIES_TABLE(X)
#undef X
	};

	return keys[s];
}

bool drill_is_coarse(const struct drill *d)
{
	for (size_t i = 0; i < d->service_count; i++)
		if (d->services[i].at[DRILL_SERIES_GAP] == NULL)
			return true;
	return false;
}
