/* SPDX-License-Identifier: MIT */
/* What is expected of a plain stream of bytes, and what is said when it does not come. */
#include "probes.h"

#include <ctype.h>
#include <string.h>

bool probe_expect_regex(const struct probe_rule *r, const void *bytes, size_t len)
{
	/* With its bounds given, an answer may hold any byte. */
	regmatch_t bounds = { .rm_so = 0, .rm_eo = (regoff_t)len };

	return regexec(&r->regex, len ? bytes : "", 1, &bounds, REG_STARTEND) == 0;
}

static bool match_hex(const struct probe_rule *r, const struct text *in)
{
	AUTO_TEXT hex = { 0 };

	for (size_t i = 0; i < in->len; i++)
		text_addf(&hex, "%02X", (unsigned char)in->data[i]);
	return probe_expect_regex(r, text_str(&hex), hex.len);
}

static bool match(const struct probe_rule *r, const struct text *in)
{
	const struct settings_step *s = &r->draft.step;

	switch (s->match) {
	case SETTINGS_MATCH_STRING:
	case SETTINGS_MATCH_BINARY:
		return memmem(text_str(in), in->len, s->bytes, s->len);
	case SETTINGS_MATCH_REGEX:
		return probe_expect_regex(r, in->data, in->len);
	case SETTINGS_MATCH_BINARY_REGEX:
		return match_hex(r, in);
	case SETTINGS_MATCH_STATUS:
	case SETTINGS_MATCH_STATUS_REGEX:
	case SETTINGS_MATCH_HEADER:
		break;
	}
	return false;
}

static bool is_literal(enum settings_match m)
{
	return m == SETTINGS_MATCH_STRING || m == SETTINGS_MATCH_BINARY;
}

/* The first line of the answer from byte `skip` on, without leading spaces if something is skipped.
 */
static void add_first_line(const struct text *in, size_t skip, struct text *out)
{
	for (size_t i = skip; i < in->len && in->data[i] != '\r' && in->data[i] != '\n'; i++)
		if (!skip || out->len || in->data[i] != ' ')
			text_addc(out, in->data[i]);
}

static uint16_t leading_code(const struct text *in)
{
	unsigned int n = 0;

	for (size_t i = 0; i < 3; i++) {
		if (i >= in->len || !isdigit((unsigned char)in->data[i]))
			return 0;
		n = n * 10 + (unsigned int)(in->data[i] - '0');
	}
	return (uint16_t)n;
}

static void add_payload(struct probe *p, enum probe_payload payload, struct text *out)
{
	enum { CODE = 4 };

	switch (payload) {
	case PROBE_LITERAL:
		break;
	case PROBE_FIRST_LINE:
		add_first_line(&p->in, 0, out);
		break;
	case PROBE_AFTER_CODE:
		add_first_line(&p->in, CODE, out);
		p->result.status = leading_code(&p->in);
		break;
	}
}

static void add_complaint(const struct probe_rule *r, bool matched, struct text *out)
{
	const struct settings_step *s = &r->draft.step;

	text_add(out, matched ? "TCPCHK matched unwanted content" : "TCPCHK did not match content");
	switch (s->match) {
	case SETTINGS_MATCH_STRING:
		text_addf(out, " '%.*s'", (int)s->len, s->bytes);
		break;
	case SETTINGS_MATCH_REGEX:
		text_add(out, " (regex)");
		break;
	case SETTINGS_MATCH_BINARY:
		text_add(out, " (binary)");
		break;
	case SETTINGS_MATCH_BINARY_REGEX:
		text_add(out, " (binary regex)");
		break;
	case SETTINGS_MATCH_STATUS:
	case SETTINGS_MATCH_STATUS_REGEX:
	case SETTINGS_MATCH_HEADER:
		break;
	}
	text_addf(out, " at step %d", r->number);
}

static enum probe_verdict complain(struct probe *p, const struct probe_rule *r, bool matched)
{
	const struct probe_draft *d = &r->draft;
	AUTO_TEXT info = { 0 };

	add_payload(p, d->on_error, &info);
	if (d->step.on_error)
		text_add(&info, d->step.on_error);
	else if (p->plan->tells_step)
		add_complaint(r, matched, &info);
	return probe_decide_failed(p, r, r->error ? r->error : PROBE_L7RSP, text_str(&info));
}

enum probe_verdict probe_expect_judge(struct probe *p, const struct probe_rule *r, bool last)
{
	const struct settings_step *s = &r->draft.step;
	bool matched;

	if (!last && ((is_literal(s->match) && p->in.len < s->len) || p->in.len < s->min_recv))
		return PROBE_WAITS;
	matched = match(r, &p->in);
	/* Without a minimum, what is not there yet may come. */
	if (!matched && !last && !s->min_recv)
		return PROBE_WAITS;
	return matched != s->negated ? PROBE_HOLDS : complain(p, r, matched);
}

void probe_expect_success(struct probe *p, const struct probe_rule *r)
{
	AUTO_TEXT info = { 0 };

	add_payload(p, r->draft.on_success, &info);
	if (r->draft.step.on_success)
		text_add(&info, r->draft.step.on_success);
	else if (p->plan->tells_step)
		text_add(&info, "(tcp-check)");
	probe_decide(p, p->result.code, text_str(&info), info.len);
}

static void add_expectation(const struct settings_step *s, struct text *out)
{
	switch (s->match) {
	case SETTINGS_MATCH_STRING:
		text_addf(out, " (expect string '%.*s')", (int)s->len, s->bytes);
		break;
	case SETTINGS_MATCH_REGEX:
		text_add(out, " (expect regex)");
		break;
	case SETTINGS_MATCH_BINARY:
		text_addf(out, " (expect binary '%.*s')", (int)s->len, s->bytes);
		break;
	case SETTINGS_MATCH_BINARY_REGEX:
		text_add(out, " (expect binary regex)");
		break;
	case SETTINGS_MATCH_STATUS:
		text_add(out, " (expect HTTP status codes)");
		break;
	case SETTINGS_MATCH_STATUS_REGEX:
		text_add(out, " (expect HTTP status regex)");
		break;
	case SETTINGS_MATCH_HEADER:
		text_add(out, " (expect HTTP header pattern)");
		break;
	}
}

void probe_expect_place(const struct probe_plan *plan, const struct probe_rule *r, struct text *out)
{
	const struct settings_step *s = &r->draft.step;

	if (!plan->tells_step)
		return;
	if (!r->number) {
		text_add(out, " at initial connection step of tcp-check");
		return;
	}
	text_addf(out, " at step %d of tcp-check", r->number);
	switch (s->kind) {
	case SETTINGS_STEP_CONNECT:
		if (s->port)
			text_addf(out, " (connect port %u)", s->port);
		else
			text_add(out, " (connect)");
		break;
	case SETTINGS_STEP_SEND:
		text_add(out, " (send)");
		break;
	case SETTINGS_STEP_EXPECT:
		add_expectation(s, out);
		break;
	}
	if (s->comment)
		text_addf(out, " comment: '%s'", s->comment);
}
