/* SPDX-License-Identifier: MIT */
#include "net/tlsserver.h"

#include "pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cmocka.h>

enum { HOUR = 3600, YEAR = 365 * 24 * HOUR };

static char dir[] = "/tmp/test_tlsserver.XXXXXX";
static char ca_file[64], server_file[64], key_file[64], junk_file[64];
static struct pki_cert authority, server_cert, client_cert;

/* A client made with OpenSSL, whose bytes go through memory. */
struct scene {
	struct tlsserver_context *context;
	struct tlsserver *server;
	SSL_CTX *client_context;
	SSL *client;
	BIO *in, *out;
	struct text plain, net;
	enum tlsserver_status status;
};

static void start(struct scene *s, const char *ca, bool with_cert)
{
	const struct tlsserver_options o = { .cert = server_file, .key = key_file, .ca = ca };
	struct error err = { 0 };

	memset(s, 0, sizeof(*s));
	if (!tlsserver_context_new(&o, &s->context, &err))
		fail_msg("%s", err.text);
	s->server = tlsserver_new(s->context);
	assert_non_null(s->server);
	s->client_context = SSL_CTX_new(TLS_client_method());
	if (with_cert) {
		assert_int_equal(SSL_CTX_use_certificate(s->client_context, client_cert.cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(s->client_context, client_cert.key), 1);
	}
	s->client = SSL_new(s->client_context);
	s->in = BIO_new(BIO_s_mem());
	s->out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(s->in, -1);
	SSL_set_bio(s->client, s->in, s->out);
	SSL_set_connect_state(s->client);
}

static void stop(struct scene *s)
{
	tlsserver_free(s->server);
	tlsserver_context_free(s->context);
	SSL_free(s->client);
	SSL_CTX_free(s->client_context);
	text_release(&s->plain);
	text_release(&s->net);
	ERR_clear_error();
}

/* Bytes go both ways until both are silent. */
static void exchange(struct scene *s)
{
	char buf[4096];
	bool moved;

	do {
		int n;

		moved = s->net.len > 0;
		if (s->net.len)
			assert_int_equal(BIO_write(s->in, s->net.data, (int)s->net.len),
			                 s->net.len);
		text_clear(&s->net);
		if (!SSL_is_init_finished(s->client))
			SSL_do_handshake(s->client);
		while ((n = BIO_read(s->out, buf, sizeof(buf))) > 0) {
			moved = true;
			s->status = tlsserver_take(s->server, buf, (size_t)n, &s->plain, &s->net);
		}
	} while (moved);
	ERR_clear_error();
}

static void bytes_go_both_ways(void **unused)
{
	struct scene s;
	char buf[64];

	(void)unused;
	start(&s, NULL, false);
	assert_false(tlsserver_send(s.server, "early", 5, &s.net));
	exchange(&s);
	assert_int_equal(s.status, TLSSERVER_OPEN);
	assert_int_equal(SSL_write(s.client, "question", 8), 8);
	exchange(&s);
	assert_string_equal(text_str(&s.plain), "question");
	assert_true(tlsserver_send(s.server, "answer", 6, &s.net));
	exchange(&s);
	assert_int_equal(SSL_read(s.client, buf, sizeof(buf)), 6);
	assert_memory_equal(buf, "answer", 6);
	tlsserver_end(s.server, &s.net);
	exchange(&s);
	assert_int_equal(SSL_read(s.client, buf, sizeof(buf)), 0);
	assert_int_equal(SSL_get_shutdown(s.client), SSL_RECEIVED_SHUTDOWN);
	SSL_shutdown(s.client);
	exchange(&s);
	assert_int_equal(s.status, TLSSERVER_CLOSED);
	stop(&s);
}

static void bytes_may_come_one_by_one(void **unused)
{
	struct scene s;
	char buf[4096];
	int n;

	(void)unused;
	start(&s, NULL, false);
	SSL_do_handshake(s.client);
	while ((n = BIO_read(s.out, buf, sizeof(buf))) > 0)
		for (int i = 0; i < n; i++)
			assert_int_equal(tlsserver_take(s.server, buf + i, 1, &s.plain, &s.net),
			                 TLSSERVER_OPEN);
	exchange(&s);
	assert_true(SSL_is_init_finished(s.client));
	assert_int_equal(tlsserver_take(s.server, NULL, 0, &s.plain, &s.net), TLSSERVER_OPEN);
	stop(&s);
}

static void a_client_needs_a_certificate_if_there_is_a_ca(void **unused)
{
	for (int with = 0; with < 2; with++) {
		struct scene s;

		(void)unused;
		start(&s, ca_file, with);
		exchange(&s);
		assert_int_equal(s.status, with ? TLSSERVER_OPEN : TLSSERVER_FAILED);
		assert_int_equal(tlsserver_send(s.server, "x", 1, &s.net), with);
		stop(&s);
	}
}

static void what_is_not_tls_fails(void **unused)
{
	static const struct {
		const char *bytes;
		size_t len;
	} inputs[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 18 },
		{ "\x16\x03\x01\x00\x05hello", 10 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		struct scene s;

		start(&s, NULL, false);
		assert_int_equal(
		    tlsserver_take(s.server, inputs[i].bytes, inputs[i].len, &s.plain, &s.net),
		    TLSSERVER_FAILED);
		assert_int_equal(s.plain.len, 0);
		stop(&s);
	}
}

static void old_versions_are_refused(void **unused)
{
	struct scene s;

	(void)unused;
	start(&s, NULL, false);
	SSL_set_min_proto_version(s.client, TLS1_VERSION);
	SSL_set_max_proto_version(s.client, TLS1_1_VERSION);
	SSL_set_cipher_list(s.client, "ALL:@SECLEVEL=0");
	exchange(&s);
	assert_int_equal(s.status, TLSSERVER_FAILED);
	stop(&s);
}

static void files_that_cannot_be_used_are_named(void **unused)
{
	const struct {
		struct tlsserver_options o;
		const char *what, *file;
	} cases[] = {
		{ { .cert = "/none.pem" }, "certificate file", "/none.pem" },
		{ { .cert = junk_file }, "certificate file", junk_file },
		{ { .cert = server_file, .key = "/none.key" }, "key file", "/none.key" },
		{ { .cert = server_file, .key = key_file, .ca = junk_file }, "CA file", junk_file },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tlsserver_context *c;
		struct error err = { 0 };

		assert_false(tlsserver_context_new(&cases[i].o, &c, &err));
		assert_memory_equal(err.text, cases[i].what, strlen(cases[i].what));
		assert_non_null(strstr(err.text, cases[i].file));
	}
	tlsserver_free(NULL);
	tlsserver_context_free(NULL);
}

static char *const files[] = { ca_file, server_file, key_file, junk_file };

static int set_up(void **unused)
{
	static const char *const names[] = { "ca.pem", "server.pem", "server.key", "junk.pem" };
	const struct pki_request ca = { NULL, NULL, -HOUR, YEAR };
	const struct pki_request server = { "DNS:node", &authority, -HOUR, YEAR };
	const struct pki_request client = { "DNS:client", &authority, -HOUR, YEAR };

	(void)unused;
	if (!mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		snprintf(files[i], sizeof(ca_file), "%s/%s", dir, names[i]);
	return pki_make(&ca, &authority) && pki_make(&server, &server_cert) &&
	               pki_make(&client, &client_cert) &&
	               pki_write(ca_file, authority.cert, NULL, NULL) &&
	               pki_write(server_file, server_cert.cert, NULL, NULL) &&
	               pki_write(key_file, NULL, server_cert.key, NULL) &&
	               pki_write(junk_file, NULL, NULL, NULL)
	           ? 0
	           : -1;
}

static int tear_down(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlink(files[i]);
	rmdir(dir);
	pki_free(&authority);
	pki_free(&server_cert);
	pki_free(&client_cert);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(bytes_may_come_one_by_one),
		cmocka_unit_test(a_client_needs_a_certificate_if_there_is_a_ca),
		cmocka_unit_test(what_is_not_tls_fails),
		cmocka_unit_test(old_versions_are_refused),
		cmocka_unit_test(files_that_cannot_be_used_are_named),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
