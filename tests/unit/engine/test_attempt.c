/* SPDX-License-Identifier: MIT */
/* WRAP: socket connect setsockopt getsockopt send recv poll */
/* What comes of one check, seen through the checker that runs it. */
#include "engine/checker.h"

#include "checker_fixture.h"
#include "checker_tls_peer.h"

#include <poll.h>

#define OK_ANSWER   "HTTP/1.0 200 OK\r\n\r\n"
#define BUSY_ANSWER "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"

static int calls_left; /* the call that brings this to zero fails */

static bool fails_now(int errnum)
{
	if (calls_left == 0 || --calls_left != 0)
		return false;
	errno = errnum;
	return true;
}

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	return fails_now(EMFILE) ? -1 : __real_socket(family, type, protocol);
}

int __real_connect(int fd, const struct sockaddr *to, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	return fails_now(ENETUNREACH) ? -1 : __real_connect(fd, to, len);
}

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return fails_now(ENOBUFS) ? -1 : __real_setsockopt(fd, level, name, value, len);
}

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return fails_now(ENOBUFS) ? -1 : __real_getsockopt(fd, level, name, value, len);
}

ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
	return fails_now(EPIPE) ? -1 : __real_send(fd, bytes, len, flags);
}

ssize_t __real_recv(int fd, void *buf, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags)
{
	return fails_now(ECONNRESET) ? -1 : __real_recv(fd, buf, size, flags);
}

static bool is_far; /* a look never finds a connect complete at once */

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return is_far ? 0 : __real_poll(fds, count, timeout);
}

static void every_behaviour_of_a_peer_has_its_verdict(void **state)
{
	static const struct {
		enum settings_check_type type;
		enum manner manner;
		const char *answer;
		enum probe_code code;
		uint16_t status;
		bool draining;
		const char *info;
	} cases[] = {
		{ SETTINGS_CHECK_HTTP, PEER_ANSWERS, OK_ANSWER, PROBE_L7OK, 200, false, "" },
		{ SETTINGS_CHECK_HTTP, PEER_ANSWERS, BUSY_ANSWER, PROBE_L7STS, 503, true,
		  "Service Unavailable" },
		{ SETTINGS_CHECK_HTTP, PEER_ANSWERS, "HTTP/1.0 500 Oops\r\n\r\n", PROBE_L7STS, 500,
		  false, "Oops" },
		{ SETTINGS_CHECK_HTTP, PEER_ANSWERS, "SSH-2.0-OpenSSH\r\n", PROBE_L7RSP, 0, false,
		  "" },
		{ SETTINGS_CHECK_HTTP, PEER_ANSWERS_UNREAD, OK_ANSWER, PROBE_L7OK, 200, false, "" },
		{ SETTINGS_CHECK_HTTP, PEER_CLOSES, "", PROBE_L7RSP, 0, false, "" },
		{ SETTINGS_CHECK_HTTP, PEER_RESETS, "", PROBE_SOCKERR, 0, false,
		  "Connection reset by peer" },
		{ SETTINGS_CHECK_HTTP, PEER_IS_SILENT, "", PROBE_L7TOUT, 0, false, "" },
		{ SETTINGS_CHECK_HTTP, PEER_DRIPS, BUSY_ANSWER BUSY_ANSWER, PROBE_L7TOUT, 0, false,
		  "" },
		{ SETTINGS_CHECK_TCP, PEER_IS_SILENT, "", PROBE_L4OK, 0, false, "" },
		{ SETTINGS_CHECK_PGSQL, PEER_ANSWERS, "S", PROBE_L7OK, 0, false,
		  "PostgreSQL server is ok" },
		{ SETTINGS_CHECK_PGSQL, PEER_ANSWERS, "H", PROBE_L7RSP, 0, false, "" },
		{ SETTINGS_CHECK_PGSQL, PEER_IS_SILENT, "", PROBE_L7TOUT, 0, false, "" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct probe_result *r;

		f->manner = cases[i].manner;
		f->answer = cases[i].answer;
		add_target(f, cases[i].type, 60000)->timeout_ms = 800;
		start(f);
		r = run_until_ended(f, 0, 1);
		assert_verdict(r, cases[i].code, cases[i].status, cases[i].info);
		assert_int_equal(r->draining, cases[i].draining);
		if (r->code == PROBE_L7TOUT)
			assert_in_range(r->duration_ms, 790, 3000);
		else
			assert_in_range(r->duration_ms, 0, 790);
		stop(f);
	}
}

static void endless_interim_answers_are_given_up(void **state)
{
	enum { SIZE = 100000 };
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct fixture *f = *state;
	char *answer = malloc(SIZE);

	for (size_t i = 0; i < SIZE; i++)
		answer[i] = interim[i % (sizeof(interim) - 1)];
	f->answer = answer;
	f->answer_len = SIZE;
	add_target(f, SETTINGS_CHECK_HTTP, 5000);
	start(f);
	assert_int_equal(run_until_ended(f, 0, 1)->code, PROBE_L7RSP);
	free(answer);
}

static void refused_and_unanswered_connects_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct addr full;
	struct addr closed;
	int refusing = listen_somewhere(&closed, -1);
	int hanging = listen_somewhere(&full, 0);
	int waiting[2];

	for (size_t i = 0; i < ARRAY_LEN(waiting); i++) { /* they fill the backlog */
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(waiting[i], &full.sa, full.len);
	}
	add_target(f, SETTINGS_CHECK_TCP, 60000);
	add_target(f, SETTINGS_CHECK_HTTP, 60000)->timeout_ms = 200;
	add_target(f, SETTINGS_CHECK_HTTP, 60000)->connect_timeout_ms = 200;
	f->targets[2].check_port = addr_port(&full);
	f->targets[0].check_port = addr_port(&closed);
	f->targets[1].check_port = addr_port(&full);
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L4CON, 0, "Connection refused");
	hurry(f, 1);
	assert_verdict(run_until_ended(f, 1, 1), PROBE_L4TOUT, 0, "");
	assert_in_range(f->heard[1].result[0].duration_ms, 190, 3000);
	hurry(f, 2);
	assert_verdict(run_until_ended(f, 2, 1), PROBE_L4TOUT, 0, "");
	assert_in_range(f->heard[2].result[0].duration_ms, 190, 3000);
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++)
		close(waiting[i]);
	close(refusing);
	close(hanging);
}

static void unix_sockets_are_checked_too(void **state)
{
	struct fixture *f = *state;
	struct addr at;
	char path[64];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(path, sizeof(path), "/tmp/test_checker.%d", (int)getpid());
	unlink(path);
	assert_true(addr_from_unix(path, &at, NULL));
	assert_int_equal(bind(fd, &at.sa, at.len), 0);
	assert_int_equal(listen(fd, 1), 0);
	add_target(f, SETTINGS_CHECK_TCP, 60000);
	start_without_address(f);
	set_address(f, 0, &at, NULL);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L4OK, 0, "");
	close(fd);
	unlink(path);
}

static void checks_end_with_a_reset_but_pgsql_with_a_fin(void **state)
{
	static const struct {
		enum settings_check_type type;
		const char *answer;
		int ended_with;
	} cases[] = {
		{ SETTINGS_CHECK_HTTP, OK_ANSWER, ECONNRESET },
		{ SETTINGS_CHECK_REDIS, "+PONG\r\n", ECONNRESET },
		{ SETTINGS_CHECK_PGSQL, "N", 0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->answer = cases[i].answer;
		f->ended_with = -1;
		add_target(f, cases[i].type, 60000);
		start(f);
		run_until_ended(f, 0, 1);
		run_until_closed(f, (int)i + 1);
		assert_int_equal(f->ended_with, cases[i].ended_with);
		stop(f);
	}
}

/* Its handshake is not completed: nothing of it reaches the program that listens. */
static void tcp_checks_are_not_accepted(void **state)
{
	struct fixture *f = *state;

	add_target(f, SETTINGS_CHECK_TCP, 60000);
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L4OK, 0, "");
	run_for(f, 0.05);
	assert_int_equal(f->accepted, 0);
}

static void peer_that_has_left_is_not_reset(void **state)
{
	struct fixture *f = *state;
	struct settings_check *check = add_target(f, SETTINGS_CHECK_HTTP, 60000);

	f->manner = PEER_ANSWERS_AND_ENDS;
	f->answer = OK_ANSWER;
	check->expect_string = "nothing";
	start(f);
	assert_int_equal(run_until_ended(f, 0, 1)->code, PROBE_L7RSP);
	run_until_closed(f, 1);
	assert_int_equal(f->ended_with, 0);
}

static void host_header_names_what_is_checked(void **state)
{
	static const struct {
		const char *host, *address, *named;
	} cases[] = {
		{ "node.test", NULL, "node.test" },
		{ "node.test", "10.0.0.1", "10.0.0.1" },
		{ "fd00::1", NULL, "[fd00::1]" },
		{ "unix:/run/x", NULL, "localhost" },
	};
	struct fixture *f = *state;

	f->answer = OK_ANSWER;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_check *check = add_target(f, SETTINGS_CHECK_HTTP, 60000);
		bool is_unix = strncmp(cases[i].host, "unix:", 5) == 0;
		char port[16];
		char expected[128];

		check->version = "1.1";
		check->address = cases[i].address;
		f->targets[0].host = cases[i].host;
		start(f);
		run_until_ended(f, 0, 1);
		snprintf(port, sizeof(port), ":%u", addr_port(&f->addr));
		snprintf(expected, sizeof(expected), "\r\nhost: %s%s\r\n", cases[i].named,
		         is_unix ? "" : port);
		assert_non_null(strstr(f->request, expected));
		stop(f);
	}
}

static void answer_that_has_come_beats_the_clock(void **state)
{
	struct fixture *f = *state;

	f->manner = PEER_STALLS;
	f->stall_ms = 150;
	f->answer = OK_ANSWER;
	add_target(f, SETTINGS_CHECK_HTTP, 60000)->timeout_ms = 100;
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L7OK, 200, "");
}

static void every_fault_ends_in_a_verdict(void **state)
{
	static const struct {
		enum settings_check_type type;
		const char *answer;
		int failed; /* if it is far; otherwise nobody asks for SO_ERROR */
	} cases[] = {
		{ SETTINGS_CHECK_TCP, "", 4 },         /* socket, TCP_QUICKACK, connect, SO_ERROR */
		{ SETTINGS_CHECK_HTTP, OK_ANSWER, 5 }, /* recv */
		{ SETTINGS_CHECK_PGSQL, "S", 4 },      /* a failing send goes on to read, in vain */
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		int failed = 0;

		is_far = i % 2;
		f->answer = cases[i / 2].answer;
		for (int k = 1; calls_left == 0; k++) {
			const struct probe_result *r;

			add_target(f, cases[i / 2].type, 60000)->timeout_ms = 300;
			start(f);
			calls_left = k;
			r = run_until_ended(f, 0, 1);
			failed += r->code == PROBE_UNKNOWN || r->code == PROBE_SOCKERR ||
			          r->code == PROBE_L4CON;
			run_for(f, 0.001);
			stop(f);
		}
		calls_left = 0;
		assert_int_equal(failed, cases[i / 2].failed - !is_far);
	}
	is_far = false;
}

static void faults_have_their_words(void **state)
{
	static const struct {
		enum probe_code code;
		const char *words;
	} cases[] = {
		{ PROBE_UNKNOWN, "Too many open files" },       /* socket */
		{ PROBE_UNKNOWN, "No buffer space available" }, /* TCP_QUICKACK */
		{ PROBE_L4CON, "Network is unreachable" },      /* connect */
		{ PROBE_UNKNOWN, "No buffer space available" }, /* SO_ERROR */
		{ PROBE_L4OK, "" },                             /* SO_LINGER: ends with a FIN */
	};
	struct fixture *f = *state;

	is_far = true;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		add_target(f, SETTINGS_CHECK_TCP, 60000);
		start(f);
		calls_left = (int)i + 1;
		assert_verdict(run_until_ended(f, 0, 1), cases[i].code, 0, cases[i].words);
		assert_int_equal(calls_left, 0);
		stop(f);
	}
	is_far = false;
}

/* What the server shows, what the client asks for, and what comes of it. */
struct tls_case {
	const char *names;
	long valid_s;
	const char *host, *sni;
	const char *info; /* a part of it */
	enum probe_code code;
	bool wants_cert, shows_cert, other_ca, no_verify;
};

static void check_tls(struct fixture *f, const struct tls_case *t, const struct identity *ca,
                      const char *dir)
{
	struct identity node = make_identity(ca, t->names, t->valid_s);
	struct settings_check *check = add_target(f, SETTINGS_CHECK_HTTPS, 60000);
	const struct probe_result *r;
	struct tls_peer peer;
	struct addr at;
	char ca_file[128];
	char cert_file[128];

	snprintf(ca_file, sizeof(ca_file), "%s/%s", dir, t->other_ca ? "other.pem" : "ca.pem");
	snprintf(cert_file, sizeof(cert_file), "%s/client.pem", dir);
	start_tls_peer(&peer, &node, t->wants_cert ? ca : NULL, &at);
	check->ca = ca_file;
	check->cert = t->shows_cert ? cert_file : NULL;
	check->verify = !t->no_verify;
	check->sni = t->sni;
	f->targets[0].host = t->host;
	f->targets[0].check_port = addr_port(&at);
	f->targets[f->count++] = f->targets[0]; /* shares the context of the first */
	start(f);
	r = run_until_ended(f, 0, 1);
	assert_string_equal(probe_code_name(r->code), probe_code_name(t->code));
	if (!strstr(r->info, t->info))
		fail_msg("\"%s\" is not in \"%s\"", t->info, r->info);
	hurry(f, 1);
	assert_int_equal(run_until_ended(f, 1, 1)->code, t->code);
	stop(f);
	stop_tls_peer(&peer);
	free_identity(&node);
}

static void tls_is_verified(void **state)
{
	static const struct tls_case cases[] = {
		{ "DNS:n1.test", 3600, .host = "n1.test", .code = PROBE_L7OK, .info = "" },
		{ "DNS:n1.test", 3600, .host = "10.0.0.1", .sni = "n1.test", .code = PROBE_L7OK,
		  .info = "" },
		{ "IP:10.0.0.1", 3600, .host = "10.0.0.1", .code = PROBE_L7OK, .info = "" },
		{ "DNS:n1.test", 3600, .host = "n2.test", .code = PROBE_L6RSP,
		  .info = "SSL handshake failure: hostname mismatch" },
		{ "DNS:n1.test", 3600, .host = "10.0.0.1", .code = PROBE_L6RSP,
		  .info = "SSL handshake failure: IP address mismatch" },
		{ "DNS:n1.test", -60, .host = "n1.test", .code = PROBE_L6RSP,
		  .info = "SSL handshake failure: certificate has expired" },
		{ "DNS:n1.test", 3600, .host = "n1.test", .other_ca = true, .code = PROBE_L6RSP,
		  .info = "SSL handshake failure: " },
		{ "DNS:n1.test", -60, .host = "n2.test", .other_ca = true, .no_verify = true,
		  .code = PROBE_L7OK, .info = "" },
		{ "DNS:n1.test", 3600, "n1.test", .wants_cert = true, .code = PROBE_L6RSP,
		  .info = "" },
		{ "DNS:n1.test", 3600, "n1.test", .wants_cert = true, .shows_cert = true,
		  .code = PROBE_L7OK, .info = "" },
	};
	static const char *const files[] = { "ca.pem", "other.pem", "client.pem" };
	struct fixture *f = *state;
	char dir[] = "/tmp/test_checker.XXXXXX";
	struct identity ids[3];
	char path[128];

	assert_non_null(mkdtemp(dir));
	ids[0] = make_identity(NULL, NULL, 3600);
	ids[1] = make_identity(NULL, NULL, 3600);
	ids[2] = make_identity(&ids[0], "DNS:client", 3600);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		write_identity(&ids[i], path);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_tls(f, &cases[i], &ids[0], dir);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
		free_identity(&ids[i]);
	}
	rmdir(dir);
}

static void peers_that_do_not_speak_tls_fail_at_layer_6(void **state)
{
	static const struct {
		enum manner manner;
		enum probe_code code;
		const char *info;
	} cases[] = {
		{ PEER_ANSWERS, PROBE_L6RSP, "SSL handshake failure: " },
		{ PEER_CLOSES, PROBE_L6RSP, "SSL handshake failure: connection closed" },
		{ PEER_RESETS, PROBE_L6RSP, "SSL handshake failure: Connection reset by peer" },
		{ PEER_IS_SILENT, PROBE_L6TOUT, "" },
	};
	struct fixture *f = *state;

	f->answer = BUSY_ANSWER;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct probe_result *r;

		f->manner = cases[i].manner;
		add_target(f, SETTINGS_CHECK_HTTPS, 60000)->timeout_ms = 250;
		start(f);
		r = run_until_ended(f, 0, 1);
		assert_string_equal(probe_code_name(r->code), probe_code_name(cases[i].code));
		if (!strstr(r->info, cases[i].info))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].info, r->info);
		stop(f);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_behaviour_of_a_peer_has_its_verdict),
		TEST(endless_interim_answers_are_given_up),
		TEST(refused_and_unanswered_connects_are_told_apart),
		TEST(unix_sockets_are_checked_too),
		TEST(checks_end_with_a_reset_but_pgsql_with_a_fin),
		TEST(tcp_checks_are_not_accepted),
		TEST(peer_that_has_left_is_not_reset),
		TEST(host_header_names_what_is_checked),
		TEST(answer_that_has_come_beats_the_clock),
		TEST(every_fault_ends_in_a_verdict),
		TEST(faults_have_their_words),
		TEST(tls_is_verified),
		TEST(peers_that_do_not_speak_tls_fail_at_layer_6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
