/* SPDX-License-Identifier: MIT */
#include "hcfgreader.h"

#include "base/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_ROOM = 512, TIME_MAX = 2147483647 };

static PRINTF(3, 0) void note(const struct hcfgreader *r, enum hcfgnote_kind kind, const char *fmt,
                              va_list args)
{
	char text[TEXT_ROOM];

	vsnprintf(text, sizeof(text), fmt, args);
	hcfgnote_add(r->notes, kind, r->line->place, "\"%.60s\": %s", r->name, text);
}

void hcfgreader_error(const struct hcfgreader *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note(r, HCFGNOTE_ERROR, fmt, args);
	va_end(args);
}

void hcfgreader_lose(const struct hcfgreader *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note(r, HCFGNOTE_LOSS, fmt, args);
	va_end(args);
}

void hcfgreader_remark(const struct hcfgreader *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note(r, HCFGNOTE_REMARK, fmt, args);
	va_end(args);
}

void hcfgreader_at_most(const struct hcfgreader *r, size_t count)
{
	if (r->count > count)
		hcfgreader_error(r, "unexpected \"%.60s\"", r->words[count]);
}

bool hcfgreader_whole(const struct hcfgreader *r, const char *word, uint32_t low, uint32_t high,
                      uint32_t *ret)
{
	uint64_t n;

	if (!number_parse(word, high, &n) || n < low) {
		hcfgreader_error(r, "\"%.60s\" is not a number from %u to %u", word, low, high);
		return false;
	}
	*ret = (uint32_t)n;
	return true;
}

uint32_t hcfgreader_loose(const struct hcfgreader *r, const char *word, uint32_t high)
{
	size_t digits = strspn(word, "0123456789");
	char number[16] = "0";
	uint64_t n = 0;

	if (digits && digits < sizeof(number))
		snprintf(number, sizeof(number), "%.*s", (int)digits, word);
	if (!number_parse(number, UINT32_MAX, &n) || digits >= sizeof(number))
		n = UINT32_MAX;
	if (n > high) {
		hcfgreader_lose(r, "\"%.60s\" is more than sluice takes: it becomes %u", word,
		                high);
		n = high;
	} else if (word[digits] || !digits) {
		hcfgreader_lose(r, "\"%.60s\" is not a number; HAProxy takes it as %u", word,
		                (uint32_t)n);
	}
	return (uint32_t)n;
}

int hcfgreader_find(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], word) == 0)
			return (int)i;
	return -1;
}

bool hcfgreader_time(const struct hcfgreader *r, const char *word, uint32_t unit_ms, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint64_t us;
	} units[] = { { "us", 1 },       { "ms", 1000 },      { "s", 1000000 },
		      { "m", 60000000 }, { "h", 3600000000 }, { "d", 86400000000 } };
	size_t digits = strspn(word, "0123456789");
	uint64_t us = word[digits] ? 0 : (uint64_t)unit_ms * 1000;
	char number[16];
	uint64_t n;

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(word + digits, units[i].name) == 0)
			us = units[i].us;
	snprintf(number, sizeof(number), "%.*s", (int)digits, word);
	if (!us || !digits || digits >= sizeof(number) ||
	    !number_parse(number, UINT64_MAX / us, &n)) {
		hcfgreader_error(
		    r, "\"%.60s\" is not a time: write a number and us, ms, s, m, h or d", word);
		return false;
	}
	n = n * us / 1000 + (n * us % 1000 != 0);
	if (n > TIME_MAX) {
		hcfgreader_error(r, "\"%.60s\" is longer than %d ms (24.8 days)", word, TIME_MAX);
		return false;
	}
	*ret = (uint32_t)n;
	return true;
}

void hcfgreader_set(const struct hcfgreader *r, struct hcfgmodel_value *v, uint32_t n)
{
	*v = (struct hcfgmodel_value){ .set = true, .n = n, .place = r->line->place };
}

static void report_unknown(const struct hcfgreader *r, enum hcfgwords_place place, size_t i)
{
	const char *near = hcfgwords_suggest(place, &r->words[i], 1);

	if (near)
		hcfgreader_error(r, "unknown keyword '%.60s'; did you mean '%s' maybe ?",
		                 r->words[i], near);
	else
		hcfgreader_error(r, "unknown keyword '%.60s'", r->words[i]);
}

void hcfgreader_options(struct hcfgreader *r, enum hcfgwords_place place, size_t i,
                        hcfgreader_option *carry, void *object)
{
	const char *directive = r->name;

	while (i < r->count) {
		size_t n;
		const struct hcfgwords_entry *w =
		    hcfgwords_find(place, &r->words[i], r->count - i, &n);

		if (!w) {
			report_unknown(r, place, i);
			return;
		}
		if (r->count - i - 1 < w->args) {
			hcfgreader_error(r, "\"%s\" needs a value", w->name);
			return;
		}
		r->name = w->name;
		r->left = r->count - i - 1;
		if (w->fate == HCFGWORDS_LOST)
			hcfgreader_lose(r, "%s", w->sentence);
		else if (w->fate == HCFGWORDS_IGNORED)
			hcfgreader_remark(r, "%s", w->sentence);
		else
			carry(r, w->id, &r->words[i + 1], object);
		r->name = directive;
		i += 1 + w->args;
		while (
		    strcmp(w->name, "source") == 0 && i + 1 < r->count &&
		    (strcmp(r->words[i], "usesrc") == 0 || strcmp(r->words[i], "interface") == 0))
			i += 2;
	}
}
