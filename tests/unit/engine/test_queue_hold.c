/* SPDX-License-Identifier: MIT */
/*
 * Clients that are held because no server is usable, or because all that are have failed them.
 */
#include "crew_fixture.h"

#include "engine/queue.h"

enum { CROWD = 6 };

static void init_held(struct rig *r, size_t servers, uint32_t hold_ms)
{
	rig_init(r, servers);
	r->service.replay = false;
	r->service.hold_ms = hold_ms;
	r->service.hold_max = 100;
	for (size_t i = 0; i < servers; i++)
		r->servers[i].weight = 0;
}

static struct topology_server *server_of(const struct rig *r, size_t i)
{
	return rig_service(r)->servers[i];
}

static void set_weight(const struct rig *r, size_t i, uint32_t weight)
{
	atomic_store(&server_of(r, i)->weight, weight);
	queue_kick(rig_service(r));
}

static void set_down(const struct rig *r, size_t i, bool down)
{
	struct state s = topology_state(server_of(r, i));

	s.health = down ? STATE_DOWN : STATE_NOCHECK;
	topology_set_state(server_of(r, i), s);
	queue_kick(rig_service(r));
}

/* A client that is held as the `n`-th and whose server will see that number. */
static int be_held(const struct rig *r, uint32_t n)
{
	char number = (char)('0' + n);
	int fd = rig_connect(r);

	assert_int_equal(write(fd, &number, 1), 1);
	rig_wait_count(&rig_service(r)->held, n);
	return fd;
}

static void serve_in_order(const struct rig *r, const int clients[CROWD])
{
	for (uint32_t i = 0; i < CROWD; i++) {
		int server = rig_accept(r, 0);
		char got;

		assert_int_equal(read(server, &got, 1), 1);
		assert_int_equal(got, '1' + (char)i);
		close(clients[i]);
		close(server);
	}
}

static void the_held_are_served_in_order_when_a_server_comes(void **state)
{
	struct rig r;
	int clients[CROWD];

	(void)state;
	init_held(&r, 1, 60000);
	r.servers[0].maxconn = 1;
	rig_start(&r, 3, 100);
	for (uint32_t i = 0; i < CROWD; i++)
		clients[i] = be_held(&r, i + 1);
	assert_int_equal(rig_service(&r)->queued, CROWD);
	set_weight(&r, 0, 1);
	serve_in_order(&r, clients);
	rig_wait_ended(&r, CROWD);
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(r.ended[i].reason, REASON_NORMAL);
	assert_int_equal(rig_service(&r)->held, 0);
	assert_int_equal(rig_service(&r)->held_max, CROWD);
	assert_int_equal(rig_of_service(&r, COUNTER_HELD), CROWD);
	assert_int_equal(server_of(&r, 0)->connecting, 0);
	assert_int_equal(server_of(&r, 0)->active_max, 1);
	rig_stop(&r, 1);
}

static void expect_end(struct rig *r, enum reason reason, int64_t least_ms, int64_t most_ms)
{
	const struct record *e;
	char got;
	int client = rig_connect(r);

	assert_int_equal(read(client, &got, 1), 0);
	e = rig_end(r);
	assert_string_equal(reason_key(e->reason), reason_key(reason));
	assert_in_range(e->total_ms, least_ms, most_ms);
	close(client);
}

static void whoever_is_held_too_long_ends(void **state)
{
	struct rig r;

	(void)state;
	init_held(&r, 1, 120);
	rig_start(&r, 1, 100);
	expect_end(&r, REASON_HOLD_TIMEOUT, 119, 2000);
	assert_null(r.ended[0].server);
	assert_in_range(r.ended[0].queue_ms, 119, 2000);
	assert_int_equal(r.ended[0].service_queue, 1);
	assert_int_equal(rig_of_service(&r, COUNTER_CONNECT_ERRORS), 1);
	assert_int_equal(rig_service(&r)->held, 0);
	rig_stop(&r, 1);
}

static void no_more_are_held_than_may_be(void **state)
{
	struct rig r;
	int clients[2];

	(void)state;
	init_held(&r, 1, 60000);
	r.service.hold_max = 2;
	rig_start(&r, 2, 100);
	for (uint32_t i = 0; i < 2; i++)
		clients[i] = be_held(&r, i + 1);
	expect_end(&r, REASON_HOLD_FULL, 0, 900);
	assert_int_equal(rig_service(&r)->held, 2);
	assert_int_equal(rig_of_service(&r, COUNTER_HELD), 2);
	assert_int_equal(crew_end_sessions(r.crew, NULL, REASON_KILLED), 2);
	for (size_t i = 0; i < 2; i++)
		close(clients[i]);
	rig_stop(&r, 1);
}

static void a_held_client_that_leaves_is_noticed(void **state)
{
	struct rig r;
	int client;

	(void)state;
	init_held(&r, 1, 60000);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->held, 1);
	close(client);
	assert_int_equal(rig_end(&r)->reason, REASON_QUEUE_LEFT);
	assert_in_range(r.ended[0].total_ms, 0, 900);
	assert_int_equal(rig_service(&r)->held, 0);
	rig_stop(&r, 1);
}

static void the_held_can_be_killed(void **state)
{
	struct rig r;
	int clients[CROWD];

	(void)state;
	init_held(&r, 1, 60000);
	rig_start(&r, 2, 100);
	for (uint32_t i = 0; i < CROWD; i++)
		clients[i] = be_held(&r, i + 1);
	assert_int_equal(crew_end_sessions(r.crew, NULL, REASON_KILLED), CROWD);
	rig_wait_ended(&r, CROWD);
	assert_int_equal(rig_service(&r)->held, 0);
	assert_int_equal(rig_service(&r)->queued, 0);
	for (size_t i = 0; i < CROWD; i++)
		close(clients[i]);
	rig_stop(&r, 1);
}

static void a_crew_stops_while_clients_are_held(void **state)
{
	struct rig r;
	int clients[CROWD];
	char got;

	(void)state;
	init_held(&r, 1, 60000);
	rig_start(&r, 3, 100);
	for (uint32_t i = 0; i < CROWD; i++)
		clients[i] = be_held(&r, i + 1);
	rig_stop(&r, 1);
	for (size_t i = 0; i < CROWD; i++) {
		assert_true(read(clients[i], &got, 1) <= 0);
		close(clients[i]);
	}
}

static void those_in_line_are_held_when_their_server_goes(void **state)
{
	struct rig r;
	int first;
	int second;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.hold_ms = 60000;
	r.service.timeout.queue_ms = 60000;
	r.servers[0].maxconn = 1;
	rig_start(&r, 1, 100);
	rig_join(&r, &first, &server);
	second = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->queued, 1);
	assert_int_equal(rig_service(&r)->held, 0);
	set_down(&r, 0, true);
	assert_int_equal(rig_service(&r)->held, 1);
	close(first);
	close(server);
	set_down(&r, 0, false);
	server = rig_accept(&r, 0);
	assert_int_equal(rig_service(&r)->held, 0);
	close(second);
	close(server);
	rig_wait_ended(&r, 2);
	rig_stop(&r, 1);
}

static void for_a_full_server_the_queue_limit_counts_before_hold(void **state)
{
	struct rig r;
	int first;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.hold_ms = 60000;
	r.service.timeout.queue_ms = 80;
	r.servers[0].maxconn = 1;
	rig_start(&r, 1, 100);
	rig_join(&r, &first, &server);
	expect_end(&r, REASON_QUEUE_TIMEOUT, 79, 2000);
	assert_int_equal(rig_of_service(&r, COUNTER_HELD), 0);
	close(first);
	close(server);
	rig_stop(&r, 1);
}

static void without_a_queue_limit_hold_counts_for_a_full_server(void **state)
{
	struct rig r;
	int first;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.hold_ms = 150;
	r.service.timeout.queue_ms = 0;
	r.service.timeout.connect_ms = 50;
	r.servers[0].maxconn = 1;
	rig_start(&r, 1, 100);
	rig_join(&r, &first, &server);
	expect_end(&r, REASON_QUEUE_TIMEOUT, 149, 2000);
	close(first);
	close(server);
	rig_stop(&r, 1);
}

static void a_panic_that_holds_does_so_without_hold(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	init_held(&r, 1, 0);
	r.service.panic = SETTINGS_PANIC_HOLD;
	rig_start(&r, 1, 100);
	atomic_store(&rig_service(&r)->panicking, true);
	client = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->held, 1);
	set_weight(&r, 0, 1);
	server = rig_accept(&r, 0);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	atomic_store(&server_of(&r, 0)->weight, 0);
	atomic_store(&rig_service(&r)->panicking, false);
	r.ended_count = 0;
	expect_end(&r, REASON_NO_SERVER, 0, 900);
	rig_stop(&r, 1);
}

static void a_server_pressed_into_service_takes_those_in_line(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.hold_ms = 60000;
	rig_start(&r, 1, 100);
	set_down(&r, 0, true);
	client = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->held, 1);
	topology_press(server_of(&r, 0), true);
	queue_kick(rig_service(&r));
	server = rig_accept(&r, 0);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	rig_stop(&r, 1);
}

/* --- redispatch --------------------------------------------------------------------------- */

static void every_usable_server_is_tried_while_it_may_be_held(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 3);
	r.service.replay = false;
	r.service.retries = 0;
	r.service.hold_ms = 60000;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	rig_refuse(&r, 1);
	client = rig_connect(&r);
	server = rig_accept(&r, 2);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	assert_int_equal(r.ended[0].retries, 2);
	assert_in_range(r.ended[0].queue_ms + r.ended[0].connect_ms, 0, 900);
	assert_int_equal(rig_of_service(&r, COUNTER_HELD), 0);
	rig_stop(&r, 3);
}

static void whoever_was_refused_to_the_end_is_told_so(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 2);
	r.service.replay = false;
	r.service.hold_ms = 1300;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	rig_refuse(&r, 1);
	expect_end(&r, REASON_CONNECT_REFUSED, 1299, 3000);
	/* At once, and after the turn-around. */
	assert_int_equal(r.ended[0].retries, 4);
	assert_int_equal(rig_of_service(&r, COUNTER_HELD), 1);
	assert_int_equal(rig_service(&r)->held, 0);
	rig_stop(&r, 2);
}

static void a_refused_client_is_held_until_its_server_listens_again(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.retries = 0;
	r.service.hold_ms = 60000;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->held, 1);
	rig_listen_again(&r, 0);
	server = rig_accept(&r, 0);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	assert_int_equal(r.ended[0].retries, 1);
	/* The turn-around. */
	assert_in_range(r.ended[0].connect_ms, 900, 2500);
	rig_stop(&r, 1);
}

static void an_untried_server_that_comes_is_asked_at_once(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 2);
	r.service.replay = false;
	r.service.hold_ms = 60000;
	r.servers[1].weight = 0;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->held, 1);
	set_weight(&r, 1, 1);
	server = rig_accept(&r, 1);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	assert_in_range(r.ended[0].connect_ms, 0, 800);
	rig_stop(&r, 2);
}

static void a_server_that_was_away_and_returns_is_asked_at_once(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.hold_ms = 60000;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->held, 1);
	rig_listen_again(&r, 0);
	set_down(&r, 0, true);
	set_down(&r, 0, false);
	server = rig_accept(&r, 0);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	assert_in_range(r.ended[0].connect_ms, 0, 800);
	rig_stop(&r, 1);
}

static void without_redispatch_nobody_is_held_for_another_server(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 2);
	r.service.replay = false;
	r.service.redispatch = false;
	r.service.retries = 0;
	r.service.hold_ms = 60000;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	expect_end(&r, REASON_CONNECT_REFUSED, 0, 900);
	assert_int_equal(rig_of_service(&r, COUNTER_HELD), 0);
	rig_stop(&r, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_held_are_served_in_order_when_a_server_comes),
		cmocka_unit_test(whoever_is_held_too_long_ends),
		cmocka_unit_test(no_more_are_held_than_may_be),
		cmocka_unit_test(a_held_client_that_leaves_is_noticed),
		cmocka_unit_test(the_held_can_be_killed),
		cmocka_unit_test(a_crew_stops_while_clients_are_held),
		cmocka_unit_test(those_in_line_are_held_when_their_server_goes),
		cmocka_unit_test(for_a_full_server_the_queue_limit_counts_before_hold),
		cmocka_unit_test(without_a_queue_limit_hold_counts_for_a_full_server),
		cmocka_unit_test(a_panic_that_holds_does_so_without_hold),
		cmocka_unit_test(a_server_pressed_into_service_takes_those_in_line),
		cmocka_unit_test(every_usable_server_is_tried_while_it_may_be_held),
		cmocka_unit_test(whoever_was_refused_to_the_end_is_told_so),
		cmocka_unit_test(a_refused_client_is_held_until_its_server_listens_again),
		cmocka_unit_test(an_untried_server_that_comes_is_asked_at_once),
		cmocka_unit_test(a_server_that_was_away_and_returns_is_asked_at_once),
		cmocka_unit_test(without_redispatch_nobody_is_held_for_another_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
