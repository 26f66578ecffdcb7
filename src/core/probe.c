/* SPDX-License-Identifier: MIT */
/*
 * One check, rule by rule.  proceed() goes on from the present rule until there is something for
 * the driver to do, and is the only place that moves from one rule to the next.
 */
#include "core/probe.h"

#include "probes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name, *words;
	int number;
	char meaning;
} table[] = {
#define X(name_, code_, words_, number_, meaning_)                                                 \
	[PROBE_##name_] = {                                                                        \
		.name = (code_), .words = (words_), .number = (number_), .meaning = (meaning_)     \
	},
	PROBE_CODE_TABLE(X)
#undef X
};

const char *probe_code_name(enum probe_code c)
{
	return table[c].name;
}

const char *probe_code_words(enum probe_code c)
{
	return table[c].words;
}

int probe_code_number(enum probe_code c)
{
	return table[c].number;
}

bool probe_code_passed(enum probe_code c)
{
	return table[c].meaning == 'P';
}

bool probe_code_find(const char *name, enum probe_code *ret)
{
	for (enum probe_code c = 0; c < PROBE_CODE_COUNT; c++) {
		if (strcasecmp(name, table[c].name) != 0)
			continue;
		*ret = c;
		return true;
	}
	return false;
}

struct probe_result probe_failed(enum probe_code code, int errnum)
{
	struct probe_result r = { .code = code };

	if (errnum) {
		char buf[sizeof(r.info)];

		snprintf(r.info, sizeof(r.info), "%s", strerror_r(errnum, buf, sizeof(buf)));
	}
	return r;
}

struct probe_result probe_when_down(const struct probe_result *r)
{
	struct probe_result down = *r;

	if (!r->conditional || r->status != 404)
		return down;
	down.code = PROBE_L7STS;
	down.conditional = false;
	snprintf(down.info, sizeof(down.info), "Not Found");
	return down;
}

/* A reason phrase is ASCII (RFC 9112, 4); what could spoil a log line or a terminal becomes '?'. */
static void make_harmless(char *info)
{
	for (; *info; info++)
		if ((unsigned char)*info < ' ' || (unsigned char)*info > '~')
			*info = '?';
}

static const struct probe_rule *current(const struct probe *p)
{
	return &p->plan->rules[p->at];
}

static enum probe_act finish(struct probe *p)
{
	make_harmless(p->result.info);
	make_harmless(p->result.agent);
	p->result.conditional = p->result.code == PROBE_L7OKC;
	p->result.draining &= !probe_code_passed(p->result.code);
	p->act = PROBE_DONE;
	return PROBE_DONE;
}

/* All rules hold: the last one says what that is worth. */
static enum probe_act pass(struct probe *p)
{
	const struct probe_rule *r = &p->plan->rules[p->plan->count - 1];
	const char *info = r->number ? "(tcp-check)" : "";

	switch (r->draft.step.kind) {
	case SETTINGS_STEP_CONNECT:
		probe_decide(p, r->connect.tls ? PROBE_L6OK : PROBE_L4OK, info, strlen(info));
		break;
	case SETTINGS_STEP_SEND:
		probe_decide(p, PROBE_L7OK, info, strlen(info));
		break;
	case SETTINGS_STEP_EXPECT:
		p->result.code = r->ok ? r->ok : PROBE_L7OK;
		if (p->plan->check->disable_on_404 && p->result.status == 404)
			probe_decide(p, PROBE_L7OKC, NULL, 0);
		else
			probe_expect_success(p, r);
		break;
	}
	return finish(p);
}

/* Nothing came at all.  HTTP has its own verdict on that. */
static enum probe_act find_empty(struct probe *p, const struct probe_rule *r)
{
	AUTO_TEXT info = { 0 };

	text_addf(&info, "TCPCHK got an empty response at step %d", r->number);
	if (r->draft.step.comment)
		text_addf(&info, " comment: '%s'", r->draft.step.comment);
	p->result.status = 0;
	probe_decide(p, r->error ? r->error : PROBE_L7RSP, text_str(&info), info.len);
	return finish(p);
}

static enum probe_act set_act(struct probe *p, enum probe_act act)
{
	p->act = act;
	return act;
}

/* A new connection or a new request: what came before is no answer to it. */
static enum probe_act forget(struct probe *p, enum probe_act act)
{
	text_clear(&p->in);
	p->fresh = false;
	p->ended = false;
	return set_act(p, act);
}

static void write_out(struct probe *p, const struct probe_rule *r)
{
	const struct settings_step *s = &r->draft.step;

	text_clear(&p->out);
	if (r->draft.writer)
		r->draft.writer(p, r, &p->out);
	else if (s->method)
		probe_http_write(p, r, &p->out);
	else
		text_addn(&p->out, s->bytes, s->len);
	p->head_only = s->method && strcmp(s->method, "HEAD") == 0;
}

static enum probe_verdict judge(struct probe *p, const struct probe_rule *r)
{
	enum probe_verdict verdict = r->draft.judge(p, r, p->ended);

	/* No room for more is as good as the end. */
	if (verdict == PROBE_WAITS && p->in.len == PROBE_ANSWER_MAX)
		verdict = r->draft.judge(p, r, true);
	return verdict;
}

static enum probe_act proceed(struct probe *p)
{
	for (; p->at < p->plan->count; p->at++) {
		const struct probe_rule *r = current(p);

		p->result = (struct probe_result){ 0 };
		switch (r->draft.step.kind) {
		case SETTINGS_STEP_CONNECT:
			return forget(p, PROBE_CONNECT);
		case SETTINGS_STEP_SEND:
			write_out(p, r);
			if (p->out.len)
				return forget(p, PROBE_SEND);
			continue;
		case SETTINGS_STEP_EXPECT:
			break;
		}
		if (!p->fresh)
			return set_act(p, PROBE_RECEIVE);
		switch (judge(p, r)) {
		case PROBE_HOLDS:
			break;
		case PROBE_WAITS:
			p->at = r->head;
			p->fresh = false;
			return set_act(p, PROBE_RECEIVE);
		case PROBE_DECIDED:
			return finish(p);
		}
	}
	return pass(p);
}

enum probe_act probe_begin(struct probe *p, const struct probe_plan *plan,
                           const struct probe_given *given)
{
	*p = (struct probe){ .plan = plan, .given = *given };
	return proceed(p);
}

void probe_release(struct probe *p)
{
	text_release(&p->in);
	text_release(&p->out);
}

enum probe_act probe_connected(struct probe *p)
{
	p->at++;
	return proceed(p);
}

enum probe_act probe_sent(struct probe *p)
{
	p->at++;
	return proceed(p);
}

/* A lack of our own resources says nothing about the peer. */
static bool is_own_lack(int errnum)
{
	return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM ||
	       errnum == EADDRNOTAVAIL || errnum == EADDRINUSE;
}

enum probe_act probe_unsent(struct probe *p, int errnum)
{
	const struct probe_rule *next = current(p) + 1;

	if (!is_own_lack(errnum) && p->at + 1 < p->plan->count &&
	    next->draft.step.kind == SETTINGS_STEP_EXPECT)
		return probe_sent(p);
	return probe_broken(p, PROBE_ESTABLISHED, errnum, "");
}

enum probe_act probe_feed(struct probe *p, const void *bytes, size_t len)
{
	const char *at = bytes;

	do {
		size_t room = PROBE_ANSWER_MAX - p->in.len;
		size_t n = len < room ? len : room;

		text_addn(&p->in, at, n);
		at += n;
		len -= n;
		p->fresh = true;
		proceed(p);
	} while (p->act == PROBE_RECEIVE && len);
	return p->act;
}

enum probe_act probe_eof(struct probe *p)
{
	const struct probe_rule *r = current(p);

	p->ended = true;
	p->fresh = true;
	if (!p->in.len && !p->plan->simple && r->draft.judge != probe_http_expect)
		return find_empty(p, r);
	return proceed(p);
}

static enum probe_code connect_code(int errnum)
{
	if (is_own_lack(errnum))
		return PROBE_UNKNOWN;
	return errnum == ETIMEDOUT ? PROBE_L4TOUT : PROBE_L4CON;
}

/* `words` and where the check was. */
static enum probe_act fail(struct probe *p, enum probe_code code, const char *words)
{
	AUTO_TEXT info = { 0 };

	text_add(&info, words);
	probe_expect_place(p->plan, current(p), &info);
	p->result = (struct probe_result){ 0 };
	probe_decide(p, code, text_str(&info), info.len);
	return finish(p);
}

enum probe_act probe_broken(struct probe *p, enum probe_layer layer, int errnum, const char *words)
{
	struct probe_result why = probe_failed(PROBE_UNKNOWN, errnum);

	if (errnum)
		words = why.info;
	switch (layer) {
	case PROBE_CONNECTING:
		return fail(p, connect_code(errnum), errnum == ETIMEDOUT ? "" : words);
	case PROBE_HANDSHAKING:
		return fail(p, PROBE_L6RSP, p->plan->simple ? words : "SSL handshake failure");
	case PROBE_ESTABLISHED:
		break;
	}
	/* An RST behind the answer is common; the answer counts. */
	if (p->act == PROBE_RECEIVE && p->in.len && !p->plan->simple)
		return probe_eof(p);
	/* What TLS itself does not take is said as it is by the simple checks. */
	if (p->act == PROBE_RECEIVE && p->plan->simple && !errnum)
		return fail(p, PROBE_L6RSP, words);
	return fail(p, is_own_lack(errnum) ? PROBE_UNKNOWN : PROBE_SOCKERR, words);
}

enum probe_act probe_expired(struct probe *p, enum probe_layer layer)
{
	const struct probe_rule *r = current(p);

	switch (layer) {
	case PROBE_CONNECTING:
		return fail(p, PROBE_L4TOUT, "");
	case PROBE_HANDSHAKING:
		return fail(p, PROBE_L6TOUT, "");
	case PROBE_ESTABLISHED:
		break;
	}
	return fail(p, r->timeout ? r->timeout : PROBE_L7TOUT, "");
}

const struct probe_connect *probe_where(const struct probe *p)
{
	return &current(p)->connect;
}

const struct text *probe_output(const struct probe *p)
{
	return &p->out;
}

const struct probe_result *probe_verdict(const struct probe *p)
{
	return &p->result;
}
