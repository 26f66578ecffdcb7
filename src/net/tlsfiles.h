/* SPDX-License-Identifier: MIT */
#ifndef NET_TLSFILES_H
#define NET_TLSFILES_H

#include "base/error.h"

#include <openssl/ssl.h>

/* What contexts of both sides do with files, and how OpenSSL's failures are told. */

/* The words of the first error in OpenSSL's queue, which is the cause of the others. */
const char *tlsfiles_words(char *buf, size_t size);

/* Loads a certificate chain and its key; `key` NULL: it is in the same file.  Asks nobody. */
bool tlsfiles_load_pair(SSL_CTX *ssl, const char *cert, const char *key,
                        struct error *err) MUST_CHECK;

/* Loads the certificates that sign the peer's. */
bool tlsfiles_load_ca(SSL_CTX *ssl, const char *ca, struct error *err) MUST_CHECK;

#endif
