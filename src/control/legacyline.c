/* SPDX-License-Identifier: MIT */
#include "legacyline.h"

#include "base/number.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

void legacyline_begin(struct text *out, const char *kind)
{
	text_add(out, kind);
}

void legacyline_number(struct text *out, const char *key, uint64_t value)
{
	text_addf(out, " %s=%" PRIu64, key, value);
}

void legacyline_word(struct text *out, const char *key, const char *value)
{
	text_addf(out, " %s=", key);
	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		if ((*p < 0x80 && isalnum(*p)) || strchr("-_.:/[]@,", *p))
			text_addc(out, (char)*p);
		else
			text_addf(out, "%%%02X", *p);
	}
}

void legacyline_end(struct text *out)
{
	text_addc(out, '\n');
}

static void decode(char *value)
{
	char *to = value;

	for (const char *p = value; *p; p++) {
		int high = *p == '%' ? number_hex_digit(p[1]) : -1;
		int low = high >= 0 ? number_hex_digit(p[2]) : -1;

		if (low < 0 || !(high | low)) {
			*to++ = *p;
			continue;
		}
		*to++ = (char)(high << 4 | low);
		p += 2;
	}
	*to = '\0';
}

bool legacyline_parse(char *line, struct legacyline *ret)
{
	char *rest = line;
	char *pair;

	*ret = (struct legacyline){ .kind = strsep(&rest, " ") };
	while (rest && ret->count < LEGACYLINE_KEYS) {
		char *value;

		pair = strsep(&rest, " ");
		value = strchr(pair, '=');
		if (!value)
			continue;
		*value++ = '\0';
		decode(value);
		ret->keys[ret->count] = pair;
		ret->values[ret->count++] = value;
	}
	return ret->kind[0] != '\0';
}

const char *legacyline_find(const struct legacyline *l, const char *key)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->keys[i], key) == 0)
			return l->values[i];
	return NULL;
}

bool legacyline_get(const struct legacyline *l, const char *key, uint64_t max, uint64_t *ret)
{
	const char *value = legacyline_find(l, key);

	return value && number_parse(value, max, ret);
}
