/* SPDX-License-Identifier: MIT */
#include "report/stamp.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Milliseconds past the second; the second itself goes to *ret, rounded down. */
static int split(int64_t wall_ms, time_t *ret)
{
	int64_t ms = wall_ms % 1000;

	if (ms < 0)
		ms += 1000;
	*ret = (time_t)((wall_ms - ms) / 1000);
	return (int)ms;
}

static int split_local(int64_t wall_ms, struct tm *ret)
{
	time_t seconds;
	int ms = split(wall_ms, &seconds);

	localtime_r(&seconds, ret);
	return ms;
}

void stamp_add_rfc3339(struct text *t, int64_t wall_ms)
{
	char buf[64];
	struct tm tm = { 0 };
	time_t seconds;
	int ms = split(wall_ms, &seconds);

	gmtime_r(&seconds, &tm);
	strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%S", &tm);
	text_addf(t, "%s.%03dZ", buf, ms);
}

void stamp_add_time(struct text *t, int64_t wall_ms)
{
	struct tm tm = { 0 };
	int ms = split_local(wall_ms, &tm);

	text_addf(t, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
}

void stamp_add_date(struct text *t, int64_t wall_ms)
{
	struct tm tm = { 0 };

	split_local(wall_ms, &tm);
	text_addf(t, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

bool stamp_is_same_day(int64_t a_wall_ms, int64_t b_wall_ms)
{
	struct tm a = { 0 };
	struct tm b = { 0 };

	split_local(a_wall_ms, &a);
	split_local(b_wall_ms, &b);
	return a.tm_year == b.tm_year && a.tm_yday == b.tm_yday;
}

/* strftime() would write the month in the language of the locale. */
static void add_moment(struct text *t, const struct tm *tm)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
		                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

	text_addf(t, "%02d/%s/%04d:%02d:%02d:%02d", tm->tm_mday, months[tm->tm_mon % 12],
	          tm->tm_year + 1900, tm->tm_hour, tm->tm_min, tm->tm_sec);
}

void stamp_add_haproxy(struct text *t, int64_t wall_ms)
{
	struct tm tm = { 0 };
	int ms = split_local(wall_ms, &tm);

	add_moment(t, &tm);
	text_addf(t, ".%03d", ms);
}

void stamp_add_clf(struct text *t, int64_t wall_ms, bool utc)
{
	struct tm tm = { 0 };
	time_t seconds;
	long offset_min;

	split(wall_ms, &seconds);
	if (utc)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	offset_min = tm.tm_gmtoff / 60;
	add_moment(t, &tm);
	text_addf(t, " %c%02ld%02ld", offset_min < 0 ? '-' : '+', labs(offset_min) / 60,
	          labs(offset_min) % 60);
}

bool stamp_parse_rfc3339(const char *s, int64_t *ret_wall_ms)
{
	static const char shape[] = "0000-00-00T00:00:00.000Z";
	struct tm tm = { 0 };
	int ms;

	for (size_t i = 0; i < sizeof(shape); i++)
		if (shape[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
			return false;
#define DIGIT(i) (s[i] - '0')
#define PAIR(i)  (DIGIT(i) * 10 + DIGIT((i) + 1))
	tm.tm_year = PAIR(0) * 100 + PAIR(2) - 1900;
	tm.tm_mon = PAIR(5) - 1;
	tm.tm_mday = PAIR(8);
	tm.tm_hour = PAIR(11);
	tm.tm_min = PAIR(14);
	tm.tm_sec = PAIR(17);
	ms = DIGIT(20) * 100 + PAIR(21);
#undef PAIR
#undef DIGIT
	*ret_wall_ms = (int64_t)timegm(&tm) * 1000 + ms;
	return true;
}
