/* SPDX-License-Identifier: MIT */
#include "plain.h"

#include "base/number.h"
#include "base/printable.h"

#include <inttypes.h>
#include <string.h>

void plain_add(struct text *t, const char *s)
{
	while (*s) {
		size_t len = printable_len(s);

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
	printable_clean(s);
}

/* Code points from `first` to `last`. */
struct span {
	uint32_t first, last;
};

/* wcwidth(3) would do only in a UTF-8 locale, and a daemon's output has none. */
static const struct span marks[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x0610, 0x061a },
	{ 0x064b, 0x065f }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff }, { 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x2064 },
	{ 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
};

static const struct span wides[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2329, 0x232a },   { 0x2e80, 0x303e },
	{ 0x3041, 0x4dbf },   { 0x4e00, 0xa4cf },   { 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff01, 0xff60 },   { 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1faff }, { 0x20000, 0x3fffd },
};

static bool is_among(uint32_t c, const struct span *spans, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (c >= spans[i].first && c <= spans[i].last)
			return true;
	return false;
}

/* Columns of the character at `s`, and its bytes. */
static size_t measure(const char *s, size_t *ret_len)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c = u[0] < 0xe0 ? u[0] & 0x1fU : u[0] < 0xf0 ? u[0] & 0x0fU : u[0] & 0x07U;
	size_t len = 1;

	for (; (u[len] & 0xc0) == 0x80; len++)
		c = c << 6 | (u[len] & 0x3fU);
	*ret_len = len;
	if ((u[0] & 0xc0) == 0x80)
		return 0;
	if (len == 1)
		return 1;
	return is_among(c, marks, sizeof(marks) / sizeof(marks[0]))   ? 0
	       : is_among(c, wides, sizeof(wides) / sizeof(wides[0])) ? 2
	                                                              : 1;
}

size_t plain_width(const char *s)
{
	size_t n = 0;
	size_t len;

	for (; *s; s += len)
		n += measure(s, &len);
	return n;
}

/* Adds at most `width` columns of `s`; returns how many it took. */
static size_t add_cut(struct text *t, const char *s, size_t width)
{
	size_t have = plain_width(s);
	size_t room = have > width && width ? width - 1 : width;
	size_t n = 0;

	while (*s) {
		size_t len;
		size_t columns = measure(s, &len);

		if (n + columns > room)
			break;
		text_addn(t, s, len);
		s += len;
		n += columns;
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

void plain_add_name(struct text *t, const char *s, size_t width)
{
	size_t len = strlen(s);
	size_t head = width ? (width - 1) / 2 : 0;

	/* One that is not ASCII has fewer columns than bytes, and is left whole as far as it goes.
	 */
	if (len <= width || !head || plain_width(s) != len) {
		plain_add_left(t, s, width);
		return;
	}
	text_addn(t, s, head);
	text_addc(t, '~');
	text_add(t, s + len - (width - head - 1));
}

void plain_add_right(struct text *t, const char *s, size_t width)
{
	AUTO_TEXT cut = { 0 };

	for (size_t n = add_cut(&cut, s, width); n < width; n++)
		text_addc(t, ' ');
	text_add(t, text_str(&cut));
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
