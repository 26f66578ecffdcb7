/* SPDX-License-Identifier: MIT */
/*
 * The rules of the simple types.  All but http, https, agent and pgsql without a user are HAProxy's
 * (2.6, measured): the same bytes, the same answers taken, the same words.
 */
#include "probes.h"

#include "core/agentreply.h"

#include <string.h>

#define BYTES(s) .bytes = (s), .len = sizeof(s) - 1

#define CONNECT                                                                                    \
	{                                                                                          \
		.step = {.kind = SETTINGS_STEP_CONNECT, .as_server = true, .linger = true }        \
	}
#define SEND(f)                                                                                    \
	{                                                                                          \
		.step = { .kind = SETTINGS_STEP_SEND }, .writer = (f)                              \
	}
#define JUDGE(f)                                                                                   \
	{                                                                                          \
		.step = { .kind = SETTINGS_STEP_EXPECT }, .judge = (f)                             \
	}

static void write_hello(const struct probe *p, const struct probe_rule *r, struct text *out)
{
	static const char before[] = "\x16\x03\x00\x00\x79\x01\x00\x00\x75\x03\x00";
	static const char random[] = "HAPROXYSSLCHK\nHAPROXYSSLCHK\n";
	/* No session, 39 suites (1 to 0x1b, 0x2f to 0x3a), no compression: RFC 6101, A.4.1. */
	static const char no_session[] = { 0, 0, 0x4e };
	static const char no_compression[] = { 1, 0 };
	uint32_t now = p->given.now_s;
	const unsigned char time[] = { now >> 24, now >> 16 & 0xff, now >> 8 & 0xff, now & 0xff };

	(void)r;
	text_addn(out, before, sizeof(before) - 1);
	text_addn(out, time, sizeof(time));
	text_addn(out, random, sizeof(random) - 1);
	text_addn(out, no_session, sizeof(no_session));
	for (uint8_t suite = 1; suite <= 0x3a; suite = suite == 0x1b ? 0x2f : suite + 1) {
		text_addc(out, '\0');
		text_addn(out, &suite, 1);
	}
	text_addn(out, no_compression, sizeof(no_compression));
}

static void write_smtp(const struct probe *p, const struct probe_rule *r, struct text *out)
{
	const char *hello = p->plan->check->smtp_hello;

	(void)r;
	text_addf(out, "%s\r\n", hello ? hello : "HELO localhost");
}

static void write_agent(const struct probe *p, const struct probe_rule *r, struct text *out)
{
	const char *line = p->given.agent_send ? p->given.agent_send : p->plan->check->agent_send;

	(void)r;
	text_add(out, line ? line : "");
}

/* Up to the last word that fits. */
static void keep_line(struct probe *p, size_t len)
{
	size_t n = len;

	if (n >= sizeof(p->result.agent))
		for (n = sizeof(p->result.agent) - 1; n; n--)
			if (strchr(" \t,", p->in.data[n]))
				break;
	memcpy(p->result.agent, p->in.data, n);
	p->result.agent[n] = '\0';
}

static enum probe_verdict judge_agent(struct probe *p, const struct probe_rule *r, bool last)
{
	static const char incomplete[] = "Ignoring incomplete line from agent";
	size_t len = strcspn(text_str(&p->in), "\r\n");
	struct agentreply reply;
	char info[sizeof(p->result.info)];
	enum probe_code code = PROBE_CHECKED;

	(void)r;
	if (len == p->in.len || !p->in.data[len])
		return last ? probe_decide(p, PROBE_L7TOUT, incomplete, strlen(incomplete))
		            : PROBE_WAITS;
	agentreply_parse(p->in.data, len, &reply);
	agentreply_describe(&reply, info, sizeof(info));
	keep_line(p, len);
	switch (reply.health) {
	case AGENTREPLY_NO_HEALTH:
		break;
	case AGENTREPLY_UP:
		code = PROBE_L7OK;
		break;
	case AGENTREPLY_DOWN:
		code = PROBE_L7STS;
		break;
	}
	return probe_decide(p, code, info, strlen(info));
}

static const struct probe_draft http[] = { SEND(probe_http_request), JUDGE(probe_http_judge) };

static const struct probe_draft pgsql[] = { CONNECT, SEND(probe_pgsql_request),
	                                    JUDGE(probe_pgsql_judge) };

static const struct probe_draft mysql[] = { CONNECT, JUDGE(probe_mysql_answer) };

static const struct probe_draft mysql_login[] = { CONNECT, SEND(probe_mysql_login),
	                                          JUDGE(probe_mysql_greeting),
	                                          JUDGE(probe_mysql_answer) };

static const struct probe_draft redis[] = {
	{ .step = { .kind = SETTINGS_STEP_SEND, BYTES("*1\r\n$4\r\nPING\r\n") } },
	{ .step = { .kind = SETTINGS_STEP_EXPECT,
	            BYTES("+PONG\r\n"),
	            .error_status = "L7STS",
	            .on_success = "Redis server is ok" },
	  .on_error = PROBE_FIRST_LINE },
};

static const struct probe_draft ldap[] = {
	{ .step = { .kind = SETTINGS_STEP_SEND,
	            BYTES("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00") } },
	{ .step = { .kind = SETTINGS_STEP_EXPECT,
	            .match = SETTINGS_MATCH_BINARY_REGEX,
	            BYTES("^30"),
	            .min_recv = 14,
	            .on_error = "Not LDAPv3 protocol" } },
	JUDGE(probe_ldap_judge),
};

static const struct probe_draft smtp[] = {
	CONNECT,
	{ .step = { .kind = SETTINGS_STEP_EXPECT,
	            .match = SETTINGS_MATCH_REGEX,
	            BYTES("^[0-9]{3}[ \r]"),
	            .min_recv = 4 },
	  .on_error = PROBE_FIRST_LINE },
	{ .step = { .kind = SETTINGS_STEP_EXPECT,
	            .match = SETTINGS_MATCH_REGEX,
	            BYTES("^2[0-9]{2}[ \r]"),
	            .min_recv = 4,
	            .error_status = "L7STS" },
	  .on_error = PROBE_AFTER_CODE },
	SEND(write_smtp),
	{ .step = { .kind = SETTINGS_STEP_EXPECT,
	            .match = SETTINGS_MATCH_REGEX,
	            BYTES("^(2[0-9]{2}-[^\r]*\r\n)*2[0-9]{2}[ \r]"),
	            .error_status = "L7STS" },
	  .on_error = PROBE_AFTER_CODE },
	{ .step = { .kind = SETTINGS_STEP_SEND, BYTES("QUIT\r\n") } },
	{ .step = { .kind = SETTINGS_STEP_EXPECT,
	            .match = SETTINGS_MATCH_REGEX,
	            BYTES("^2[0-9]{2}[- \r]"),
	            .min_recv = 4,
	            .error_status = "L7STS" },
	  .on_success = PROBE_AFTER_CODE,
	  .on_error = PROBE_AFTER_CODE },
};

static const struct probe_draft ssl_hello[] = {
	SEND(write_hello),
	{ .step = { .kind = SETTINGS_STEP_EXPECT,
	            .match = SETTINGS_MATCH_BINARY_REGEX,
	            BYTES("^1[56]"),
	            .min_recv = 5,
	            .ok_status = "L6OK",
	            .error_status = "L6RSP",
	            .timeout_status = "L6TOUT" } },
};

static const struct probe_draft agent[] = { SEND(write_agent), JUDGE(judge_agent) };

#define FOUND(drafts) (*ret = (drafts), sizeof(drafts) / sizeof(*(drafts)))

size_t probe_canned_find(const struct settings_check *check, const struct probe_draft **ret)
{
	switch (check->type) {
	case SETTINGS_CHECK_NONE:
	case SETTINGS_CHECK_TCP:
	case SETTINGS_CHECK_EXTERNAL:
		break;
	case SETTINGS_CHECK_HTTP:
	case SETTINGS_CHECK_HTTPS:
		return FOUND(http);
	case SETTINGS_CHECK_PGSQL:
		return FOUND(pgsql);
	case SETTINGS_CHECK_MYSQL:
		return check->user ? FOUND(mysql_login) : FOUND(mysql);
	case SETTINGS_CHECK_REDIS:
		return FOUND(redis);
	case SETTINGS_CHECK_LDAP:
		return FOUND(ldap);
	case SETTINGS_CHECK_SMTP:
		return FOUND(smtp);
	case SETTINGS_CHECK_SSL_HELLO:
		return FOUND(ssl_hello);
	case SETTINGS_CHECK_AGENT:
		return FOUND(agent);
	}
	return 0;
}
