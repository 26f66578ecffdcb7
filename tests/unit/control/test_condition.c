/* SPDX-License-Identifier: MIT */
#include "control/condition.h"

#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void it_is_one_line(void **state)
{
	struct topology *t = topology_new(scene_settings());
	const struct {
		struct condition c;
		const char *words;
	} table[] = {
		{ { t, 120, true, false, 0 }, "psql 2/3 up, be 1/1 up; 120 sessions" },
		{ { t, 1, true, false, 3 },
		  "psql 2/3 up, be 1/1 up; 1 session, 3 in processes before this one" },
		{ { t, 0, false, false, 0 }, "first checks: psql 2/3 up, be 1/1 up; 0 sessions" },
		{ { t, 12, true, true, 0 }, "draining: 12 sessions left" },
		{ { t, 0, true, true, 1 }, "draining: 1 session left" },
	};
	struct topology_server *s = topology_find_server(t, "psql/n2");

	(void)state;
	topology_set_state(s, (struct state){ .health = STATE_UP, .counter = 4 });
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO_TEXT line = { 0 };

		condition_write(&table[i].c, &line);
		assert_string_equal(text_str(&line), table[i].words);
	}
	topology_free(t);
}

static int listen_for_words(char path[static 64])
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(path, 64, "/tmp/condition-%d.sock", getpid());
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void it_is_told_only_when_it_changes(void **state)
{
	struct topology *t = topology_new(scene_settings());
	struct condition c = { .topology = t, .accepting = true };
	AUTO_TEXT last = { 0 };
	char path[64];
	char heard[512] = "";
	int fd = listen_for_words(path);

	(void)state;
	condition_tell(&c, &last);
	assert_true(recv(fd, heard, sizeof(heard) - 1, 0) > 0);
	assert_string_equal(heard, "STATUS=psql 1/3 up, be 1/1 up; 0 sessions");
	condition_tell(&c, &last);
	assert_int_equal(recv(fd, heard, sizeof(heard), 0), -1);
	c.sessions = 1;
	condition_tell(&c, &last);
	assert_true(recv(fd, heard, sizeof(heard), 0) > 0);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	unlink(path);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_one_line),
		cmocka_unit_test(it_is_told_only_when_it_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
