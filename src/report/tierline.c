/* SPDX-License-Identifier: MIT */
#include "report/tierline.h"

#include "plain.h"

#include <inttypes.h>
#include <string.h>

enum { PLACES_MAX = 3 };

bool tierline_is_needed(const struct statusjson_service *s)
{
	return s->tiers > 1;
}

static bool is_in(const struct statusjson_server *s, int64_t tier)
{
	return !s->backup && s->tier == tier;
}

/* Bytes of the leading parts that are alike, whole parts only. */
static size_t common(const char *a, size_t len, const char *b)
{
	size_t same = 0;

	for (size_t i = 0; i <= len; i++) {
		bool end_a = i == len || a[i] == ',';
		bool end_b = b[i] == '\0' || b[i] == ',';

		if (end_a && end_b)
			same = i;
		if (end_a != end_b || i == len || b[i] == '\0' || a[i] != b[i])
			break;
	}
	return same;
}

/* "region=eu,zone=a" as "eu/a" */
static void add_values(struct text *out, const char *locality, size_t len)
{
	const char *end = locality + len;
	const char *separator = "";

	while (locality < end) {
		size_t part = strcspn(locality, ",");
		size_t key = strcspn(locality, "=,");

		key = key < part ? key + 1 : 0;
		text_add(out, separator);
		text_addn(out, locality + key, part - key);
		locality += part + 1;
		separator = "/";
	}
}

/* Of servers that have nothing in common: each other beginning once. */
static void add_places(struct text *out, const struct statusjson_service *s, int64_t tier)
{
	const char *seen[PLACES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < s->server_count; i++) {
		const char *at = s->servers[i].locality;
		bool known = false;

		if (!is_in(&s->servers[i], tier) || !at || !*at)
			continue;
		for (size_t k = 0; k < count; k++)
			known = known || common(seen[k], strcspn(seen[k], ","), at) > 0;
		if (known)
			continue;
		if (count == PLACES_MAX) {
			text_add(out, "+...");
			return;
		}
		seen[count] = at;
		text_add(out, count++ ? "+" : " ");
		add_values(out, at, strcspn(at, ","));
	}
}

static void add_place(struct text *out, const struct statusjson_service *s, int64_t tier)
{
	const char *first = NULL;
	size_t len = 0;

	for (size_t i = 0; i < s->server_count; i++) {
		const char *at = s->servers[i].locality ? s->servers[i].locality : "";

		if (!is_in(&s->servers[i], tier))
			continue;
		len = first ? common(first, len, at) : strlen(at);
		first = first ? first : at;
	}
	if (!first || !len) {
		add_places(out, s, tier);
		return;
	}
	text_addc(out, ' ');
	add_values(out, first, len);
}

static void add_tiers(struct text *out, const struct statusjson_service *s, bool places)
{
	uint64_t crossed = 0;

	for (int64_t i = 0; i < s->tiers; i++) {
		text_addf(out, "%stier %" PRId64, i ? ", " : "", i);
		if (places)
			add_place(out, s, i);
		text_addf(out, " %" PRId64 " %%", s->tier_percent[i]);
	}
	for (size_t i = 0; i < s->server_count; i++)
		crossed += (uint64_t)s->servers[i].cross_tier_sessions;
	if (!crossed)
		return;
	text_add(out, "; ");
	plain_add_count(out, crossed, "session");
	text_add(out, " crossed tiers");
}

void tierline_write(const struct statusjson_service *s, size_t width, struct text *out)
{
	AUTO_TEXT line = { 0 };

	if (!tierline_is_needed(s))
		return;
	add_tiers(&line, s, true);
	if (plain_width(text_str(&line)) <= width)
		text_add(out, text_str(&line));
	else
		add_tiers(out, s, false);
}
