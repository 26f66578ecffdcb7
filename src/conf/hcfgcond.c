/* SPDX-License-Identifier: MIT */
#include "conf/hcfgcond.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

#define SPOKEN_VERSION "2.6.12"
#define SPOKEN_OPENSSL "3.0.0"

struct parser {
	const char *at;
	const char *all;
	const struct hcfgcond_variables *variables;
	int depth;
};

/* Of HAProxy 2.6's list those whose meaning sluice shares. */
static const char *const features[] = {
	"ACCEPT4",      "CPU_AFFINITY", "CRYPT_H", "EPOLL",   "GETADDRINFO", "LIBCRYPT",
	"LINUX_SPLICE", "LINUX_TPROXY", "NS",      "OPENSSL", "POLL",        "PRCTL",
	"PROMEX",       "RT",           "SYSTEMD", "TFO",     "THREAD",      "TPROXY",
};

static const char *const enabled[] = { "EPOLL", "GETADDRINFO", "POLL", "REUSEPORT", "SPLICE" };

static bool is_listed(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

/* "2.6.12", "2.4-dev19": four numbers; a development version comes before its release. */
static void parse_version(const char *s, long ret[static 4])
{
	memset(ret, 0, 4 * sizeof(*ret));
	for (int i = 0; i < 3 && isdigit((unsigned char)*s); i++) {
		char *end;

		ret[i] = strtol(s, &end, 10);
		s = *end == '.' ? end + 1 : end;
	}
	if (strncmp(s, "-dev", 4) == 0)
		ret[3] = strtol(s + 4, NULL, 10) % 100000 - 200000;
	else if (strncmp(s, "-rc", 3) == 0)
		ret[3] = strtol(s + 3, NULL, 10) % 100000 - 100000;
}

static bool is_at_least(const char *have, const char *want)
{
	long a[4];
	long b[4];

	parse_version(have, a);
	parse_version(want, b);
	for (int i = 0; i < 4; i++)
		if (a[i] != b[i])
			return a[i] > b[i];
	return true;
}

typedef bool predicate(const struct parser *p, const char *a, const char *b);

static bool is_defined(const struct parser *p, const char *a, const char *b)
{
	(void)b;
	return p->variables->get(p->variables->context, a) != NULL;
}

static bool has_feature(const struct parser *p, const char *a, const char *b)
{
	(void)p;
	(void)b;
	return is_listed(a, features, ARRAY_LEN(features));
}

static bool is_enabled(const struct parser *p, const char *a, const char *b)
{
	(void)p;
	(void)b;
	return is_listed(a, enabled, ARRAY_LEN(enabled));
}

static bool is_equal(const struct parser *p, const char *a, const char *b)
{
	(void)p;
	return strcmp(a, b) == 0;
}

static bool is_unequal(const struct parser *p, const char *a, const char *b)
{
	(void)p;
	return strcmp(a, b) != 0;
}

static bool contains(const struct parser *p, const char *a, const char *b)
{
	(void)p;
	return strstr(a, b) != NULL;
}

static bool version_atleast(const struct parser *p, const char *a, const char *b)
{
	(void)p;
	(void)b;
	return is_at_least(SPOKEN_VERSION, a);
}

static bool version_before(const struct parser *p, const char *a, const char *b)
{
	return !version_atleast(p, a, b);
}

static bool openssl_atleast(const struct parser *p, const char *a, const char *b)
{
	(void)p;
	(void)b;
	return is_at_least(SPOKEN_OPENSSL, a);
}

static bool openssl_before(const struct parser *p, const char *a, const char *b)
{
	return !openssl_atleast(p, a, b);
}

static bool names_library(const struct parser *p, const char *a, const char *b)
{
	(void)p;
	(void)b;
	return strncmp("OpenSSL", a, strlen(a)) == 0;
}

static const struct {
	const char *name;
	size_t arguments;
	predicate *is_true;
} predicates[] = {
	{ "defined", 1, is_defined },
	{ "feature", 1, has_feature },
	{ "enabled", 1, is_enabled },
	{ "streq", 2, is_equal },
	{ "strneq", 2, is_unequal },
	{ "strstr", 2, contains },
	{ "version_atleast", 1, version_atleast },
	{ "version_before", 1, version_before },
	{ "openssl_version_atleast", 1, openssl_atleast },
	{ "openssl_version_before", 1, openssl_before },
	{ "ssllib_name_startswith", 1, names_library },
};

static void skip_spaces(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

/* One argument of a predicate, up to ',' or ')'; quotes and backslashes protect them. */
static bool parse_argument(struct parser *p, struct text *ret, struct error *err)
{
	char quote = '\0';

	skip_spaces(p);
	for (; *p->at && (quote || (*p->at != ',' && *p->at != ')')); p->at++) {
		if (*p->at == quote) {
			quote = '\0';
		} else if (!quote && (*p->at == '"' || *p->at == '\'')) {
			quote = *p->at;
		} else {
			if (*p->at == '\\' && quote != '\'' && p->at[1])
				p->at++;
			text_addc(ret, *p->at);
		}
	}
	if (!*p->at)
		return error_set(err, "\"%.60s\": a %s is missing", p->all, quote ? "quote" : ")");
	return true;
}

static bool parse_predicate(struct parser *p, bool *ret, struct error *err)
{
	AUTO_TEXT a = { 0 };
	AUTO_TEXT b = { 0 };
	size_t len = strspn(p->at, "abcdefghijklmnopqrstuvwxyz_");
	size_t i = 0;
	size_t n = 0;

	while (i < ARRAY_LEN(predicates) &&
	       (strlen(predicates[i].name) != len || strncmp(predicates[i].name, p->at, len) != 0))
		i++;
	if (!len || i == ARRAY_LEN(predicates))
		return error_set(err, "\"%.60s\" is not a condition", p->at);
	p->at += len;
	if (*p->at != '(')
		return error_set(err, "%s needs its arguments in ( )", predicates[i].name);
	for (bool more = true; more; more = *p->at == ',') {
		p->at++;
		if (n == predicates[i].arguments)
			return error_set(err, "%s takes %zu argument%s", predicates[i].name, n,
			                 n == 1 ? "" : "s");
		if (!parse_argument(p, n ? &b : &a, err))
			return false;
		n++;
	}
	p->at++;
	if (n < predicates[i].arguments)
		return error_set(err, "%s takes %zu arguments", predicates[i].name,
		                 predicates[i].arguments);
	*ret = predicates[i].is_true(p, text_str(&a), text_str(&b));
	return true;
}

static bool parse_or(struct parser *p, bool *ret, struct error *err);

static bool parse_parentheses(struct parser *p, bool *ret, struct error *err)
{
	p->at++;
	if (++p->depth > DEPTH_MAX)
		return error_set(err, "more than %d levels of parentheses", DEPTH_MAX);
	if (!parse_or(p, ret, err))
		return false;
	p->depth--;
	if (*p->at != ')')
		return error_set(err, "\"%.60s\": a ) is missing", p->all);
	p->at++;
	return true;
}

static bool parse_term(struct parser *p, bool *ret, struct error *err)
{
	bool negate = false;
	bool is_true = false;

	for (skip_spaces(p); *p->at == '!'; skip_spaces(p)) {
		negate = !negate;
		p->at++;
	}
	if (isdigit((unsigned char)*p->at) || *p->at == '-' || *p->at == '+') {
		char *end;

		is_true = strtol(p->at, &end, 0) != 0;
		if (end == p->at)
			return error_set(err, "\"%.60s\" is not a condition", p->at);
		p->at = end;
	} else if (*p->at == '(') {
		if (!parse_parentheses(p, &is_true, err))
			return false;
	} else if (!parse_predicate(p, &is_true, err)) {
		return false;
	}
	skip_spaces(p);
	*ret = is_true != negate;
	return true;
}

static bool parse_and(struct parser *p, bool *ret, struct error *err)
{
	bool all = true;

	for (;;) {
		bool one = false;

		if (!parse_term(p, &one, err))
			return false;
		all = all && one;
		if (strncmp(p->at, "&&", 2) != 0)
			break;
		p->at += 2;
	}
	*ret = all;
	return true;
}

static bool parse_or(struct parser *p, bool *ret, struct error *err)
{
	bool any = false;

	for (;;) {
		bool one = false;

		if (!parse_and(p, &one, err))
			return false;
		any = any || one;
		if (strncmp(p->at, "||", 2) != 0)
			break;
		p->at += 2;
	}
	*ret = any;
	return true;
}

bool hcfgcond_eval(const char *expression, const struct hcfgcond_variables *variables, bool *ret,
                   struct error *err)
{
	struct parser p = { .at = expression, .all = expression, .variables = variables };
	bool value = false;

	skip_spaces(&p);
	if (*p.at && !parse_or(&p, &value, err))
		return false;
	if (*p.at)
		return error_set(err, "\"%.60s\" is left over after the condition", p.at);
	*ret = value;
	return true;
}
