/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGADDR_H
#define CONF_HCFGADDR_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>

/*
 * Addresses as HAProxy writes them (configuration manual, 4.2 "bind" and "server"): "host:port",
 * ":port", "*:port", "[v6]:port", "v6:port" (the last colon counts), port ranges and offsets,
 * "/path", and prefixes such as "ipv4@", "unix@" and "fd@".
 */
enum hcfgaddr_kind {
	HCFGADDR_INET,
	HCFGADDR_UNIX, /* `host` is the path */
	HCFGADDR_FD,   /* `low` is the descriptor */
	HCFGADDR_OTHER /* `host` is the prefix: "abns@", "quic4@", ... */
};

enum hcfgaddr_port { HCFGADDR_PORT_NONE, HCFGADDR_PORT_RANGE, HCFGADDR_PORT_OFFSET };

struct hcfgaddr {
	enum hcfgaddr_kind kind;
	const char *host; /* without brackets; "" or "*": any */
	bool v6;          /* "ipv6@" stood before it */
	enum hcfgaddr_port port;
	int low, high; /* equal for a single port */
};

bool hcfgaddr_parse(const char *s, struct mem_arena *arena, struct hcfgaddr *ret,
                    struct error *err) MUST_CHECK;

#endif
