/* SPDX-License-Identifier: MIT */
#include "sim/simstmt.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is left to read of one statement. */
struct scan {
	const char *at, *end;
};

static const char *skip_comment(const char *p)
{
	const char *end;

	if (p[0] == '-' && p[1] == '-')
		return p + strcspn(p, "\n");
	end = strstr(p + 2, "*/");
	return end ? end + 2 : p + strlen(p);
}

static bool is_comment(const char *p)
{
	return (p[0] == '-' && p[1] == '-') || (p[0] == '/' && p[1] == '*');
}

/* The ';' that ends the statement, or the end of the text. */
static const char *find_end(const char *p)
{
	while (*p && *p != ';') {
		if (is_comment(p)) {
			p = skip_comment(p);
		} else if (*p == '\'' || *p == '"') {
			const char *close = strchr(p + 1, *p);

			p = close ? close + 1 : p + strlen(p);
		} else {
			p++;
		}
	}
	return p;
}

static void skip_space(struct scan *s)
{
	while (s->at < s->end) {
		if (is_comment(s->at))
			s->at = skip_comment(s->at);
		else if (isspace((unsigned char)*s->at))
			s->at++;
		else
			return;
	}
	s->at = s->end;
}

static bool at_end(struct scan *s)
{
	skip_space(s);
	return s->at == s->end;
}

/* Takes `word` if it comes next and is not the beginning of a longer one. */
static bool take_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);
	const char *after;

	skip_space(s);
	after = s->at + len;
	if ((size_t)(s->end - s->at) < len || strncasecmp(s->at, word, len) != 0)
		return false;
	if (after < s->end && (isalnum((unsigned char)*after) || *after == '_'))
		return false;
	s->at = after;
	return true;
}

static bool take_char(struct scan *s, char c)
{
	skip_space(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool take_int(struct scan *s, int64_t *ret)
{
	char *after;

	skip_space(s);
	if (s->at == s->end || !(isdigit((unsigned char)*s->at) || *s->at == '-'))
		return false;
	errno = 0;
	*ret = strtoll(s->at, &after, 10);
	if (errno || after == s->at)
		return false;
	s->at = after;
	return true;
}

/* Seconds with an optional fraction, up to a day, in milliseconds. */
static bool take_seconds(struct scan *s, uint64_t *ret)
{
	char *after;
	double seconds;

	skip_space(s);
	if (s->at == s->end || !(isdigit((unsigned char)*s->at) || *s->at == '.'))
		return false;
	seconds = strtod(s->at, &after);
	if (after == s->at || !(seconds <= 86400.))
		return false;
	*ret = (uint64_t)(seconds * 1000. + 0.5);
	s->at = after;
	return true;
}

static enum simstmt_kind parse_select(struct scan *s, struct simstmt *ret)
{
	if (take_int(s, &ret->value) && at_end(s))
		return SIMSTMT_INT;
	if (take_word(s, "pg_sleep") && take_char(s, '(') && take_seconds(s, &ret->sleep_ms) &&
	    take_char(s, ')') && at_end(s))
		return SIMSTMT_SLEEP;
	return SIMSTMT_UNKNOWN;
}

static enum simstmt_kind parse(struct scan *s, struct simstmt *ret)
{
	if (at_end(s))
		return SIMSTMT_EMPTY;
	if (take_word(s, "select"))
		return parse_select(s, ret);
	if (take_word(s, "show"))
		return take_word(s, "node_id") && at_end(s) ? SIMSTMT_NODE_ID : SIMSTMT_UNKNOWN;
	if (take_word(s, "begin"))
		return SIMSTMT_BEGIN;
	if (take_word(s, "start"))
		return take_word(s, "transaction") ? SIMSTMT_BEGIN : SIMSTMT_UNKNOWN;
	if (take_word(s, "commit") || take_word(s, "end"))
		return SIMSTMT_COMMIT;
	if (take_word(s, "rollback") || take_word(s, "abort"))
		return SIMSTMT_ROLLBACK;
	if (take_word(s, "set"))
		return SIMSTMT_SET;
	return SIMSTMT_UNKNOWN;
}

size_t simstmt_next(const char *sql, struct simstmt *ret)
{
	const char *end = find_end(sql);
	struct scan s = { .at = sql, .end = end };

	*ret = (struct simstmt){ 0 };
	ret->kind = parse(&s, ret);
	return (size_t)(end - sql) + (*end == ';');
}
