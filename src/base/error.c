/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error *err, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return false;
	err->errnum = 0;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return false;
}

bool error_sys(struct error *err, int errnum, const char *fmt, ...)
{
	char words[128];
	va_list args;
	size_t len;

	if (!err)
		return false;
	err->errnum = errnum;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s",
	         strerror_r(errnum, words, sizeof(words)));
	return false;
}

bool error_wrap(struct error *err, const char *fmt, ...)
{
	char inner[sizeof(err->text)];
	va_list args;
	size_t len;

	if (!err)
		return false;
	memcpy(inner, err->text, sizeof(inner));
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", inner);
	return false;
}

bool error_hint(struct error *err, const char *hint)
{
	size_t len;

	if (!err)
		return false;
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, " (%s)", hint);
	return false;
}
