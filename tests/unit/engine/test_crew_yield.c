/* SPDX-License-Identifier: MIT */
#include "crew_fixture.h"

/* The test is the other process: it has a copy of the listening socket. */
static int copy_of(const struct rig *r)
{
	return dup(crew_listener(r->crew, 0)->fd);
}

static int dial(const struct rig *r)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, &r->front.sa, r->front.len), 0);
	return fd;
}

static bool becomes_readable(int fd, int limit_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, limit_ms) == 1;
}

static void who_comes_meanwhile_waits_for_the_one_that_goes_on(void **state)
{
	struct rig r;
	int client;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 16);
	crew_yield(r.crew);
	client = dial(&r);
	assert_false(becomes_readable(r.listening[0], 100));
	crew_resume(r.crew);
	assert_true(becomes_readable(r.listening[0], 10000));
	close(client);
	rig_stop(&r, 1);
}

static void a_paused_frontend_stays_paused(void **state)
{
	struct rig r;
	int client;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 16);
	crew_pause_frontend(r.crew, r.topology->services[0]->frontends[0], true);
	crew_yield(r.crew);
	crew_resume(r.crew);
	client = dial(&r);
	assert_false(becomes_readable(r.listening[0], 100));
	close(client);
	rig_stop(&r, 1);
}

static void what_is_abandoned_is_the_other_ones(void **state)
{
	struct rig r;
	int copy;
	int client;
	int served;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 16);
	copy = copy_of(&r);
	crew_yield(r.crew);
	client = dial(&r);
	crew_abandon(r.crew);
	assert_int_equal(crew_listeners(r.crew), 0);
	/* It was in the queue and still is. */
	served = accept(copy, NULL, NULL);
	assert_true(served >= 0);
	crew_stop_listening(r.crew);
	close(client);
	client = dial(&r);
	close(client);
	close(served);
	close(copy);
	rig_stop(&r, 1);
}

static void sessions_go_on(void **state)
{
	struct rig r;
	char byte = 'x';
	int copy;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 16);
	client = dial(&r);
	assert_true(becomes_readable(r.listening[0], 10000));
	server = accept(r.listening[0], NULL, NULL);
	copy = copy_of(&r);
	crew_yield(r.crew);
	crew_abandon(r.crew);
	assert_int_equal(write(client, &byte, 1), 1);
	assert_true(becomes_readable(server, 10000));
	assert_int_equal(read(server, &byte, 1), 1);
	close(client);
	close(server);
	close(copy);
	rig_stop(&r, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_meanwhile_waits_for_the_one_that_goes_on),
		cmocka_unit_test(a_paused_frontend_stays_paused),
		cmocka_unit_test(what_is_abandoned_is_the_other_ones),
		cmocka_unit_test(sessions_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
