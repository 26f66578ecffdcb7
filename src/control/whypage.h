/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_WHYPAGE_H
#define CONTROL_WHYPAGE_H

#include "exchange.h"

/* /v1/why?server=: why a server is in its state, its last checks and what happened to it. */
void whypage_get(struct exchange *x);

#endif
