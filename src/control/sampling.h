/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SAMPLING_H
#define CONTROL_SAMPLING_H

#include "core/topology.h"

/* Once a second: what was counted since the last time, and the highest of these rates. */
void sampling_take(struct topology *t);

#endif
