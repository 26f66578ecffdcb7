/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_PATIENCE_H
#define ENGINE_PATIENCE_H

#include "engine/session.h"

/* How long a session may go on, in milliseconds from now; INT64_MAX: for ever.  Decides only. */

/* Before it relays: the client's own limit, since it came or lost a server. */
int64_t patience_client(const struct session *s);

/* While it relays: how long silence may last, and whose limit that is. */
int64_t patience_idle(const struct session *s, enum reason *ret);

/* Until it is too old (max_session_age_ms) and can be ended for it. */
int64_t patience_age(const struct session *s);

/* Until its server should have answered the first words of a client, which it does at once. */
int64_t patience_answer(const struct session *s);

#endif
