/* SPDX-License-Identifier: MIT */
#include "hcfgaddr.h"

#include "base/number.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PORT_ROOM = 8 };

static bool parse_port(const char *s, size_t len, int *ret)
{
	char digits[PORT_ROOM];
	uint64_t n;

	if (len >= sizeof(digits))
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)len, s);
	if (!number_parse(digits, UINT16_MAX, &n))
		return false;
	*ret = (int)n;
	return true;
}

/* "26257", "26257-26259", "+10", "-10", "" */
static bool parse_ports(const char *s, struct hcfgaddr *a)
{
	const char *dash;

	if (!*s)
		return true;
	if (*s == '+' || *s == '-') {
		a->port = HCFGADDR_PORT_OFFSET;
		if (!parse_port(s + 1, strlen(s + 1), &a->low))
			return false;
		if (*s == '-')
			a->low = -a->low;
		a->high = a->low;
		return true;
	}
	dash = strchr(s, '-');
	a->port = HCFGADDR_PORT_RANGE;
	if (!parse_port(s, dash ? (size_t)(dash - s) : strlen(s), &a->low))
		return false;
	if (!dash)
		a->high = a->low;
	else if (!parse_port(dash + 1, strlen(dash + 1), &a->high))
		return false;
	return a->low <= a->high;
}

/* Takes a prefix off; what stays is an address of `a->kind`. */
static const char *take_prefix(const char *s, struct mem_arena *arena, struct hcfgaddr *a)
{
	static const char *const unix_words[] = { "unix@", "uxst@", "unix+stream@" };
	static const char *const inet_words[] = { "ipv4@", "tcp4@", "tcp@", "stream+ipv4@" };
	static const char *const inet6_words[] = { "ipv6@", "tcp6@", "stream+ipv6@" };
	size_t len = strcspn(s, "@");

	if (*s == '/') {
		a->kind = HCFGADDR_UNIX;
		return s;
	}
	if (!s[len++])
		return s;
	for (size_t i = 0; i < ARRAY_LEN(inet_words); i++)
		if (strlen(inet_words[i]) == len && strncmp(s, inet_words[i], len) == 0)
			return s + len;
	for (size_t i = 0; i < ARRAY_LEN(inet6_words); i++)
		if (strlen(inet6_words[i]) == len && strncmp(s, inet6_words[i], len) == 0) {
			a->v6 = true;
			return s + len;
		}
	a->kind = HCFGADDR_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(unix_words); i++)
		if (strlen(unix_words[i]) == len && strncmp(s, unix_words[i], len) == 0)
			a->kind = HCFGADDR_UNIX;
	if (len == 3 && strncmp(s, "fd@", len) == 0)
		a->kind = HCFGADDR_FD;
	if (a->kind == HCFGADDR_OTHER)
		a->host = mem_arena_strndup(arena, s, len);
	return s + len;
}

/* The other prefixes of HAProxy. */
static bool is_prefix(const char *s)
{
	static const char *const known[] = {
		"abns@",       "abnsz@",      "sockpair@", "quic4@",     "quic6@",
		"udp@",        "udp4@",       "udp6@",     "ring@",      "backend@",
		"rhttp@",      "mptcp@",      "mptcp4@",   "mptcp6@",    "dgram+ipv4@",
		"dgram+ipv6@", "dgram+unix@", "ip@",       "quic+ipv4@", "quic+ipv6@"
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], s) == 0)
			return true;
	return false;
}

static bool split_inet(const char *s, struct mem_arena *arena, struct hcfgaddr *a,
                       struct error *err)
{
	const char *end = strrchr(s, ':');

	if (*s == '[') {
		const char *bracket = strchr(s, ']');

		if (!bracket || (bracket[1] && bracket[1] != ':'))
			return error_set(err, "\"%.60s\": a ] is missing", s);
		a->host = mem_arena_strndup(arena, s + 1, (size_t)(bracket - s - 1));
		end = bracket[1] ? bracket + 1 : NULL;
	} else {
		a->host = mem_arena_strndup(arena, s, end ? (size_t)(end - s) : strlen(s));
	}
	if (end && !parse_ports(end + 1, a))
		return error_set(err, "\"%.60s\": \"%.20s\" is not a port", s, end + 1);
	return true;
}

bool hcfgaddr_parse(const char *s, struct mem_arena *arena, struct hcfgaddr *ret, struct error *err)
{
	struct hcfgaddr a = { .host = "" };
	const char *rest = take_prefix(s, arena, &a);

	switch (a.kind) {
	case HCFGADDR_OTHER:
		if (!is_prefix(a.host))
			return error_set(err, "\"%.60s\": \"%.20s\" is no kind of address", s,
			                 a.host);
		break;
	case HCFGADDR_UNIX:
		if (*rest != '/')
			return error_set(err, "\"%.60s\": the path must begin with /", s);
		a.host = mem_arena_strdup(arena, rest);
		break;
	case HCFGADDR_FD:
		if (!parse_port(rest, strlen(rest), &a.low))
			return error_set(err, "\"%.60s\": a file descriptor is a number", s);
		a.high = a.low;
		break;
	case HCFGADDR_INET:
		if (!split_inet(rest, arena, &a, err))
			return false;
		break;
	}
	*ret = a;
	return true;
}
