/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_ACCOUNT_H
#define ENGINE_ACCOUNT_H

#include "core/record.h"
#include "engine/session.h"

/* What is told of a session: the counters that its end moves, and its record. */

/* Counts the end of a session, by its reason. */
void account_end(const struct session *s);

/* How it is now, or how it ended. */
struct record account_record(const struct session *s);

#endif
