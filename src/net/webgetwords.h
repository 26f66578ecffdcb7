/* SPDX-License-Identifier: MIT */
#ifndef NET_WEBGETWORDS_H
#define NET_WEBGETWORDS_H

#include "base/addr.h"
#include "base/error.h"
#include "base/httpanswer.h"
#include "base/url.h"

#include <stddef.h>

/*
 * What can go wrong with a request to a node, in words and with the cure.  `name` is the URL as it
 * was given.  All return false.
 */
bool webgetwords_unconnected(const char *name, const struct addr *to, int errnum,
                             struct error *err);
bool webgetwords_broken(const char *name, int errnum, struct error *err);
/* `reason` as of tls_reason(). */
bool webgetwords_tls(const char *name, const char *reason, struct error *err);
/* Not HTTP, or not as it has to be. */
bool webgetwords_garbage(const char *name, const struct url *u, struct error *err);
/* The connection ended too early, after `len` bytes. */
bool webgetwords_cut(const char *name, const struct url *u, size_t len, struct error *err);
bool webgetwords_long(const char *name, size_t max, struct error *err);
/* A status other than 200; `session` is what was sent, or NULL. */
bool webgetwords_refused(const char *name, const struct url *u, const char *session,
                         const struct httpanswer_head *h, struct error *err);
/* Time is over: `phase` 0 connecting, 1 the TLS handshake, 2 sending, 3 reading, `len` bytes so
 * far. */
bool webgetwords_late(const char *name, unsigned int phase, size_t len, struct error *err);

#endif
