/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct text *t, size_t more)
{
	size_t need = t->len + more + 1;
	size_t room = t->room ? t->room : 64;

	if (need <= t->room)
		return;
	while (room < need)
		room *= 2;
	t->data = mem_resize(t->data, room, 1);
	t->room = room;
}

void text_addn(struct text *t, const void *bytes, size_t len)
{
	reserve(t, len);
	if (len)
		memcpy(t->data + t->len, bytes, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

void text_addc(struct text *t, char c)
{
	text_addn(t, &c, 1);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list args;
	int len;

	reserve(t, 64);
	va_start(args, fmt);
	len = vsnprintf(t->data + t->len, t->room - t->len, fmt, args);
	va_end(args);
	if (len < 0) {
		t->data[t->len] = '\0';
		return;
	}
	if ((size_t)len >= t->room - t->len) {
		reserve(t, (size_t)len);
		va_start(args, fmt);
		vsnprintf(t->data + t->len, t->room - t->len, fmt, args);
		va_end(args);
	}
	t->len += (size_t)len;
}

/* Length of the valid UTF-8 sequence at `s` (Unicode 15, table 3-7), or 0. */
static size_t utf8_sequence(const unsigned char *s)
{
	size_t len = s[0] < 0x80                   ? 1
	             : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
	             : (s[0] & 0xf0) == 0xe0       ? 3
	                                           : 4;

	if (len == 1)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void add_json_char(struct text *t, unsigned char c)
{
	switch (c) {
	case '"':
		text_add(t, "\\\"");
		break;
	case '\\':
		text_add(t, "\\\\");
		break;
	case '\n':
		text_add(t, "\\n");
		break;
	case '\r':
		text_add(t, "\\r");
		break;
	case '\t':
		text_add(t, "\\t");
		break;
	default:
		if (c < 0x20 || c == 0x7f)
			text_addf(t, "\\u%04x", c);
		else
			text_addc(t, (char)c);
	}
}

void text_add_json(struct text *t, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	text_addc(t, '"');
	while (*p) {
		size_t len = utf8_sequence(p);

		if (len > 1)
			text_addn(t, p, len);
		else if (len == 1)
			add_json_char(t, *p);
		else
			text_add(t, "\\ufffd");
		p += len ? len : 1;
	}
	text_addc(t, '"');
}

void text_add_html(struct text *t, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			text_add(t, "&amp;");
			break;
		case '<':
			text_add(t, "&lt;");
			break;
		case '>':
			text_add(t, "&gt;");
			break;
		case '"':
			text_add(t, "&quot;");
			break;
		case '\'':
			text_add(t, "&#39;");
			break;
		default:
			text_addc(t, *s);
		}
	}
}

void text_add_csv(struct text *t, const char *s)
{
	if (!strpbrk(s, ",\"\n\r")) {
		text_add(t, s);
		return;
	}
	text_addc(t, '"');
	for (; *s; s++) {
		if (*s == '"')
			text_addc(t, '"');
		text_addc(t, *s);
	}
	text_addc(t, '"');
}

bool text_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

const char *text_str(const struct text *t)
{
	return t->data ? t->data : "";
}

void text_consume(struct text *t, size_t n)
{
	if (n > t->len)
		n = t->len;
	if (!n)
		return;
	memmove(t->data, t->data + n, t->len - n + 1);
	t->len -= n;
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->data)
		t->data[0] = '\0';
}

char *text_take(struct text *t)
{
	char *s = t->data ? t->data : mem_strdup("");

	*t = (struct text){ 0 };
	return s;
}

void text_release(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}
