/* SPDX-License-Identifier: MIT */
#include "control/legacy.h"

#include "base/tick.h"
#include "core/topology_gone.h"
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct topology *make(void)
{
	return topology_new(scene_settings());
}

static struct topology_server *find(const struct topology *t, const char *path)
{
	struct topology_server *s = topology_find_server(t, path);

	assert_non_null(s);
	return s;
}

/* All that is written, each line taken; and then once more the same text. */
static void hand_over(const struct topology *from, struct topology *to)
{
	struct legacy_gains *gains = legacy_gains_new(from);
	AUTO_TEXT lines = { 0 };
	char *rest;
	char *line;

	legacy_write(from, &lines);
	legacy_gains_write(gains, &lines);
	rest = lines.data;
	while ((line = strsep(&rest, "\n")) && *line)
		assert_true(legacy_take(to, line));
	legacy_settle(to);
	legacy_gains_free(gains);
}

static void take(struct topology *t, const char *text)
{
	char *line = mem_strdup(text);

	legacy_take(t, line);
	free(line);
}

static void set_state(struct topology_server *s, enum state_health health, uint16_t counter,
                      uint8_t admin)
{
	topology_set_state(s,
	                   (struct state){ .health = health, .counter = counter, .admin = admin });
}

static void assert_state(const struct topology_server *s, enum state_health health,
                         uint16_t counter, uint8_t admin)
{
	struct state state = topology_state(s);

	assert_int_equal(state.health, health);
	assert_int_equal(state.counter, counter);
	assert_int_equal(state.admin, admin);
}

static void what_was_learnt_counted_and_ordered_is_passed_on(void **state)
{
	struct topology *from = make();
	struct topology *to = make();
	struct topology_server *a = find(from, "psql/n1");
	struct topology_server *b = find(from, "psql/n2");
	const struct topology_server *after;

	(void)state;
	set_state(a, STATE_DOWN, 1, 0);
	snprintf(a->cause, sizeof(a->cause), "check failed: 100%% \"odd\" = näh\n");
	a->since_ms = 12345;
	a->since_wall_ms = 1700000000000;
	a->down_count = 3;
	a->downtime_ms = 777;
	a->check_failures = 9;
	a->check.code = PROBE_L7STS;
	a->check.status = 503;
	a->check.duration_ms = 4;
	snprintf(a->check.info, sizeof(a->check.info), "Service Unavailable");
	topology_time_add(&a->connect_time, 40);
	counter_add(&a->count, COUNTER_SESSIONS, 100);
	counter_add(&a->count, COUNTER_BYTES_IN, 1ULL << 40);
	set_state(b, STATE_UP, 4, STATE_DRAIN_COMMAND);
	b->weight = 37;
	b->iweight = 74;
	b->maxconn = 12;
	counter_add(&from->services[0]->count, COUNTER_RETRIES, 5);
	from->services[0]->ended[REASON_SERVER_DOWN] = 6;
	from->services[0]->has_server = true;
	from->services[0]->judged = true;
	from->services[0]->panicking = true;
	counter_add(&from->services[0]->frontends[0]->count, COUNTER_CONNECTIONS, 8);
	from->services[0]->frontends[0]->paused = true;

	hand_over(from, to);
	after = find(to, "psql/n1");
	assert_state(after, STATE_DOWN, 1, 0);
	assert_string_equal(after->cause, a->cause);
	assert_int_equal(after->since_ms, 12345);
	assert_int_equal(after->since_wall_ms, 1700000000000);
	assert_int_equal(after->down_count, 3);
	assert_int_equal(after->downtime_ms, 777);
	assert_int_equal(after->check_failures, 9);
	assert_int_equal(after->check.code, PROBE_L7STS);
	assert_int_equal(after->check.status, 503);
	assert_string_equal(after->check.info, "Service Unavailable");
	assert_int_equal(after->connect_time.sum, a->connect_time.sum);
	assert_int_equal(after->connect_time.max, 40);
	assert_int_equal(after->count.at[COUNTER_SESSIONS], 100);
	assert_int_equal(after->count.at[COUNTER_BYTES_IN], 1ULL << 40);
	assert_int_equal(after->last_total, 100);
	after = find(to, "psql/n2");
	assert_state(after, STATE_UP, 4, STATE_DRAIN_COMMAND);
	assert_int_equal(after->weight, 37);
	assert_int_equal(after->iweight, 74);
	assert_int_equal(after->maxconn, 12);
	assert_int_equal(to->services[0]->count.at[COUNTER_RETRIES], 5);
	assert_int_equal(to->services[0]->ended[REASON_SERVER_DOWN], 6);
	assert_true(to->services[0]->has_server && to->services[0]->judged);
	assert_true(to->services[0]->panicking);
	assert_int_equal(to->services[0]->frontends[0]->count.at[COUNTER_CONNECTIONS], 8);
	assert_int_equal(to->services[0]->frontends[0]->last_accepted, 8);
	assert_true(to->services[0]->frontends[0]->paused);
	topology_free(from);
	topology_free(to);
}

static void gains_are_added(void **state)
{
	struct topology *from = make();
	struct topology *to = make();
	struct topology_server *s = find(from, "psql/n2");
	struct legacy_gains *gains = legacy_gains_new(from);
	AUTO_TEXT lines = { 0 };

	(void)state;
	counter_add(&s->count, COUNTER_SESSIONS, 2);
	counter_add(&find(to, "psql/n2")->count, COUNTER_SESSIONS, 10);
	legacy_gains_write(gains, &lines);
	assert_string_equal(text_str(&lines), "server-gain service=psql name=n2 SESSIONS=2\n");
	lines.data[lines.len - 1] = '\0';
	assert_true(legacy_take(to, lines.data));
	assert_int_equal(find(to, "psql/n2")->count.at[COUNTER_SESSIONS], 12);

	text_clear(&lines);
	legacy_gains_write(gains, &lines);
	assert_int_equal(lines.len, 0);
	from->services[0]->ended[REASON_KILLED] = 1;
	counter_add(&from->services[0]->frontends[0]->count, COUNTER_SESSIONS, 3);
	legacy_gains_write(gains, &lines);
	assert_string_equal(text_str(&lines), "service-gain name=psql ended.killed=1\n"
	                                      "frontend-gain service=psql name=psql SESSIONS=3\n");
	/* Cleared meanwhile: nothing is taken back. */
	s->count.at[COUNTER_SESSIONS] = 1;
	text_clear(&lines);
	legacy_gains_write(gains, &lines);
	assert_int_equal(lines.len, 0);
	legacy_gains_free(gains);
	legacy_gains_free(NULL);
	topology_free(from);
	topology_free(to);
}

static void gains_of_what_the_file_has_no_more_stay_in_the_sums(void **state)
{
	struct topology *from = make();
	struct topology *to = make();
	struct topology_service *psql = to->services[0];

	(void)state;
	take(to, "server-gain service=psql name=gone SESSIONS=2 BYTES_OUT=10 RETRIES=1");
	take(to, "server-gain service=gone name=n1 SESSIONS=2 BYTES_OUT=100");
	take(to, "service-gain name=gone SESSIONS=2 BYTES_OUT=1000");
	assert_int_equal(counter_get(&psql->count, COUNTER_BYTES_OUT), 10);
	assert_int_equal(counter_get(&psql->count, COUNTER_RETRIES), 1);
	assert_int_equal(counter_get(&psql->count, COUNTER_SESSIONS), 0);
	assert_int_equal(counter_get(&psql->count, COUNTER_GONE_ATTEMPTS), 2);
	assert_int_equal(topology_gone_bytes_out(to), 1110);
	from->gone_bytes_out = 5;
	hand_over(from, to);
	assert_int_equal(topology_gone_bytes_out(to), 1115);
	topology_free(from);
	topology_free(to);
}

#define N1 "server service=psql name=n1 host=127.0.0.1 port=26101 "

#define N2 "server service=psql name=n2 host=127.0.0.1 port=26102 "

static void what_the_file_changed_counts(void **state)
{
	struct topology *t = make();
	struct topology_server *s = find(t, "psql/n1");

	(void)state;
	/* It said 5 before and says 1 now: what a person made of 5 is over. */
	take(t,
	     N1 "set_weight=5 weight=9 iweight=9 set_maxconn=7 maxconn=3 set_disabled=1 admin=12");
	assert_int_equal(s->weight, 1);
	assert_int_equal(s->iweight, 1);
	assert_int_equal(s->maxconn, 0);
	assert_state(s, STATE_CHECKING, 0, STATE_DRAIN_COMMAND);
	/* Another place: what was found out there does not count. */
	take(t, "server service=psql name=n1 host=10.0.0.9 port=26101 set_weight=1 health=down "
	        "counter=0 check_failures=4");
	assert_state(s, STATE_CHECKING, 0, 0);
	assert_int_equal(s->check_failures, 4);
	topology_free(t);
}

static void what_was_found_out_elsewhere_does_not_count(void **state)
{
	static const struct {
		const char *more;
		enum state_health health;
	} cases[] = {
		{ "", STATE_DOWN },
		{ "address=127.0.0.1 now_port=26101 ", STATE_DOWN },
		{ "address=127.0.0.2 now_port=26101 ", STATE_CHECKING },
		{ "address=127.0.0.1 now_port=26102 ", STATE_CHECKING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct topology *t = make();
		struct topology_server *s = find(t, "psql/n1");
		AUTO_TEXT line = { 0 };

		text_addf(&line,
		          N1 "%sset_weight=1 health=down counter=0 admin=%u downtime=500 "
		             "since=%lld",
		          cases[i].more, STATE_DRAIN_COMMAND, (long long)tick_ms() - 70000);
		take(t, text_str(&line));
		assert_int_equal(topology_state(s).health, cases[i].health);
		assert_int_equal(topology_state(s).admin, STATE_DRAIN_COMMAND);
		/* It was down until now, and that is counted. */
		if (cases[i].health == STATE_CHECKING)
			assert_in_range(s->downtime_ms, 70500, 80500);
		else
			assert_int_equal(s->downtime_ms, 500);
		topology_free(t);
	}
}

static void orders_to_a_frontend_are_passed_on(void **state)
{
	struct topology *from = make();
	struct topology *to = make();
	struct topology_frontend *f = from->services[0]->frontends[0];
	const struct topology_frontend *after = to->services[0]->frontends[0];

	(void)state;
	/* The process's limit is the new process's. */
	topology_limit_frontend(f, 100);
	topology_set_maxconn(to, 200);
	hand_over(from, to);
	assert_int_equal(after->maxconn, 200);
	assert_false(after->stopped);
	f->maxconn = 7;
	f->limited = true;
	f->stopped = true;
	hand_over(from, to);
	assert_int_equal(after->maxconn, 7);
	assert_true(after->limited && after->stopped);
	topology_free(from);
	topology_free(to);
}

static void counters_fit_the_limits_of_now(void **state)
{
	static const struct {
		const char *line;
		enum state_health health;
		uint16_t counter;
	} table[] = {
		/* rise 2, fall 3: 0..4 */
		{ N1 "health=up counter=4 full=4", STATE_UP, 4 },
		{ N1 "health=up counter=9 full=9", STATE_UP, 4 },
		{ N1 "health=up counter=2 full=2", STATE_UP, 4 },
		{ N1 "health=up counter=1 full=4", STATE_UP, 2 },
		{ N1 "health=up counter=3 full=4", STATE_UP, 3 },
		{ N1 "health=down counter=7 full=9", STATE_DOWN, 1 },
		{ N1 "health=down counter=0", STATE_DOWN, 0 },
		{ N1 "health=nolb counter=4 full=4", STATE_NOLB, 4 },
		{ N1 "health=checking counter=4", STATE_CHECKING, 0 },
		{ N1 "health=nocheck", STATE_CHECKING, 0 },
		{ N1 "health=sideways counter=3", STATE_CHECKING, 0 },
		{ N1, STATE_CHECKING, 0 },
		{ N1 "health=up counter=-1", STATE_UP, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct topology *t = make();
		struct topology_server *s = find(t, "psql/n1");

		assert_int_equal(s->limits.rise, 2);
		assert_int_equal(s->limits.fall, 3);
		take(t, table[i].line);
		assert_state(s, table[i].health, table[i].counter, 0);
		topology_free(t);
	}
}

static void a_server_without_checks_needs_none(void **state)
{
	struct topology *t = make();

	(void)state;
	take(t, "server service=be name=s1 host=127.0.0.1 port=26101 health=down counter=0 "
	        "check_disabled=1");
	assert_state(find(t, "be/s1"), STATE_NOCHECK, 4, 0);
	assert_false(find(t, "be/s1")->check_disabled);
	take(t, N1 "health=nocheck counter=4 full=4 check_disabled=1");
	assert_state(find(t, "psql/n1"), STATE_NOCHECK, 4, 0);
	assert_true(find(t, "psql/n1")->check_disabled);
	/* It was down when they were switched off. */
	take(t, N2 "health=down counter=0 check_disabled=1");
	assert_state(find(t, "psql/n2"), STATE_DOWN, 0, 0);
	topology_free(t);
}

static void nonsense_is_ignored(void **state)
{
	static const char *const lines[] = {
		"server service=psql name=gone health=down",
		"server service=gone name=n1 health=down",
		"server name=n1 health=down",
		"server service=psql",
		"server",
		"server-gain service=psql name=n9 SESSIONS=1",
		"service name=gone judged=1",
		"frontend service=psql name=gone paused=1",
		"service-gain SESSIONS=1",
	};
	static const char *const strange[] = { "", " ", "weather sun=1", "=", "server2 a=b" };
	struct topology *t = make();
	AUTO_TEXT before = { 0 };
	AUTO_TEXT after = { 0 };

	(void)state;
	legacy_write(t, &before);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char *line = mem_strdup(lines[i]);

		assert_true(legacy_take(t, line));
		free(line);
	}
	for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
		char *line = mem_strdup(strange[i]);

		assert_false(legacy_take(t, line));
		free(line);
	}
	legacy_write(t, &after);
	assert_string_equal(text_str(&before), text_str(&after));
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_learnt_counted_and_ordered_is_passed_on),
		cmocka_unit_test(gains_are_added),
		cmocka_unit_test(gains_of_what_the_file_has_no_more_stay_in_the_sums),
		cmocka_unit_test(what_the_file_changed_counts),
		cmocka_unit_test(what_was_found_out_elsewhere_does_not_count),
		cmocka_unit_test(orders_to_a_frontend_are_passed_on),
		cmocka_unit_test(counters_fit_the_limits_of_now),
		cmocka_unit_test(a_server_without_checks_needs_none),
		cmocka_unit_test(nonsense_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
