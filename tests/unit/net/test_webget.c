/* SPDX-License-Identifier: MIT */
#include "net/webget.h"

#include "fixture.h"
#include "pki.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

enum { YEAR = 365 * 24 * 3600, PATIENCE_MS = 20000, ENOUGH = 1 << 20 };

static char dir[] = "/tmp/test_webget.XXXXXX";
static char ca_file[64], other_ca_file[64], session_file[64];
static struct pki_cert authority, stranger, server_cert;

/* A node that answers one request, in a thread. */
struct node {
	const char *answer;
	size_t piece;      /* bytes at a time; 0: all at once */
	bool secure, hold; /* hold: does not close until the client does */
	int listener;
	struct addr at;
	char url[128];
	char asked[2048];
	pthread_t thread;
};

static void say(SSL *ssl, int fd, const char *bytes, size_t len)
{
	if (ssl)
		SSL_write(ssl, bytes, (int)len);
	else
		send(fd, bytes, len, MSG_NOSIGNAL);
}

static size_t hear(SSL *ssl, int fd, char *buf, size_t size)
{
	ssize_t n = ssl ? SSL_read(ssl, buf, (int)size) : recv(fd, buf, size, 0);

	return n > 0 ? (size_t)n : 0;
}

static void converse(struct node *n, SSL *ssl, int fd)
{
	size_t len = n->answer ? strlen(n->answer) : 0, piece = n->piece ? n->piece : len;
	size_t used = 0;
	char rest[256];

	while (!strstr(n->asked, "\r\n\r\n")) {
		size_t got = hear(ssl, fd, n->asked + used, sizeof(n->asked) - 1 - used);

		if (!got)
			return;
		used += got;
	}
	for (size_t i = 0; i < len; i += piece)
		say(ssl, fd, n->answer + i, piece < len - i ? piece : len - i);
	while (n->hold && hear(ssl, fd, rest, sizeof(rest)))
		;
}

static void *serve(void *ctx)
{
	struct node *n = ctx;
	int fd = must_accept(n->listener);
	SSL_CTX *context = n->secure ? SSL_CTX_new(TLS_server_method()) : NULL;
	SSL *ssl = NULL;

	fcntl(fd, F_SETFL, 0);
	if (context) {
		SSL_CTX_use_certificate(context, server_cert.cert);
		SSL_CTX_use_PrivateKey(context, server_cert.key);
		ssl = SSL_new(context);
		SSL_set_fd(ssl, fd);
	}
	if (!ssl || SSL_accept(ssl) == 1)
		converse(n, ssl, fd);
	SSL_free(ssl);
	SSL_CTX_free(context);
	sock_close(fd);
	return NULL;
}

static void start(struct node *n, const char *host, const char *path)
{
	struct addr at = ip("127.0.0.1", 0);

	n->listener = must_listen(&at, &plain, &n->at);
	snprintf(n->url, sizeof(n->url), "http%s://%s:%u%s", n->secure ? "s" : "", host,
	         addr_port(&n->at), path);
	memset(n->asked, 0, sizeof(n->asked));
	assert_int_equal(pthread_create(&n->thread, NULL, serve, n), 0);
}

static void stop(struct node *n)
{
	pthread_join(n->thread, NULL);
	sock_close(n->listener);
}

/* Fetches; the body, or the error without its URL. */
static char *fetch(struct node *n, const struct webget_options *more, uint16_t *ret_status)
{
	struct webget_options o = *more;
	struct text body = { 0 };
	int fds = fds_count();
	struct error err;

	o.url = n->url;
	o.ret_status = ret_status;
	if (!o.timeout_ms)
		o.timeout_ms = PATIENCE_MS;
	if (!o.max)
		o.max = ENOUGH;
	if (webget_run(&o, &body, &err)) {
		text_addc(&body, '!');
	} else {
		assert_memory_equal(err.text, n->url, strlen(n->url));
		text_add(&body, err.text + strlen(n->url));
	}
	assert_true(fds_count() <= fds + 1); /* the thread's end of it may be open */
	return text_take(&body);
}

static void expect(const char *answer, bool secure, const char *want, unsigned int want_status)
{
	static const size_t pieces[] = { 0, 1, 7 };

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct node n = { .answer = answer, .piece = pieces[i], .secure = secure };
		struct webget_options o = { .ca = ca_file };
		uint16_t status;
		char *have;

		start(&n, "localhost", "/x");
		have = fetch(&n, &o, &status);
		stop(&n);
		assert_string_equal(have, want);
		assert_int_equal(status, want_status);
		free(have);
	}
}

#define OK "HTTP/1.1 200 OK\r\n"

static const struct {
	const char *answer, *want;
	unsigned int status;
} answers[] = {
	{ OK "Content-Length: 5\r\n\r\nhello", "hello!", 200 },
	{ OK "\r\nhello", "hello!", 200 },
	{ "HTTP/1.0 200 OK\n\n", "!", 200 },
	{ OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello!", 200 },
	{ "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK "Content-Length: 5\r\n\r\nhello",
	  "hello!", 200 },
	{ OK "Content-Length: 6\r\n\r\nhello", ": the answer is cut off after 5 bytes", 200 },
	{ OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
	  ": the answer is cut off after 8 bytes", 200 },
	{ OK "Content-Len", ": the answer is cut off after 28 bytes", 0 },
	{ OK "Content-Length: 1048577\r\n\r\n",
	  ": the answer is longer than 1048576 bytes, too long for a list of nodes", 200 },
	{ "HTTP/1.1 403 Forbidden\r\n\r\nno",
	  ": the answer is 403 Forbidden (log in: cockroach auth-session login USER --only-cookie, "
	  "then give what it prints as session (--session VALUE|file:PATH))",
	  403 },
	{ "HTTP/1.1 404 \x1b[0m\r\n\r\n",
	  ": the answer is 404 ?[0m (is this the HTTP port of a CockroachDB node?)", 404 },
	{ "HTTP/1.1 307 X\r\nLocation: ftp://other/\r\n\r\n",
	  ": the answer is 307 X (it points to ftp://other/: give that URL itself)", 307 },
	{ "HTTP/1.1 301\r\n\r\n", ": the answer is 301", 301 },
	{ "HTTP/1.1 503 Service Unavailable\r\n\r\n",
	  ": the answer is 503 Service Unavailable (the node cannot tell now, as while it has no "
	  "quorum: ask another one)",
	  503 },
	{ "HTTP/1.1 418 Teapot\r\n\r\n", ": the answer is 418 Teapot", 418 },
};

static void an_answer_is_its_body_or_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		expect(answers[i].answer, false, answers[i].want, answers[i].status);
}

static void over_tls_it_is_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		expect(answers[i].answer, true, answers[i].want, answers[i].status);
}

static void what_a_secure_cluster_says_in_clear_has_its_cure(void **state)
{
	(void)state;
	expect("HTTP/1.1 307 Temporary Redirect\r\nLocation: https://n1:8080/x\r\n\r\n", false,
	       ": the answer is 307 Temporary Redirect (the cluster is secure: write https://, and "
	       "give its CA as ca (--cacert FILE))",
	       307);
	expect("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
	       false, ": the answer is 400 Bad Request (if the node speaks TLS write https://)",
	       400);
	expect("\x15\x03\x01", false,
	       ": the answer is not HTTP (is this a node's HTTP port? If it speaks TLS write "
	       "https://)",
	       0);
	expect("", false,
	       ": the connection was closed without an answer (if the node speaks TLS write "
	       "https://)",
	       0);
	expect("x", true, ": the answer is not HTTP (is this a node's HTTP port?)", 0);
}

static void the_request_has_host_and_session(void **state)
{
	struct node n = { .answer = OK "\r\n" };
	struct webget_options o = { .session = "CIG==" };
	char host[64];
	char *have;

	(void)state;
	start(&n, "127.0.0.1", "/_status/nodes?a=b");
	have = fetch(&n, &o, NULL);
	stop(&n);
	assert_string_equal(have, "!");
	free(have);
	assert_memory_equal(n.asked, "GET /_status/nodes?a=b HTTP/1.1\r\n", 33);
	snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%u\r\n", addr_port(&n.at));
	assert_non_null(strstr(n.asked, host));
	assert_non_null(strstr(n.asked, "\r\nConnection: close\r\n"));
	assert_non_null(strstr(n.asked, "\r\nCookie: session=CIG==\r\n"));
	assert_non_null(strstr(n.asked, "\r\nX-Cockroach-API-Session: CIG==\r\n"));
	n.answer = "HTTP/1.1 401 Unauthorized\r\n\r\n";
	start(&n, "127.0.0.1", "");
	have = fetch(&n, &o, NULL);
	stop(&n);
	assert_memory_equal(n.asked, "GET / HTTP/1.1\r\n", 16);
	assert_string_equal(have, ": the answer is 401 Unauthorized (the session has ended, or its "
	                          "user lacks VIEWCLUSTERMETADATA: log in again, cockroach "
	                          "auth-session login USER --only-cookie)");
	free(have);
}

/* Each of them would be looked for in all that has come: that takes its time. */
static void answers_before_the_answer_are_counted(void **state)
{
	static const char want[] = ": the answer is not HTTP";
	struct webget_options o = { 0 };
	struct text t = { 0 };

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		struct node n = { 0 };
		char *have;

		text_release(&t);
		for (size_t k = 0; k < i; k++)
			text_add(&t, "HTTP/1.1 100 Continue\r\n\r\n");
		text_add(&t, OK "\r\nhello");
		n.answer = text_str(&t);
		start(&n, "127.0.0.1", "");
		have = fetch(&n, &o, NULL);
		stop(&n);
		assert_memory_equal(have, i <= 8 ? "hello!" : want, i <= 8 ? 7 : strlen(want));
		free(have);
	}
	text_release(&t);
}

static void a_session_that_is_said_back_is_not_shown(void **state)
{
	struct node n = { .answer = "HTTP/1.1 500 you said CIGAxyzzy0==\r\n\r\n" };
	struct webget_options o = { .session = "CIGAxyzzy0==" };
	struct error err = { .text = "CIGAxyzz CIGAxyz xCIGAxyzzy0==" };
	char *have;

	(void)state;
	start(&n, "127.0.0.1", "");
	have = fetch(&n, &o, NULL);
	stop(&n);
	assert_memory_equal(have, ": the answer is 500 you said ************ (the node", 51);
	free(have);
	/* What is cut is covered as far as it tells something. */
	webget_cover(o.session, &err);
	assert_string_equal(err.text, "******** CIGAxyz x************");
	webget_cover("x", &err);
	assert_string_equal(err.text, "******** CIGA*yz *************");
	webget_cover(NULL, &err);
	webget_cover("", &err);
	assert_string_equal(err.text, "******** CIGA*yz *************");
}

static void a_whole_answer_needs_no_end_of_the_connection(void **state)
{
	static const char *const whole[] = {
		OK "Content-Length: 5\r\n\r\nhello",
		OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole) * 2; i++) {
		struct node n = { .answer = whole[i / 2], .hold = true, .secure = i % 2 };
		struct webget_options o = { .ca = ca_file };
		char *have;

		start(&n, "localhost", "/x");
		have = fetch(&n, &o, NULL);
		stop(&n);
		assert_string_equal(have, "hello!");
		free(have);
	}
}

static void time_is_over_wherever_it_stops(void **state)
{
	static const struct {
		const char *answer, *want;
	} cases[] = {
		{ "", ": time is over while waiting for the answer" },
		{ OK, ": time is over with 17 bytes of the answer there" },
		{ OK "\r\nhello", ": time is over with 5 bytes of the answer there" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct node n = { .answer = cases[i].answer, .hold = true };
		struct webget_options o = { .timeout_ms = 300 };
		char *have;

		start(&n, "127.0.0.1", "/x");
		have = fetch(&n, &o, NULL);
		stop(&n);
		assert_string_equal(have, cases[i].want);
		free(have);
	}
}

static void a_handshake_without_an_answer_is_late(void **state)
{
	struct addr at = ip("127.0.0.1", 0), real;
	int listener = must_listen(&at, &plain, &real);
	struct webget_options o = { .timeout_ms = 200, .max = ENOUGH, .ca = ca_file };
	struct text body = { 0 };
	char url[64], want[128];
	struct error err;

	(void)state;
	snprintf(url, sizeof(url), "https://127.0.0.1:%u", addr_port(&real));
	snprintf(want, sizeof(want), "%s: time is over while in the TLS handshake", url);
	o.url = url;
	assert_false(webget_run(&o, &body, &err));
	assert_string_equal(err.text, want);
	sock_close(listener);
}

static void certificates_are_verified(void **state)
{
	static const struct {
		const char *host;
		bool other_ca, none;
		const char *want;
	} cases[] = {
		{ "localhost", true, false,
		  ": SSL handshake failure: unable to get local issuer certificate (give the CA "
		  "that "
		  "signs the nodes' certificates as ca (--cacert FILE), often certs/ca.crt or "
		  "certs/ca-ui.crt)" },
		{ "localhost", false, true,
		  ": SSL handshake failure: unable to get local issuer certificate (give the CA "
		  "that "
		  "signs the nodes' certificates as ca (--cacert FILE), often certs/ca.crt or "
		  "certs/ca-ui.crt)" },
		{ "127.0.0.1", false, false,
		  ": SSL handshake failure: IP address mismatch (use a host that stands in the "
		  "node's certificate)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct node n = { .answer = OK "\r\n", .secure = true };
		struct webget_options o = { .ca = cases[i].none       ? NULL
			                          : cases[i].other_ca ? other_ca_file
			                                              : ca_file };
		char *have;

		start(&n, cases[i].host, "/x");
		have = fetch(&n, &o, NULL);
		stop(&n);
		assert_string_equal(have, cases[i].want);
		free(have);
	}
}

static void tls_to_a_clear_port_says_so(void **state)
{
	struct node n = { .answer = "HTTP/1.1 400 Bad Request\r\n\r\n" };
	struct webget_options o = { .ca = ca_file, .timeout_ms = PATIENCE_MS, .max = ENOUGH };
	struct text body = { 0 };
	char url[64];
	struct error err;

	(void)state;
	/* The node waits for an empty line, which a ClientHello does not have: say it at once. */
	start(&n, "127.0.0.1", "");
	memcpy(n.asked, "\r\n\r\n", 5);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u", addr_port(&n.at));
	o.url = url;
	assert_false(webget_run(&o, &body, &err));
	stop(&n);
	assert_non_null(strstr(err.text, "no TLS is spoken there: for an insecure cluster write "
	                                 "http://"));
}

static void a_place_that_refuses_or_is_unknown_is_named(void **state)
{
	struct webget_options o = { .timeout_ms = PATIENCE_MS, .max = ENOUGH };
	struct text body = { 0 };
	struct error err;

	(void)state;
	o.url = "http://127.0.0.1:1/x";
	assert_false(webget_run(&o, &body, &err));
	assert_string_equal(err.text,
	                    "http://127.0.0.1:1/x: cannot connect: Connection refused "
	                    "(a node's HTTP port is 8080 unless its --http-addr says otherwise)");
	o.url = "http://no..host:8080";
	assert_false(webget_run(&o, &body, &err));
	assert_non_null(strstr(err.text, "http://no..host:8080: cannot find "
	                                 "no..host: "));
	o.url = "127.0.0.1:1";
	assert_false(webget_run(&o, &body, &err));
	o.url = "https://127.0.0.1:1";
	o.ca = "/no/such/file";
	assert_false(webget_run(&o, &body, &err));
	assert_string_equal(err.text, "https://127.0.0.1:1: CA file /no/such/file: No such file or "
	                              "directory");
	assert_int_equal(body.len, 0);
}

static char *long_answer(size_t chunks, size_t size)
{
	struct text t = { 0 };

	text_add(&t, OK "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t i = 0; i < chunks; i++) {
		text_addf(&t, "%zx\r\n", size);
		for (size_t k = 0; k < size; k++)
			text_addc(&t, (char)('a' + (i + k) % 26));
		text_add(&t, "\r\n");
	}
	text_add(&t, "0\r\n\r\n");
	return text_take(&t);
}

static void long_answers_come_whole_or_not_at_all(void **state)
{
	char *answer = long_answer(300, 10000), *crumbs = long_answer(300000, 1);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct node n = { .answer = answer, .secure = i % 2, .hold = true };
		struct webget_options o = { .ca = ca_file, .max = i < 2 ? 3000000 : 2999999 };
		char *have;

		start(&n, "localhost", "/x");
		have = fetch(&n, &o, NULL);
		stop(&n);
		if (i < 2) {
			assert_int_equal(strlen(have), 3000001);
			assert_memory_equal(have, "abcdefghij", 10);
			assert_int_equal(have[2999999], 'a' + (299 + 9999) % 26);
		} else {
			assert_string_equal(have, ": the answer is longer than 2999999 bytes, too "
			                          "long for a list of nodes");
		}
		free(have);
	}
	{
		struct node n = { .answer = crumbs };
		struct webget_options o = { .max = 200000 };
		char *have;

		start(&n, "localhost", "/x");
		have = fetch(&n, &o, NULL);
		stop(&n);
		assert_non_null(strstr(have, "longer than 200000 bytes"));
		free(have);
	}
	free(answer);
	free(crumbs);
}

static void however_its_end_is_known_a_long_answer_is_the_same(void **state)
{
	enum { LENGTH = 5 << 20 };
	static const char *const fields[] = { "Content-Length: 5242880\r\n", "" };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(fields); i++) {
		struct webget_options o = { .ca = ca_file, .max = LENGTH };
		AUTO_TEXT answer = { 0 };
		struct node n = { .secure = i % 2, .hold = i < 2 };
		char *have;

		text_addf(&answer, OK "%s\r\n", fields[i / 2]);
		for (size_t k = 0; k < LENGTH; k++)
			text_addc(&answer, (char)('a' + k % 26));
		n.answer = text_str(&answer);
		start(&n, "localhost", "/x");
		have = fetch(&n, &o, NULL);
		stop(&n);
		assert_int_equal(strlen(have), LENGTH + 1);
		for (size_t k = 0; k < LENGTH; k++)
			assert_int_equal(have[k], 'a' + k % 26);
		free(have);
	}
}

static void a_head_without_end_is_not_read_for_ever(void **state)
{
	struct text t = { 0 };
	char *answer;

	(void)state;
	text_add(&t, OK);
	for (size_t i = 0; i < 3000; i++)
		text_add(&t, "A: b\r\n\r"); /* no empty line */
	answer = text_take(&t);
	{
		struct node n = { .answer = answer, .hold = true };
		struct webget_options o = { 0 };
		char *have;

		start(&n, "localhost", "/x");
		have = fetch(&n, &o, NULL);
		stop(&n);
		assert_non_null(strstr(have, ": the answer is not HTTP"));
		free(have);
	}
	free(answer);
}

/* Steps that come before anything is ready change nothing. */
static void a_step_too_early_does_no_harm(void **state)
{
	struct node n = { .answer = OK "Content-Length: 2\r\n\r\nok", .piece = 1, .secure = true };
	const struct tls_client_options tls = { .verify = true, .ca = ca_file };
	struct webget_target t = { .name = n.url, .max = 10 };
	enum webget_state s = WEBGET_MORE;
	struct webget *w;
	struct error err;
	struct url u;

	(void)state;
	start(&n, "localhost", "/x");
	assert_true(url_parse(n.url, &u, &err));
	assert_true(tls_context_new(&tls, &t.tls, &err));
	t.url = &u;
	t.to = &n.at;
	w = webget_begin(&t, &err);
	assert_non_null(w);
	assert_true(webget_fd(w) >= 0);
	wait_for(webget_fd(w), POLLOUT);
	while (s == WEBGET_MORE) {
		struct pollfd p = { .fd = webget_fd(w),
			            .events = webget_wants(w) == WEBGET_READ ? POLLIN : POLLOUT };

		s = webget_step(w, &err);
		if (s == WEBGET_MORE)
			poll(&p, 1, 1);
	}
	assert_int_equal(s, WEBGET_DONE);
	assert_int_equal(webget_status(w), 200);
	assert_string_equal(text_str(webget_body(w)), "ok");
	webget_end(w);
	webget_end(NULL);
	tls_context_free(t.tls);
	stop(&n);
}

static void write_session(const char *words)
{
	FILE *f = fopen(session_file, "w");

	assert_non_null(f);
	fputs(words, f);
	fclose(f);
}

static void a_session_is_what_people_have(void **state)
{
	static const struct {
		const char *said, *want;
	} cases[] = {
		{ "CIGA==", "CIGA==" },
		{ " CIGA== \n", "CIGA==" },
		{ "session=CIGA==; Path=/; HttpOnly; Secure", "CIGA==" },
		{ "Cookie: session=CIGA==", "CIGA==" },
		{ "  username |     session ID     |   authentication cookie\n--+--\n  root | 893 "
		  "| "
		  "session=CIGA==; Path=/; HttpOnly; Secure\n(1 row)\n",
		  "CIGA==" },
		{ "", NULL },
		{ "session=", NULL },
		{ "a b", NULL },
		{ "a\r\nX: y", "a" },
		{ "a;b", NULL },
		{ "a\"b", NULL },
		{ "\xc3\xa4", NULL },
	};
	static const char *const unclean[] = { "secret value", " secret==; Path=/; HttpOnly",
		                               "\r\n\tsecret,", "session=\"secret\"" };
	char named[80];
	struct error err;
	char *session;

	(void)state;
	snprintf(named, sizeof(named), "file:%s", session_file);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_session(cases[i].said);
		for (size_t k = 0; k < 2; k++) {
			bool ok = webget_session(k ? named : cases[i].said, &session, &err);

			assert_int_equal(ok, cases[i].want != NULL);
			if (!ok) {
				assert_non_null(strstr(err.text, "there is no session in it: write "
				                                 "what `cockroach auth-session"));
				continue;
			}
			assert_string_equal(session, cases[i].want);
			free(session);
		}
	}
	assert_false(webget_session("file:/no/such", &session, &err));
	assert_string_equal(err.text, "the session's file /no/such: No such file or directory");
	assert_false(webget_session("file:/tmp", &session, &err));
	assert_non_null(strstr(err.text, "Is a directory"));
	for (size_t i = 0; i < ARRAY_LEN(unclean); i++) {
		assert_false(webget_session(unclean[i], &session, &err));
		assert_int_equal(strncmp(err.text, "the session: there is no session in it", 38),
		                 0);
		assert_null(strstr(err.text, "secret"));
		write_session(unclean[i]);
		assert_false(webget_session(named, &session, &err));
		assert_int_equal(strncmp(err.text, named, strlen(named)), 0);
		assert_null(strstr(err.text, "secret"));
	}
}

static int make_files(void **state)
{
	const struct pki_request ca = { NULL, NULL, -3600, YEAR };
	const struct pki_request server = { "DNS:localhost", &authority, -3600, YEAR };

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* OpenSSL's own sockets; the code under test raises none */
	if (!mkdtemp(dir))
		return -1;
	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", dir);
	snprintf(other_ca_file, sizeof(other_ca_file), "%s/other.pem", dir);
	snprintf(session_file, sizeof(session_file), "%s/session", dir);
	if (!pki_make(&ca, &authority) || !pki_make(&ca, &stranger) ||
	    !pki_make(&server, &server_cert))
		return -1;
	return pki_write(ca_file, authority.cert, NULL, NULL) &&
	               pki_write(other_ca_file, stranger.cert, NULL, NULL)
	           ? 0
	           : -1;
}

static int remove_files(void **state)
{
	(void)state;
	pki_free(&authority);
	pki_free(&stranger);
	pki_free(&server_cert);
	unlink(ca_file);
	unlink(other_ca_file);
	unlink(session_file);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_its_body_or_an_error),
		cmocka_unit_test(over_tls_it_is_the_same),
		cmocka_unit_test(what_a_secure_cluster_says_in_clear_has_its_cure),
		cmocka_unit_test(the_request_has_host_and_session),
		cmocka_unit_test(answers_before_the_answer_are_counted),
		cmocka_unit_test(a_session_that_is_said_back_is_not_shown),
		cmocka_unit_test(a_whole_answer_needs_no_end_of_the_connection),
		cmocka_unit_test(time_is_over_wherever_it_stops),
		cmocka_unit_test(a_handshake_without_an_answer_is_late),
		cmocka_unit_test(certificates_are_verified),
		cmocka_unit_test(tls_to_a_clear_port_says_so),
		cmocka_unit_test(a_place_that_refuses_or_is_unknown_is_named),
		cmocka_unit_test(long_answers_come_whole_or_not_at_all),
		cmocka_unit_test(however_its_end_is_known_a_long_answer_is_the_same),
		cmocka_unit_test(a_head_without_end_is_not_read_for_ever),
		cmocka_unit_test(a_step_too_early_does_no_harm),
		cmocka_unit_test(a_session_is_what_people_have),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
