/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_DRILLPAGE_H
#define CONTROL_DRILLPAGE_H

#include "exchange.h"

/* /v1/drill: the failure drills, or the record of one (?name=) or of the last seconds (?last=). */
void drillpage_get(struct exchange *x);

#endif
