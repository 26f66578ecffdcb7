/* SPDX-License-Identifier: MIT */
/*
 * From what is written to rules that can be run: the connect that is implied comes first (HAProxy
 * configuration manual 4.2 "tcp-check connect"), the status of an http check that ends with a
 * request last ("http-check expect"), and every regular expression is compiled.
 */
#include "probes.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const struct settings_range usual_status[] = { { 200, 399 } };

static bool is_http(const struct settings_check *check)
{
	return check->type == SETTINGS_CHECK_HTTP || check->type == SETTINGS_CHECK_HTTPS;
}

static bool has_body_regex(const struct probe_rule *r, const struct settings_check *check)
{
	return r->draft.judge == probe_http_judge && check->rexpect_string;
}

static const char *pattern_of(const struct probe_rule *r, const struct settings_check *check)
{
	const struct settings_step *s = &r->draft.step;

	if (s->kind != SETTINGS_STEP_EXPECT)
		return NULL;
	if (has_body_regex(r, check))
		return check->rexpect_string;
	if (r->draft.judge != probe_expect_judge && r->draft.judge != probe_http_expect)
		return NULL;
	switch (s->match) {
	case SETTINGS_MATCH_REGEX:
	case SETTINGS_MATCH_BINARY_REGEX:
	case SETTINGS_MATCH_STATUS_REGEX:
		return s->bytes;
	case SETTINGS_MATCH_STRING:
	case SETTINGS_MATCH_BINARY:
	case SETTINGS_MATCH_STATUS:
	case SETTINGS_MATCH_HEADER:
		break;
	}
	return NULL;
}

/* What follows a backslash: PCRE's classes and characters that POSIX has no words for. */
static void add_escape(char c, struct text *out)
{
	switch (c) {
	case 'd':
		text_add(out, "[0-9]");
		break;
	case 'D':
		text_add(out, "[^0-9]");
		break;
	case 'r':
		text_addc(out, '\r');
		break;
	case 'n':
		text_addc(out, '\n');
		break;
	case 't':
		text_addc(out, '\t');
		break;
	default:
		text_addf(out, "\\%c", c);
		break;
	}
}

/* The length of a bracket expression, "[^]a[:digit:]]"; what has no end is for regcomp(). */
static size_t bracket_length(const char *s)
{
	size_t n = s[1] == '^' ? 2 : 1;

	if (s[n] == ']')
		n++;
	while (s[n] && s[n] != ']') {
		const char *end = s[n] == '[' && s[n + 1] == ':' ? strstr(s + n, ":]") : NULL;

		n = end ? (size_t)(end - s) + 2 : n + 1;
	}
	return n + (s[n] == ']');
}

/* HAProxy's expressions are PCRE's: there a dot is any byte, NUL too, but no end of line. */
static void translate(const char *pattern, struct text *out)
{
	while (*pattern) {
		size_t n = *pattern == '[' ? bracket_length(pattern) : 1;

		if (*pattern == '\\' && pattern[1])
			add_escape(*++pattern, out);
		else if (*pattern == '.')
			text_add(out, "[^\n]");
		else
			text_addn(out, pattern, n);
		pattern += n;
	}
}

static bool compile_regex(struct probe_rule *r, const char *pattern, struct error *err)
{
	AUTO_TEXT posix = { 0 };
	int failed;

	translate(pattern, &posix);
	failed = regcomp(&r->regex, text_str(&posix), REG_EXTENDED | REG_NOSUB);

	if (failed) {
		char words[128];

		regerror(failed, &r->regex, words, sizeof(words));
		return error_set(err, "regular expression \"%s\": %s", pattern, words);
	}
	r->has_regex = true;
	return true;
}

static bool find_code(const char *name, enum probe_code *ret, struct error *err)
{
	if (name && !probe_code_find(name, ret))
		return error_set(err, "\"%s\" is no code of a check", name);
	return true;
}

/* Over HTTP a rule looks at the answer as such, and at its body instead of all that came. */
static bool is_over_http(const struct settings_check *check, const struct settings_step *s)
{
	switch (s->match) {
	case SETTINGS_MATCH_STATUS:
	case SETTINGS_MATCH_STATUS_REGEX:
	case SETTINGS_MATCH_HEADER:
		return true;
	case SETTINGS_MATCH_STRING:
	case SETTINGS_MATCH_REGEX:
	case SETTINGS_MATCH_BINARY:
	case SETTINGS_MATCH_BINARY_REGEX:
		break;
	}
	return is_http(check);
}

static bool compile_expect(struct probe_plan *plan, struct probe_rule *r, struct error *err)
{
	const struct settings_step *s = &r->draft.step;
	const char *pattern;

	if (!r->draft.judge)
		r->draft.judge =
		    is_over_http(plan->check, s) ? probe_http_expect : probe_expect_judge;
	pattern = pattern_of(r, plan->check);
	if (pattern && !compile_regex(r, pattern, err))
		return false;
	/* What comes later may still be what an earlier rule does not want. */
	r->head = (size_t)(r - plan->rules);
	for (size_t i = r->head; i > 0; i--) {
		const struct settings_step *before = &plan->rules[i - 1].draft.step;

		if (before->kind != SETTINGS_STEP_EXPECT)
			break;
		if (before->negated)
			r->head = i - 1;
	}
	return find_code(s->ok_status, &r->ok, err) && find_code(s->error_status, &r->error, err) &&
	       find_code(s->timeout_status, &r->timeout, err);
}

static bool find_address(const char *text, struct addr *ret, struct error *err)
{
	static const char unix_prefix[] = "unix:";
	size_t len = strlen(unix_prefix);

	if (strncmp(text, unix_prefix, len) == 0)
		return addr_from_unix(text + len, ret, err);
	if (!addr_parse_ip(text, 0, ret))
		return error_set(err, "\"%s\" is no numeric address", text);
	return true;
}

static bool compile_connect(const struct probe_plan *plan, struct probe_rule *r, struct error *err)
{
	const struct settings_check *check = plan->check;
	const struct settings_step *s = &r->draft.step;
	bool as_server = s->as_server || check->type == SETTINGS_CHECK_HTTPS;

	r->connect = (struct probe_connect){
		.port = s->port,
		.tls = s->tls || check->type == SETTINGS_CHECK_HTTPS || (as_server && check->tls),
		.as_server = as_server,
		.sni = s->sni,
		.alpn = s->alpn || !as_server ? s->alpn : check->alpn,
		/* An agent stands beside the server, and knows nothing of its PROXY headers. */
		.send_proxy = s->send_proxy || (s->as_server && check->send_proxy &&
		                                check->type != SETTINGS_CHECK_AGENT),
		.linger = s->linger,
	};
	return !s->address || find_address(s->address, &r->connect.addr, err);
}

static bool add(struct probe_plan *plan, const struct probe_draft *draft, int number,
                struct error *err)
{
	struct probe_rule *r = &plan->rules[plan->count++];

	r->draft = *draft;
	r->number = number;
	switch (draft->step.kind) {
	case SETTINGS_STEP_CONNECT:
		return compile_connect(plan, r, err);
	case SETTINGS_STEP_SEND:
		break;
	case SETTINGS_STEP_EXPECT:
		return compile_expect(plan, r, err);
	}
	return true;
}

static bool add_implied_connect(struct probe_plan *plan, const struct settings_step *first,
                                struct error *err)
{
	static const struct probe_draft implied = { .step = { .kind = SETTINGS_STEP_CONNECT,
		                                              .as_server = true } };

	if (first && first->kind == SETTINGS_STEP_CONNECT)
		return true;
	return add(plan, &implied, 0, err);
}

static bool add_written(struct probe_plan *plan, struct error *err)
{
	static const struct probe_draft implied = { .step = { .kind = SETTINGS_STEP_EXPECT,
		                                              .match = SETTINGS_MATCH_STATUS,
		                                              .statuses = { usual_status, 1 } } };
	const struct settings_steps *steps = &plan->check->steps;
	int number = 0;

	if (!add_implied_connect(plan, steps->at, err))
		return false;
	for (size_t i = 0; i < steps->count; i++)
		if (!add(plan, &(struct probe_draft){ .step = steps->at[i] }, ++number, err))
			return error_wrap(err, "step %d", number);
	if (is_http(plan->check) && steps->at[steps->count - 1].kind == SETTINGS_STEP_SEND)
		return add(plan, &implied, number + 1, err);
	return true;
}

static bool add_canned(struct probe_plan *plan, const struct probe_draft *drafts, size_t count,
                       struct error *err)
{
	int number = 0;

	if (!add_implied_connect(plan, count ? &drafts->step : NULL, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!add(plan, &drafts[i], ++number, err))
			return false;
	return true;
}

/* A handshake that carries nothing and is the end of the check. */
static void find_silent(struct probe_plan *plan)
{
	struct probe_connect *last = &plan->rules[plan->count - 1].connect;

	if (plan->rules[plan->count - 1].draft.step.kind == SETTINGS_STEP_CONNECT)
		last->silent = !last->tls && !last->send_proxy;
}

bool probe_plan_new(const struct settings_check *check, struct probe_plan **ret, struct error *err)
{
	enum { IMPLIED = 2 };
	struct probe_plan *plan = mem_zalloc(sizeof(*plan));
	const struct probe_draft *drafts = NULL;
	size_t count = check->steps.count ? check->steps.count : probe_canned_find(check, &drafts);

	plan->check = check;
	plan->rules = mem_zalloc((count + IMPLIED) * sizeof(*plan->rules));
	plan->tells_step = check->steps.count && !is_http(check);
	plan->simple =
	    !check->steps.count && (is_http(check) || check->type == SETTINGS_CHECK_PGSQL);
	if (!(check->steps.count ? add_written(plan, err) : add_canned(plan, drafts, count, err))) {
		probe_plan_free(plan);
		return false;
	}
	find_silent(plan);
	*ret = plan;
	return true;
}

void probe_plan_free(struct probe_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->rules[i].has_regex)
			regfree(&plan->rules[i].regex);
	free(plan->rules);
	free(plan);
}

bool probe_plan_uses_tls(const struct probe_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->rules[i].connect.tls)
			return true;
	return false;
}
