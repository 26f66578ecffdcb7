/* SPDX-License-Identifier: MIT */
/* UNIX sockets of net/sock: files that are stale, live or no sockets at all. */
#include "net/sock.h"

#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char dir[] = "/tmp/test_socku.XXXXXX";

static struct addr in_dir(const char *name)
{
	char path[100];
	struct addr a;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_true(addr_from_unix(path, &a, NULL));
	return a;
}

static void connects_and_accepts_at_once(void **unused)
{
	struct addr at = in_dir("simple");
	struct addr real;
	struct addr peer;
	bool connected = false;
	int listener = must_listen(&at, &plain, &real);
	int client = sock_connect(&at, &no_options, &connected);
	int server = sock_accept(listener, &peer);

	(void)unused;
	assert_true(connected);
	assert_well_born(listener);
	assert_well_born(client);
	assert_well_born(server);
	assert_true(addr_equal(&real, &at));
	assert_true(sock_adopt(listener, &plain, NULL));
	sock_close(client);
	sock_close(server);
	sock_close(listener);
	assert_int_equal(sock_connect(&at, &no_options, &connected), -1);
	assert_int_equal(errno, ECONNREFUSED);
	unlink(at.un.sun_path);
	assert_int_equal(sock_connect(&at, &no_options, &connected), -1);
	assert_int_equal(errno, ENOENT);
}

static void unix_client_is_nameless_even_if_it_is_bound(void **unused)
{
	struct addr name = in_dir("client");
	struct addr at = in_dir("server");
	struct addr real;
	struct addr peer;
	int listener = must_listen(&at, &plain, &real);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	int server;

	(void)unused;
	assert_int_equal(bind(client, &name.sa, name.len), 0);
	assert_int_equal(connect(client, &at.sa, at.len), 0);
	server = sock_accept(listener, &peer);
	assert_true(server >= 0);
	assert_int_equal(peer.sa.sa_family, AF_UNIX);
	assert_string_equal(peer.un.sun_path, "");
	sock_close(client);
	sock_close(server);
	sock_close(listener);
	unlink(name.un.sun_path);
	unlink(at.un.sun_path);
}

static void stale_unix_socket_is_replaced_and_gets_its_mode(void **unused)
{
	const struct sock_listen_options o = { .mode = 0660 };
	struct addr at = in_dir("stale");
	struct addr real;
	struct stat st;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		int fd = must_listen(&at, &o, &real);

		assert_int_equal(stat(at.un.sun_path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0660);
		sock_close(must_connect(&at));
		sock_close(fd);
		assert_int_equal(access(at.un.sun_path, F_OK), 0);
	}
	unlink(at.un.sun_path);
}

static void a_socket_file_is_given_to_its_owner(void **unused)
{
	struct sock_listen_options o = { .user = "nosuchuser" };
	struct addr at = in_dir("owned");
	struct addr real;
	struct error err;
	struct stat st;
	char number[12];
	int fd = -1;

	(void)unused;
	assert_false(sock_listen(&at, &o, &fd, &err));
	assert_non_null(strstr(err.text, ": there is no user \"nosuchuser\""));
	assert_int_equal(access(at.un.sun_path, F_OK), -1);
	o = (struct sock_listen_options){ .group = "nosuchgroup" };
	assert_false(sock_listen(&at, &o, &fd, &err));
	assert_non_null(strstr(err.text, ": there is no group \"nosuchgroup\""));
	assert_int_equal(access(at.un.sun_path, F_OK), -1);
	snprintf(number, sizeof(number), "%u", (unsigned int)getgid());
	o = (struct sock_listen_options){ .group = number, .user = getuid() ? NULL : "root" };
	fd = must_listen(&at, &o, &real);
	assert_int_equal(stat(at.un.sun_path, &st), 0);
	assert_int_equal(st.st_uid, getuid());
	assert_int_equal(st.st_gid, getgid());
	sock_close(fd);
	unlink(at.un.sun_path);
}

static void refuse_with(const struct addr *at, const char *reason)
{
	char expected[256];
	char text[ADDR_TEXT_MAX];

	snprintf(expected, sizeof(expected), "cannot listen on %s: %s", addr_format(at, text),
	         reason);
	must_refuse(at, &plain, expected);
}

static void live_unix_socket_is_refused(void **unused)
{
	const struct sock_listen_options short_queue = { .backlog = 1 };
	struct addr at = in_dir("live");
	struct addr real;
	int clients[8];
	size_t n = 0;
	bool connected;
	int fd = must_listen(&at, &short_queue, &real);

	(void)unused;
	refuse_with(&at, "Address already in use");
	/* Busy is not dead: the same with a full backlog. */
	while (n < ARRAY_LEN(clients) &&
	       (clients[n] = sock_connect(&at, &no_options, &connected)) >= 0)
		n++;
	assert_in_range(n, 1, ARRAY_LEN(clients) - 1);
	refuse_with(&at, "Address already in use");
	while (n)
		sock_close(clients[--n]);
	sock_close(fd);
	unlink(at.un.sun_path);

	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, &at.sa, at.len), 0);
	refuse_with(&at, "Address already in use");
	close(fd);
	unlink(at.un.sun_path);
}

static void file_that_is_no_socket_is_left_alone(void **unused)
{
	struct addr file = in_dir("file");
	struct addr link = in_dir("link");
	struct addr nowhere = in_dir("missing/socket");
	struct stat st;

	(void)unused;
	close(open(file.un.sun_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(symlink("/nonexistent", link.un.sun_path), 0);
	refuse_with(&file, "the file exists and is not a socket");
	refuse_with(&link, "the file exists and is not a socket");
	refuse_with(&nowhere, "No such file or directory (its folder does not exist: make it, or "
	                      "name another path)");
	assert_int_equal(lstat(file.un.sun_path, &st), 0);
	assert_int_equal(lstat(link.un.sun_path, &st), 0);
	unlink(file.un.sun_path);
	unlink(link.un.sun_path);
}

static void command_line_connects_or_says_why(void **unused)
{
	struct addr at = in_dir("admin.sock");
	struct error err = { 0 };
	struct addr real;
	char expected[256];
	char path[200];
	int listener = must_listen(&at, &plain, &real);
	int fd = -1;

	(void)unused;
	assert_true(sock_connect_unix(at.un.sun_path, 0, &fd, &err));
	assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	sock_close(fd);
	sock_close(listener);
	unlink(at.un.sun_path);
	assert_false(sock_connect_unix(at.un.sun_path, 0, &fd, &err));
	snprintf(expected, sizeof(expected), "cannot connect to %s: No such file or directory",
	         at.un.sun_path);
	assert_string_equal(err.text, expected);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_false(sock_connect_unix(path, 0, &fd, &err));
	assert_non_null(strstr(err.text, "a socket path has 1 to 107 characters"));
}

static void a_queue_that_stays_full_is_not_waited_for_for_ever(void **unused)
{
	struct addr at = in_dir("full.sock");
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct error err = { 0 };
	int fds[4];
	size_t n = 0;

	(void)unused;
	assert_int_equal(bind(listener, &at.sa, at.len), 0);
	assert_int_equal(listen(listener, 1), 0);
	while (n < ARRAY_LEN(fds) && sock_connect_unix(at.un.sun_path, 50, &fds[n], &err))
		n++;
	assert_in_range(n, 1, ARRAY_LEN(fds) - 1);
	assert_int_equal(err.errnum, EAGAIN);
	while (n)
		sock_close(fds[--n]);
	sock_close(listener);
	unlink(at.un.sun_path);
}

static int make_dir(void **unused)
{
	(void)unused;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **unused)
{
	(void)unused;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connects_and_accepts_at_once),
		cmocka_unit_test(unix_client_is_nameless_even_if_it_is_bound),
		cmocka_unit_test(stale_unix_socket_is_replaced_and_gets_its_mode),
		cmocka_unit_test(a_socket_file_is_given_to_its_owner),
		cmocka_unit_test(live_unix_socket_is_refused),
		cmocka_unit_test(file_that_is_no_socket_is_left_alone),
		cmocka_unit_test(command_line_connects_or_says_why),
		cmocka_unit_test(a_queue_that_stays_full_is_not_waited_for_for_ever),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
