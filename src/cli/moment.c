/* SPDX-License-Identifier: MIT */
#include "cli/moment.h"

#include "base/number.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

/* Exactly `count` digits, `low` to `high`. */
static bool take_number(const char **s, size_t count, int low, int high, int *ret)
{
	int n = 0;

	for (size_t i = 0; i < count; i++, ++*s) {
		if (**s < '0' || **s > '9')
			return false;
		n = n * 10 + (**s - '0');
	}
	*ret = n;
	return n >= low && n <= high;
}

static bool take_char(const char **s, const char *any)
{
	if (**s == '\0' || strchr(any, **s) == NULL)
		return false;
	++*s;
	return true;
}

/* ".25": what is finer than milliseconds is dropped. */
static bool take_fraction(const char **s, int *ret_ms)
{
	int weight = 100;

	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; ++*s, weight /= 10)
		*ret_ms += weight * (**s - '0');
	return true;
}

/* "14:05", "14:05:09", "14:05:09.250" */
static bool take_clock(const char **s, struct tm *tm, int *ret_ms)
{
	tm->tm_sec = 0;
	*ret_ms = 0;
	if (!take_number(s, 2, 0, 23, &tm->tm_hour) || !take_char(s, ":") ||
	    !take_number(s, 2, 0, 59, &tm->tm_min))
		return false;
	if (!take_char(s, ":"))
		return true;
	if (!take_number(s, 2, 0, 59, &tm->tm_sec))
		return false;
	return !take_char(s, ".") || take_fraction(s, ret_ms);
}

static bool take_date(const char **s, struct tm *tm)
{
	if (!take_number(s, 4, 1970, 9999, &tm->tm_year) || !take_char(s, "-") ||
	    !take_number(s, 2, 1, 12, &tm->tm_mon) || !take_char(s, "-") ||
	    !take_number(s, 2, 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return true;
}

/* "Z", "+01:00", or nothing: local. */
static bool take_zone(const char **s, bool *ret_local, int *ret_offset_s)
{
	bool west = **s == '-';
	int hours;
	int minutes;

	*ret_local = **s == '\0';
	*ret_offset_s = 0;
	if (*ret_local || take_char(s, "Zz"))
		return true;
	if (!take_char(s, "+-") || !take_number(s, 2, 0, 23, &hours) || !take_char(s, ":") ||
	    !take_number(s, 2, 0, 59, &minutes))
		return false;
	*ret_offset_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

static bool parse_date(const char *s, int64_t *ret_wall_ms)
{
	struct tm tm = { .tm_isdst = -1 };
	int offset_s;
	int ms;
	int day;
	bool local;
	time_t seconds;

	if (!take_date(&s, &tm) || !take_char(&s, "Tt ") || !take_clock(&s, &tm, &ms) ||
	    !take_zone(&s, &local, &offset_s) || *s != '\0')
		return false;
	day = tm.tm_mday;
	seconds = local ? mktime(&tm) : timegm(&tm);
	if (tm.tm_mday != day) /* 31 February */
		return false;
	*ret_wall_ms = ((int64_t)seconds - offset_s) * 1000 + ms;
	return true;
}

static bool parse_clock(const char *s, int64_t now_wall_ms, int64_t *ret_wall_ms)
{
	time_t now = (time_t)(now_wall_ms / 1000);
	struct tm tm;
	int ms;
	int64_t moment;

	localtime_r(&now, &tm);
	if (!take_clock(&s, &tm, &ms) || *s != '\0')
		return false;
	tm.tm_isdst = -1;
	moment = (int64_t)mktime(&tm) * 1000 + ms;
	if (moment > now_wall_ms) {
		tm.tm_mday--;
		tm.tm_isdst = -1;
		moment = (int64_t)mktime(&tm) * 1000 + ms;
	}
	*ret_wall_ms = moment;
	return true;
}

bool moment_parse(const char *s, int64_t now_wall_ms, int64_t *ret_wall_ms)
{
	uint64_t ago_ms;

	if (strspn(s, "0123456789") == strlen(s))
		return false;
	if (number_parse_duration(s, &ago_ms) && ago_ms <= INT64_MAX / 2) {
		*ret_wall_ms = now_wall_ms - (int64_t)ago_ms;
		return true;
	}
	return parse_clock(s, now_wall_ms, ret_wall_ms) || parse_date(s, ret_wall_ms);
}
