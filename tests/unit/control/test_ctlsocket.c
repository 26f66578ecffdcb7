/* SPDX-License-Identifier: MIT */
/* WRAP: crew_sessions crew_kill crew_end_sessions crew_pause_frontend crew_close_frontend */
/* WRAP: crew_set_maxconn crew_set_rate_limits crew_threads crew_load crew_listeners */
/* WRAP: crew_listener_count crew_listener crew_connections crew_accepted crew_dropped_records */
#include "control/ctlsocket.h"

#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fakecrew.h"

/*
 * Real sockets on one loop: a client's bytes are sent, the loop turns until nothing happens any
 * more, and what has come back is compared.
 */
static struct scene scene;
static struct stream_server *server;
static char folder[] = "/tmp/ctlsocket.XXXXXX";
static char path[64];

static int open_level(enum settings_level level)
{
	static struct settings_socket set;
	struct error err;

	scene_open(&scene, NULL);
	set = (struct settings_socket){ .text = path, .level = level };
	assert_true(addr_from_unix(path, &set.addr, &err));
	if (!ctlsocket_open(scene.loop, &set, &scene.daemon, &server, &err))
		fail_msg("%s", err.text);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return open_level(SETTINGS_LEVEL_ADMIN);
}

static int setup_user(void **state)
{
	(void)state;
	return open_level(SETTINGS_LEVEL_USER);
}

static int teardown(void **state)
{
	(void)state;
	stream_server_close(server);
	scene_close(&scene);
	return 0;
}

static int join(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(sa.sun_path, path, strlen(path) + 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

/* Sends that and returns what there is to read then; "<EOF>" at the end of it. */
static const char *talk(int fd, const char *bytes, struct text *out)
{
	char buf[65536];
	ssize_t n;

	text_clear(out);
	if (*bytes)
		assert_int_equal(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
	for (int turn = 0; turn < 8; turn++) {
		ev_run(scene.loop, EVRUN_NOWAIT);
		while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
			text_addn(out, buf, (size_t)n);
		if (n == 0) {
			text_add(out, "<EOF>");
			break;
		}
	}
	return text_str(out);
}

static void check(const char *bytes, const char *expected)
{
	AUTO_TEXT out = { 0 };
	int fd = join();

	if (strcmp(talk(fd, bytes, &out), expected) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", bytes, text_str(&out), expected);
	close(fd);
}

#define W1 "1 (initial 1)\n\n"
#define W2 "2 (initial 2)\n\n"

/* Each as observed with HAProxy 2.6.12. */
static void framing_is_that_of_haproxy(void **state)
{
	static const char *const table[][2] = {
		{ "get weight psql/n1\n", W1 "<EOF>" },
		{ "get weight psql/n1\r\n", W1 "<EOF>" },
		{ "  get   weight\tpsql/n1  \n", W1 "<EOF>" },
		{ "get weight psql/n1;get weight psql/n2\n", W1 W2 "<EOF>" },
		{ "get weight psql/n1\nget weight psql/n2\n", W1 W2 "<EOF>" },
		{ "get weight psql\\/n1\n", W1 "<EOF>" },
		{ "get weight psql/n1\\;x\n", "No such server.\n\n<EOF>" },
		{ "get weight \"psql/n1\"\n", "No such backend.\n\n<EOF>" },
		{ "get weight psql/n1 # foo\n", W1 "<EOF>" },
		{ "set weight psql/n1 1\n", "\n<EOF>" },
		{ "get weight psql/n1", "" },
		{ "quit\n", "<EOF>" },
		{ "get weight psql/n1;quit;get weight psql/n2\n", W1 "<EOF>" },
		{ "prompt\n", "\n> " },
		{ "prompt;get weight psql/n1\n", "\n> " W1 "> " },
		{ "prompt\nprompt\n", "\n> \n<EOF>" },
		{ "prompt n\n", "\n<EOF>" },
		{ "prompt i\n", "\n" },
		{ "user;show cli level\n", "\nuser\n\n<EOF>" },
		{ "operator;set weight psql/n1 1\n", "\nPermission denied\n\n<EOF>" },
		{ "set severity-output number;get weight foo/bar\n",
		  "\n[3]: No such backend.\n\n<EOF>" },
		{ "get weight psql/n1 <<\n", "" },
		{ "get weight psql/n1 <<\nabc\n\n", W1 "<EOF>" },
		{ "get weight psql/n1 <<\nabc\n;x\n\nget weight psql/n2\n", W1 W2 "<EOF>" },
		{ "_getsocks\n", "<EOF>" },
		{ "show events buf0\n", "\n<EOF>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		check(table[i][0], table[i][1]);
}

static void a_conversation_goes_on_until_it_is_ended(void **state)
{
	static const char *const table[][2] = {
		{ "prompt\n", "\n> " },
		{ "get weight psql/n1\n", W1 "> " },
		{ "set weight psql/n1 1\n", "\n> " },
		{ "get weight psql/n1 <<\n", "+ " },
		{ "abc\n", "+ " },
		{ "\n", W1 "> " },
		{ "prompt timed\n", "\n[0:00:00:00]> " },
		{ "prompt i\n", "\n" },
		{ "get weight psql/n2\n", W2 },
		{ "quit\n", "<EOF>" },
	};
	AUTO_TEXT out = { 0 };
	int fd = join();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_string_equal(talk(fd, table[i][0], &out), table[i][1]);
	close(fd);
}

static void a_client_may_stop_sending_at_once(void **state)
{
	static const char *const lines[] = { "get weight psql/n1\n", "get weight psql/n1",
		                             "get weight psql/n1 <<\nabc" };
	AUTO_TEXT out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		int fd = join();

		send(fd, lines[i], strlen(lines[i]), 0);
		shutdown(fd, SHUT_WR);
		assert_string_equal(talk(fd, "", &out), W1 "<EOF>");
		close(fd);
	}
}

static void the_level_is_that_of_the_socket(void **state)
{
	(void)state;
	check("show cli level\n", "user\n\n<EOF>");
	check("set weight psql/n1 1\n", "Permission denied\n\n<EOF>");
}

static void the_file_belongs_to_owner_and_group(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void events_follow(void **state)
{
	AUTO_TEXT out = { 0 };
	int fd = join();

	(void)state;
	assert_string_equal(talk(fd, "show events buf0 -w\n", &out), "");
	roster_say(scene.daemon.roster, 5, "it goes on");
	assert_non_null(strstr(talk(fd, "", &out), "it goes on\n"));
	shutdown(fd, SHUT_WR);
	assert_string_equal(talk(fd, "", &out), "<EOF>");
	close(fd);
}

/* A journal that is longer than what a follower may leave unread. */
static struct journal *long_journal(size_t count)
{
	struct journal *j = journal_new(count);
	struct journal_event e = { .kind = JOURNAL_PROCESS };

	memset(e.text, 'x', sizeof(e.text) - 1);
	for (size_t i = 0; i < count; i++)
		journal_append(j, &e);
	return j;
}

static void a_follower_gets_all_that_it_has_missed(void **state)
{
	enum { EVENTS = 8192 };
	struct journal *own = scene.daemon.journal;
	AUTO_TEXT all = { 0 };
	AUTO_TEXT out = { 0 };
	int fd = join();
	size_t lines = 0;

	(void)state;
	scene.daemon.journal = long_journal(EVENTS);
	text_add(&all, talk(fd, "show events json follow\n", &out));
	while (out.len && !strstr(text_str(&out), "<EOF>"))
		text_add(&all, talk(fd, "", &out));
	assert_true(all.len > (size_t)STREAM_FOLLOWER_MAX * 3 / 2);
	for (size_t i = 0; i < all.len; i++)
		lines += all.data[i] == '\n';
	assert_int_equal(lines, EVENTS);
	assert_null(strstr(text_str(&all), "<EOF>"));
	/* And what comes next. */
	roster_say(scene.daemon.roster, 5, "it goes on");
	assert_non_null(strstr(talk(fd, "", &out), "it goes on"));
	close(fd);
	journal_free(scene.daemon.journal);
	scene.daemon.journal = own;
}

/* The next commands come after the wait, also for a client that sends no more. */
static void a_wait_holds_the_line_back(void **state)
{
	struct topology_server *n3 = topology_find_server(scene.daemon.topology, "psql/n3");
	AUTO_TEXT out = { 0 };
	int fd = join();

	(void)state;
	roster_order(scene.daemon.roster, n3, ROSTER_MAINT);
	atomic_store(&n3->active, 1);
	assert_string_equal(talk(fd, "wait 1h srv-removable psql/n3;get weight psql/n1\n", &out),
	                    "");
	shutdown(fd, SHUT_WR);
	assert_string_equal(talk(fd, "", &out), "");
	atomic_store(&n3->active, 0);
	while (!out.len) {
		ev_run(scene.loop, EVRUN_ONCE);
		talk(fd, "", &out);
	}
	assert_string_equal(text_str(&out), "Done.\n\n" W1 "<EOF>");
	close(fd);
}

static void an_idle_operator_is_sent_away(void **state)
{
	AUTO_TEXT out = { 0 };
	int fd = join();

	(void)state;
	assert_string_equal(talk(fd, "prompt;set timeout cli 20ms\n", &out), "\n> \n> ");
	while (strcmp(talk(fd, "", &out), "<EOF>") != 0)
		ev_run(scene.loop, EVRUN_ONCE);
	close(fd);
}

/* A TCP socket, and one that somebody else has opened. */
static void it_may_be_on_tcp_or_inherited(void **state)
{
	struct settings_socket tcp = { .text = "127.0.0.1:0", .level = SETTINGS_LEVEL_OPERATOR };
	struct settings_socket inherited = { .text = "fd:n", .level = SETTINGS_LEVEL_USER };
	struct stream_server *servers[2];
	AUTO_TEXT out = { 0 };
	struct error err;

	(void)state;
	assert_true(addr_parse_ip("127.0.0.1", 0, &tcp.addr));
	inherited.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(inherited.fd, &tcp.addr.sa, tcp.addr.len), 0);
	assert_int_equal(listen(inherited.fd, 5), 0);
	assert_true(ctlsocket_open(scene.loop, &tcp, &scene.daemon, &servers[0], &err));
	assert_true(ctlsocket_open(scene.loop, &inherited, &scene.daemon, &servers[1], &err));
	for (int i = 0; i < 2; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		struct addr at;

		assert_true(sock_local(servers[i]->fd, &at));
		assert_int_equal(connect(fd, &at.sa, at.len), 0);
		assert_string_equal(talk(fd, "show cli level\n", &out),
		                    i ? "user\n\n<EOF>" : "operator\n\n<EOF>");
		close(fd);
		stream_server_close(servers[i]);
	}
}

static void a_descriptor_that_is_no_socket_is_refused(void **state)
{
	struct settings_socket set = { .text = "fd:n", .fd = 99 };
	struct stream_server *ret;
	struct error err;

	(void)state;
	assert_false(ctlsocket_open(scene.loop, &set, &scene.daemon, &ret, &err));
	assert_non_null(strstr(err.text, "admin.socket"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(framing_is_that_of_haproxy),
		TEST(a_conversation_goes_on_until_it_is_ended),
		TEST(a_client_may_stop_sending_at_once),
		cmocka_unit_test_setup_teardown(the_level_is_that_of_the_socket, setup_user,
		                                teardown),
		TEST(the_file_belongs_to_owner_and_group),
		TEST(events_follow),
		TEST(a_follower_gets_all_that_it_has_missed),
		TEST(a_wait_holds_the_line_back),
		TEST(an_idle_operator_is_sent_away),
		TEST(it_may_be_on_tcp_or_inherited),
		TEST(a_descriptor_that_is_no_socket_is_refused),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/s", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
