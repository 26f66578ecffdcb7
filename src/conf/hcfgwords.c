/* SPDX-License-Identifier: MIT */
#include "conf/hcfgwords.h"

#include "base/error.h"
#include "base/suggest.h"

#include <string.h>

enum { NAMES_MAX = 512 };

static const struct hcfgwords_entry entries[] = {
#define CARRY_GLOBAL(id, name, args)                                                               \
	{ name, HCFGWORDS_GLOBAL, args, HCFGWORDS_CARRIED, HCFGWORDS_GLOBAL_##id, "" },
#define CARRY_PROXY(id, name, places, args)                                                        \
	{ name, places, args, HCFGWORDS_CARRIED, HCFGWORDS_PROXY_##id, "" },
#define CARRY_BIND(id, name, args)                                                                 \
	{ name, HCFGWORDS_BIND, args, HCFGWORDS_CARRIED, HCFGWORDS_BIND_##id, "" },
#define CARRY_SERVER(id, name, args)                                                               \
	{ name, HCFGWORDS_SERVER, args, HCFGWORDS_CARRIED, HCFGWORDS_SERVER_##id, "" },
#define CARRY_RESOLVERS(id, name, args)                                                            \
	{ name, HCFGWORDS_RESOLVERS, args, HCFGWORDS_CARRIED, HCFGWORDS_RESOLVERS_##id, "" },
#define IGNORE(name, places, args, why)   { name, places, args, HCFGWORDS_IGNORED, 0, why },
#define LOSE(name, places, args, meaning) { name, places, args, HCFGWORDS_LOST, 0, meaning },
#include "conf/hcfgwords.def"
};

/* Tunings of HAProxy's own machinery: there are about a hundred, and none means anything here. */
static const struct hcfgwords_entry tuning = { "tune.*", HCFGWORDS_GLOBAL,
	                                       0,        HCFGWORDS_IGNORED,
	                                       0,        "a tuning of HAProxy's own machinery" };

static const struct hcfgwords_section sections[] = {
#define SECTION(name, place, sentence) { name, place, sentence },
#include "conf/hcfgwords.def"
};

size_t hcfgwords_count(void)
{
	return ARRAY_LEN(entries);
}

const struct hcfgwords_entry *hcfgwords_at(size_t i)
{
	return &entries[i];
}

/* How many words of the line the name takes; 0 if the line does not begin with it. */
static size_t match(const char *name, const char *const *words, size_t count)
{
	size_t n = 0;

	for (;;) {
		size_t len = strcspn(name, " ");

		if (n == count || strncmp(words[n], name, len) != 0)
			return 0;
		/* "tcp-check set-var(check.x)" */
		if (words[n][len] && (words[n][len] != '(' || !strstr(name, "set-var")))
			return 0;
		n++;
		if (!name[len])
			return n;
		name += len + 1;
	}
}

static const struct hcfgwords_entry *find(unsigned int places, const char *const *words,
                                          size_t count, size_t *ret_words)
{
	const struct hcfgwords_entry *found = NULL;

	*ret_words = 0;
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		bool here = (entries[i].places & places) != 0;
		size_t n = here ? match(entries[i].name, words, count) : 0;

		if (n > *ret_words) {
			found = &entries[i];
			*ret_words = n;
		}
	}
	return found;
}

const struct hcfgwords_entry *hcfgwords_find(enum hcfgwords_place place, const char *const *words,
                                             size_t count, size_t *ret_words)
{
	if (place == HCFGWORDS_GLOBAL && count && strncmp(words[0], "tune.", 5) == 0) {
		*ret_words = 1;
		return &tuning;
	}
	return find(place, words, count, ret_words);
}

const struct hcfgwords_entry *hcfgwords_find_anywhere(const char *const *words, size_t count)
{
	unsigned int directives = HCFGWORDS_GLOBAL | HCFGWORDS_DEFAULTS | HCFGWORDS_FRONTEND |
	                          HCFGWORDS_LISTEN | HCFGWORDS_BACKEND;
	size_t n;

	return find(directives, words, count, &n);
}

/* Whether several names begin with this word: "option", "timeout", ... */
bool hcfgwords_is_family(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (strncmp(entries[i].name, word, len) == 0 && entries[i].name[len] == ' ')
			return true;
	return false;
}

const char *hcfgwords_suggest(enum hcfgwords_place place, const char *const *words, size_t count)
{
	const char *names[NAMES_MAX];
	size_t n = 0;
	size_t len = 0;

	if (count > 1 && hcfgwords_is_family(words[0]))
		len = strlen(words[0]);
	for (size_t i = 0; i < ARRAY_LEN(entries) && n < NAMES_MAX; i++) {
		const char *name = entries[i].name;

		if (!(entries[i].places & place))
			continue;
		if (!len)
			names[n++] = name;
		else if (strncmp(name, words[0], len) == 0 && name[len] == ' ')
			names[n++] = name + len + 1;
	}
	return suggest_nearest(words[len != 0], names, n);
}

const struct hcfgwords_section *hcfgwords_find_section(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (strcmp(sections[i].name, word) == 0)
			return &sections[i];
	return NULL;
}

const char *hcfgwords_suggest_section(const char *word)
{
	const char *names[ARRAY_LEN(sections)];

	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		names[i] = sections[i].name;
	return suggest_nearest(word, names, ARRAY_LEN(names));
}
