/* SPDX-License-Identifier: MIT */
#include "cli/haproxytail.h"

#include "haproxystamp.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *skip(const char *s, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(s, prefix, len) == 0 ? s + len : NULL;
}

/* "be/srv" at the beginning of `at`; what follows it, or NULL. */
static const char *cut_names(const char *at, struct haproxytail_line *l)
{
	size_t service = strcspn(at, "/ ");
	size_t server = at[service] == '/' ? strcspn(at + service + 1, " ,:") : 0;

	if (service == 0 || server == 0 || service >= sizeof(l->service) ||
	    server >= sizeof(l->server))
		return NULL;
	snprintf(l->service, sizeof(l->service), "%.*s", (int)service, at);
	snprintf(l->server, sizeof(l->server), "%.*s", (int)server, at + service + 1);
	return at + service + 1 + server;
}

/* Up to what is of no use in a reason: how long it took, how many servers are left. */
static void take_text(struct haproxytail_line *l, const char *at)
{
	static const char *const ends[] = { ", check duration:", ", status:", ". " };
	size_t len = strlen(at);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		const char *end = strstr(at, ends[i]);

		if (end != NULL && (size_t)(end - at) < len)
			len = (size_t)(end - at);
	}
	if (len > 0 && at[len - 1] == '.')
		len--;
	snprintf(l->text, sizeof(l->text), "%.*s", (int)len, at);
}

static uint32_t sessions_of(const char *at)
{
	const char *end = strstr(at, " sessions active");

	if (end == NULL)
		return 0;
	while (end > at && isdigit((unsigned char)end[-1]))
		end--;
	return (uint32_t)strtoul(end, NULL, 10);
}

/* --- the kinds of lines ------------------------------------------------------------------- */

static bool read_state(const char *at, struct haproxytail_line *l)
{
	static const struct {
		const char *words;
		enum drill_state state;
	} says[] = {
		{ " is UP/DRAIN", DRILL_DRAIN },
		{ " is UP/READY", DRILL_UP },
		{ " is DOWN/READY", DRILL_DOWN },
		{ " is UP", DRILL_UP },
		{ " is DOWN", DRILL_DOWN },
		{ " is stopping", DRILL_NOLB },
		{ " is going DOWN for maintenance", DRILL_MAINT },
		{ " was DOWN and now enters maintenance", DRILL_MAINT },
		{ " enters drain state", DRILL_DRAIN },
	};
	const char *reason;

	at = cut_names(at, l);
	if (at == NULL)
		return false;
	if (strncmp(at, " ('", 3) == 0 && strchr(at, ')') != NULL)
		at = strchr(at, ')') + 1;
	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		const char *rest = skip(at, says[i].words);

		if (rest == NULL)
			continue;
		l->kind = HAPROXYTAIL_STATE;
		l->state = says[i].state;
		l->sessions = sessions_of(rest);
		reason = strstr(rest, "reason: ");
		reason = reason ? reason : strstr(rest, "reason ");
		l->by_check = reason != NULL;
		take_text(l,
		          reason ? reason + strcspn(reason, " ") + 1 : rest + strspn(rest, ", "));
		return true;
	}
	return false;
}

static bool read_check(const char *at, struct haproxytail_line *l)
{
	const char *backup = skip(at, "backup ");
	const char *rest, *reason;

	at = skip(backup ? backup : at, "server ");
	at = at ? cut_names(at, l) : NULL;
	if (at == NULL || *at != ' ')
		return false;
	at++;
	rest = skip(at, "conditionally ");
	at = rest ? rest : at;
	l->good = skip(at, "succeeded") != NULL;
	if (!l->good && !skip(at, "failed"))
		return false;
	l->kind = HAPROXYTAIL_CHECK;
	reason = strstr(at, "reason: ");
	take_text(l, reason ? reason + strlen("reason: ") : "");
	return true;
}

/* "backend NAME has no server available!"; on standard error the name has quotes. */
static bool read_no_server(const char *at, struct haproxytail_line *l)
{
	const char *end = strstr(at, " has no server available!");
	size_t len;

	if (end == NULL || end == at)
		return false;
	len = (size_t)(end - at);
	if (*at == '\'' && len > 2 && at[len - 1] == '\'') {
		at++;
		len -= 2;
	}
	if (len >= sizeof(l->service) || memchr(at, ' ', len))
		return false;
	snprintf(l->service, sizeof(l->service), "%.*s", (int)len, at);
	l->kind = HAPROXYTAIL_NO_SERVER;
	return true;
}

static enum haproxytail_end end_of(const char *code)
{
	if (code[0] == 'D' || code[0] == 'U' || code[0] == 'K')
		return HAPROXYTAIL_KILLED;
	if (code[0] == 's' && (code[1] == 'D' || code[1] == 'L'))
		return HAPROXYTAIL_KILLED;
	if ((code[0] == 'S' || code[0] == 's') && code[1] == 'C')
		return HAPROXYTAIL_FAILED;
	if (code[0] == 'S' && (code[1] == 'D' || code[1] == 'L'))
		return HAPROXYTAIL_CUT;
	return HAPROXYTAIL_FINE;
}

/* The n-th word of `at`, from 0, or NULL. */
static const char *word_at(const char *at, unsigned int n)
{
	for (; n > 0 && *at; n--) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	return *at ? at : NULL;
}

/* What follows "[20/Nov/2026:12:12:45.123]": frontend, be/srv, Tw/Tc/Tt, bytes, code. */
static bool read_session(const char *at, struct haproxytail_line *l)
{
	const char *names = word_at(at, 1);
	const char *timers = word_at(at, 2);
	const char *code = word_at(at, 4);

	if (code == NULL || strcspn(code, " ") != 2 || cut_names(names, l) == NULL ||
	    strspn(timers, "-+0123456789/") != strcspn(timers, " "))
		return false;
	if (strcmp(l->server, "<NOSRV>") == 0)
		l->server[0] = '\0';
	l->kind = HAPROXYTAIL_SESSION;
	l->end = end_of(code);
	return true;
}

static bool read_message(const char *at, struct haproxytail_line *l)
{
	const char *rest = skip(at, "Backup ");
	const char *session = haproxystamp_after_accept(at);

	if (session != NULL)
		return read_session(session, l);
	rest = skip(rest ? rest : at, "Server ");
	if (rest != NULL)
		return read_state(rest, l);
	rest = skip(at, "Health check for ");
	if (rest != NULL)
		return read_check(rest, l);
	rest = skip(at, "backend ");
	rest = rest ? rest : skip(at, "proxy ");
	return rest != NULL && read_no_server(rest, l);
}

bool haproxytail_read(const char *line, int64_t seen_ms, struct haproxytail_line *ret)
{
	const char *at = haproxystamp_read(line, seen_ms, &ret->wall_ms);
	struct haproxytail_line l = { .wall_ms = ret->wall_ms };
	const char *tag = strstr(at, ": ");

	if (!read_message(at, &l)) {
		l = (struct haproxytail_line){ .wall_ms = ret->wall_ms };
		if (tag == NULL || !read_message(tag + 2, &l))
			return false;
	}
	*ret = l;
	return true;
}
