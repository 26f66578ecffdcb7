/* SPDX-License-Identifier: MIT */
#include "control/watchdog.h"

#include "base/error.h"
#include "engine/crew.h"

#include <errno.h>
#include <ev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];
static int manager;

static void on_record(void *ctx)
{
	(void)ctx;
}

static struct crew *start(void)
{
	const struct crew_options o = { .threads = 2, .maxconn = 16, .on_record = on_record };
	struct crew *c;
	struct error err;

	assert_true(crew_start(&o, &c, &err));
	return c;
}

static int open_manager(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	(void)state;
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	snprintf(path, sizeof(path), "/tmp/watchdog-%d.sock", getpid());
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	unlink(path);
	setenv("NOTIFY_SOCKET", path, 1);
	return bind(manager, (struct sockaddr *)&un, sizeof(un));
}

static int close_manager(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	close(manager);
	return unlink(path);
}

static unsigned int count_words(void)
{
	unsigned int n = 0;
	char word[64];
	ssize_t len;

	while ((len = recv(manager, word, sizeof(word) - 1, 0)) > 0) {
		word[len] = '\0';
		assert_string_equal(word, "WATCHDOG=1");
		n++;
	}
	assert_int_equal(errno, EAGAIN);
	return n;
}

static void nobody_watches(void **state)
{
	char other[16];

	(void)state;
	assert_null(watchdog_new(NULL, NULL));
	setenv("WATCHDOG_USEC", "100000", 1);
	snprintf(other, sizeof(other), "%d", getpid() + 1);
	setenv("WATCHDOG_PID", other, 1);
	assert_null(watchdog_new(NULL, NULL));
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "soon", 1);
	assert_null(watchdog_new(NULL, NULL));
	setenv("WATCHDOG_USEC", "0", 1);
	assert_null(watchdog_new(NULL, NULL));
	watchdog_stop(NULL);
	watchdog_free(NULL);
}

/* The timer is the only thing in the loop: each turn is one look. */
static void it_speaks_while_all_workers_turn(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct crew *c = start();
	struct watchdog *w;
	char own[16];

	(void)state;
	snprintf(own, sizeof(own), "%d", getpid());
	setenv("WATCHDOG_PID", own, 1);
	setenv("WATCHDOG_USEC", "20000", 1);
	w = watchdog_new(loop, c);
	assert_non_null(w);
	for (unsigned int heard = 0; heard < 3; heard += count_words())
		ev_run(loop, EVRUN_ONCE);
	watchdog_stop(w);
	assert_int_equal(ev_run(loop, EVRUN_ONCE), 0);
	assert_int_equal(count_words(), 0);
	crew_stop(c);
	watchdog_free(w);
	ev_loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_watches, open_manager, close_manager),
		cmocka_unit_test_setup_teardown(it_speaks_while_all_workers_turn, open_manager,
		                                close_manager),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
