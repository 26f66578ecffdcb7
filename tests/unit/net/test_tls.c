/* SPDX-License-Identifier: MIT */
#include "net/tls.h"

#include "base/cleanup.h"

#include "fixture.h"
#include "pki.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { HOUR = 3600, YEAR = 365 * 24 * HOUR };

static char dir[] = "/tmp/test_tls.XXXXXX";
static char ca_file[64], other_ca_file[64], client_file[64], client_key_file[64];
static char locked_key_file[64], junk_file[64], missing_file[64];
static struct pki_cert authority, stranger, client_cert;

enum server_cert { GOOD, EXPIRED, FUTURE, SELF_SIGNED, CERT_COUNT };
static struct pki_cert certs[CERT_COUNT];

/* A client under test and a server made with OpenSSL, on the ends of one TCP connection. */
struct pair {
	int client_fd, server_fd;
	struct tls_context *context;
	struct tls *client;
	SSL_CTX *server_context;
	SSL *server;
	char sni[64]; /* what the client asked for */
};

static int note_sni(SSL *ssl, int *alert, void *arg)
{
	struct pair *p = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	snprintf(p->sni, sizeof(p->sni), "%s", name ? name : "");
	return SSL_TLSEXT_ERR_OK;
}

static void connect_pair(struct pair *p)
{
	struct addr at = ip("127.0.0.1", 0);
	struct addr real;
	int listener = must_listen(&at, &plain, &real);

	*p = (struct pair){ .client_fd = must_connect(&real) };
	p->server_fd = must_accept(listener);
	sock_close(listener);
}

static void start_pair(struct pair *p, const struct tls_client_options *o, const char *name,
                       enum server_cert which)
{
	struct error err = { 0 };

	connect_pair(p);
	if (!tls_context_new(o, &p->context, &err))
		fail_msg("%s", err.text);
	p->client = tls_new(p->context, p->client_fd, name);
	assert_non_null(p->client);
	p->server_context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_tlsext_servername_callback(p->server_context, note_sni);
	SSL_CTX_set_tlsext_servername_arg(p->server_context, p);
	assert_int_equal(SSL_CTX_use_certificate(p->server_context, certs[which].cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(p->server_context, certs[which].key), 1);
	p->server = SSL_new(p->server_context);
	SSL_set_fd(p->server, p->server_fd);
	SSL_set_accept_state(p->server);
}

static void stop_pair(struct pair *p)
{
	tls_free(p->client);
	tls_context_free(p->context);
	SSL_free(p->server);
	SSL_CTX_free(p->server_context);
	sock_close(p->client_fd);
	sock_close(p->server_fd);
	ERR_clear_error();
}

/* Both sides take turns until the client is through. */
static enum tls_status shake(struct pair *p)
{
	for (;;) {
		enum tls_status status = tls_handshake(p->client);

		if (status == TLS_DONE)
			while (SSL_do_handshake(p->server) != 1)
				assert_int_equal(SSL_get_error(p->server, -1), SSL_ERROR_WANT_READ);
		if (status == TLS_DONE || status == TLS_FAILED)
			return status;
		assert_int_equal(status, TLS_WANT_READ);
		ERR_clear_error();
		SSL_do_handshake(p->server);
		wait_for(p->client_fd, POLLIN);
	}
}

static void certificate_is_verified_for_the_name(void **unused)
{
	static const struct {
		bool verify, other_ca;
		enum server_cert cert;
		const char *name, *sni;
		const char *reason; /* NULL: it works */
	} cases[] = {
		{ true, false, GOOD, "node1.example", "node1.example", NULL },
		{ true, false, GOOD, "NODE1.example", "NODE1.example", NULL },
		{ true, false, GOOD, "node1.example.", "node1.example", NULL },
		{ true, false, GOOD, "a.wild.example", "a.wild.example", NULL },
		{ true, false, GOOD, "a.b.wild.example", "a.b.wild.example", "hostname mismatch" },
		{ true, false, GOOD, "127.0.0.1", "", NULL },
		{ true, false, GOOD, "::1", "", NULL },
		{ true, false, GOOD, NULL, "", NULL },
		{ true, false, GOOD, "node2.example", "node2.example", "hostname mismatch" },
		/* The subject's CN, which names nobody when there are subjectAltNames. */
		{ true, false, GOOD, "node", "node", "hostname mismatch" },
		{ true, false, GOOD, "127.0.0.2", "", "IP address mismatch" },
		{ true, true, GOOD, NULL, "", "unable to get local issuer certificate" },
		{ true, false, EXPIRED, "node1.example", "node1.example",
		  "certificate has expired" },
		{ true, false, FUTURE, NULL, "", "certificate is not yet valid" },
		{ true, false, SELF_SIGNED, NULL, "", "self-signed certificate" },
		{ false, false, GOOD, "node2.example", "node2.example", NULL },
		{ false, false, SELF_SIGNED, NULL, "", NULL },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct tls_client_options o = {
			.verify = cases[i].verify,
			.ca = cases[i].other_ca ? other_ca_file : ca_file,
		};
		char expected[128];
		struct pair p;

		start_pair(&p, &o, cases[i].name, cases[i].cert);
		assert_int_equal(shake(&p), cases[i].reason ? TLS_FAILED : TLS_DONE);
		snprintf(expected, sizeof(expected), "%s%s",
		         cases[i].reason ? "SSL handshake failure: " : "",
		         cases[i].reason ? cases[i].reason : "");
		if (strcmp(tls_reason(p.client), expected) != 0)
			fail_msg("case %zu: \"%s\"", i, tls_reason(p.client));
		assert_string_equal(p.sni, cases[i].sni);
		stop_pair(&p);
	}
}

static void peer_that_speaks_no_tls_is_told_in_words(void **unused)
{
	static const struct {
		const char *bytes; /* NULL: a reset */
		const char *reason;
	} cases[] = {
		{ "HTTP/1.0 400 Bad Request\r\n\r\n",
		  "SSL handshake failure: wrong version number" },
		{ "", "SSL handshake failure: connection closed" },
		{ NULL, "SSL handshake failure: Connection reset by peer" },
	};
	const struct tls_client_options o = { .verify = false };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char hello[4096];
		struct pair p;

		start_pair(&p, &o, NULL, GOOD);
		assert_int_equal(tls_handshake(p.client), TLS_WANT_READ);
		wait_for(p.server_fd, POLLIN);
		assert_true(recv(p.server_fd, hello, sizeof(hello), 0) > 0);
		if (cases[i].bytes)
			send(p.server_fd, cases[i].bytes, strlen(cases[i].bytes), 0);
		(cases[i].bytes ? sock_close : sock_reset)(p.server_fd);
		p.server_fd = -1;
		wait_for(p.client_fd, POLLIN);
		assert_int_equal(tls_handshake(p.client), TLS_FAILED);
		assert_string_equal(tls_reason(p.client), cases[i].reason);
		assert_int_equal(tls_handshake(p.client), TLS_FAILED);
		stop_pair(&p);
	}
}

/* Reads until something other than "wait" happens. */
static enum tls_status read_some(struct pair *p, void *buf, size_t size, size_t *n)
{
	for (;;) {
		enum tls_status status = tls_read(p->client, buf, size, n);

		if (status != TLS_WANT_READ)
			return status;
		wait_for(p->client_fd, POLLIN);
	}
}

static void client_certificate_is_shown_when_it_is_asked_for(void **unused)
{
	static const struct {
		const char *cert, *key;
		const char *reason;
	} cases[] = {
		{ client_file, NULL, NULL },
		{ client_file, client_key_file, NULL },
		{ NULL, NULL, "tlsv13 alert certificate required" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct tls_client_options o = { true, ca_file, cases[i].cert, cases[i].key };
		char buf[16];
		struct pair p;
		size_t n;

		start_pair(&p, &o, "node1.example", GOOD);
		X509_STORE_add_cert(SSL_CTX_get_cert_store(p.server_context), authority.cert);
		SSL_set_verify(p.server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		/* TLS 1.3: the client is through before the server has judged. */
		while (tls_handshake(p.client) == TLS_WANT_READ)
			SSL_do_handshake(p.server);
		assert_string_equal(tls_reason(p.client), "");
		assert_int_equal(SSL_do_handshake(p.server), cases[i].reason ? -1 : 1);
		if (!cases[i].reason) {
			assert_int_equal(SSL_write(p.server, "hello", 5), 5);
			assert_int_equal(read_some(&p, buf, sizeof(buf), &n), TLS_DONE);
			assert_int_equal(n, 5);
		} else {
			assert_int_equal(read_some(&p, buf, sizeof(buf), &n), TLS_FAILED);
			assert_string_equal(tls_reason(p.client), cases[i].reason);
		}
		stop_pair(&p);
	}
}

static const struct tls_client_options trusting = { .verify = true, .ca = ca_file };

/* Each side's bytes differ by position, so that a lost or doubled one is seen. */
static char pattern(size_t i)
{
	return (char)(i * 31 + i / 251);
}

static void bytes_come_through_both_ways_with_back_pressure(void **unused)
{
	enum { TOTAL = 8 << 20, CHUNK = 50000 };
	static char buf[CHUNK];
	size_t sent = 0;
	size_t got = 0;
	int waits = 0;
	struct pair p;

	(void)unused;
	start_pair(&p, &trusting, "node1.example", GOOD);
	assert_int_equal(shake(&p), TLS_DONE);
	while (got < TOTAL) {
		size_t n = 0;
		int r;

		for (size_t i = 0; i < CHUNK; i++)
			buf[i] = pattern(sent + i);
		while (sent < TOTAL) {
			size_t len = TOTAL - sent < CHUNK ? TOTAL - sent : CHUNK;
			enum tls_status status = tls_write(p.client, buf, len, &n);

			if (status == TLS_WANT_WRITE) {
				waits++;
				break;
			}
			assert_int_equal(status, TLS_DONE);
			assert_in_range(n, 1, len);
			sent += n;
			for (size_t i = 0; i < CHUNK; i++)
				buf[i] = pattern(sent + i);
		}
		while ((r = SSL_read(p.server, buf, sizeof(buf))) > 0) {
			for (int i = 0; i < r; i++)
				if (buf[i] != pattern(got + (size_t)i))
					fail_msg("byte %zu differs", got + (size_t)i);
			got += (size_t)r;
		}
		ERR_clear_error();
	}
	assert_int_equal(got, TOTAL);
	assert_true(waits > 0);
	assert_int_equal(SSL_write(p.server, "enough", 6), 6);
	for (size_t i = 0; i < 6; i++) {
		size_t n = 0;

		assert_int_equal(read_some(&p, buf, 1, &n), TLS_DONE);
		assert_int_equal(n, 1);
		assert_int_equal(buf[0], "enough"[i]);
	}
	stop_pair(&p);
}

static void end_of_the_stream_is_eof_or_a_failure(void **unused)
{
	enum { NOTIFY, CLOSE, RESET, WAYS };

	(void)unused;
	for (int way = NOTIFY; way < WAYS; way++) {
		char buf[16];
		struct pair p;
		size_t n;

		start_pair(&p, &trusting, "node1.example", GOOD);
		tls_context_free(TAKE_PTR(p.context)); /* its files are read again */
		assert_int_equal(shake(&p), TLS_DONE);
		assert_int_equal(SSL_write(p.server, "last", 4), 4);
		assert_int_equal(read_some(&p, buf, sizeof(buf), &n), TLS_DONE);
		assert_int_equal(tls_read(p.client, buf, sizeof(buf), &n), TLS_WANT_READ);
		if (way == NOTIFY) {
			SSL_shutdown(p.server);
		} else {
			(way == CLOSE ? sock_close : sock_reset)(p.server_fd);
			p.server_fd = -1;
		}
		assert_int_equal(read_some(&p, buf, sizeof(buf), &n),
		                 way == RESET ? TLS_FAILED : TLS_EOF);
		assert_string_equal(tls_reason(p.client),
		                    way == RESET ? "Connection reset by peer" : "");
		stop_pair(&p);
	}
}

static void writing_to_a_closed_peer_fails_without_a_signal(void **unused)
{
	struct sigaction old;
	struct pair p;
	enum tls_status status;
	size_t n;

	(void)unused;
	assert_int_equal(sigaction(SIGPIPE, NULL, &old), 0);
	assert_ptr_equal(old.sa_handler, SIG_DFL);
	start_pair(&p, &trusting, "node1.example", GOOD);
	assert_int_equal(shake(&p), TLS_DONE);
	sock_reset(p.server_fd);
	p.server_fd = -1;
	wait_for(p.client_fd, POLLHUP);
	assert_int_equal(sock_error(p.client_fd), ECONNRESET);
	do
		status = tls_write(p.client, "x", 1, &n);
	while (status == TLS_DONE);
	assert_int_equal(status, TLS_FAILED);
	assert_string_equal(tls_reason(p.client), "Broken pipe");
	stop_pair(&p);
}

static void file_that_cannot_be_used_is_named(void **unused)
{
	static const char absent[] = "No such file or directory";
	const struct {
		struct tls_client_options o;
		const char *kind, *file;
		const char *reason; /* "": any */
	} cases[] = {
		{ { .ca = missing_file }, "CA", missing_file, absent },
		{ { .ca = junk_file }, "CA", junk_file, "no certificate or crl found" },
		{ { .cert = missing_file }, "certificate", missing_file, absent },
		{ { .cert = junk_file }, "certificate", junk_file, "no start line" },
		{ { .cert = ca_file }, "key", ca_file, "" },
		{ { .cert = client_file, .key = missing_file }, "key", missing_file, absent },
		{ { .cert = ca_file, .key = client_key_file },
		  "key",
		  client_key_file,
		  "key values mismatch" },
		/* And nobody is asked for the passphrase on the terminal. */
		{ { .cert = client_file, .key = locked_key_file }, "key", locked_key_file, "" },
	};
	int before = fds_count();

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tls_context *c = NULL;
		struct error err = { 0 };
		char expected[256];

		assert_false(tls_context_new(&cases[i].o, &c, &err));
		assert_null(c);
		snprintf(expected, sizeof(expected), "%s file %s: %s", cases[i].kind, cases[i].file,
		         cases[i].reason);
		if (strncmp(err.text, expected, strlen(expected)) != 0 ||
		    strlen(err.text) == strlen(cases[i].kind) + strlen(cases[i].file) + 8)
			fail_msg("\"%s\" is not \"%s\"", err.text, expected);
		assert_int_equal(ERR_peek_error(), 0);
		assert_int_equal(fds_count(), before);
	}
}

static void systems_certificates_are_the_default(void **unused)
{
	const struct tls_client_options o = { .verify = true };
	struct pair p;

	(void)unused;
	start_pair(&p, &o, "node1.example", GOOD);
	assert_int_equal(shake(&p), TLS_FAILED);
	assert_non_null(strstr(tls_reason(p.client), "unable to get local issuer certificate"));
	stop_pair(&p);
	tls_context_free(NULL);
	tls_free(NULL);
}

static void what_cannot_be_a_name_is_refused(void **unused)
{
	char longest[300];
	struct tls_context *c;

	(void)unused;
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_true(tls_context_new(&trusting, &c, NULL));
	assert_null(tls_new(c, -1, ""));
	assert_null(tls_new(c, -1, "."));
	assert_null(tls_new(c, -1, longest));
	tls_context_free(c);
}

static const struct {
	char *path;
	const char *name;
} files[] = {
	{ ca_file, "ca.pem" },         { other_ca_file, "other-ca.pem" },
	{ client_file, "client.pem" }, { client_key_file, "client.key" },
	{ junk_file, "junk.pem" },     { locked_key_file, "locked.key" },
	{ missing_file, "none.pem" },
};

static bool make_certs(void)
{
	const char names[] = "DNS:node1.example,DNS:*.wild.example,IP:127.0.0.1,IP:::1";
	const struct pki_request ca = { NULL, NULL, -HOUR, YEAR };
	const struct pki_request requests[CERT_COUNT] = {
		[GOOD] = { names, &authority, -HOUR, YEAR },
		[EXPIRED] = { names, &authority, -2L * HOUR, -HOUR },
		[FUTURE] = { names, &authority, HOUR, YEAR },
		[SELF_SIGNED] = { names, NULL, -HOUR, YEAR },
	};
	const struct pki_request client = { "DNS:client", &authority, -HOUR, YEAR };

	if (!pki_make(&ca, &authority) || !pki_make(&ca, &stranger) ||
	    !pki_make(&client, &client_cert))
		return false;
	for (int i = 0; i < CERT_COUNT; i++)
		if (!pki_make(&requests[i], &certs[i]))
			return false;
	return pki_write(ca_file, authority.cert, NULL, NULL) &&
	       pki_write(other_ca_file, stranger.cert, NULL, NULL) &&
	       pki_write(client_file, client_cert.cert, client_cert.key, NULL) &&
	       pki_write(client_key_file, NULL, client_cert.key, NULL) &&
	       pki_write(locked_key_file, NULL, client_cert.key, "secret") &&
	       pki_write(junk_file, NULL, NULL, NULL);
}

static int set_up(void **unused)
{
	(void)unused;
	if (!mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		snprintf(files[i].path, sizeof(ca_file), "%s/%s", dir, files[i].name);
	return make_certs() ? 0 : -1;
}

static int tear_down(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlink(files[i].path);
	for (int i = 0; i < CERT_COUNT; i++)
		pki_free(&certs[i]);
	pki_free(&authority);
	pki_free(&stranger);
	pki_free(&client_cert);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificate_is_verified_for_the_name),
		cmocka_unit_test(peer_that_speaks_no_tls_is_told_in_words),
		cmocka_unit_test(client_certificate_is_shown_when_it_is_asked_for),
		cmocka_unit_test(bytes_come_through_both_ways_with_back_pressure),
		cmocka_unit_test(end_of_the_stream_is_eof_or_a_failure),
		cmocka_unit_test(writing_to_a_closed_peer_fails_without_a_signal),
		cmocka_unit_test(file_that_cannot_be_used_is_named),
		cmocka_unit_test(systems_certificates_are_the_default),
		cmocka_unit_test(what_cannot_be_a_name_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
