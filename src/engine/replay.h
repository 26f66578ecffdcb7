/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_REPLAY_H
#define ENGINE_REPLAY_H

#include "engine/session.h"

/*
 * A server that breaks off before anybody heard it is replaced by another one, which is told what
 * the client has said so far.  For that a copy is kept (errand.said), in a note of the host's,
 * from the client's first byte until the server's first one: of a session in PostgreSQL's protocol
 * the 'N' to a request for encryption does not count, the next server needs only what came after
 * it.  A client that says more than a note holds has only this server.  The host's thread.
 */

/* A new session; `wanted`: it may be replaced. */
void replay_begin(struct session *s, bool wanted);

/* The client has said that. */
void replay_keep(struct session *s, const void *bytes, size_t len);
/* The server has said that, and the client will hear it. */
void replay_heard(struct session *s, const void *bytes, size_t len);

/* Gives everything back; the session stays with the server that it has. */
void replay_end(struct session *s);

/* May another server take the place of this one, which failed with `why`? */
bool replay_is_possible(const struct session *s, enum reason why);

/*
 * Had the connection that failed with `why` been made before the session came (engine/warm.h)? Then
 * that may be all that is wrong: the server may have closed it meanwhile.
 */
bool replay_is_stale(const struct session *s, enum reason why);

/*
 * Leaves the server's connection, which failed with `why` (with an RST, unless the server is
 * leaving; its place stays claimed) and forgets what was carried over it: session_host.again()
 * comes next.
 */
void replay_detach(struct session *s, enum reason why);

/*
 * What a server gets first: `len` bytes of `header`, then what was said to the one before.  It is
 * laid into the space's buffer; returns its length, SIZE_MAX: it is too long.
 */
size_t replay_preface(struct session *s, const void *header, size_t len);

#endif
