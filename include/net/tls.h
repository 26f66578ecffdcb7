/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * TLS as a client over a non-blocking socket, for https checks (OpenSSL 3).  The socket stays the
 * caller's.  A context may be shared by connections of one thread.
 */
struct tls_context;
struct tls;

struct tls_client_options {
	bool verify;       /* chain and name; false accepts anything */
	const char *ca;    /* PEM file; NULL: the system's certificates */
	const char *cert;  /* client certificate (PEM) or NULL */
	const char *key;   /* its key; NULL with a cert: the same file */
};

enum tls_status { TLS_DONE, TLS_WANT_READ, TLS_WANT_WRITE, TLS_EOF, TLS_FAILED };

bool tls_context_new(const struct tls_client_options *o, struct tls_context **ret,
                     struct error *err) MUST_CHECK;
void tls_context_free(struct tls_context *c); /* NULL is fine */

/*
 * `name`: what the certificate must be for (a DNS name or an IP address) and, if it is a name, the
 * SNI; NULL: no SNI, and with verification only the chain is checked.
 */
struct tls *tls_new(struct tls_context *c, int fd, const char *name);
void tls_free(struct tls *t); /* NULL is fine; sends nothing */

enum tls_status tls_handshake(struct tls *t);
/* TLS_DONE: `*n` bytes were moved, at least one. */
enum tls_status tls_read(struct tls *t, void *buf, size_t size, size_t *n);
enum tls_status tls_write(struct tls *t, const void *bytes, size_t len, size_t *n);

/* Why the last call failed, in words: "certificate has expired", "SSL handshake failure". */
const char *tls_reason(const struct tls *t);

#endif
