/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	ALIKE_MAX = 5,    /* commands that are proposed at most */
	WORDS_LOOKED = 5, /* of a command and of the line */
	WORD_LOOKED = 50, /* characters; five such words do not overflow a count */
	SYMBOLS = 32,     /* letters, digits, and the rest, which is also the end of a word */
	DIGIT = 27,
	OTHER = 28,
};

/* Which symbols there are and which follows which: words that share many look alike. */
struct print {
	bool seen[SYMBOLS];
	uint8_t pairs[SYMBOLS][SYMBOLS];
	int len;
};

static unsigned int symbol(char c)
{
	const char lower = (char)(c | 0x20);

	if (lower >= 'a' && lower <= 'z')
		return (unsigned int)(lower - 'a' + 1);
	return c >= '0' && c <= '9' ? DIGIT : OTHER;
}

static void add_word(struct print *p, const char *word, size_t len)
{
	unsigned int from = OTHER;

	for (size_t i = 0; i <= len; i++) {
		unsigned int to = i < len ? symbol(word[i]) : OTHER;

		p->seen[to] = true;
		p->pairs[from][to]++;
		from = to;
	}
	p->len += (int)len;
}

static int distance(const struct print *a, const struct print *b)
{
	int sum = 0;

	for (size_t i = 0; i < SYMBOLS; i++) {
		sum += a->seen[i] != b->seen[i];
		for (size_t k = 0; k < SYMBOLS; k++)
			sum += abs(a->pairs[i][k] - b->pairs[i][k]);
	}
	return sum;
}

static const char *next_word(const char *s, size_t *len)
{
	s += strspn(s, " ");
	*len = strcspn(s, " ");
	return *len ? s : NULL;
}

/* How many of the first words are the same. */
static size_t common(const char *name, const char *const *words, size_t count)
{
	size_t n = 0;
	size_t len;

	for (const char *w = name; n < count && (w = next_word(w, &len)); w += len) {
		if (strlen(words[n]) != len || memcmp(words[n], w, len) != 0)
			break;
		n++;
	}
	return n;
}

size_t usage_match(const char *name, const char *const *words, size_t count)
{
	size_t n = common(name, words, count);
	size_t len;

	for (size_t i = 0; i < n; i++) {
		name = next_word(name, &len);
		name += len;
	}
	return next_word(name, &len) ? 0 : n;
}

struct alike {
	size_t entry;
	int distance;
};

/* Between the words after the first `skip` ones, which are the same. */
static bool looks_alike(const char *name, const char *const *words, size_t count, size_t skip,
                        int *ret)
{
	struct print line = { 0 };
	struct print own = { 0 };
	size_t n = 0;
	size_t len;

	for (size_t i = skip; i < count && i < WORDS_LOOKED; i++)
		add_word(&line, words[i], strnlen(words[i], WORD_LOOKED));
	for (const char *w = name; (w = next_word(w, &len)); w += len)
		if (n++ >= skip)
			add_word(&own, w, len);
	*ret = distance(&line, &own);
	return *ret < 5 * (line.len + own.len) / 2;
}

/* The most alike first; returns how many. */
static size_t find_alike(const struct usage_table *t, const char *const *words, size_t count,
                         size_t skip, struct alike best[ALIKE_MAX])
{
	size_t found = 0;

	for (size_t i = 0; i + t->always < t->count; i++) {
		struct alike a = { .entry = i };
		size_t at;

		if (t->entries[i].shy || common(t->entries[i].words, words, skip) != skip ||
		    !looks_alike(t->entries[i].words, words, count, skip, &a.distance))
			continue;
		for (at = found; at > 0 && best[at - 1].distance > a.distance; at--)
			if (at < ALIKE_MAX)
				best[at] = best[at - 1];
		if (at < ALIKE_MAX) {
			best[at] = a;
			found += found < ALIKE_MAX;
		}
	}
	while (found > 1 && best[found - 1].distance > 5 * best[0].distance / 2)
		found--;
	return found;
}

static void write_entry(const struct usage_entry *e, struct text *out)
{
	AUTO_TEXT left = { 0 };

	text_addf(&left, "%s%s%s", e->words, *e->arguments ? " " : "", e->arguments);
	text_addf(out, "  %-40s: %s\n", text_str(&left), e->help);
}

static bool is_among(const struct alike *a, size_t count, size_t entry)
{
	for (size_t i = 0; i < count; i++)
		if (a[i].entry == entry)
			return true;
	return false;
}

void usage_write(const struct usage_table *t, const char *const *words, size_t count, bool asked,
                 struct text *out)
{
	struct alike best[ALIKE_MAX];
	size_t same = 0;
	size_t found = 0;

	for (size_t i = 0; i < t->count; i++) {
		size_t n = common(t->entries[i].words, words, count);

		same = n > same ? n : same;
	}
	if (asked)
		text_add(out, "The following commands are valid at this level:\n");
	else if (count == 0)
		text_add(out,
		         "Unknown command. Please enter one of the following commands only:\n");
	else
		text_add(out, "Unknown command, but maybe one of the following ones is a better "
		              "match:\n");
	if (same < count)
		found = find_alike(t, words, count, same, best);
	for (size_t i = 0; i < t->count; i++) {
		bool shown = found ? is_among(best, found, i)
		                   : common(t->entries[i].words, words, same) == same;

		if (shown || i + t->always >= t->count)
			write_entry(&t->entries[i], out);
	}
}
