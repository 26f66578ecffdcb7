/* SPDX-License-Identifier: MIT */
#include "net/localaddr.h"

#include "base/tick.h"

#include <ifaddrs.h>
#include <string.h>

static bool is_of(const struct ifaddrs *i, const struct addr *a)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)i->ifa_addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)i->ifa_addr;

	if (!i->ifa_addr || i->ifa_addr->sa_family != a->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return in->sin_addr.s_addr == a->in.sin_addr.s_addr;
	return a->sa.sa_family == AF_INET6 &&
	       memcmp(&in6->sin6_addr, &a->in6.sin6_addr, sizeof(in6->sin6_addr)) == 0;
}

static void refresh(struct localaddr *l)
{
	enum { FRESH_MS = 1000 };
	int64_t now_ms = tick_ms();

	if (l->read_ms && now_ms - l->read_ms < FRESH_MS)
		return;
	localaddr_release(l);
	if (getifaddrs(&l->all) == -1)
		l->all = NULL;
	l->read_ms = now_ms;
}

bool localaddr_has(struct localaddr *l, const struct addr *a)
{
	if (addr_reach(a) == ADDR_REACH_HOST)
		return a->len;
	refresh(l);
	for (const struct ifaddrs *i = l->all; i; i = i->ifa_next)
		if (is_of(i, a))
			return true;
	return false;
}

void localaddr_release(struct localaddr *l)
{
	if (l->all)
		freeifaddrs(l->all);
	*l = (struct localaddr){ 0 };
}
