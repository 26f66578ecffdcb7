/* SPDX-License-Identifier: MIT */
#include "engine/queue.h"

#include "crew_fixture.h"

enum { WAITERS = 6 };

/* A client that stands in line as the `n`-th and whose server will see that number. */
static int stand_in_line(const struct rig *r, uint32_t n)
{
	char number = (char)('0' + n);
	int fd = rig_connect(r);

	assert_int_equal(write(fd, &number, 1), 1);
	rig_wait_count(&rig_service(r)->queued, n);
	return fd;
}

static char number_of(int server)
{
	char got;

	assert_int_equal(read(server, &got, 1), 1);
	return got;
}

/* One server that takes one session at a time and has it; the other clients wait in line. */
static void start_line(struct rig *r, uint32_t threads, int *clients, uint32_t count, int *server)
{
	rig_init(r, 1);
	r->service.replay = false;
	r->servers[0].maxconn = 1;
	rig_start(r, threads, 100);
	rig_join(r, &clients[0], server);
	for (uint32_t i = 1; i < count; i++)
		clients[i] = stand_in_line(r, i);
}

static void those_who_wait_are_served_in_order_over_all_workers(void **state)
{
	struct rig r;
	int clients[WAITERS + 1];
	unsigned int places = 0;
	int server;

	(void)state;
	start_line(&r, 3, clients, WAITERS + 1, &server);
	for (uint32_t i = 1; i <= WAITERS; i++) {
		close(clients[i - 1]);
		close(server);
		server = rig_accept(&r, 0);
		assert_int_equal(number_of(server), '0' + i);
	}
	close(clients[WAITERS]);
	close(server);
	rig_wait_ended(&r, WAITERS + 1);
	for (uint32_t i = 0; i <= WAITERS; i++) {
		assert_int_equal(r.ended[i].server_queue, 0);
		places |= 1u << r.ended[i].service_queue;
	}
	assert_int_equal(places, (1u << (WAITERS + 1)) - 1);
	assert_int_equal(rig_service(&r)->queued, 0);
	assert_int_equal(rig_service(&r)->queued_max, WAITERS);
	assert_int_equal(rig_service(&r)->servers[0]->active_max, 1);
	rig_stop(&r, 1);
}

static void a_freed_place_is_given_at_once(void **state)
{
	struct rig r;
	int first;
	int second;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.servers[0].maxconn = 1;
	rig_start(&r, 2, 100);
	rig_join(&r, &first, &server);
	second = stand_in_line(&r, 1);
	close(first);
	close(server);
	server = rig_accept(&r, 0);
	close(second);
	close(server);
	rig_wait_ended(&r, 2);
	/* Not by the look once a second. */
	assert_in_range(r.ended[1].queue_ms, 0, 900);
	rig_stop(&r, 1);
}

static void one_that_leaves_does_not_hold_up_those_behind(void **state)
{
	struct rig r;
	int clients[4];
	int server;

	(void)state;
	start_line(&r, 2, clients, 4, &server);
	rig_reset(clients[1]);
	rig_wait_count(&rig_service(&r)->queued, 2);
	close(clients[0]);
	close(server);
	server = rig_accept(&r, 0);
	assert_int_equal(number_of(server), '2');
	close(clients[2]);
	close(server);
	server = rig_accept(&r, 0);
	assert_int_equal(number_of(server), '3');
	close(clients[3]);
	close(server);
	rig_wait_ended(&r, 4);
	rig_stop(&r, 1);
}

static void a_raised_limit_lets_the_next_in_line_in(void **state)
{
	struct rig r;
	int clients[3];
	int servers[3];

	(void)state;
	start_line(&r, 2, clients, 3, &servers[0]);
	atomic_store(&rig_service(&r)->servers[0]->maxconn, 3);
	queue_kick(rig_service(&r));
	for (size_t i = 1; i < 3; i++)
		servers[i] = rig_accept(&r, 0);
	for (size_t i = 0; i < 3; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 3);
	rig_stop(&r, 1);
}

static void a_server_that_becomes_usable_takes_the_line(void **state)
{
	struct rig r;
	struct topology_server *second;
	int clients[2];
	int servers[2];

	(void)state;
	rig_init(&r, 2);
	r.service.replay = false;
	r.servers[0].maxconn = 1;
	r.servers[1].weight = 0;
	rig_start(&r, 2, 100);
	second = rig_service(&r)->servers[1];
	rig_join(&r, &clients[0], &servers[0]);
	clients[1] = stand_in_line(&r, 1);
	atomic_store(&second->weight, 1);
	queue_kick(rig_service(&r));
	servers[1] = rig_accept(&r, 1);
	for (size_t i = 0; i < 2; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 2);
	rig_stop(&r, 2);
}

/* Two servers that take one session each; the same one is that of both clients.  Which it is. */
static size_t start_own(struct rig *r, int *first, int *server, int *second)
{
	size_t at;

	rig_init(r, 2);
	r->service.replay = false;
	r->service.balance = SETTINGS_SOURCE;
	r->servers[0].maxconn = r->servers[1].maxconn = 1;
	rig_start(r, 2, 100);
	*first = rig_connect(r);
	*server = rig_accept_any(r, &at);
	*second = rig_connect(r);
	rig_wait_count(&rig_service(r)->servers[at]->queued, 1);
	return at;
}

static void a_hash_waits_for_its_own_server(void **state)
{
	struct rig r;
	struct topology_server *own;
	int first;
	int second;
	int server;
	size_t at;

	(void)state;
	at = start_own(&r, &first, &server, &second);
	own = rig_service(&r)->servers[at];
	assert_int_equal(rig_service(&r)->queued, 0);
	close(first);
	close(server);
	server = rig_accept(&r, at);
	close(second);
	close(server);
	rig_wait_ended(&r, 2);
	assert_int_equal(r.ended[1].server_queue, 1);
	assert_int_equal(r.ended[1].service_queue, 0);
	assert_int_equal(own->queued, 0);
	assert_int_equal(own->queued_max, 1);
	rig_stop(&r, 2);
}

static void those_who_wait_for_a_removed_server_get_another(void **state)
{
	struct rig r;
	struct topology_roll *roll;
	struct topology_server *own;
	int first;
	int second;
	int servers[2];
	size_t at;

	(void)state;
	at = start_own(&r, &first, &servers[0], &second);
	own = rig_service(&r)->servers[at];
	topology_remove_server(own);
	roll = topology_publish(rig_service(&r));
	crew_barrier(r.crew);
	free(roll);
	assert_int_equal(own->queued, 0);
	queue_kick(rig_service(&r));
	servers[1] = rig_accept(&r, 1 - at);
	close(first);
	close(servers[0]);
	close(second);
	close(servers[1]);
	rig_wait_ended(&r, 2);
	rig_stop(&r, 2);
	topology_free_server(own);
}

static void a_full_line_of_one_server_turns_newcomers_away(void **state)
{
	struct rig r;
	struct topology_server *own;
	char got;
	int clients[3];
	int server;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.balance = SETTINGS_SOURCE;
	r.servers[0].maxconn = 1;
	r.servers[0].maxqueue = 1;
	rig_start(&r, 2, 100);
	own = rig_service(&r)->servers[0];
	rig_join(&r, &clients[0], &server);
	clients[1] = rig_connect(&r);
	rig_wait_count(&own->queued, 1);
	clients[2] = rig_connect(&r);
	assert_int_equal(read(clients[2], &got, 1), 0);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_ALL_FULL);
	assert_int_equal(r.ended[0].queue_ms, -1);
	close(clients[0]);
	close(server);
	server = rig_accept(&r, 0);
	close(clients[1]);
	close(clients[2]);
	close(server);
	rig_wait_ended(&r, 3);
	rig_stop(&r, 1);
}

static void newcomers_are_refused_when_no_server_is_usable_though_others_wait(void **state)
{
	struct rig r;
	char got;
	int clients[3];
	int server;

	(void)state;
	start_line(&r, 1, clients, 2, &server);
	atomic_store(&rig_service(&r)->servers[0]->weight, 0);
	clients[2] = rig_connect(&r);
	assert_int_equal(read(clients[2], &got, 1), 0);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_NO_SERVER);
	/* Who waited already goes on waiting. */
	assert_int_equal(rig_service(&r)->queued, 1);
	atomic_store(&rig_service(&r)->servers[0]->weight, 1);
	close(clients[0]);
	close(server);
	server = rig_accept(&r, 0);
	close(clients[1]);
	close(clients[2]);
	close(server);
	rig_wait_ended(&r, 3);
	rig_stop(&r, 1);
}

static void sessions_in_line_can_be_ended(void **state)
{
	struct rig r;
	int clients[4];
	int server;

	(void)state;
	start_line(&r, 2, clients, 4, &server);
	assert_int_equal(crew_end_sessions(r.crew, NULL, REASON_KILLED), 4);
	rig_wait_ended(&r, 4);
	assert_int_equal(rig_service(&r)->queued, 0);
	assert_int_equal(rig_service(&r)->servers[0]->active, 0);
	for (size_t i = 0; i < 4; i++)
		close(clients[i]);
	close(server);
	rig_stop(&r, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_who_wait_are_served_in_order_over_all_workers),
		cmocka_unit_test(a_freed_place_is_given_at_once),
		cmocka_unit_test(one_that_leaves_does_not_hold_up_those_behind),
		cmocka_unit_test(a_raised_limit_lets_the_next_in_line_in),
		cmocka_unit_test(a_server_that_becomes_usable_takes_the_line),
		cmocka_unit_test(a_hash_waits_for_its_own_server),
		cmocka_unit_test(those_who_wait_for_a_removed_server_get_another),
		cmocka_unit_test(a_full_line_of_one_server_turns_newcomers_away),
		cmocka_unit_test(newcomers_are_refused_when_no_server_is_usable_though_others_wait),
		cmocka_unit_test(sessions_in_line_can_be_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
