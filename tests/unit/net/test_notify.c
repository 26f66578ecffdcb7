/* SPDX-License-Identifier: MIT */
#include "net/notify.h"

#include "base/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A manager's socket at `name` ("@..." is abstract), announced in the environment. */
static int listen_at(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_true(fd >= 0 && len < sizeof(un.sun_path));
	memcpy(un.sun_path, name, len);
	if (name[0] == '@')
		un.sun_path[0] = '\0';
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&un,
	         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] != '@'))),
	    0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect(int fd, const char *text)
{
	char buf[600] = { 0 };

	assert_true(recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(buf, text);
}

static void words_reach_the_manager(void **state)
{
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "/tmp/notify-%d.sock", getpid());
	fd = listen_at(name);
	notify_send("READY=1\nMAINPID=%d\nSTATUS=%s", 42, "Ready.");
	expect(fd, "READY=1\nMAINPID=42\nSTATUS=Ready.");
	close(fd);
	unlink(name);
}

static void an_abstract_socket_is_found(void **state)
{
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "@notify-%d", getpid());
	fd = listen_at(name);
	notify_send("STOPPING=1");
	expect(fd, "STOPPING=1");
	close(fd);
}

static void without_a_manager_nothing_happens(void **state)
{
	static const char *const names[] = { "/nonexistent/notify", "@", "relative", "" };
	char longest[300];
	int before;
	int after;

	(void)state;
	before = dup(0);
	close(before);
	unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_send("READY=1");
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '@';
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	notify_send("READY=1");
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_reach_the_manager),
		cmocka_unit_test(an_abstract_socket_is_found),
		cmocka_unit_test(without_a_manager_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
