/* SPDX-License-Identifier: MIT */
#include "base/number.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Reads digits at *s and advances it; false on overflow or if there is none. */
static bool digits(const char **s, uint64_t *ret)
{
	uint64_t n = 0;

	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(**s - '0'), &n))
			return false;
	*ret = n;
	return true;
}

bool number_parse(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t n;

	if (!digits(&s, &n) || *s || n > max)
		return false;
	*ret = n;
	return true;
}

bool number_parse_bytes(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
	char word[24];

	if (len >= sizeof(word) || memchr(s, '\0', len))
		return false;
	memcpy(word, s, len);
	word[len] = '\0';
	return number_parse(word, max, ret);
}

static const struct {
	const char *name;
	uint64_t ms;
} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } };

/* Index of the unit at *s, which is skipped; -1 if there is none. */
static int take_unit(const char **s)
{
	size_t len = strspn(*s, "dhms");

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strlen(units[i].name) == len && memcmp(units[i].name, *s, len) == 0) {
			*s += len;
			return (int)i;
		}
	return -1;
}

int number_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool number_parse_duration(const char *s, uint64_t *ret_ms)
{
	uint64_t total = 0;
	int last = -1;
	uint64_t n;

	if (!digits(&s, &n))
		return false;
	if (!*s) {
		*ret_ms = n;
		return true;
	}
	if (strcmp(s, "us") == 0) {
		*ret_ms = n / 1000 + (n % 1000 != 0);
		return true;
	}
	for (;;) {
		int unit = take_unit(&s);

		if (unit <= last || __builtin_mul_overflow(n, units[unit].ms, &n) ||
		    __builtin_add_overflow(total, n, &total))
			return false;
		if (!*s)
			break;
		last = unit;
		if (!digits(&s, &n))
			return false;
	}
	*ret_ms = total;
	return true;
}

bool number_parse_micros(const char *s, uint64_t *ret_us)
{
	const char *at = s;
	uint64_t us;

	if (digits(&at, &us) && strcmp(at, "us") == 0) {
		*ret_us = us;
		return true;
	}
	if (!number_parse_duration(s, &us) || __builtin_mul_overflow(us, 1000, &us))
		return false;
	*ret_us = us;
	return true;
}

bool number_parse_size(const char *s, uint64_t *ret)
{
	unsigned int shift = 0;
	uint64_t n;

	if (!digits(&s, &n))
		return false;
	if (*s == 'k' || *s == 'K')
		shift = 10;
	else if (*s == 'm' || *s == 'M')
		shift = 20;
	else if (*s == 'g' || *s == 'G')
		shift = 30;
	if (shift)
		s++;
	if (*s || n > UINT64_MAX >> shift)
		return false;
	*ret = n << shift;
	return true;
}

void number_format_duration(uint64_t ms, char *buf, size_t size)
{
	size_t len = 0;

	snprintf(buf, size, "0ms");
	for (size_t i = 0; i < ARRAY_LEN(units) && len < size; i++) {
		uint64_t n = ms / units[i].ms;

		if (!n)
			continue;
		ms %= units[i].ms;
		len += (size_t)snprintf(buf + len, size - len, "%" PRIu64 "%s", n, units[i].name);
	}
}

void number_format_age(uint64_t s, char *buf, size_t size)
{
	if (s < 60)
		snprintf(buf, size, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(buf, size, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, size, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(buf, size, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
}

void number_format_bytes(uint64_t bytes, char *buf, size_t size)
{
	static const char *const names[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	double n = (double)bytes;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(buf, size, "%" PRIu64 " B", bytes);
		return;
	}
	for (n /= 1000; n >= 999.95 && unit + 1 < ARRAY_LEN(names); unit++)
		n /= 1000;
	snprintf(buf, size, "%.1f %s", n, names[unit]);
}
