/* SPDX-License-Identifier: MIT */
#include "core/reason.h"

static const struct {
	const char *haproxy, *key, *words;
	bool error;
} table[] = {
#define REASON(name, haproxy_, error_, key_, words_)                                               \
	[REASON_##name] = {                                                                        \
		.haproxy = (haproxy_), .error = (error_), .key = (key_), .words = (words_)         \
	},
#include "core/reason.def"
};

const char *reason_words(enum reason r)
{
	return table[r].words;
}

const char *reason_key(enum reason r)
{
	return table[r].key;
}

const char *reason_haproxy(enum reason r)
{
	return table[r].haproxy;
}

bool reason_is_error(enum reason r)
{
	return table[r].error;
}
