/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SESSIONLINE_H
#define REPORT_SESSIONLINE_H

#include "base/error.h"
#include "base/text.h"
#include "core/journal.h"
#include "core/record.h"

/*
 * A session in words and as JSON: log formats "text" and "json", /v1/sessions, `sluice sessions`.
 * The view is plain data that stands alone, made from a record or read from JSON.
 */
struct sessionline {
	uint64_t id;
	int64_t accepted_wall_ms;
	char service[JOURNAL_NAME_MAX];
	char server[JOURNAL_NAME_MAX]; /* "": none was tried */
	char client[ADDR_TEXT_MAX];
	char bind[ADDR_TEXT_MAX];
	int32_t queue_ms, connect_ms; /* -1: never */
	int64_t total_ms, idle_ms;
	uint64_t bytes_in, bytes_out;
	uint32_t retries;
	bool redispatched, ended, error;
	char reason[32]; /* reason_key(), if `ended` */
	char words[96];  /* reason_words(), if `ended` */
	char haproxy[4]; /* "--" */
	uint32_t worker;
};

void sessionline_take(const struct record *r, struct sessionline *ret);

/* One line without a newline.  COLOUR marks failures; TIME begins with the local time of the end.
 */
enum sessionline_flag { SESSIONLINE_COLOUR = 1, SESSIONLINE_TIME = 2, SESSIONLINE_DATE = 4 };
void sessionline_write(const struct sessionline *l, unsigned int flags, struct text *out);

/*
 * One object on one line: kind ("session") id time service server client bind queue_ms connect_ms
 * total_ms idle_ms bytes_in bytes_out retries redispatched worker ended [end_time reason words
 * error haproxy].  time: when it was accepted.  server, queue_ms and connect_ms are null if there
 * was none.
 */
void sessionline_write_json(const struct sessionline *l, struct text *out);

/* {"sessions": [...]} of `count` records. */
void sessionline_write_list(const struct record *const *records, size_t count, struct text *out);

/* Reads such a list without trusting it; *ret is the caller's to free(). */
bool sessionline_read_list(const char *json, struct sessionline **ret, size_t *ret_count,
                           struct error *err) MUST_CHECK;

/*
 * The table of `sluice sessions`: a heading and a line for each, no wider than `width` columns (at
 * least 64 are assumed); names that are too long end with "~".
 */
void sessionline_write_table(const struct sessionline *l, size_t count, unsigned int width,
                             bool colour, struct text *out);

#endif
