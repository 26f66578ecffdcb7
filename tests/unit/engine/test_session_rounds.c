/* SPDX-License-Identifier: MIT */
/* WRAP: session_look */
#include "engine/session.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SESSIONS = 4, LATE_MS = 20, HORIZON_MS = 10240 };

/* A host whose time is what the test says; nobody waits. */
struct stage {
	struct session_host host;
	struct session s[SESSIONS];
	int64_t looked_ms[SESSIONS]; /* the last time; 0: never */
	int looks;
};

static struct stage st;

void __wrap_session_look(struct session *s);

void __wrap_session_look(struct session *s)
{
	st.looked_ms[s - st.s] = st.host.now_ms;
	st.looks++;
}

static void set_up(int64_t now_ms)
{
	st = (struct stage){ .host = { .now_ms = now_ms } };
	st.host.loop = ev_loop_new(EVFLAG_NOENV);
	session_rounds_init(&st.host);
	for (size_t i = 0; i < SESSIONS; i++) {
		st.s[i].host = &st.host;
		session_rounds_join(&st.s[i]);
	}
}

static void tear_down(void)
{
	ev_timer_stop(st.host.loop, &st.host.rounds.tick);
	ev_loop_destroy(st.host.loop);
}

/* The loop's timer would have come by then, or not yet. */
static void pass(int64_t ms)
{
	st.host.now_ms += ms;
	ev_invoke(st.host.loop, &st.host.rounds.tick, EV_TIMER);
}

static void a_look_is_never_early_and_little_late(void **state)
{
	static const int64_t after[] = { 0, 1, 19, 20, 21, 250, 1000, 9999 };

	(void)state;
	for (int64_t begin = 1000; begin < 1000 + LATE_MS; begin++) {
		for (size_t i = 0; i < ARRAY_LEN(after); i++) {
			set_up(begin);
			session_look_in(&st.s[0], after[i]);
			while (!st.looks)
				pass(1);
			assert_in_range(st.looked_ms[0] - begin, after[i], after[i] + LATE_MS);
			assert_int_equal(session_looked_in(&st.s[0]), INT64_MAX);
			pass(HORIZON_MS);
			assert_int_equal(st.looks, 1);
			tear_down();
		}
	}
}

static void what_is_far_away_is_looked_at_in_vain_before(void **state)
{
	(void)state;
	set_up(5);
	session_look_in(&st.s[0], INT32_MAX);
	while (!st.looks)
		pass(10);
	assert_in_range(st.host.now_ms, HORIZON_MS - 3 * LATE_MS, HORIZON_MS);
	tear_down();
}

static void the_last_wish_counts(void **state)
{
	(void)state;
	set_up(1000);
	session_look_in(&st.s[0], 5000);
	session_look_in(&st.s[0], 100);
	session_look_in(&st.s[1], 100);
	session_rest(&st.s[1]);
	assert_in_range(session_looked_in(&st.s[0]), 100, 100 + LATE_MS);
	pass(140);
	assert_int_equal(st.looks, 1);
	assert_int_equal(st.looked_ms[0], 1140);
	tear_down();
}

/* Whoever waits anew while others are late waits as long as it wished. */
static void a_stall_looks_at_each_once(void **state)
{
	(void)state;
	set_up(1000);
	for (size_t i = 0; i < SESSIONS; i++)
		session_look_in(&st.s[i], 100 + 3000 * (int64_t)i);
	pass(3600 * 1000);
	assert_int_equal(st.looks, SESSIONS);
	session_look_in(&st.s[0], 500);
	pass(499);
	assert_int_equal(st.looks, SESSIONS);
	pass(LATE_MS + 1);
	assert_int_equal(st.looks, SESSIONS + 1);
	tear_down();
}

static void a_long_time_without_sessions_is_no_stall(void **state)
{
	(void)state;
	set_up(1000);
	st.host.now_ms += 3600 * 1000;
	session_look_in(&st.s[0], 200);
	pass(199);
	assert_int_equal(st.looks, 0);
	pass(LATE_MS + 1);
	assert_int_equal(st.looks, 1);
	tear_down();
}

static void all_are_listed_wherever_they_are(void **state)
{
	struct session **all;
	bool seen[SESSIONS] = { false };
	size_t count;

	(void)state;
	set_up(1000);
	session_look_in(&st.s[1], 100);
	session_look_in(&st.s[2], 9000);
	all = session_all(&st.host, &count);
	assert_int_equal(count, SESSIONS);
	for (size_t i = 0; i < count; i++)
		seen[all[i] - st.s] = true;
	for (size_t i = 0; i < SESSIONS; i++)
		assert_true(seen[i]);
	free(all);
	for (size_t i = 0; i < SESSIONS; i++)
		LIST_REMOVE(&st.s[i], link);
	assert_null(session_all(&st.host, &count));
	assert_int_equal(count, 0);
	tear_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_is_never_early_and_little_late),
		cmocka_unit_test(what_is_far_away_is_looked_at_in_vain_before),
		cmocka_unit_test(the_last_wish_counts),
		cmocka_unit_test(a_stall_looks_at_each_once),
		cmocka_unit_test(a_long_time_without_sessions_is_no_stall),
		cmocka_unit_test(all_are_listed_wherever_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
