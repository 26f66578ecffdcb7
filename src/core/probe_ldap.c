/* SPDX-License-Identifier: MIT */
/*
 * The answer to an anonymous bind: an LDAPMessage with the messageID 1 that holds a bindResponse
 * (RFC 4511, 4.2.2).  Lengths are of one byte, or of two or four (Active Directory).
 */
#include "probes.h"

#include <string.h>

#define NO_LDAP    "Not LDAPv3 protocol"
#define SEE_RESULT "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"

struct cursor {
	const unsigned char *at;
	size_t left;
};

static bool take(struct cursor *c, size_t n)
{
	if (n > c->left)
		return false;
	c->at += n;
	c->left -= n;
	return true;
}

static bool take_bytes(struct cursor *c, const char *bytes, size_t n)
{
	return n <= c->left && memcmp(c->at, bytes, n) == 0 && take(c, n);
}

/* False for a form that nobody uses; of what is not there yet nothing is taken. */
static bool take_length(struct cursor *c, size_t *ret)
{
	size_t bytes = c->left && (*c->at & 0x80) ? *c->at & 0x7f : 0;

	if (c->left <= bytes)
		return true;
	if (bytes != 0 && bytes != 2 && bytes != 4)
		return false;
	*ret = bytes ? 0 : *c->at;
	for (size_t i = 1; i <= bytes; i++)
		*ret = *ret << 8 | c->at[i];
	return take(c, 1 + bytes);
}

/* Of any form: what it says is not needed. */
static bool skip_length(struct cursor *c)
{
	return c->left && take(c, 1 + (*c->at & 0x80 ? *c->at & 0x7f : 0));
}

static enum probe_verdict refuse(struct probe *p)
{
	return probe_decide(p, PROBE_L7RSP, NO_LDAP, strlen(NO_LDAP));
}

enum probe_verdict probe_ldap_judge(struct probe *p, const struct probe_rule *r, bool last)
{
	static const char response[] = "\x02\x01\x01\x61";
	static const char enumerated[] = "\x0a\x01";
	struct cursor c = { (const unsigned char *)p->in.data, p->in.len };
	size_t len = SIZE_MAX;

	(void)r;
	(void)take(&c, 1);
	if (!take_length(&c, &len))
		return refuse(p);
	if (len > c.left)
		return last ? probe_decide(p, PROBE_L7RSP, NULL, 0) : PROBE_WAITS;
	if (!take_bytes(&c, response, strlen(response)) || !skip_length(&c) ||
	    !take_bytes(&c, enumerated, strlen(enumerated)) || !c.left)
		return refuse(p);
	p->result.status = *c.at;
	if (p->result.status)
		return probe_decide(p, PROBE_L7STS, SEE_RESULT, strlen(SEE_RESULT));
	return PROBE_HOLDS;
}
