/* SPDX-License-Identifier: MIT */
#include "net/webget.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSION_MAX = 8192 };

#define CURE "write what `cockroach auth-session login USER --only-cookie` prints"

static bool read_file(const char *path, char buf[static SESSION_MAX + 1], struct error *err)
{
	FILE *f = fopen(path, "re");
	size_t n;
	bool failed;

	if (!f)
		return error_sys(err, errno, "the session's file %s", path);
	n = fread(buf, 1, SESSION_MAX, f);
	failed = ferror(f);
	if (failed)
		error_sys(err, errno, "the session's file %s", path);
	fclose(f);
	buf[n] = '\0';
	return !failed;
}

/* RFC 6265 section 4.1.1: what a cookie's value may hold. */
static bool is_cookie(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f || strchr("\",;\\", s[i]))
			return false;
	return len > 0;
}

/* How much of the beginning of `session` stands at `s`. */
static size_t shared(const char *s, const char *session)
{
	size_t n = 0;

	while (s[n] && s[n] == session[n])
		n++;
	return n;
}

void webget_cover(const char *session, struct error *err)
{
	enum { TELLING = 8 }; /* of what may have been cut */
	size_t least = TELLING;
	char *s;

	if (!session || !*session || !err)
		return;
	if (strlen(session) < TELLING)
		least = strlen(session);
	s = err->text;
	while (*s) {
		size_t n = shared(s, session);

		if (n >= least)
			memset(s, '*', n);
		s += n >= least ? n : 1;
	}
}

bool webget_session(const char *said, char **ret, struct error *err)
{
	static const char prefix[] = "file:", cookie[] = "session=";
	char buf[SESSION_MAX + 1];
	bool is_file = strncmp(said, prefix, sizeof(prefix) - 1) == 0;
	const char *at = said;
	const char *named;
	size_t len;

	if (is_file) {
		if (!read_file(said + sizeof(prefix) - 1, buf, err))
			return false;
		at = buf;
	}
	named = strstr(at, cookie);
	at = named ? named + sizeof(cookie) - 1 : at + strspn(at, " \t\r\n");
	len = strcspn(at, named ? "; \t\r\n" : "\r\n");
	while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	if (!is_cookie(at, len) || len >= SESSION_MAX)
		return error_set(err, "%s: there is no session in it: " CURE,
		                 is_file ? said : "the session");
	*ret = mem_strndup(at, len);
	return true;
}
