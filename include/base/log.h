/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

#include <stddef.h>

/*
 * What the program says about itself: "cannot bind", "reload done".  Transitions and sessions are
 * not said here; they are journal entries that the control layer turns into lines.
 *
 * The numbers are syslog's severities (RFC 5424 section 6.2.1).
 */
enum log_level {
	LOG_LEVEL_EMERG,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_CRIT,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Where lines go.  Called from any thread; must not log itself.  Default: stderr. */
typedef void log_sink(void *ctx, enum log_level level, const char *message);
void log_set_sink(log_sink *sink, void *ctx); /* before threads start; NULL: stderr again */

void log_print(enum log_level level, const char *fmt, ...) PRINTF(2, 3);

/* The name as HAProxy and syslog write it ("emerg" … "debug"); -1 for an unknown name. */
const char *log_level_name(enum log_level level);
int log_level_find(const char *name);

/*
 * The names of syslog's facilities by number (RFC 5424 table 1), as HAProxy and syslog.conf write
 * them; -1 for an unknown name.
 */
const char *const *log_facilities(size_t *ret_count);
int log_facility_find(const char *name);

#define log_error(...)  log_print(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)   log_print(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_notice(...) log_print(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)   log_print(LOG_LEVEL_INFO, __VA_ARGS__)

#endif
