/* SPDX-License-Identifier: MIT */
#include "net/httpquery.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/number.h"

#include <string.h>

static void decode(char *s)
{
	char *to = s;

	while (*s) {
		int high = *s == '%' ? number_hex_digit(s[1]) : -1;
		int low = high >= 0 ? number_hex_digit(s[2]) : -1;

		if (low >= 0 && (high || low)) {
			*to++ = (char)(high * 16 + low);
			s += 3;
		} else {
			*to++ = *s++;
			if (to[-1] == '+')
				to[-1] = ' ';
		}
	}
	*to = '\0';
}

bool httpquery_next(char **rest, char **name, char **value)
{
	char *s = *rest + strspn(*rest, "&");
	size_t len = strcspn(s, "&");
	char *mark;

	if (!len) {
		*rest = s;
		return false;
	}
	*rest = s + len + (s[len] ? 1 : 0);
	s[len] = '\0';
	mark = strchr(s, '=');
	*name = s;
	*value = s + len;
	if (mark) {
		*mark = '\0';
		*value = mark + 1;
		decode(*value);
	}
	decode(*name);
	return true;
}

bool httpquery_find(const char *query, const char *name, char *ret, size_t size)
{
	AUTO_FREE char *copy = mem_strdup(query);
	char *rest = copy;
	char *key;
	char *value;

	while (httpquery_next(&rest, &key, &value)) {
		size_t len = strlen(value);

		if (strcmp(key, name) != 0 || len >= size)
			continue;
		memcpy(ret, value, len + 1);
		return true;
	}
	return false;
}

struct word {
	const char *at;
	size_t len;
};

static bool equals(struct word w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.at, text, w.len) == 0;
}

static bool starts(struct word w, const char *text)
{
	return w.len >= strlen(text) && memcmp(w.at, text, strlen(text)) == 0;
}

static void take_scope(struct word w, struct httpquery_stats *ret)
{
	char buf[3 * HTTPQUERY_SCOPE_MAX + 1];
	size_t len = w.len < sizeof(buf) - 1 ? w.len : sizeof(buf) - 1;

	memcpy(buf, w.at, len);
	buf[len] = '\0';
	decode(buf);
	len = strlen(buf);
	if (len > HTTPQUERY_SCOPE_MAX)
		len = HTTPQUERY_SCOPE_MAX;
	memcpy(ret->scope, buf, len);
	ret->scope[len] = '\0';
}

static void take_word(struct word w, struct httpquery_stats *ret)
{
	if (equals(w, "csv"))
		ret->form = HTTPQUERY_CSV;
	else if (equals(w, "typed"))
		ret->form = HTTPQUERY_TYPED;
	else if (equals(w, "json"))
		ret->form = HTTPQUERY_JSON;
	else if (equals(w, "json-schema"))
		ret->form = HTTPQUERY_SCHEMA;
	else if (equals(w, "up"))
		ret->up = true;
	else if (equals(w, "no-maint"))
		ret->no_maint = true;
	else if (equals(w, "norefresh"))
		ret->norefresh = true;
	else if (starts(w, "scope="))
		take_scope((struct word){ w.at + 6, w.len - 6 }, ret);
	else if (starts(w, "st=") && w.len == 7)
		memcpy(ret->outcome, w.at + 3, 4);
}

void httpquery_parse_stats(const char *rest, size_t len, struct httpquery_stats *ret)
{
	size_t start = 0;

	*ret = (struct httpquery_stats){ 0 };
	for (size_t i = 0; i <= len; i++) {
		if (i < len && rest[i] != '\0' && !strchr(";?&", rest[i]))
			continue;
		take_word((struct word){ rest + start, i - start }, ret);
		start = i + 1;
	}
}

static int sextet(char c)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(letters, c) : NULL;

	return at ? (int)(at - letters) : -1;
}

bool httpquery_base64(const char *s, size_t len, char *ret, size_t size)
{
	unsigned int bits = 0;
	size_t padding = 0;
	size_t n = 0;

	while (padding < 2 && len > padding && s[len - padding - 1] == '=')
		padding++;
	if (len % 4 || len / 4 * 3 >= size + padding)
		return false;
	for (size_t i = 0; i < len; i++) {
		int v = i < len - padding ? sextet(s[i]) : 0;

		if (v < 0)
			return false;
		bits = bits << 6 | (unsigned int)v;
		if (i % 4 != 3)
			continue;
		for (int shift = 16; shift >= 0; shift -= 8)
			if (n < size)
				ret[n++] = (char)(bits >> shift & 0xff);
		bits = 0;
	}
	n = len / 4 * 3 - padding;
	ret[n] = '\0';
	return true;
}
