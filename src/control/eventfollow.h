/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_EVENTFOLLOW_H
#define CONTROL_EVENTFOLLOW_H

#include "exchange.h"

/*
 * A client to whom everything that happens is sent as it happens (/v1/events), with samples or
 * without (/v1/live).  Its answer has begun, and has what it has missed.
 */
void eventfollow_begin(struct exchange *x);
/*
 * May one more follow?  If not, that is the answer.  Followers are never idle: they leave a quarter
 * of the places to those who ask, as health checkers do.
 */
bool eventfollow_may(struct exchange *x);
/* Nothing if it does not. */
void eventfollow_end(struct exchange_visitor *v, struct daemon *d);
bool eventfollow_is(const struct exchange_visitor *v);

#endif
