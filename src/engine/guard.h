/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_GUARD_H
#define ENGINE_GUARD_H

#include "engine/session.h"

/*
 * Has TCP watch over the server's end of a session that lasts: keep-alive and TCP_USER_TIMEOUT.
 * Short sessions are many and have no time for silence, so their five system calls are spared.
 * (The client's end has its options from the listening socket.)  The thread of the session's host.
 */
void guard_set(struct session *s);

#endif
