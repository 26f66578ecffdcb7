/* SPDX-License-Identifier: MIT */
#include "tlsfiles.h"

#include <string.h>

#include <openssl/err.h>

enum { WORDS_MAX = 128 };

const char *tlsfiles_words(char *buf, size_t size)
{
	unsigned long code = ERR_peek_error();
	const char *words = ERR_reason_error_string(code);

	if (code && ERR_SYSTEM_ERROR(code))
		return strerror_r(ERR_GET_REASON(code), buf, size);
	return words ? words : "unknown error";
}

/* In place of OpenSSL's default, which asks on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
	(void)writing;
	(void)ctx;
	if (size > 0)
		buf[0] = '\0';
	return -1;
}

bool tlsfiles_load_pair(SSL_CTX *ssl, const char *cert, const char *key, struct error *err)
{
	char buf[WORDS_MAX];

	if (!key)
		key = cert;
	SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ssl, cert) != 1)
		return error_set(err, "certificate file %s: %s", cert,
		                 tlsfiles_words(buf, sizeof(buf)));
	if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
		return error_set(err, "key file %s: %s", key, tlsfiles_words(buf, sizeof(buf)));
	return true;
}

bool tlsfiles_load_ca(SSL_CTX *ssl, const char *ca, struct error *err)
{
	if (SSL_CTX_load_verify_file(ssl, ca) != 1) {
		char buf[WORDS_MAX];

		return error_set(err, "CA file %s: %s", ca, tlsfiles_words(buf, sizeof(buf)));
	}
	return true;
}
