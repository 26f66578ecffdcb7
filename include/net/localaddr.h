/* SPDX-License-Identifier: MIT */
#ifndef NET_LOCALADDR_H
#define NET_LOCALADDR_H

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

struct ifaddrs;

/* The addresses of this host's interfaces (getifaddrs(3)), read again when a second old. */
struct localaddr {
	struct ifaddrs *all; /* owned: localaddr_release() */
	int64_t read_ms;
};

/*
 * Is it one of them, or a loopback one?  Ports do not matter.  False if the kernel does not tell.
 */
bool localaddr_has(struct localaddr *l, const struct addr *a);
void localaddr_release(struct localaddr *l);

#endif
