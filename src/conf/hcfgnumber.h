/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGNUMBER_H
#define CONF_HCFGNUMBER_H

#include "conf/hcfgmodel.h"

/*
 * The numbers that HAProxy gives to proxies, servers and addresses which have none of their own
 * (management manual 9.1, fields iid and sid).
 */

/*
 * Fills in the zeros: each takes the first number, from its place in the list on, that nobody
 * wrote and nobody before it took.
 */
void hcfgnumber_fill(uint32_t *ids, size_t count);

/* `id.n` of all proxies.  A number that two of them wrote is an error. */
void hcfgnumber_proxies(struct hcfgmodel *m, struct hcfgnote_list *notes);

#endif
