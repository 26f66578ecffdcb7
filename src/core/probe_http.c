/* SPDX-License-Identifier: MIT */
/*
 * Requests of http checks, and what their answers are worth: to the simple check, whose status and
 * content must both be right, and to a rule, which looks at one thing.
 */
#include "probes.h"

#include "base/httpanswer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NO_BODY  "HTTP content check could not find a response body"
#define NO_MATCH "HTTP content check did not match"
#define UNWANTED "HTTP check matched unwanted content"

static bool is_named(const char *header, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(header, name, len) == 0 && header[len] == ':';
}

static bool has_header(const struct settings_strings *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (is_named(headers->at[i], name))
			return true;
	return false;
}

static char lower(char c)
{
	if (c < 'A' || c > 'Z')
		return c;
	return (char)(c - 'A' + 'a');
}

/* Names in lower case: HAProxy sends them so. */
static void add_header(struct text *out, const char *header)
{
	size_t name = strcspn(header, ":");

	for (size_t i = 0; i < name; i++)
		text_addc(out, lower(header[i]));
	text_addf(out, "%s\r\n", header + name);
}

void probe_http_request(const struct probe *p, const struct probe_rule *r, struct text *out)
{
	const struct settings_check *check = p->plan->check;
	bool persistent = strcmp(check->version, "1.0") != 0;
	const char *host = check->host ? check->host : persistent ? p->given.authority : NULL;

	(void)r;
	text_addf(out, "%s %s HTTP/%s\r\n", check->method, check->path, check->version);
	if (host && !has_header(&check->headers, "host"))
		text_addf(out, "host: %s\r\n", host);
	for (size_t i = 0; i < check->headers.count; i++)
		add_header(out, check->headers.at[i]);
	if (persistent && !has_header(&check->headers, "connection"))
		text_add(out, "connection: close\r\n");
	text_add(out, "\r\n");
}

static const char *value_of(const char *header)
{
	const char *value = header + strcspn(header, ":");

	value += *value == ':';
	return value + strspn(value, " \t");
}

/* Without a body these need no length (RFC 9110, 8.6). */
static bool may_lack_length(const char *method)
{
	static const char *const methods[] = { "GET", "HEAD", "OPTIONS", "DELETE" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (strcmp(method, methods[i]) == 0)
			return true;
	return false;
}

enum connection { CONNECTION_UNSAID, CONNECTION_CLOSE, CONNECTION_KEPT, CONNECTION_OTHER };

/* The length is ours to say, and "close" and "keep-alive" come last or not at all. */
static enum connection add_headers(const struct settings_strings *headers, struct text *out)
{
	enum connection said = CONNECTION_UNSAID;

	for (size_t i = 0; i < headers->count; i++) {
		const char *h = headers->at[i];

		if (is_named(h, "content-length") || is_named(h, "transfer-encoding"))
			continue;
		if (is_named(h, "connection")) {
			said = strcasecmp(value_of(h), "close") == 0        ? CONNECTION_CLOSE
			       : strcasecmp(value_of(h), "keep-alive") == 0 ? CONNECTION_KEPT
			                                                    : CONNECTION_OTHER;
			if (said != CONNECTION_OTHER)
				continue;
		}
		add_header(out, h);
	}
	return said;
}

void probe_http_write(const struct probe *p, const struct probe_rule *r, struct text *out)
{
	const struct settings_step *s = &r->draft.step;
	const char *version = s->version ? s->version : "1.0";
	const char *body = s->body ? s->body : "";
	bool persistent = strcmp(version, "1.0") != 0;
	enum connection said;

	(void)p;
	text_addf(out, "%s %s HTTP/%s\r\n", s->method, s->path ? s->path : "/", version);
	if (s->host)
		text_addf(out, "host: %s\r\n", s->host);
	said = add_headers(&s->headers, out);
	if (*body || !may_lack_length(s->method))
		text_addf(out, "content-length: %zu\r\n", strlen(body));
	if (persistent && (said == CONNECTION_UNSAID || said == CONNECTION_CLOSE))
		text_add(out, "connection: close\r\n");
	if (!persistent && said == CONNECTION_KEPT)
		text_add(out, "connection: keep-alive\r\n");
	text_addf(out, "\r\n%s", body);
}

static struct httpanswer_slice rest_of(const struct probe *p, const struct httpanswer_head *h)
{
	return (struct httpanswer_slice){ p->in.data + h->size, p->in.len - h->size };
}

/* --- the simple check ----------------------------------------------------------------------- */

static enum probe_verdict settle(struct probe *p, enum probe_code code, unsigned int status,
                                 struct httpanswer_slice info)
{
	p->result.status = (uint16_t)status;
	return probe_decide(p, code, info.at, info.len);
}

static struct httpanswer_slice words(const char *s)
{
	return (struct httpanswer_slice){ s, strlen(s) };
}

static bool has_string(const struct settings_check *check, const struct text *body)
{
	return !check->expect_string || memmem(text_str(body), body->len, check->expect_string,
	                                       strlen(check->expect_string));
}

static enum probe_verdict judge_body(struct probe *p, const struct probe_rule *r,
                                     const struct httpanswer_head *h, bool last)
{
	const struct settings_check *check = p->plan->check;
	AUTO_TEXT body = { 0 };
	enum httpanswer_state state = httpanswer_decode(h, rest_of(p, h), &body);

	/* Before what is wrong behind it: that would not have been seen yet in smaller pieces. */
	if (has_string(check, &body) &&
	    (!r->has_regex || (body.len && probe_expect_regex(r, body.data, body.len))))
		return check->expect_negated ? settle(p, PROBE_L7RSP, h->status, words(UNWANTED))
		                             : settle(p, PROBE_L7OK, h->status, words(""));
	if (state == HTTPANSWER_BAD)
		return settle(p, PROBE_L7RSP, h->status, words(""));
	if (state == HTTPANSWER_MORE && !last)
		return PROBE_WAITS;
	if (!body.len)
		return settle(p, PROBE_L7RSP, h->status, words(NO_BODY));
	return check->expect_negated ? settle(p, PROBE_L7OK, h->status, words(""))
	                             : settle(p, PROBE_L7RSP, h->status, words(NO_MATCH));
}

static enum probe_verdict judge_answer(struct probe *p, const struct probe_rule *r,
                                       const struct httpanswer_head *h, bool last)
{
	const struct settings_check *check = p->plan->check;
	bool has_pattern = check->expect_string || check->rexpect_string;
	bool negated = check->expect_negated && !has_pattern;

	if (check->disable_on_404 && h->status == 404)
		return settle(p, PROBE_L7OKC, h->status, words(""));
	if (settings_ranges_contain(&check->expect_status, h->status) == negated) {
		p->result.draining = settings_ranges_contain(&check->drain_status, h->status);
		return settle(p, PROBE_L7STS, h->status, h->reason);
	}
	if (has_pattern)
		return judge_body(p, r, h, last);
	/* HAProxy gives no info with a good status, and its log lines are matched to the letter. */
	return settle(p, PROBE_L7OK, h->status, words(""));
}

/* 101 is final: nothing that was asked for can follow it. */
static bool is_interim(unsigned int status)
{
	return status < 200 && status != 101;
}

enum probe_verdict probe_http_judge(struct probe *p, const struct probe_rule *r, bool last)
{
	bool head_only = strcmp(p->plan->check->method, "HEAD") == 0;
	enum httpanswer_state state;
	struct httpanswer_head h;

	for (;;) {
		if (!p->in.len)
			return last ? settle(p, PROBE_L7RSP, 0, words("")) : PROBE_WAITS;
		state = httpanswer_parse((struct httpanswer_slice){ p->in.data, p->in.len },
		                         head_only, &h);
		if (state != HTTPANSWER_OK || !is_interim(h.status))
			break;
		text_consume(&p->in, h.size);
	}
	if (state == HTTPANSWER_MORE && !last)
		return PROBE_WAITS;
	if (state != HTTPANSWER_OK)
		return settle(p, PROBE_L7RSP, 0, words(""));
	return judge_answer(p, r, &h, last);
}

/* --- a rule --------------------------------------------------------------------------------- */

/* on_error replaces the usual words; `comment` follows either. */
static enum probe_verdict complain(struct probe *p, const struct probe_rule *r,
                                   enum probe_code code, struct httpanswer_slice info)
{
	char usual[sizeof(p->result.info)];

	snprintf(usual, sizeof(usual), "%.*s", (int)info.len, info.at);
	return probe_decide_failed(p, r, code,
	                           r->draft.step.on_error ? r->draft.step.on_error : usual);
}

static bool match_head(const struct probe_rule *r, const struct httpanswer_head *h)
{
	const struct settings_step *s = &r->draft.step;

	switch (s->match) {
	case SETTINGS_MATCH_STATUS:
		return settings_ranges_contain(&s->statuses, h->status);
	case SETTINGS_MATCH_STATUS_REGEX:
		return probe_expect_regex(r, h->code.at, h->code.len);
	case SETTINGS_MATCH_HEADER:
		return httpanswer_has(h, s->name, s->bytes, s->len);
	case SETTINGS_MATCH_STRING:
	case SETTINGS_MATCH_REGEX:
	case SETTINGS_MATCH_BINARY:
	case SETTINGS_MATCH_BINARY_REGEX:
		break;
	}
	return false;
}

static enum probe_verdict expect_head(struct probe *p, const struct probe_rule *r,
                                      const struct httpanswer_head *h)
{
	if (match_head(r, h) != r->draft.step.negated)
		return PROBE_HOLDS;
	p->result.draining = settings_ranges_contain(&p->plan->check->drain_status, h->status);
	return complain(p, r, r->error ? r->error : PROBE_L7STS, h->reason);
}

static bool match_body(const struct probe_rule *r, const struct text *body)
{
	const struct settings_step *s = &r->draft.step;

	if (r->has_regex)
		return probe_expect_regex(r, body->data, body->len);
	return memmem(text_str(body), body->len, s->bytes, s->len);
}

static enum probe_verdict expect_body(struct probe *p, const struct probe_rule *r,
                                      const struct httpanswer_head *h, bool last)
{
	const struct settings_step *s = &r->draft.step;
	enum probe_code failed = r->error ? r->error : PROBE_L7RSP;
	AUTO_TEXT body = { 0 };
	enum httpanswer_state state = httpanswer_decode(h, rest_of(p, h), &body);
	bool matched;

	if (state == HTTPANSWER_BAD)
		return complain(p, r, PROBE_L7RSP, words(""));
	last |= state == HTTPANSWER_OK;
	if (!body.len)
		return last ? complain(p, r, failed, words(NO_BODY)) : PROBE_WAITS;
	if (!last && ((!r->has_regex && body.len < s->len) || body.len < s->min_recv))
		return PROBE_WAITS;
	matched = match_body(r, &body);
	if (!matched && !last && !s->min_recv)
		return PROBE_WAITS;
	if (matched != s->negated)
		return PROBE_HOLDS;
	return complain(p, r, failed, words(s->negated ? UNWANTED : NO_MATCH));
}

static bool looks_at_head(enum settings_match m)
{
	return m == SETTINGS_MATCH_STATUS || m == SETTINGS_MATCH_STATUS_REGEX ||
	       m == SETTINGS_MATCH_HEADER;
}

enum probe_verdict probe_http_expect(struct probe *p, const struct probe_rule *r, bool last)
{
	enum httpanswer_state state = HTTPANSWER_MORE;
	struct httpanswer_head h;

	if (p->in.len)
		state = httpanswer_parse((struct httpanswer_slice){ p->in.data, p->in.len },
		                         p->head_only, &h);
	if (state == HTTPANSWER_MORE && !last)
		return PROBE_WAITS;
	if (state != HTTPANSWER_OK)
		return complain(p, r, PROBE_L7RSP, words(""));
	p->result.status = (uint16_t)h.status;
	/* Whatever else is asked for: it is enough for a polite end. */
	if (p->plan->check->disable_on_404 && h.status == 404)
		return PROBE_HOLDS;
	return looks_at_head(r->draft.step.match) ? expect_head(p, r, &h)
	                                          : expect_body(p, r, &h, last);
}
