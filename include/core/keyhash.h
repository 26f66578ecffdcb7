/* SPDX-License-Identifier: MIT */
#ifndef CORE_KEYHASH_H
#define CORE_KEYHASH_H

#include "core/settings.h"

/*
 * The hashes by which HAProxy finds a client's server (configuration manual 4.2 "balance source",
 * "balance hash", "hash-type"): same bytes, same number, so a client keeps its server when sluice
 * takes HAProxy's place.  Pure functions.
 */
uint32_t keyhash_bytes(enum settings_hash_function function, const void *bytes, size_t n);

/* HAProxy's "avalanche": a small difference changes about half of the bits. */
uint32_t keyhash_avalanche(uint32_t hash);

/*
 * The hash of a client for a service whose balance is SOURCE or HASH.  `client` and `local` are
 * the ends of its connection.  False if there is nothing to hash: a UNIX socket has no address.
 */
bool keyhash_client(const struct settings_service *service, const struct addr_ip *client,
                    const struct addr_ip *local, uint32_t *ret);

#endif
