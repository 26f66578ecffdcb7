/* SPDX-License-Identifier: MIT */
#include "base/url.h"

#include "base/number.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_MAX = 200 };

/* The URL as far as it fits, for people: nothing in it moves their terminal. */
static bool refuse(const char *s, const char *cure, struct error *err)
{
	char shown[SHOWN_MAX + 1];
	size_t n = 0;

	for (; n < SHOWN_MAX && s[n]; n++) {
		shown[n] = '?';
		if (s[n] > ' ' && s[n] < 0x7f)
			shown[n] = s[n];
	}
	shown[n] = '\0';
	return error_set(err, "\"%s\": %s", shown, cure);
}

static bool has_odd_bytes(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return true;
	return false;
}

static const char *skip_scheme(const char *s, struct url *u)
{
	u->secure = strncasecmp(s, "https://", 8) == 0;
	u->port = u->secure ? 443 : 80;
	if (u->secure)
		return s + 8;
	return strncasecmp(s, "http://", 7) == 0 ? s + 7 : NULL;
}

/* "host", "host:port", "[v6]:port" of `len` characters. */
static const char *take_authority(const char *s, size_t len, struct url *u)
{
	const char *host = s;
	const char *end = memchr(s, ':', len);
	const char *rest;
	char digits[8];
	uint64_t port;

	if (!len)
		return "there is no host";
	if (*s == '[') {
		host++;
		end = memchr(s, ']', len);
		if (!end)
			return "write an IPv6 address as [address]:port";
	}
	if (!end)
		end = s + len;
	rest = *s == '[' ? end + 1 : end;
	if (end == host)
		return "there is no host";
	if (end - host >= URL_HOST_MAX)
		return "the host is longer than a name can be";
	memcpy(u->host, host, (size_t)(end - host));
	u->host[end - host] = '\0';
	if (rest == s + len)
		return NULL;
	if (*rest != ':' || (size_t)(s + len - rest) > sizeof(digits))
		return "after the host comes :port or /path";
	snprintf(digits, sizeof(digits), "%.*s", (int)(s + len - rest - 1), rest + 1);
	if (!number_parse(digits, UINT16_MAX, &port) || !port)
		return "a port is a number from 1 to 65535";
	u->port = (uint16_t)port;
	return NULL;
}

bool url_parse(const char *s, struct url *ret, struct error *err)
{
	struct url u = { 0 };
	const char *at = skip_scheme(s, &u);
	const char *problem;
	size_t len;

	if (!at)
		return refuse(s, "write http://host:port or https://host:port", err);
	if (has_odd_bytes(s))
		return refuse(s, "a URL has no spaces, control or non-ASCII characters", err);
	len = strcspn(at, "/?#");
	/* Not shown: a password may be in it. */
	if (memchr(at, '@', len))
		return error_set(err,
		                 "a URL with a user in it: write http%s://host:port; to log in "
		                 "there is --session",
		                 u.secure ? "s" : "");
	problem = take_authority(at, len, &u);
	if (problem)
		return refuse(s, problem, err);
	at += len;
	if (strchr(at, '#'))
		return refuse(s, "leave out what follows the '#'", err);
	if (*at == '?')
		return refuse(s, "a path has to come before the '?'", err);
	if (strlen(at) >= sizeof(u.path))
		return refuse(s, "the path is too long", err);
	memcpy(u.path, at, strlen(at) + 1);
	*ret = u;
	return true;
}

const char *url_authority(const struct url *u, char buf[static URL_AUTHORITY_MAX])
{
	bool v6 = strchr(u->host, ':');
	int n = snprintf(buf, URL_AUTHORITY_MAX, v6 ? "[%s]" : "%s", u->host);

	if (u->port != (u->secure ? 443 : 80))
		snprintf(buf + n, (size_t)(URL_AUTHORITY_MAX - n), ":%u", u->port);
	return buf;
}
