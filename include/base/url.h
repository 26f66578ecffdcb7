/* SPDX-License-Identifier: MIT */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * "http://host[:port][/path[?query]]", or https: what a node's HTTP address is written as (RFC
 * 3986, of which no more is taken than that).  Nothing is resolved.
 */
enum { URL_HOST_MAX = 256, URL_PATH_MAX = 1024, URL_AUTHORITY_MAX = URL_HOST_MAX + 10 };

struct url {
	bool secure;             /* https */
	uint16_t port;           /* 80 or 443 if none is written */
	char host[URL_HOST_MAX]; /* a name or an address, without brackets */
	char path[URL_PATH_MAX]; /* with its query, as written; "" if there is none */
};

/*
 * The scheme in any case; IPv6 addresses in brackets.  A user, a fragment, spaces, control and
 * non-ASCII characters are refused.  The error names the URL and the cure.  On failure `ret` is
 * untouched.
 */
bool url_parse(const char *s, struct url *ret, struct error *err) MUST_CHECK;

/* "host:port", the host in brackets if it is IPv6; without the port if it is the scheme's own. */
const char *url_authority(const struct url *u, char buf[static URL_AUTHORITY_MAX]);

#endif
