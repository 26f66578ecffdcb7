/* SPDX-License-Identifier: MIT */
#ifndef NET_TLSSERVER_H
#define NET_TLSSERVER_H

#include "base/error.h"
#include "base/text.h"

/*
 * TLS as a server without any I/O (OpenSSL 3): bytes of the network in, plain bytes and bytes for
 * the network out.  For operators' connections, whose reading and writing is somebody else's.
 * TLS 1.2 or later, no renegotiation.  A context may be shared by connections of one thread and
 * must outlive them.
 */
struct tlsserver_context;
struct tlsserver;

struct tlsserver_options {
	const char *cert; /* PEM file with the certificate and its chain */
	const char *key;  /* its key, not encrypted; NULL: the same file */
	const char
	    *ca; /* PEM file: clients must have a certificate of it; NULL: none is asked for */
};

/* Fails with the file and the reason: "certificate file a.pem: No such file or directory". */
bool tlsserver_context_new(const struct tlsserver_options *o, struct tlsserver_context **ret,
                           struct error *err) MUST_CHECK;
void tlsserver_context_free(struct tlsserver_context *c); /* NULL is fine */

struct tlsserver *tlsserver_new(struct tlsserver_context *c); /* NULL: no memory */
void tlsserver_free(struct tlsserver *t);                     /* NULL is fine */

enum tlsserver_status {
	TLSSERVER_OPEN,
	TLSSERVER_CLOSED, /* the client will send no more */
	TLSSERVER_FAILED  /* not TLS, no common version, no valid certificate, ... */
};

/*
 * Takes what came from the network.  Adds what it says to `plain` and what must be sent to `net`,
 * after a failure its alert: send that, and close.
 */
enum tlsserver_status tlsserver_take(struct tlsserver *t, const void *bytes, size_t len,
                                     struct text *plain, struct text *net);

/* Adds `bytes` encrypted to `net`; false: the handshake is not over, or there is no memory. */
bool tlsserver_send(struct tlsserver *t, const void *bytes, size_t len,
                    struct text *net) MUST_CHECK;

/* Adds the close_notify. */
void tlsserver_end(struct tlsserver *t, struct text *net);

#endif
