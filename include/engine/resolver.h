/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_RESOLVER_H
#define ENGINE_RESOLVER_H

#include "base/addr.h"
#include "core/settings.h"

struct ev_loop;

/*
 * Names to addresses with c-ares on a libev loop: never blocks, keeps looking.  Each watched name
 * is looked up at once and again when its TTL has passed (at least 1 s, at most
 * `settings_resolver.every_ms`, as are names in /etc/hosts); after a failure every 2 s.  Each
 * look-up reads /etc/resolv.conf anew.  Control thread only.
 */
struct resolver;
struct resolver_name;

/*
 * Called from the loop, never from resolver_watch(): the first time always, later when the address
 * or the verdict changes.  `addr` (port 0) is NULL when the name does not resolve, and then
 * `reason` says why in words ("DNS server returned answer with no data").  Once a name has
 * resolved, a failing look-up is reported but the last address stays good: `addr` is that address
 * and `reason` says what failed.  If the old address is still among the answers it is kept;
 * IPv4 is preferred otherwise.  The name may be unwatched from inside the call.
 */
typedef void resolver_on_change(void *ctx, const struct addr *addr, const char *reason);

/* Fails if a name server is not an address. */
struct resolver *resolver_new(struct ev_loop *loop, const struct settings_resolver *settings,
                              struct error *err);
/* A numeric address is reported in the next loop turn and never again. */
struct resolver_name *resolver_watch(struct resolver *r, const char *host,
                                     resolver_on_change *on_change, void *ctx);
void resolver_unwatch(struct resolver_name *n); /* NULL is fine */
void resolver_free(struct resolver *r); /* every name must have been unwatched; NULL is fine */

#endif
