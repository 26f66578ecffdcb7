/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_GREETING_H
#define ENGINE_GREETING_H

#include "engine/session.h"

/*
 * A session's first stage: the PROXY header that a client of a bind with `accept_proxy` begins
 * with.  Not one byte more than the header is taken from the socket.  Ends in dial_begin(), at once
 * without `accept_proxy`, or in session_close().  The thread of the session's host.
 */
void greeting_begin(struct session *s);

#endif
