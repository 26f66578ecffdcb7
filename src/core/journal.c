/* SPDX-License-Identifier: MIT */
#include "core/journal.h"

#include <assert.h>
#include <stdlib.h>

struct journal {
	uint64_t last; /* number of the newest entry */
	size_t capacity;
	struct journal_event at[]; /* entry n is at (n - 1) % capacity */
};

struct journal *journal_new(size_t capacity)
{
	struct journal *j;

	assert(capacity > 0);
	j = mem_zalloc(sizeof(*j) + capacity * sizeof(j->at[0]));
	j->capacity = capacity;
	return j;
}

void journal_free(struct journal *j)
{
	free(j);
}

const struct journal_event *journal_append(struct journal *j, const struct journal_event *e)
{
	struct journal_event *slot = &j->at[j->last % j->capacity];

	*slot = *e;
	slot->seq = ++j->last;
	return slot;
}

const struct journal_event *journal_find(const struct journal *j, uint64_t seq)
{
	uint64_t oldest = j->last > j->capacity ? j->last - j->capacity + 1 : 1;

	if (seq < oldest)
		seq = oldest;
	return seq <= j->last ? &j->at[(seq - 1) % j->capacity] : NULL;
}

uint64_t journal_last(const struct journal *j)
{
	return j->last;
}

const char *journal_kind_key(enum journal_kind k)
{
	static const char *const keys[] = {
#define X(name, key) [JOURNAL_##name] = (key),
		JOURNAL_KIND_TABLE(X)
#undef X
	};

	return keys[k];
}

const char *journal_cause_key(enum journal_cause c)
{
	static const char *const keys[] = {
#define X(name, key) [JOURNAL_BY_##name] = (key),
		JOURNAL_CAUSE_TABLE(X)
#undef X
	};

	return keys[c];
}
