/* SPDX-License-Identifier: MIT */
#include "haproxystamp.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BELIEVED_MS = 60000 };

static bool is_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

static int number(const char *s, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++)
		value = 10 * value + (s[i] == ' ' ? 0 : s[i] - '0');
	return value;
}

/* "hh:mm:ss" */
static bool read_clock(const char *s, struct tm *t)
{
	if (!is_digits(s, 2) || s[2] != ':' || !is_digits(s + 3, 2) || s[5] != ':' ||
	    !is_digits(s + 6, 2))
		return false;
	t->tm_hour = number(s, 2);
	t->tm_min = number(s + 3, 2);
	t->tm_sec = number(s + 6, 2);
	return true;
}

/* 1 to 12; 0: that is no month. */
static int month_of(const char *s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (strncmp(s, months + (size_t)i * 3, 3) == 0)
			return i + 1;
	return 0;
}

/* A moment with all of a second that is unknown. */
struct moment {
	int64_t ms;
	int64_t width_ms; /* 0: exact */
};

/* "Nov 20 12:12:45 ": a local time without a year. */
static const char *read_3164(const char *s, int64_t seen_ms, struct moment *ret)
{
	time_t now = (time_t)(seen_ms / 1000);
	int month = month_of(s);
	struct tm today, t = { .tm_isdst = -1 };

	if (month == 0 || s[3] != ' ' || !(s[4] == ' ' || isdigit((unsigned char)s[4])) ||
	    !is_digits(s + 5, 1) || s[6] != ' ' || !read_clock(s + 7, &t) || s[15] != ' ')
		return NULL;
	localtime_r(&now, &today);
	t.tm_mon = month - 1;
	t.tm_mday = number(s + 4, 2);
	t.tm_year = today.tm_year;
	if (today.tm_mon == 0 && t.tm_mon == 11)
		t.tm_year--;
	*ret = (struct moment){ (int64_t)mktime(&t) * 1000, 999 };
	return s + 16;
}

/* "Z", "+01:00", "+0100": seconds east; what follows, or NULL. */
static const char *read_zone(const char *s, int *ret_s)
{
	int sign = *s == '-' ? -1 : 1;
	const char *minutes;

	if (*s == 'Z') {
		*ret_s = 0;
		return s + 1;
	}
	if ((*s != '+' && *s != '-') || !is_digits(s + 1, 2))
		return NULL;
	minutes = s + 3 + (s[3] == ':');
	if (!is_digits(minutes, 2))
		return NULL;
	*ret_s = sign * (number(s + 1, 2) * 3600 + number(minutes, 2) * 60);
	return minutes + 2;
}

/* "2026-11-20T12:12:45.123456+00:00 ", or with a space and without a zone: local. */
static const char *read_iso(const char *s, struct moment *ret)
{
	struct tm t = { .tm_isdst = -1 };
	int64_t ms = 0;
	const char *end;
	int east;

	*ret = (struct moment){ 0, 999 };
	if (!is_digits(s, 4) || s[4] != '-' || !is_digits(s + 5, 2) || s[7] != '-' ||
	    !is_digits(s + 8, 2) || (s[10] != 'T' && s[10] != ' ') || !read_clock(s + 11, &t))
		return NULL;
	t.tm_year = number(s, 4) - 1900;
	t.tm_mon = number(s + 5, 2) - 1;
	t.tm_mday = number(s + 8, 2);
	s += 19;
	if ((*s == '.' || *s == ',') && is_digits(s + 1, 3)) {
		ms = number(s + 1, 3);
		ret->width_ms = 0;
		s += 1 + strspn(s + 1, "0123456789");
	}
	end = read_zone(s, &east);
	ret->ms = end ? ((int64_t)timegm(&t) - east) * 1000 + ms : (int64_t)mktime(&t) * 1000 + ms;
	s = end ? end : s;
	return *s == ' ' ? s + 1 : NULL;
}

/* RFC 5424 section 6.3: "-", or "[id name=\"value\"]" once or more; NULL: neither. */
static const char *skip_data(const char *s)
{
	bool quoted = false;

	if (*s == '-')
		return s + 1;
	if (*s != '[')
		return NULL;
	for (s++; *s; s++) {
		if (quoted && *s == '\\' && s[1])
			s++;
		else if (*s == '"')
			quoted = !quoted;
		else if (!quoted && *s == ']' && *++s != '[')
			return s;
	}
	return NULL;
}

/* HOST APP PROCID MSGID DATA, which RFC 5424 has before the message; `s` if that is not there. */
static const char *skip_header(const char *s)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8 */
	enum { WORDS = 4 };
	const char *at = s;

	for (int i = 0; i < WORDS; i++) {
		size_t len = strcspn(at, " ");

		if (!len || !at[len])
			return s;
		at += len + 1;
	}
	at = skip_data(at);
	if (!at || *at != ' ')
		return s;
	at += strspn(at, " ");
	return strncmp(at, mark, strlen(mark)) == 0 ? at + strlen(mark) : at;
}

static int64_t place(const struct moment *m, int64_t seen_ms)
{
	if (m->ms > seen_ms + BELIEVED_MS || m->ms < seen_ms - BELIEVED_MS)
		return seen_ms;
	if (seen_ms < m->ms)
		return m->ms;
	return seen_ms < m->ms + m->width_ms ? seen_ms : m->ms + m->width_ms;
}

const char *haproxystamp_read(const char *line, int64_t seen_ms, int64_t *ret_ms)
{
	const char *at = line;
	const char *rest;
	struct moment m;
	bool versioned;

	if (*at == '<' && isdigit((unsigned char)at[1])) {
		rest = at + 1 + strspn(at + 1, "0123456789");
		if (*rest == '>')
			at = rest + 1;
	}
	versioned = strncmp(at, "1 ", 2) == 0; /* RFC 5424's */
	if (versioned)
		at += 2;
	rest = read_iso(at, &m);
	if (rest == NULL)
		rest = read_3164(at, seen_ms, &m);
	else if (versioned)
		rest = skip_header(rest);
	*ret_ms = rest ? place(&m, seen_ms) : seen_ms;
	return rest ? rest : at;
}

const char *haproxystamp_after_accept(const char *message)
{
	static const char shape[] = "dd/mmm/yyyy:hh:mm:ss.";
	const char *at = message + strcspn(message, " ");

	if (*at != ' ' || at[1] != '[')
		return NULL;
	at += 2;
	for (const char *s = shape; *s; s++, at++) {
		bool is_letter = isalpha((unsigned char)*s) && *s != 'm';

		if (*at == '\0' || (!isalpha((unsigned char)*s) && *at != *s) ||
		    (is_letter && !isdigit((unsigned char)*at)))
			return NULL;
	}
	at += strspn(at, "0123456789");
	return strncmp(at, "] ", 2) == 0 ? at + 2 : NULL;
}
