/* SPDX-License-Identifier: MIT */
/* Connections that are made before a session needs them: which servers have how many. */
#include "base/tick.h"
#include "core/fault.h"

#include "warm_fixture.h"

static void a_session_takes_one_and_another_takes_its_place(void **state)
{
	struct rig r;
	struct pg_session s;
	int fds[3];

	(void)state;
	warm_start(&r, 1, 2, 1);
	warm_accept(&r, fds, 2);
	warm_wait(&r, 0, 2);
	assert_int_equal(warm_server(&r, 0)->active, 0);
	assert_int_equal(crew_connections(r.crew), 0);
	assert_int_equal(rig_of_server(&r, COUNTER_SESSIONS), 0);
	assert_int_equal(rig_of_server(&r, COUNTER_CONNECTED), 0);
	s = warm_open(&r, fds, 2);
	fds[2] = rig_accept(&r, 0);
	warm_wait(&r, 0, 2);
	pg_answer(&s, PG(PG_WELCOME));
	assert_int_equal(warm_server(&r, 0)->active, 1);
	assert_int_equal(rig_of_server(&r, COUNTER_SESSIONS), 1);
	assert_int_equal(rig_of_server(&r, COUNTER_CONNECTED), 1);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_USED), 1);
	close(s.client);
	rig_expect_end(s.server);
	close(s.server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	assert_in_range(r.ended[0].connect_ms, 0, 1000);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 0);
	rig_assert_no_more(&r, 0);
	close(fds[s.at ? 0 : 1]);
	close(fds[2]);
	rig_stop(&r, 1);
}

static void without_any_nothing_is_connected(void **state)
{
	(void)state;
	for (int without = 0; without < 4; without++) {
		struct rig r;

		pg_init(&r, 1);
		r.servers[0].warm = without ? 3 : 0;
		if (without == 1)
			r.service.protocol = SETTINGS_PROTOCOL_TCP;
		r.service.replay = without != 2;
		r.service.redispatch = without != 3;
		rig_start(&r, 2, 100);
		crew_barrier(r.crew);
		rig_assert_no_more(&r, 0);
		assert_int_equal(warm_server(&r, 0)->warm, 0);
		rig_stop(&r, 1);
	}
}

static void each_worker_has_its_share_and_at_least_one(void **state)
{
	static const struct {
		uint32_t warm, threads, want;
	} cases[] = { { 1, 1, 1 }, { 2, 4, 4 }, { 4, 2, 4 }, { 5, 2, 6 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		int fds[WARM_MOST];

		warm_start(&r, 1, cases[i].warm, cases[i].threads);
		warm_accept(&r, fds, cases[i].want);
		warm_wait(&r, 0, cases[i].want);
		crew_barrier(r.crew);
		rig_assert_no_more(&r, 0);
		warm_close(fds, cases[i].want);
		rig_stop(&r, 1);
	}
}

static void what_the_server_closes_is_replaced(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct rig r;
		struct pg_session s;
		int fds[4];

		warm_start(&r, 1, 2, 1);
		warm_accept(&r, fds, 2);
		warm_wait(&r, 0, 2);
		if (how == 0)
			warm_close(fds, 2);
		for (int i = 0; how == 1 && i < 2; i++)
			rig_reset(fds[i]);
		for (int i = 0; how == 2 && i < 2; i++)
			rig_send(fds[i], "hello", 5);
		warm_accept(&r, fds + 2, 2);
		warm_wait(&r, 0, 2);
		assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 2);
		assert_int_equal(warm_server(&r, 0)->errors, 0);
		s = warm_open(&r, fds + 2, 2);
		pg_answer(&s, PG(PG_WELCOME));
		close(s.client);
		rig_expect_end(s.server);
		warm_close(fds + 2, 2);
		assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
		assert_int_equal(r.connect_failures, 0);
		if (how == 2)
			warm_close(fds, 2);
		rig_stop(&r, 1);
	}
}

/* 100, 200, 400, 800 ms: at most so many times two within a second and a half. */
static void a_server_that_closes_at_once_is_not_hammered(void **state)
{
	enum { TIME_MS = 1500, PAUSES = 4 };
	struct rig r;
	int64_t began = tick_ms();
	int accepted = 0;

	(void)state;
	warm_start(&r, 1, 2, 1);
	while (tick_ms() - began < TIME_MS) {
		struct pollfd p = { .fd = r.listening[0], .events = POLLIN };

		if (poll(&p, 1, 20) < 1)
			continue;
		close(rig_accept(&r, 0));
		accepted++;
	}
	assert_in_range(accepted, 4, 2 * (PAUSES + 1));
	assert_in_range(rig_of_server(&r, COUNTER_WARM_LOST), 2, 2 * (PAUSES + 1));
	rig_stop(&r, 1);
}

static void a_server_that_refuses_is_tried_again(void **state)
{
	struct rig r;
	int fds[2];

	(void)state;
	pg_init(&r, 1);
	r.servers[0].warm = 2;
	rig_refuse(&r, 0);
	rig_start(&r, 1, 100);
	crew_barrier(r.crew);
	poll(NULL, 0, 150);
	assert_int_equal(warm_server(&r, 0)->warm, 0);
	assert_int_equal(warm_server(&r, 0)->errors, 0);
	rig_listen_again(&r, 0);
	warm_accept(&r, fds, 2);
	warm_wait(&r, 0, 2);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 0);
	crew_drain(r.crew, rig_take, &r);
	assert_int_equal(r.connect_failures, 0);
	warm_close(fds, 2);
	rig_stop(&r, 1);
}

/* --- when they are not wanted -------------------------------------------------------------- */

static void set_usable(struct topology_server *s, int how, bool yes)
{
	struct state state = topology_state(s);

	switch (how) {
	case 0:
		state.health = yes ? STATE_UP : STATE_DOWN;
		topology_set_state(s, state);
		break;
	case 1:
		state.admin = yes ? 0 : STATE_DRAIN_COMMAND;
		topology_set_state(s, state);
		break;
	case 2:
		atomic_store(&s->weight, yes ? 1 : 0);
		break;
	default:
		atomic_store(&s->fault, yes ? 0 : fault_pack((struct fault){ FAULT_REFUSE, 0 }));
		break;
	}
}

static void a_server_that_may_have_no_sessions_has_none(void **state)
{
	struct rig r;
	int fds[2];

	(void)state;
	warm_start(&r, 1, 2, 1);
	for (int how = 0; how < 4; how++) {
		warm_accept(&r, fds, 2);
		warm_wait(&r, 0, 2);
		set_usable(warm_server(&r, 0), how, false);
		rig_expect_end(fds[0]);
		rig_expect_end(fds[1]);
		warm_wait(&r, 0, 0);
		warm_close(fds, 2);
		crew_barrier(r.crew);
		rig_assert_no_more(&r, 0);
		set_usable(warm_server(&r, 0), how, true);
	}
	warm_accept(&r, fds, 2);
	warm_wait(&r, 0, 2);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 0);
	warm_close(fds, 2);
	rig_stop(&r, 1);
}

static void at_another_address_there_are_others(void **state)
{
	struct rig r;
	struct addr second;
	size_t at;
	int fds[2];
	int more;

	(void)state;
	pg_init(&r, 2);
	r.servers[0].warm = 2;
	r.servers[1].weight = 0;
	rig_start(&r, 1, 100);
	warm_accept(&r, fds, 2);
	warm_wait(&r, 0, 2);
	assert_true(sock_local(r.listening[1], &second));
	atomic_store(&warm_server(&r, 0)->port, addr_port(&second));
	topology_set_address(warm_server(&r, 0), &second);
	rig_expect_end(fds[0]);
	rig_expect_end(fds[1]);
	warm_close(fds, 2);
	for (size_t i = 0; i < 2; i++) {
		more = rig_accept_any(&r, &at);
		assert_int_equal(at, 1);
		fds[i] = more;
	}
	warm_wait(&r, 0, 2);
	warm_close(fds, 2);
	rig_stop(&r, 2);
}

static void whoever_hands_its_clients_over_has_none(void **state)
{
	struct rig r;
	int fds[2];

	(void)state;
	warm_start(&r, 1, 2, 1);
	warm_accept(&r, fds, 2);
	warm_wait(&r, 0, 2);
	crew_yield(r.crew);
	assert_int_equal(warm_server(&r, 0)->warm, 0);
	warm_close(fds, 2);
	crew_resume(r.crew);
	warm_accept(&r, fds, 2);
	warm_wait(&r, 0, 2);
	/* As a reload does: they may be what nobody wants any more. */
	crew_halt(r.crew);
	crew_go_on(r.crew);
	rig_expect_end(fds[0]);
	rig_expect_end(fds[1]);
	warm_close(fds, 2);
	warm_accept(&r, fds, 2);
	warm_wait(&r, 0, 2);
	crew_stop_listening(r.crew);
	assert_int_equal(warm_server(&r, 0)->warm, 0);
	warm_close(fds, 2);
	rig_stop(&r, 1);
}

static void a_server_that_is_taken_out_is_forgotten(void **state)
{
	struct topology_roll *old;
	struct topology_server *gone;
	struct rig r;
	int fds[2];

	(void)state;
	warm_start(&r, 2, 1, 1);
	warm_wait(&r, 0, 1);
	warm_wait(&r, 1, 1);
	fds[0] = rig_accept(&r, 0);
	fds[1] = rig_accept(&r, 1);
	gone = warm_server(&r, 1);
	topology_remove_server(gone);
	old = topology_publish(rig_service(&r));
	crew_barrier(r.crew);
	free(old);
	topology_free_server(gone);
	rig_expect_end(fds[1]);
	warm_close(fds, 2);
	rig_stop(&r, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_takes_one_and_another_takes_its_place),
		cmocka_unit_test(without_any_nothing_is_connected),
		cmocka_unit_test(each_worker_has_its_share_and_at_least_one),
		cmocka_unit_test(what_the_server_closes_is_replaced),
		cmocka_unit_test(a_server_that_closes_at_once_is_not_hammered),
		cmocka_unit_test(a_server_that_refuses_is_tried_again),
		cmocka_unit_test(a_server_that_may_have_no_sessions_has_none),
		cmocka_unit_test(at_another_address_there_are_others),
		cmocka_unit_test(whoever_hands_its_clients_over_has_none),
		cmocka_unit_test(a_server_that_is_taken_out_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
