/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void to_stderr(void *ctx, enum log_level level, const char *message)
{
	(void)ctx;
	fprintf(stderr, "sluice: %s: %s\n", log_level_name(level), message);
}

static log_sink *current_sink = to_stderr;
static void *current_ctx;

void log_set_sink(log_sink *sink, void *ctx)
{
	current_sink = sink ? sink : to_stderr;
	current_ctx = ctx;
}

void log_print(enum log_level level, const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	current_sink(current_ctx, level, line);
}

static const char *const names[] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};

const char *log_level_name(enum log_level level)
{
	return names[level];
}

int log_level_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	if (strcmp(name, "error") == 0)
		return LOG_LEVEL_ERROR;
	if (strcmp(name, "warn") == 0)
		return LOG_LEVEL_WARN;
	return -1;
}

static const char *const facilities[] = {
	"kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
	"uucp",   "cron",   "auth2",  "ftp",    "ntp",    "audit",  "alert",  "cron2",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
};

const char *const *log_facilities(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(facilities);
	return facilities;
}

int log_facility_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(facilities); i++)
		if (strcmp(facilities[i], name) == 0)
			return (int)i;
	return -1;
}
