/* SPDX-License-Identifier: MIT */
#include "call.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *severity_word(enum call_severity s)
{
	switch (s) {
	case CALL_ERROR:
		return "err";
	case CALL_WARNING:
		return "warning";
	case CALL_NOTICE:
		return "notice";
	case CALL_INFO:
		return "info";
	}
	return "info";
}

void call_say(struct call *c, enum call_severity severity, const char *fmt, ...)
{
	AUTO_FREE char *line = NULL;
	size_t len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&line, fmt, args);
	va_end(args);
	if (n < 0) {
		line = NULL;
		return;
	}
	if (c->ctx->severity == COMMAND_NUMBERS)
		text_addf(c->out, "[%d]: ", severity);
	else if (c->ctx->severity == COMMAND_WORDS)
		text_addf(c->out, "[%s]: ", severity_word(severity));
	len = (size_t)n;
	text_addn(c->out, line, len);
	if (len == 0 || line[len - 1] != '\n')
		text_addc(c->out, '\n');
}

bool call_has(const struct call *c, const char *word)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->args[i], word) == 0)
			return true;
	return false;
}

const char *call_arg(const struct call *c, size_t i)
{
	return i < c->count ? c->args[i] : NULL;
}

bool call_may(struct call *c, enum settings_level level)
{
	if (c->ctx->level >= level)
		return true;
	call_say(c, CALL_ERROR, "Permission denied");
	return false;
}
