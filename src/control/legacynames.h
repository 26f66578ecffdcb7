/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_LEGACYNAMES_H
#define CONTROL_LEGACYNAMES_H

#include "core/counter.h"
#include "legacyline.h"

/* The words in which counters and healths are written. */
const char *legacynames_counter(enum counter c);

/* "reset_by_client" and the like begin so among the keys of a service. */
#define LEGACYNAMES_ENDED "ended."

/* Adds to each counter of `to` what the line has of it. */
void legacynames_add(struct counter_set *to, const struct legacyline *l);

#endif
