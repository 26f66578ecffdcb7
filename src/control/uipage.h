/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_UIPAGE_H
#define CONTROL_UIPAGE_H

#include "exchange.h"

/* GET /ui/NAME: what the dashboard loads.  A browser may keep it, and asks whether it is new. */
void uipage_get(struct exchange *x);

#endif
