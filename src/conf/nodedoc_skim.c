/* SPDX-License-Identifier: MIT */
#include "nodedocparts.h"

#include <string.h>

enum {
	DEPTH_MAX = 64,
	VALUES_MAX = 2000000,
	/* A node has some 60 values in 3 kB, pretty-printed. */
	VALUES_EACH = 256,
	BYTES_EACH = 8192,
	NODES_LEAST = 128
};

/* The end of a string that begins at `at`, behind its quote; `end` if there is none. */
static char *skip_string(char *at, char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

static char *skip_space(char *at, const char *end)
{
	while (at < end && strchr(" \t\r\n", *at))
		at++;
	return at;
}

/* The end of an object or an array; NULL if there is none. */
static char *skip_value(char *at, char *end)
{
	size_t depth = 0;

	while (at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		if ((*at == '}' || *at == ']') && --depth == 0)
			return at + 1;
		at++;
	}
	return NULL;
}

static bool is_needless(const char *key, size_t len)
{
	static const char *const keys[] = {
		"metrics",   "storeStatuses", "store_statuses",  "env", "latencies", "activity",
		"buildInfo", "build_info",    "localityAddress",
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strlen(keys[i]) == len && memcmp(key, keys[i], len) == 0)
			return true;
	return false;
}

/* Onto what has been read already. */
static void keep(char **to, const char *from, const char *end)
{
	memmove(*to, from, (size_t)(end - from));
	*to += end - from;
}

/* In place of 4 bytes or more.  Lines stay what they are, for messages, as far as there is room. */
static void put_null(char **to, const char *from, const char *end)
{
	static const char null[] = { 'n', 'u', 'l', 'l' };
	size_t room = (size_t)(end - from) - sizeof(null), lines = 0;

	while (lines < room && (from = memchr(from, '\n', (size_t)(end - from)))) {
		lines++;
		from++;
	}
	memcpy(*to, null, sizeof(null));
	memset(*to + sizeof(null), '\n', lines);
	*to += sizeof(null) + lines;
}

/* From a string on: behind it, or behind its value if it is the key of a needless one; NULL if that
 * has no end, which is looked for once and not in every value within it. */
static char *pass_string(char *at, char *end, char **to)
{
	char *after = skip_string(at, end);
	char *value = skip_space(after, end), *over = NULL;

	if (value < end && *value == ':' && is_needless(at + 1, (size_t)(after - at - 2))) {
		value = skip_space(value + 1, end);
		if (value < end && (*value == '{' || *value == '[')) {
			over = skip_value(value, end);
			if (!over)
				return NULL;
		}
	}
	if (!over || over - value < 4) {
		keep(to, at, after);
		return after;
	}
	keep(to, at, value);
	put_null(to, value, over);
	return over;
}

static size_t most_values(size_t nodes)
{
	return nodes < VALUES_MAX / VALUES_EACH ? nodes * VALUES_EACH : VALUES_MAX;
}

bool nodedoc_skim(char *text, size_t *len, size_t max, const char **ret_problem)
{
	size_t nodes = max > NODES_LEAST ? max : NODES_LEAST;
	char *at = text, *to = text, *end = text + *len;
	size_t depth = 0, values = 0;

	while (at < end) {
		if (*at == '"') {
			at = pass_string(at, end, &to);
			if (at)
				continue;
			*ret_problem = "the JSON ends too early: metrics or the like in it have no "
			               "end";
			return false;
		}
		if (*at == '{' || *at == '[') {
			depth++;
			values++;
		} else if (*at == ',') {
			values++;
		} else if ((*at == '}' || *at == ']') && depth) {
			depth--;
		}
		*to++ = *at++;
		if (depth > DEPTH_MAX || values > most_values(nodes)) {
			*ret_problem = depth > DEPTH_MAX ? "it is nested too deep"
			                                 : "there are too many values in it";
			return false;
		}
	}
	*len = (size_t)(to - text);
	*ret_problem = "it is too long for that many nodes";
	return *len / BYTES_EACH <= nodes;
}
