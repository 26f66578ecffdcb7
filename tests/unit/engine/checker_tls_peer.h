/* SPDX-License-Identifier: MIT */
#ifndef TEST_CHECKER_TLS_PEER_H
#define TEST_CHECKER_TLS_PEER_H

#include "base/addr.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/*
 * A small certificate authority, and a TLS server in a thread of its own that answers each
 * connection with "200 OK", for test_attempt.c.
 */

struct identity {
	X509 *cert;
	EVP_PKEY *key;
};

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* A certificate for `names` ("DNS:a,IP:b"; NULL: an authority), signed by `ca` (NULL: by itself).
 */
static struct identity make_identity(const struct identity *ca, const char *names, long valid_s)
{
	static long serial;
	struct identity id = { X509_new(), EVP_EC_gen("P-256") };
	X509_NAME *name = X509_get_subject_name(id.cert);
	const char *common = names ? "node" : "authority";

	X509_set_version(id.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id.cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(id.cert), -7200);
	X509_gmtime_adj(X509_getm_notAfter(id.cert), valid_s);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common, -1, -1,
	                           0);
	X509_set_issuer_name(id.cert, ca ? X509_get_subject_name(ca->cert) : name);
	X509_set_pubkey(id.cert, id.key);
	if (names)
		add_extension(id.cert, NID_subject_alt_name, names);
	else
		add_extension(id.cert, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(id.cert, ca ? ca->key : id.key, EVP_sha256()) > 0);
	return id;
}

static void free_identity(struct identity *id)
{
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
}

/* Certificate and key in one file. */
static inline void write_identity(const struct identity *id, const char *path)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, id->cert), 1);
	assert_int_equal(PEM_write_PrivateKey(f, id->key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

/* What the last client asked for may be looked at after stop_tls_peer(). */
struct tls_peer {
	SSL_CTX *ssl;
	int fd;
	pthread_t thread;
	const char *answer; /* NULL: an http one */
	char name[64], protocol[16], request[64];
};

static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                           const unsigned char *offered, unsigned int len, void *ctx)
{
	(void)ssl;
	(void)ctx;
	(void)len;
	*ret = offered + 1;
	*ret_len = offered[0];
	return SSL_TLSEXT_ERR_OK;
}

static void note_wishes(struct tls_peer *p, const SSL *ssl)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const unsigned char *protocol;
	unsigned int len;

	SSL_get0_alpn_selected(ssl, &protocol, &len);
	snprintf(p->name, sizeof(p->name), "%s", name ? name : "");
	snprintf(p->protocol, sizeof(p->protocol), "%.*s", (int)len,
	         len ? (const char *)protocol : "");
}

static void serve_one(struct tls_peer *p, int fd)
{
	const char *answer = p->answer ? p->answer : "HTTP/1.0 200 OK\r\n\r\n";
	SSL *ssl = SSL_new(p->ssl);
	size_t n;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		note_wishes(p, ssl);
		if (SSL_read_ex(ssl, p->request, sizeof(p->request) - 1, &n) == 1) {
			p->request[n] = '\0';
			SSL_write_ex(ssl, answer, strlen(answer), &n);
			SSL_shutdown(ssl);
		}
	}
	SSL_free(ssl);
}

static void *serve(void *ctx)
{
	struct tls_peer *p = ctx;
	int fd;

	while ((fd = accept(p->fd, NULL, NULL)) != -1) {
		serve_one(p, fd);
		close(fd);
	}
	return NULL;
}

/* `client_ca`: clients must show a certificate of it. */
static void start_tls_peer(struct tls_peer *p, const struct identity *id,
                           const struct identity *client_ca, struct addr *ret)
{
	*p = (struct tls_peer){ .ssl = SSL_CTX_new(TLS_server_method()) };
	SSL_CTX_set_alpn_select_cb(p->ssl, choose_protocol, NULL);
	assert_int_equal(SSL_CTX_use_certificate(p->ssl, id->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(p->ssl, id->key), 1);
	if (client_ca) {
		SSL_CTX_set_verify(p->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		X509_STORE_add_cert(SSL_CTX_get_cert_store(p->ssl), client_ca->cert);
	}
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(addr_parse_ip("127.0.0.1", 0, ret));
	assert_int_equal(bind(p->fd, &ret->sa, ret->len), 0);
	assert_int_equal(getsockname(p->fd, &ret->sa, &ret->len), 0);
	assert_int_equal(listen(p->fd, 8), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
}

static void stop_tls_peer(struct tls_peer *p)
{
	shutdown(p->fd, SHUT_RD); /* ends accept() */
	pthread_join(p->thread, NULL);
	close(p->fd);
	SSL_CTX_free(p->ssl);
}

#endif
