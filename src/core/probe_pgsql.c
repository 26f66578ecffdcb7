/* SPDX-License-Identifier: MIT */
/*
 * The pgsql check.  Without a user it asks for TLS, which every PostgreSQL-speaking server answers
 * with one byte before any authentication; with a user it asks to log in, as HAProxy's pgsql-check.
 * Message formats: PostgreSQL manual, "Frontend/Backend Protocol", "Message Formats".
 */
#include "probes.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SERVER_OK     "PostgreSQL server is ok"
#define UNKNOWN_ERROR "PostgreSQL unknown error"

static void add_be32(struct text *out, uint32_t n)
{
	const unsigned char bytes[] = { n >> 24, n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff };

	text_addn(out, bytes, sizeof(bytes));
}

void probe_pgsql_request(const struct probe *p, const struct probe_rule *r, struct text *out)
{
	static const char key[] = "user";
	const struct settings_check *check = p->plan->check;
	size_t len;

	(void)r;
	if (!check->user) {
		add_be32(out, 8);
		add_be32(out, 80877103); /* SSLRequest */
		return;
	}
	len = strlen(check->user);
	add_be32(out, (uint32_t)(4 + 4 + sizeof(key) + len + 1 + 1));
	add_be32(out, 3 << 16); /* StartupMessage 3.0 */
	text_addn(out, key, sizeof(key));
	text_addn(out, check->user, len + 1);
	text_addc(out, '\0');
}

static enum probe_verdict settle(struct probe *p, enum probe_code code, const char *info)
{
	return probe_decide(p, code, info, strlen(info));
}

/* The text of an ErrorResponse's field, or "". */
static const char *find_field(const char *fields, size_t len, char type)
{
	const char *end = fields + len;

	while (fields < end && *fields) {
		const char *value = fields + 1;
		const char *stop = value < end ? memchr(value, '\0', (size_t)(end - value)) : NULL;

		if (!stop)
			break;
		if (*fields == type)
			return value;
		fields = stop + 1;
	}
	return "";
}

/* 'E': the severity and the message of the ErrorResponse are the info. */
static enum probe_verdict judge_error(struct probe *p, bool last)
{
	const struct text *in = &p->in;
	const unsigned char *b = (const unsigned char *)in->data;
	enum { HEAD = 5 };
	char info[sizeof(p->result.info)];
	uint32_t len;

	if (in->len < HEAD)
		return last ? settle(p, PROBE_L7RSP, "") : PROBE_WAITS;
	len = (uint32_t)b[1] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 8 | b[4];
	if (len < 4 || len >= PROBE_ANSWER_MAX)
		return settle(p, PROBE_L7RSP, "");
	if (in->len < 1 + (size_t)len && !last)
		return PROBE_WAITS;
	len = in->len < 1 + (size_t)len ? (uint32_t)in->len - HEAD : len - 4;
	snprintf(info, sizeof(info), "%s: %s", find_field(in->data + HEAD, len, 'S'),
	         find_field(in->data + HEAD, len, 'M'));
	return settle(p, PROBE_L7RSP, strcmp(info, ": ") == 0 ? "" : info);
}

/* 'R': an authentication request, of a type that is known (HAProxy's pgsql-check has these). */
static enum probe_verdict judge_login(struct probe *p, bool last)
{
	/* Byte 4 is the low byte of the length, byte 8 the type; the rest is fixed. */
	static const char known[] = { 0, 2, 3, 4, 5, 6, 7, 9, 10 };
	static const char fixed[] = { 'R', 0, 0, 0, -1, 0, 0, 0 };
	const struct text *in = &p->in;

	for (size_t i = 0; i < sizeof(fixed) && i < in->len; i++)
		if (i != 4 && in->data[i] != fixed[i])
			return settle(p, PROBE_L7STS, UNKNOWN_ERROR);
	if (in->len <= sizeof(fixed))
		return last ? settle(p, PROBE_L7STS, UNKNOWN_ERROR) : PROBE_WAITS;
	if (!memchr(known, in->data[sizeof(fixed)], sizeof(known)))
		return settle(p, PROBE_L7STS, UNKNOWN_ERROR);
	return settle(p, PROBE_L7OK, SERVER_OK);
}

enum probe_verdict probe_pgsql_judge(struct probe *p, const struct probe_rule *r, bool last)
{
	(void)r;
	if (!p->in.len)
		return last ? settle(p, PROBE_L7RSP, "") : PROBE_WAITS;
	if (p->plan->check->user)
		return p->in.data[0] == 'E' ? judge_error(p, last) : judge_login(p, last);
	if (p->in.data[0] == 'S' || p->in.data[0] == 'N')
		return settle(p, PROBE_L7OK, SERVER_OK);
	return settle(p, PROBE_L7RSP, "");
}
