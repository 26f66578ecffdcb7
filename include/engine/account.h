/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_ACCOUNT_H
#define ENGINE_ACCOUNT_H

#include "core/record.h"
#include "engine/session.h"

/* What is told of a session: the counters that its life moves, and its record. */

/* Its server has accepted; connect_ms is set. */
void account_connected(const struct session *s);
/* So many bytes were carried that way. */
void account_bytes(const struct session *s, enum counter counter, uint64_t n);
/* Counts the end of a session, by its reason. */
void account_end(const struct session *s);
/* It is over for everyone who counted its connection: struct session_client says who. */
void account_gone(const struct session_host *h, struct listener *through);

/* How it is now, or how it ended. */
struct record account_record(const struct session *s);

#endif
