/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STAMP_H
#define REPORT_STAMP_H

#include "base/text.h"

#include <stdint.h>

/* Moments (milliseconds since the epoch) in the forms that the views need. */

void stamp_add_rfc3339(struct text *t, int64_t wall_ms); /* 2026-11-20T12:12:01.095Z */
void stamp_add_time(struct text *t, int64_t wall_ms);    /* 12:12:01.095, local */
void stamp_add_date(struct text *t, int64_t wall_ms);    /* 2026-11-20, local */
void stamp_add_haproxy(struct text *t, int64_t wall_ms); /* 20/Nov/2026:12:12:01.095, local */

/* 20/Nov/2026:12:12:01 +0000, as the Common Log Format has it */
void stamp_add_clf(struct text *t, int64_t wall_ms, bool utc);

/* Have both the same local date? */
bool stamp_is_same_day(int64_t a_wall_ms, int64_t b_wall_ms);

/* The reverse of stamp_add_rfc3339(); false if `s` is anything else. */
bool stamp_parse_rfc3339(const char *s, int64_t *ret_wall_ms);

#endif
