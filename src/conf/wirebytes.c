/* SPDX-License-Identifier: MIT */
#include "wirebytes.h"

#include "base/number.h"

#include "keytable.h"
#include "scalars.h"

#include <assert.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATTERN_MAX = 1024,
	COPIES_MAX = 100000 /* that the C library may make of a part of a pattern: "(a{99}){99}" */
};

static void store_bytes(const struct keytable_key *k, void *base, const char *at, size_t len)
{
	struct draft_bytes bytes = { at, len };

	assert(k->size == sizeof(bytes));
	memcpy((char *)base + k->offset, &bytes, sizeof(bytes));
}

/* A string that is not empty, or NULL after a problem. */
static const char *some_text(struct draft_context *c, const struct keytable_key *k,
                             const config_setting_t *v)
{
	const char *s = scalars_text(c, v, k->example);

	if (!s || *s)
		return s;
	problem_add(c->problems, v, "it is empty: write %s, or leave the key out", k->example);
	return NULL;
}

void wirebytes_bytes(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base)
{
	const char *s = some_text(c, k, v);

	if (s)
		store_bytes(k, base, mem_arena_strdup(c->arena, s), strlen(s));
}

void wirebytes_text(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	const char *s = some_text(c, k, v);

	if (s)
		scalars_store_text(c, k, base, s);
}

void wirebytes_hex(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                   void *base)
{
	const char *s = some_text(c, k, v);
	size_t len = s ? strlen(s) / 2 : 0;
	char *bytes = mem_arena_zalloc(c->arena, len + 1);

	if (!s)
		return;
	for (size_t i = 0; i < len; i++) {
		int high = number_hex_digit(s[2 * i]);
		int low = number_hex_digit(s[2 * i + 1]);

		if (high < 0 || low < 0)
			len = 0;
		else
			bytes[i] = (char)(high << 4 | low);
	}
	if (!len || s[2 * len])
		problem_add(c->problems, v,
		            "\"%.60s\" is not in hexadecimal digits: write two for each byte, as "
		            "in %s",
		            s, k->example);
	else
		store_bytes(k, base, bytes, len);
}

/* How often repetitions copy something at most, if each were inside all the others. */
static uint64_t count_copies(const char *s)
{
	uint64_t all = 1;

	for (s = strchr(s, '{'); s && all <= COPIES_MAX; s = strchr(s + 1, '{')) {
		size_t first = strspn(s + 1, "0123456789");
		const char *second = s + 1 + first + (s[1 + first] == ',');
		uint64_t n = strtoul(s + 1, NULL, 10);
		uint64_t m = strtoul(second, NULL, 10);

		n = m > n ? m : n;
		all *= n > COPIES_MAX ? COPIES_MAX + 1 : n > 1 ? n : 1;
	}
	return all;
}

void wirebytes_regex(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base)
{
	const char *s = some_text(c, k, v);
	regex_t regex;
	int rc;

	if (!s)
		return;
	if (strlen(s) > PATTERN_MAX || count_copies(s) > COPIES_MAX) {
		problem_add(c->problems, v,
		            "\"%.60s\" is too large a regular expression: write one of at most %d "
		            "characters with fewer repetitions",
		            s, PATTERN_MAX);
		return;
	}
	rc = regcomp(&regex, s, REG_EXTENDED | REG_NOSUB);
	if (rc) {
		char words[100];

		regerror(rc, &regex, words, sizeof(words));
		problem_add(c->problems, v,
		            "\"%.60s\" is not a regular expression: %s; write a backslash as \\\\",
		            s, words);
		return;
	}
	regfree(&regex);
	scalars_store_text(c, k, base, s);
}

void wirebytes_optional(struct draft_context *c, const struct keytable_key *k,
                        const config_setting_t *v, void *base)
{
	const char *s = config_setting_get_string(v);

	if (s && !*s)
		memset((char *)base + k->offset, 0, k->size);
	else
		scalars_string(c, k, v, base);
}
