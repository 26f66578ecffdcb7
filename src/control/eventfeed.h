/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_EVENTFEED_H
#define CONTROL_EVENTFEED_H

#include "exchange.h"

/* Entries of the journal as server-sent events (WHATWG HTML, chapter 9.2). */
void eventfeed_add(struct text *out, const struct journal_event *e);

/*
 * The number of the first entry that a client wants: the one after the Last-Event-ID with which a
 * browser reconnects, or `?since=SEQ`, or `otherwise`.  At least 1.
 */
uint64_t eventfeed_first(const struct exchange *x, uint64_t otherwise);

#endif
