/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * TLS as a client over a non-blocking socket, for https checks (OpenSSL 3).  The socket stays the
 * caller's.  A context may be shared by connections of one thread; those that are there when it is
 * freed go on.
 *
 * TLS 1.2 or later, no resumption: each connection makes a full handshake.  Writing never raises
 * SIGPIPE: the bytes go through a BIO of our own that sends with MSG_NOSIGNAL.
 */
struct tls_context;
struct tls;

struct tls_client_options {
	bool verify;      /* chain and name; false accepts anything */
	const char *ca;   /* PEM file; NULL: the system's certificates */
	const char *cert; /* client certificate (PEM) or NULL */
	const char *key;  /* its key, not encrypted; NULL with a cert: the same file */
};

enum tls_status { TLS_DONE, TLS_WANT_READ, TLS_WANT_WRITE, TLS_EOF, TLS_FAILED };

/* Fails with the file and the reason: "CA file ca.pem: No such file or directory". */
bool tls_context_new(const struct tls_client_options *o, struct tls_context **ret,
                     struct error *err) MUST_CHECK;
void tls_context_free(struct tls_context *c); /* NULL is fine */

/*
 * `name`: what the certificate must be for (a DNS name or an IP address) and, if it is a name, the
 * SNI; NULL: no SNI, and with verification only the chain is checked.  Returns NULL if `name`
 * cannot be a name (empty, over 255 bytes) or there is no memory.
 */
struct tls *tls_new(struct tls_context *c, int fd, const char *name);
/* Before the handshake: protocols to offer (RFC 7301), "h2,http/1.1".  False: no such list. */
bool tls_set_alpn(struct tls *t, const char *names) MUST_CHECK;
void tls_free(struct tls *t); /* NULL is fine; sends nothing */

/* Again after TLS_WANT_*, until TLS_DONE or TLS_FAILED; never TLS_EOF. */
enum tls_status tls_handshake(struct tls *t);
/*
 * TLS_DONE: `*n` bytes were moved, at least one.  `size` and `len` are at least 1.  TLS_EOF: the
 * peer has closed, with a close_notify or without: whether the data is complete is for its framing
 * to say.  After TLS_FAILED only tls_reason() and tls_free() make sense.
 */
enum tls_status tls_read(struct tls *t, void *buf, size_t size, size_t *n);
enum tls_status tls_write(struct tls *t, const void *bytes, size_t len, size_t *n);

/*
 * Why the last call failed, in words.  A handshake's begin as HAProxy's do: "SSL handshake failure:
 * certificate has expired", "SSL handshake failure: wrong version number"; others are the reason
 * alone: "Connection reset by peer".  Empty before a failure.
 */
const char *tls_reason(const struct tls *t);

#endif
