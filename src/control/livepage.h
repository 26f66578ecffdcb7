/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_LIVEPAGE_H
#define CONTROL_LIVEPAGE_H

#include "exchange.h"

/*
 * /v1/live: `event: hello` with who we are and the number of the last entry of the journal, then
 * the entries that a client says it has missed, then what live.h gives.
 */
void livepage_get(struct exchange *x);

#endif
