/* SPDX-License-Identifier: MIT */
#include "plain.h"

#include "base/number.h"

#include <inttypes.h>
#include <string.h>

/* Bytes of the sequence at `s` that may be shown, 0 if its first byte may not. */
static size_t printable(const unsigned char *s)
{
	size_t len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return s[0] == 0xc2 && s[1] < 0xa0 ? 0 : len;
}

void plain_add(struct text *t, const char *s)
{
	while (*s) {
		size_t len = printable((const unsigned char *)s);

		if (len)
			text_addn(t, s, len);
		else
			text_addc(t, '?');
		s += len ? len : 1;
	}
}

void plain_add_html(struct text *t, const char *s)
{
	AUTO_TEXT clean = { 0 };

	plain_add(&clean, s);
	text_add_html(t, text_str(&clean));
}

void plain_clean(char *s)
{
	while (*s) {
		size_t len = printable((const unsigned char *)s);

		if (!len)
			*s = '?';
		s += len ? len : 1;
	}
}

size_t plain_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Adds at most `width` columns of `s`; returns how many it took. */
static size_t add_cut(struct text *t, const char *s, size_t width)
{
	size_t have = plain_width(s);
	size_t room = have > width && width ? width - 1 : width;
	size_t n = 0;

	while (*s && n < room) {
		size_t len = 1;

		while (((unsigned char)s[len] & 0xc0) == 0x80)
			len++;
		text_addn(t, s, len);
		s += len;
		n++;
	}
	if (have > width && width) {
		text_addc(t, '~');
		n++;
	}
	return n;
}

void plain_add_left(struct text *t, const char *s, size_t width)
{
	for (size_t n = add_cut(t, s, width); n < width; n++)
		text_addc(t, ' ');
}

void plain_add_right(struct text *t, const char *s, size_t width)
{
	for (size_t n = plain_width(s); n < width; n++)
		text_addc(t, ' ');
	add_cut(t, s, width);
}

void plain_add_folded(struct text *t, const char *s, size_t used, size_t width, size_t indent)
{
	bool first = true;

	while (*s) {
		size_t blanks = strspn(s, " ");
		size_t len = strcspn(s + blanks, " ");
		AUTO_TEXT word = { 0 };
		size_t wide;

		text_addn(&word, s + blanks, len);
		wide = plain_width(text_str(&word));
		if (!first && len && used + blanks + wide > width) {
			text_addf(t, "\n%*s", (int)indent, "");
			used = indent + wide;
		} else {
			text_addn(t, s, blanks);
			used += blanks + wide;
		}
		text_addn(t, s + blanks, len);
		first = false;
		s += blanks + len;
	}
}

void plain_colour(struct text *t, bool on, enum plain_colour c)
{
	static const char *const codes[] = {
		[PLAIN_RESET] = "\033[0m",  [PLAIN_BOLD] = "\033[1m",
		[PLAIN_DIM] = "\033[2m",    [PLAIN_RED] = "\033[31m",
		[PLAIN_GREEN] = "\033[32m", [PLAIN_YELLOW] = "\033[33m",
		[PLAIN_BLUE] = "\033[34m",  [PLAIN_MAGENTA] = "\033[35m",
		[PLAIN_CYAN] = "\033[36m"
	};

	if (on)
		text_add(t, codes[c]);
}

void plain_add_count(struct text *t, uint64_t n, const char *noun)
{
	text_addf(t, "%" PRIu64 " %s%s", n, noun, n == 1 ? "" : "s");
}

void plain_add_duration(struct text *t, int64_t ms)
{
	char age[32];

	if (ms < 1000) {
		text_addf(t, "%d ms", ms > 0 ? (int)ms : 0);
		return;
	}
	if (ms < 60000) {
		text_addf(t, "%d.%ds", (int)(ms / 1000), (int)(ms % 1000 / 100));
		return;
	}
	number_format_age((uint64_t)ms / 1000, age, sizeof(age));
	text_add(t, age);
}
