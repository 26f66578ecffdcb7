/* SPDX-License-Identifier: MIT */
/* LAYERS: core base */
#include "core/agentreply.h"
#include "core/probe.h"

#include <stdlib.h>
#include <string.h>

/*
 * The first byte chooses the check, the second how the rest is split; the rest is the answer, and
 * for checks made of rules the rules come before it.  Any answer has a verdict; that of the simple
 * checks is the same however it is split.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

static uint8_t take(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static struct settings_check choose(uint8_t byte)
{
	static const enum settings_check_type types[] = {
		SETTINGS_CHECK_HTTP,  SETTINGS_CHECK_PGSQL, SETTINGS_CHECK_HTTPS,
		SETTINGS_CHECK_TCP,   SETTINGS_CHECK_MYSQL, SETTINGS_CHECK_REDIS,
		SETTINGS_CHECK_LDAP,  SETTINGS_CHECK_SMTP,  SETTINGS_CHECK_SSL_HELLO,
		SETTINGS_CHECK_AGENT,
	};
	bool by_rules = byte >> 5 == 7;
	size_t index = by_rules ? (byte & 1 ? 0 : 3) : (byte & 3) + (byte >> 5);
	struct settings_check check = settings_check_default(types[index]);

	if (byte & 4)
		check.expect_string = "ok";
	if (byte & 8)
		check.user = "u";
	if ((byte & 16) && check.method)
		check.method = "HEAD";
	return check;
}

/* A rule from three bytes: kind and match, options, and the pattern. */
static struct settings_step make_step(struct input *in, bool http)
{
	static const char *const patterns[] = { "ok", "^2", "a*b", "[^x]", "4F4B", "200", "" };
	static const struct settings_range good = { 200, 399 };
	uint8_t what = take(in);
	uint8_t how = take(in);
	struct settings_step s = {
		.kind = (enum settings_step_kind)(what % 3),
		.match = (enum settings_match)((what >> 2) % (SETTINGS_MATCH_HEADER + 1)),
		.negated = how & 1,
		.min_recv = how & 2 ? 3 : 0,
		.comment = how & 4 ? "comment" : NULL,
		.on_error = how & 8 ? "error" : NULL,
		.on_success = how & 16 ? "success" : NULL,
		.ok_status = how & 32 ? "L7OKC" : NULL,
		.error_status = how & 64 ? "L4CON" : NULL,
		.linger = how & 128,
		.method = http ? "GET" : NULL,
		.name = "x",
		.statuses = { &good, 1 },
		.bytes = patterns[take(in) % (sizeof(patterns) / sizeof(*patterns))],
	};

	s.len = strlen(s.bytes);
	return s;
}

static enum probe_act serve(struct probe *p, enum probe_act act)
{
	for (;;) {
		switch (act) {
		case PROBE_CONNECT:
			act = probe_connected(p);
			break;
		case PROBE_SEND:
			if (!probe_output(p)->len)
				abort();
			act = probe_sent(p);
			break;
		case PROBE_RECEIVE:
		case PROBE_DONE:
			return act;
		}
	}
}

/* Pieces of pseudo-random lengths up to `longest`; true if the verdict came before the end. */
static bool run(const struct probe_plan *plan, struct input in, size_t longest,
                struct probe_result *ret)
{
	static const struct probe_given given = { .authority = "host:1" };
	struct probe p;
	enum probe_act act = serve(&p, probe_begin(&p, plan, &given));
	size_t seed = longest;
	bool early;

	while (in.left && act == PROBE_RECEIVE) {
		size_t n = seed % longest + 1;

		if (n > in.left)
			n = in.left;
		act = serve(&p, probe_feed(&p, in.at, n));
		if (p.in.len > PROBE_ANSWER_MAX)
			abort();
		in.at += n;
		in.left -= n;
		seed = seed * 6364136223846793005U + 1442695040888963407U;
		seed ^= seed >> 29;
	}
	early = act == PROBE_DONE;
	while (act == PROBE_RECEIVE)
		act = serve(&p, probe_eof(&p));
	*ret = *probe_verdict(&p);
	probe_release(&p);
	return early;
}

static void expect_text(const char *text, size_t size)
{
	if (!memchr(text, '\0', size))
		abort();
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			abort();
}

static void expect_sane(const struct probe_result *r)
{
	if (r->code <= PROBE_INIT || r->code >= PROBE_CODE_COUNT || r->duration_ms)
		abort();
	if (r->draining && probe_code_passed(r->code))
		abort();
	if (r->conditional != (r->code == PROBE_L7OKC))
		abort();
	expect_text(r->info, sizeof(r->info));
	expect_text(r->agent, sizeof(r->agent));
}

static void judge_agent(const struct input *in)
{
	struct agentreply reply;
	char info[128];

	agentreply_parse((const char *)in->at, in->left, &reply);
	agentreply_describe(&reply, info, sizeof(info));
	if (reply.weight > 25600 || !memchr(info, '\0', sizeof(info)) ||
	    (reply.weight && reply.weight_kind == AGENTREPLY_NO_WEIGHT) ||
	    !memchr(reply.word, '\0', sizeof(reply.word)) ||
	    !reply.word[0] != (reply.health == AGENTREPLY_NO_HEALTH))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct settings_step steps[4];
	struct probe_result whole;
	struct probe_result split;
	struct settings_check check;
	struct probe_plan *plan;
	uint8_t what = take(&in);
	size_t longest = (size_t)take(&in) + 1;
	bool by_rules = what >> 5 == 7;
	bool early;

	if (size < 2)
		return 0;
	check = choose(what);
	if (by_rules) {
		check.steps.at = steps;
		check.steps.count = (what >> 1 & 3) + 1U;
		for (size_t i = 0; i < check.steps.count; i++)
			steps[i] = make_step(&in, what & 1);
	}
	if (check.type == SETTINGS_CHECK_AGENT)
		judge_agent(&in);
	if (!probe_plan_new(&check, &plan, NULL))
		abort();
	early = run(plan, in, SIZE_MAX, &whole);
	expect_sane(&whole);
	if ((run(plan, in, longest, &split) != early || split.code != whole.code ||
	     split.status != whole.status || split.draining != whole.draining ||
	     strcmp(split.info, whole.info) != 0) &&
	    what >> 5 == 0)
		abort();
	expect_sane(&split);
	probe_plan_free(plan);
	return 0;
}
