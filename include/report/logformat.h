/* SPDX-License-Identifier: MIT */
#ifndef REPORT_LOGFORMAT_H
#define REPORT_LOGFORMAT_H

#include "base/error.h"
#include "base/text.h"
#include "core/record.h"

/*
 * A session's line after a format of HAProxy's "log-format" (configuration manual 8.2.4), byte for
 * byte as 2.6 writes it: read once, written for each session.  Pure; any thread.
 */

/* "option tcplog", and "option tcplog clf" of HAProxy 3. */
#define LOGFORMAT_TCPLOG "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"
#define LOGFORMAT_CLF                                                                              \
	"%{+Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U "  \
	"%ts-- %ac %fc %bc %sc %rc %sq %bq \"\" \"\" "

/* What a line shows that is not the session's. */
struct logformat_process {
	const char *host; /* name of this host */
	int pid;
	int64_t now_wall_ms; /* %[date] */
	uint32_t lines;      /* of the session's frontend so far: %lc */
};

struct logformat;

/* The error names the variable that does not exist (logvars_check()). */
bool logformat_new(const char *format, struct logformat **ret, struct error *err) MUST_CHECK;
void logformat_free(struct logformat *f); /* NULL is fine */

/* One line without a newline; `r->frontend` is set. */
void logformat_write(const struct logformat *f, const struct record *r,
                     const struct logformat_process *p, struct text *out);

#endif
