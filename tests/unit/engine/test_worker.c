/* SPDX-License-Identifier: MIT */
#include "crew_fixture.h"

/* So many exchanges of a byte, one after the other. */
static void exchange(int client, int server, int count)
{
	for (int i = 0; i < count; i++) {
		char byte = (char)i;

		rig_send(client, &byte, 1);
		rig_expect(server, &byte, 1);
		rig_send(server, &byte, 1);
		rig_expect(client, &byte, 1);
	}
}

static void workers_that_poll_relay_as_those_that_sleep(void **state)
{
	static const uint32_t spins[] = { 1000, 0, 50, 1 };
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 100);
	client = rig_connect(&r);
	server = rig_accept(&r, 0);
	exchange(client, server, 200);
	for (size_t i = 0; i < sizeof(spins) / sizeof(spins[0]); i++) {
		crew_set_spin(r.crew, spins[i]);
		exchange(client, server, 200);
	}
	close(client);
	rig_expect_end(server);
	close(server);
	rig_assert_code(rig_end(&r), "--");
	rig_stop(&r, 1);
}

/* In the middle of an exchange, when a wait is polled for a millisecond. */
static void a_worker_that_polls_does_what_it_is_told_and_stops(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 100);
	crew_set_spin(r.crew, 1000);
	client = rig_connect(&r);
	server = rig_accept(&r, 0);
	for (int i = 0; i < 50; i++) {
		exchange(client, server, 20);
		crew_halt(r.crew);
		crew_go_on(r.crew);
		crew_barrier(r.crew);
	}
	exchange(client, server, 20);
	rig_stop(&r, 1);
	rig_expect_end(client);
	rig_expect_end(server);
	close(client);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_that_poll_relay_as_those_that_sleep),
		cmocka_unit_test(a_worker_that_polls_does_what_it_is_told_and_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
