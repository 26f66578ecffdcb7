/* SPDX-License-Identifier: MIT */
/*
 * The mysql check: the server speaks first; with a user the answer to a login without a password
 * follows.  Packets: MySQL internals, "Protocol::Packet", "Protocol::HandshakeResponse41",
 * "ERR_Packet".
 */
#include "probes.h"

#include <string.h>

enum { HEADER = 4 };

static size_t packet_length(const struct text *in, size_t at)
{
	const unsigned char *b = (const unsigned char *)in->data + at;

	return (size_t)b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16;
}

void probe_mysql_login(const struct probe *p, const struct probe_rule *r, struct text *out)
{
	/* PROTOCOL_41 and SECURE_CONNECTION, the largest packet, UTF-8, 23 zeros. */
	static const unsigned char fixed[32] = { 0x00, 0x82, 0x00, 0x00, 0x00,
		                                 0x80, 0x00, 0x01, 0x21 };
	static const unsigned char quit[] = { 0x01, 0x00, 0x00, 0x00, 0x01 };
	const char *user = p->plan->check->user;
	size_t len = sizeof(fixed) + strlen(user) + 2;
	const unsigned char header[] = { len & 0xff, len >> 8 & 0xff, len >> 16 & 0xff, 1 };

	(void)r;
	text_addn(out, header, sizeof(header));
	text_addn(out, fixed, sizeof(fixed));
	text_addn(out, user, strlen(user) + 1);
	text_addc(out, '\0'); /* no password */
	text_addn(out, quit, sizeof(quit));
}

/* An error packet: number and words. */
static enum probe_verdict give_up(struct probe *p, size_t at)
{
	enum { NUMBER = 1, WORDS = 3 };
	const unsigned char *b = (const unsigned char *)p->in.data + at;
	size_t len = p->in.len - at;

	if (len > NUMBER + 1)
		p->result.status = (uint16_t)(b[NUMBER] | b[NUMBER + 1] << 8);
	if (len < WORDS)
		len = WORDS;
	return probe_decide(p, PROBE_L7STS, len > WORDS ? p->in.data + at + WORDS : NULL,
	                    len - WORDS);
}

static bool has_packet(const struct text *in, size_t at)
{
	return in->len >= at + HEADER && in->len >= at + HEADER + packet_length(in, at);
}

/* The packet at `at`. */
static enum probe_verdict judge(struct probe *p, size_t at, bool last)
{
	if (!has_packet(&p->in, at))
		return last ? probe_decide(p, PROBE_L7RSP, NULL, 0) : PROBE_WAITS;
	at += HEADER;
	if (at < p->in.len && p->in.data[at] == '\xff')
		return give_up(p, at);
	return PROBE_HOLDS;
}

enum probe_verdict probe_mysql_greeting(struct probe *p, const struct probe_rule *r, bool last)
{
	(void)r;
	return judge(p, 0, last);
}

enum probe_verdict probe_mysql_answer(struct probe *p, const struct probe_rule *r, bool last)
{
	(void)r;
	return judge(p, p->plan->check->user ? HEADER + packet_length(&p->in, 0) : 0, last);
}
