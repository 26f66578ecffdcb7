/* SPDX-License-Identifier: MIT */
#include "net/tls.h"

#include "tlsfiles.h"

#include "base/addr.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

struct tls_context {
	SSL_CTX *ssl;
	BIO_METHOD *bio;
	bool verify;
	size_t users; /* its connections, and its owner */
};

struct tls {
	SSL *ssl;
	struct tls_context *context;
	int fd;
	int errnum; /* of the last failed system call */
	bool eof;   /* the peer closed the TCP connection */
	bool verify;
	char reason[160];
};

/*
 * The transport: OpenSSL's own socket BIO calls write(), which raises SIGPIPE when the peer is
 * gone; this one sends with MSG_NOSIGNAL and keeps the errno.
 */
static int bio_write(BIO *b, const char *bytes, int len)
{
	struct tls *t = BIO_get_data(b);
	ssize_t n = send(t->fd, bytes, (size_t)len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(b);
	if (n >= 0)
		return (int)n;
	if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_write(b);
	else
		t->errnum = errno;
	return -1;
}

static int bio_read(BIO *b, char *buf, int size)
{
	struct tls *t = BIO_get_data(b);
	ssize_t n = recv(t->fd, buf, (size_t)size, 0);

	BIO_clear_retry_flags(b);
	if (n > 0)
		return (int)n;
	if (n == 0) {
		t->eof = true;
		return 0;
	}
	if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_read(b);
	else
		t->errnum = errno;
	return -1;
}

static long bio_ctrl(BIO *b, int command, long number, void *pointer)
{
	const struct tls *t = BIO_get_data(b);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return t->eof;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket without signals");

	if (!m)
		return NULL;
	BIO_meth_set_write(m, bio_write);
	BIO_meth_set_read(m, bio_read);
	BIO_meth_set_ctrl(m, bio_ctrl);
	return m;
}

static bool load_files(SSL_CTX *ssl, const struct tls_client_options *o, struct error *err)
{
	if (o->ca && !tlsfiles_load_ca(ssl, o->ca, err))
		return false;
	if (!o->ca && o->verify && SSL_CTX_set_default_verify_paths(ssl) != 1) {
		char buf[128];

		return error_set(err, "system certificates: %s", tlsfiles_words(buf, sizeof(buf)));
	}
	return !o->cert || tlsfiles_load_pair(ssl, o->cert, o->key, err);
}

bool tls_context_new(const struct tls_client_options *o, struct tls_context **ret,
                     struct error *err)
{
	struct tls_context *c = mem_zalloc(sizeof(*c));

	ERR_clear_error();
	c->users = 1;
	c->verify = o->verify;
	c->bio = make_bio_method();
	c->ssl = SSL_CTX_new(TLS_client_method());
	if (!c->bio || !c->ssl) {
		tls_context_free(c);
		return error_set(err, "OpenSSL has no memory");
	}
	SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION);
	SSL_CTX_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                             SSL_MODE_RELEASE_BUFFERS);
	/* Servers that close without close_notify are common; framing tells what is complete. */
	SSL_CTX_set_options(c->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* A check proves that a full handshake works, so nothing is resumed. */
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(c->ssl, o->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (!load_files(c->ssl, o, err)) {
		tls_context_free(c);
		ERR_clear_error();
		return false;
	}
	*ret = c;
	return true;
}

void tls_context_free(struct tls_context *c)
{
	if (!c || --c->users)
		return;
	SSL_CTX_free(c->ssl);
	BIO_meth_free(c->bio);
	free(c);
}

static bool is_ip(const char *name)
{
	struct addr unused;

	return *name && strcmp(name, "*") != 0 && addr_parse_ip(name, 0, &unused);
}

static bool expect_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	size_t len = strlen(name);
	char host[256];

	if (is_ip(name))
		return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
	/* RFC 6066 section 3: the SNI has no final dot, and neither have certificates. */
	if (len && name[len - 1] == '.')
		len--;
	if (!len || len >= sizeof(host))
		return false;
	memcpy(host, name, len);
	host[len] = '\0';
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, host, len) == 1 &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct tls *tls_new(struct tls_context *c, int fd, const char *name)
{
	struct tls *t = calloc(1, sizeof(*t));
	BIO *bio;

	ERR_clear_error();
	if (!t)
		return NULL;
	t->fd = fd;
	t->context = c;
	c->users++;
	t->verify = c->verify;
	t->ssl = SSL_new(c->ssl);
	bio = t->ssl ? BIO_new(c->bio) : NULL;
	if (!bio)
		goto fail;
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_connect_state(t->ssl);
	if (name && !expect_name(t->ssl, name))
		goto fail;
	return t;
fail:
	tls_free(t);
	ERR_clear_error();
	return NULL;
}

/* Each name with its length before it. */
bool tls_set_alpn(struct tls *t, const char *names)
{
	unsigned char list[256];
	size_t used = 0;

	do {
		size_t len = strcspn(names, ",");

		if (!len || used + 1 + len > sizeof(list))
			return false;
		list[used++] = (unsigned char)len;
		memcpy(list + used, names, len);
		used += len;
		names += len;
	} while (*names++);
	ERR_clear_error();
	return SSL_set_alpn_protos(t->ssl, list, (unsigned int)used) == 0;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	tls_context_free(t->context);
	free(t);
}

static const char *cause(const struct tls *t, char *buf, size_t size)
{
	long verdict = SSL_get_verify_result(t->ssl);

	if (t->verify && verdict != X509_V_OK)
		return X509_verify_cert_error_string(verdict);
	if (t->errnum)
		return strerror_r(t->errnum, buf, size);
	if (ERR_peek_error())
		return tlsfiles_words(buf, size);
	return t->eof ? "connection closed" : "unknown error";
}

/* What a result of OpenSSL means; the reason is noted when it is a failure. */
static enum tls_status outcome(struct tls *t, int result, const char *prefix)
{
	char buf[128];

	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_NONE:
		return TLS_DONE;
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		if (SSL_is_init_finished(t->ssl))
			return TLS_EOF;
		break;
	default:
		break;
	}
	snprintf(t->reason, sizeof(t->reason), "%s%s", prefix, cause(t, buf, sizeof(buf)));
	ERR_clear_error();
	return TLS_FAILED;
}

enum tls_status tls_handshake(struct tls *t)
{
	ERR_clear_error();
	return outcome(t, SSL_do_handshake(t->ssl), "SSL handshake failure: ");
}

enum tls_status tls_read(struct tls *t, void *buf, size_t size, size_t *n)
{
	ERR_clear_error();
	return outcome(t, SSL_read_ex(t->ssl, buf, size, n), "");
}

enum tls_status tls_write(struct tls *t, const void *bytes, size_t len, size_t *n)
{
	ERR_clear_error();
	return outcome(t, SSL_write_ex(t->ssl, bytes, len, n), "");
}

const char *tls_reason(const struct tls *t)
{
	return t->reason;
}
