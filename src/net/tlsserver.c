/* SPDX-License-Identifier: MIT */
#include "net/tlsserver.h"

#include "tlsfiles.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

struct tlsserver_context {
	SSL_CTX *ssl;
};

struct tlsserver {
	SSL *ssl;
	BIO *from_net, *to_net; /* owned by `ssl` */
};

static bool load_files(SSL_CTX *ssl, const struct tlsserver_options *o, struct error *err)
{
	if (!tlsfiles_load_pair(ssl, o->cert, o->key, err))
		return false;
	if (!o->ca)
		return true;
	if (!tlsfiles_load_ca(ssl, o->ca, err))
		return false;
	SSL_CTX_set_client_CA_list(ssl, SSL_load_client_CA_file(o->ca));
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return true;
}

bool tlsserver_context_new(const struct tlsserver_options *o, struct tlsserver_context **ret,
                           struct error *err)
{
	struct tlsserver_context *c = mem_zalloc(sizeof(*c));

	ERR_clear_error();
	c->ssl = SSL_CTX_new(TLS_server_method());
	if (!c->ssl) {
		tlsserver_context_free(c);
		return error_set(err, "OpenSSL has no memory");
	}
	SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION);
	SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
	                                SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS);
	/* Resumed sessions would need an id of their own per endpoint; operators are few. */
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(c->ssl, 0);
	SSL_CTX_set_options(c->ssl, SSL_OP_NO_TICKET);
	if (!load_files(c->ssl, o, err)) {
		tlsserver_context_free(c);
		ERR_clear_error();
		return false;
	}
	*ret = c;
	return true;
}

void tlsserver_context_free(struct tlsserver_context *c)
{
	if (!c)
		return;
	SSL_CTX_free(c->ssl);
	free(c);
}

struct tlsserver *tlsserver_new(struct tlsserver_context *c)
{
	struct tlsserver *t = calloc(1, sizeof(*t));

	ERR_clear_error();
	if (!t)
		return NULL;
	t->ssl = SSL_new(c->ssl);
	t->from_net = BIO_new(BIO_s_mem());
	t->to_net = BIO_new(BIO_s_mem());
	if (!t->ssl || !t->from_net || !t->to_net) {
		BIO_free(t->from_net);
		BIO_free(t->to_net);
		SSL_free(t->ssl);
		free(t);
		ERR_clear_error();
		return NULL;
	}
	/* An empty buffer means "more may come", not the end. */
	BIO_set_mem_eof_return(t->from_net, -1);
	SSL_set_bio(t->ssl, t->from_net, t->to_net);
	SSL_set_accept_state(t->ssl);
	return t;
}

void tlsserver_free(struct tlsserver *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	free(t);
}

static void flush(struct tlsserver *t, struct text *net)
{
	char buf[4096];
	int n;

	while ((n = BIO_read(t->to_net, buf, sizeof(buf))) > 0)
		text_addn(net, buf, (size_t)n);
}

static enum tlsserver_status outcome(const struct tlsserver *t, int result)
{
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return TLSSERVER_OPEN;
	case SSL_ERROR_ZERO_RETURN:
		return TLSSERVER_CLOSED;
	default:
		return TLSSERVER_FAILED;
	}
}

enum tlsserver_status tlsserver_take(struct tlsserver *t, const void *bytes, size_t len,
                                     struct text *plain, struct text *net)
{
	enum tlsserver_status status;
	char buf[4096];
	size_t n;
	int result;

	ERR_clear_error();
	if (len && BIO_write(t->from_net, bytes, (int)len) != (int)len)
		return TLSSERVER_FAILED;
	/* Reading makes the handshake, too. */
	while ((result = SSL_read_ex(t->ssl, buf, sizeof(buf), &n)) == 1)
		text_addn(plain, buf, n);
	status = outcome(t, result);
	flush(t, net);
	ERR_clear_error();
	return status;
}

bool tlsserver_send(struct tlsserver *t, const void *bytes, size_t len, struct text *net)
{
	size_t done;
	bool ok;

	if (!SSL_is_init_finished(t->ssl))
		return false;
	ERR_clear_error();
	ok = !len || SSL_write_ex(t->ssl, bytes, len, &done) == 1;
	flush(t, net);
	ERR_clear_error();
	return ok;
}

void tlsserver_end(struct tlsserver *t, struct text *net)
{
	ERR_clear_error();
	if (SSL_is_init_finished(t->ssl))
		SSL_shutdown(t->ssl);
	flush(t, net);
	ERR_clear_error();
}
