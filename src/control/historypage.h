/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_HISTORYPAGE_H
#define CONTROL_HISTORYPAGE_H

#include "exchange.h"

/* /v1/history: the last seconds (?last=) as curves of so many points (?points=). */
void historypage_get(struct exchange *x);

#endif
