/* SPDX-License-Identifier: MIT */
#include "core/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct state_limits limits_2_3 = { .rise = 2, .fall = 3, .checked = true };

/* What the header promises about health, as a table: the first row that fits decides. */
enum when {
	ALWAYS,
	LAST,   /* one more failure leaves the upper zone */
	NEARLY, /* one more good answer reaches it */
	ENOUGH, /* one more good answer makes `rise` in a row */
	UNCHECKED
};

enum then { SAME, FULL, ZERO, MINUS, PLUS, RISE, ONE_LEFT };

struct row {
	enum state_health health;
	enum state_event event;
	enum when when;
	enum state_health next;
	enum then counter, recovered;
};

static const struct row rows[] = {
	{ STATE_CHECKING, STATE_CHECK_CONDPASS, ALWAYS, STATE_NOLB, FULL, ONE_LEFT },
	{ STATE_CHECKING, STATE_SUDDEN_DEATH, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_CHECKING, STATE_MARK_DOWN, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_CHECKING, STATE_CHECK_PASSED, ALWAYS, STATE_UP, FULL, ZERO },
	{ STATE_CHECKING, STATE_CHECK_DRAINING, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_CHECKING, STATE_CHECK_FAILED, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_CHECKING, STATE_UNRESOLVED, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_CHECKING, STATE_RESOLVED, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_CHECKING, STATE_RESOLVED, ALWAYS, STATE_CHECKING, SAME, SAME },
	{ STATE_CHECKING, STATE_FORCE_UP, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_CHECKING, STATE_FORCE_UP, ALWAYS, STATE_UP, FULL, ZERO },
	{ STATE_CHECKING, STATE_FORCE_NOLB, ALWAYS, STATE_NOLB, FULL, ZERO },
	{ STATE_CHECKING, STATE_FORCE_DOWN, ALWAYS, STATE_DOWN, ZERO, ZERO },

	{ STATE_UP, STATE_CHECK_CONDPASS, ALWAYS, STATE_NOLB, FULL, ONE_LEFT },
	{ STATE_UP, STATE_SUDDEN_DEATH, LAST, STATE_DOWN, ZERO, ZERO },
	{ STATE_UP, STATE_SUDDEN_DEATH, ALWAYS, STATE_UP, RISE, ZERO },
	{ STATE_UP, STATE_MARK_DOWN, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_UP, STATE_CHECK_PASSED, ALWAYS, STATE_UP, FULL, ZERO },
	{ STATE_UP, STATE_CHECK_DRAINING, LAST, STATE_DOWN, ZERO, ZERO },
	{ STATE_UP, STATE_CHECK_DRAINING, ALWAYS, STATE_NOLB, MINUS, ZERO },
	{ STATE_UP, STATE_CHECK_FAILED, LAST, STATE_DOWN, ZERO, ZERO },
	{ STATE_UP, STATE_CHECK_FAILED, ALWAYS, STATE_UP, MINUS, ZERO },
	{ STATE_UP, STATE_UNRESOLVED, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_UP, STATE_RESOLVED, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_UP, STATE_RESOLVED, ALWAYS, STATE_UP, SAME, SAME },
	{ STATE_UP, STATE_FORCE_UP, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_UP, STATE_FORCE_UP, ALWAYS, STATE_UP, FULL, ZERO },
	{ STATE_UP, STATE_FORCE_NOLB, ALWAYS, STATE_NOLB, FULL, ZERO },
	{ STATE_UP, STATE_FORCE_DOWN, ALWAYS, STATE_DOWN, ZERO, ZERO },

	{ STATE_NOLB, STATE_CHECK_CONDPASS, ALWAYS, STATE_NOLB, FULL, ONE_LEFT },
	{ STATE_NOLB, STATE_SUDDEN_DEATH, LAST, STATE_DOWN, ZERO, ZERO },
	{ STATE_NOLB, STATE_SUDDEN_DEATH, ALWAYS, STATE_NOLB, RISE, ZERO },
	{ STATE_NOLB, STATE_MARK_DOWN, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_NOLB, STATE_CHECK_PASSED, ENOUGH, STATE_UP, FULL, ZERO },
	{ STATE_NOLB, STATE_CHECK_PASSED, ALWAYS, STATE_NOLB, FULL, PLUS },
	{ STATE_NOLB, STATE_CHECK_DRAINING, LAST, STATE_DOWN, ZERO, ZERO },
	{ STATE_NOLB, STATE_CHECK_DRAINING, ALWAYS, STATE_NOLB, MINUS, ZERO },
	{ STATE_NOLB, STATE_CHECK_FAILED, LAST, STATE_DOWN, ZERO, ZERO },
	{ STATE_NOLB, STATE_CHECK_FAILED, ALWAYS, STATE_NOLB, MINUS, ZERO },
	{ STATE_NOLB, STATE_UNRESOLVED, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_NOLB, STATE_RESOLVED, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_NOLB, STATE_RESOLVED, ALWAYS, STATE_NOLB, SAME, SAME },
	{ STATE_NOLB, STATE_FORCE_UP, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_NOLB, STATE_FORCE_UP, ALWAYS, STATE_UP, FULL, ZERO },
	{ STATE_NOLB, STATE_FORCE_NOLB, ALWAYS, STATE_NOLB, FULL, ZERO },
	{ STATE_NOLB, STATE_FORCE_DOWN, ALWAYS, STATE_DOWN, ZERO, ZERO },

	{ STATE_DOWN, STATE_CHECK_CONDPASS, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_DOWN, STATE_SUDDEN_DEATH, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_DOWN, STATE_MARK_DOWN, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_DOWN, STATE_CHECK_PASSED, NEARLY, STATE_UP, FULL, ZERO },
	{ STATE_DOWN, STATE_CHECK_PASSED, ALWAYS, STATE_DOWN, PLUS, SAME },
	{ STATE_DOWN, STATE_CHECK_DRAINING, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_DOWN, STATE_CHECK_FAILED, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_DOWN, STATE_UNRESOLVED, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_DOWN, STATE_RESOLVED, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_DOWN, STATE_RESOLVED, ALWAYS, STATE_DOWN, SAME, SAME },
	{ STATE_DOWN, STATE_FORCE_UP, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_DOWN, STATE_FORCE_UP, ALWAYS, STATE_UP, FULL, ZERO },
	{ STATE_DOWN, STATE_FORCE_NOLB, ALWAYS, STATE_NOLB, FULL, ZERO },
	{ STATE_DOWN, STATE_FORCE_DOWN, ALWAYS, STATE_DOWN, ZERO, ZERO },

	{ STATE_NOCHECK, STATE_CHECK_CONDPASS, ALWAYS, STATE_NOCHECK, SAME, SAME },
	{ STATE_NOCHECK, STATE_SUDDEN_DEATH, ALWAYS, STATE_NOCHECK, SAME, SAME },
	{ STATE_NOCHECK, STATE_MARK_DOWN, ALWAYS, STATE_NOCHECK, SAME, SAME },
	{ STATE_NOCHECK, STATE_CHECK_PASSED, ALWAYS, STATE_NOCHECK, SAME, SAME },
	{ STATE_NOCHECK, STATE_CHECK_DRAINING, ALWAYS, STATE_NOCHECK, SAME, SAME },
	{ STATE_NOCHECK, STATE_CHECK_FAILED, ALWAYS, STATE_NOCHECK, SAME, SAME },
	{ STATE_NOCHECK, STATE_UNRESOLVED, ALWAYS, STATE_DOWN, ZERO, ZERO },
	{ STATE_NOCHECK, STATE_RESOLVED, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_NOCHECK, STATE_RESOLVED, ALWAYS, STATE_NOCHECK, SAME, SAME },
	{ STATE_NOCHECK, STATE_FORCE_UP, UNCHECKED, STATE_NOCHECK, FULL, ZERO },
	{ STATE_NOCHECK, STATE_FORCE_UP, ALWAYS, STATE_UP, FULL, ZERO },
	{ STATE_NOCHECK, STATE_FORCE_NOLB, ALWAYS, STATE_NOLB, FULL, ZERO },
	{ STATE_NOCHECK, STATE_FORCE_DOWN, ALWAYS, STATE_DOWN, ZERO, ZERO },
};

static bool fits(const struct row *r, const struct state *s, enum state_event event,
                 const struct state_limits *l)
{
	if (r->health != s->health || r->event != event)
		return false;
	switch (r->when) {
	case LAST:
		return s->counter - 1 < l->rise;
	case NEARLY:
		return s->counter + 1 >= l->rise;
	case ENOUGH:
		return s->recovered + 1 >= l->rise;
	case UNCHECKED:
		return !l->checked;
	case ALWAYS:
		break;
	}
	return true;
}

static uint16_t apply(enum then t, uint16_t n, const struct state_limits *l)
{
	switch (t) {
	case FULL:
		return (uint16_t)(l->rise + l->fall - 1);
	case ZERO:
		return 0;
	case MINUS:
		return (uint16_t)(n - 1);
	case PLUS:
		return (uint16_t)(n + 1);
	case RISE:
		return n < l->rise + 1 ? (uint16_t)(n - 1) : l->rise;
	case ONE_LEFT:
		return (uint16_t)(l->rise - 1);
	case SAME:
		break;
	}
	return n;
}

static struct state expect_health(struct state s, enum state_event event,
                                  const struct state_limits *l)
{
	if (s.admin & STATE_MAINT_ANY)
		return s;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!fits(&rows[i], &s, event, l))
			continue;
		s.health = rows[i].next;
		s.counter = apply(rows[i].counter, s.counter, l);
		s.recovered = apply(rows[i].recovered, s.recovered, l);
		return s;
	}
	fail_msg("no row for health %d, event %d", s.health, event);
	return s;
}

static bool is_admin_event(enum state_event e)
{
	return e == STATE_SET_MAINT || e == STATE_CLEAR_MAINT || e == STATE_SET_DRAIN ||
	       e == STATE_CLEAR_DRAIN;
}

static struct state expect_axis(struct state s, enum state_event event,
                                const struct state_limits *l)
{
	bool on = event == STATE_ENABLE_CHECK;

	if (event == STATE_AGENT_UP || event == STATE_AGENT_DOWN) {
		s.agent_down = event == STATE_AGENT_DOWN;
	} else if (event == STATE_LOSE_CHECK) {
		struct state fresh = state_first(l, s.admin);

		fresh.agent_down = s.agent_down;
		return fresh;
	} else if (on ? s.health == STATE_NOCHECK
	              : s.health == STATE_UP || s.health == STATE_CHECKING) {
		s.health = on ? STATE_UP : STATE_NOCHECK;
		s.counter = on ? l->rise : (uint16_t)(l->rise + l->fall - 1);
		s.recovered = 0;
	}
	return s;
}

static bool is_axis_event(enum state_event e)
{
	return e == STATE_AGENT_UP || e == STATE_AGENT_DOWN || e == STATE_ENABLE_CHECK ||
	       e == STATE_DISABLE_CHECK || e == STATE_LOSE_CHECK;
}

static struct state expect_admin(struct state s, enum state_event event, uint8_t flag,
                                 const struct state_limits *l)
{
	bool maint = event == STATE_SET_MAINT || event == STATE_CLEAR_MAINT;
	bool set = event == STATE_SET_MAINT || event == STATE_SET_DRAIN;
	uint8_t before = s.admin;

	if (!((maint ? 0x07 : 0x18) & flag))
		return s;
	s.admin = (uint8_t)(set ? before | flag : before & ~flag);
	if ((before & 0x07) && !(s.admin & 0x07)) {
		struct state fresh = state_first(l, s.admin);

		fresh.agent_down = s.agent_down;
		return fresh;
	}
	return s;
}

static void assert_same(const struct state *got, const struct state *want)
{
	assert_int_equal(got->health, want->health);
	assert_int_equal(got->counter, want->counter);
	assert_int_equal(got->recovered, want->recovered);
	assert_int_equal(got->admin, want->admin);
	assert_int_equal(got->agent_down, want->agent_down);
}

static void check_state(const struct state *s, const struct state_limits *l)
{
	struct state copy = state_unpack(state_pack(s));

	assert_same(&copy, s);
	for (enum state_event e = 0; e < STATE_EVENT_COUNT; e++) {
		for (unsigned int flag = is_admin_event(e) ? 1 : 0; flag <= 0x10;
		     flag = flag ? flag * 2 : 0x20) {
			struct state got = state_next(*s, e, (uint8_t)flag, l);
			struct state want = is_admin_event(e)
			                        ? expect_admin(*s, e, (uint8_t)flag, l)
			                    : is_axis_event(e) ? expect_axis(*s, e, l)
			                                       : expect_health(*s, e, l);

			assert_same(&got, &want);
		}
	}
}

static void check_counters(enum state_health health, uint8_t admin, const struct state_limits *l)
{
	struct state s = { .health = health, .admin = admin };

	for (s.counter = 0; s.counter <= l->rise + l->fall - 1; s.counter++)
		for (s.recovered = 0; s.recovered <= (health == STATE_NOLB ? l->rise : 0);
		     s.recovered++) {
			s.agent_down = false;
			check_state(&s, l);
			s.agent_down = true;
			check_state(&s, l);
		}
}

static void every_state_and_every_event_follow_the_table(void **unused)
{
	static const struct state_limits all[] = {
		{ .rise = 2, .fall = 3, .checked = true },
		{ .rise = 1, .fall = 1, .checked = true, .agent = true },
		{ .rise = 3, .fall = 1, .checked = true, .start_up = true },
		{ .rise = 1, .fall = 4, .checked = true, .start_up = true },
		{ .rise = 5, .fall = 2, .checked = true },
		{ .rise = 2, .fall = 3 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++)
			for (unsigned int admin = 0; admin < 0x20; admin++)
				check_counters(h, (uint8_t)admin, &all[i]);
}

static void only_up_and_unchecked_servers_without_flags_are_usable(void **unused)
{
	(void)unused;
	for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++) {
		for (unsigned int admin = 0; admin < 0x20; admin++) {
			struct state s = { .health = h, .counter = 4, .admin = (uint8_t)admin };
			bool good = h == STATE_UP || h == STATE_NOCHECK;

			assert_int_equal(state_is_usable(&s), good && admin == 0);
			assert_int_equal(state_in_maint(&s), (admin & 7) != 0);
			s.agent_down = true;
			assert_false(state_is_usable(&s));
			assert_int_equal(state_effective(&s), STATE_DOWN);
		}
	}
}

/* Plays a script of p (passed), f (failed), d (draining) and compares what people see. */
static void play(struct state *s, const struct state_limits *l, const char *script,
                 const char *const *seen)
{
	char buf[64];

	for (; *script; script++, seen++) {
		enum state_event e = *script == 'p'   ? STATE_CHECK_PASSED
		                     : *script == 'f' ? STATE_CHECK_FAILED
		                                      : STATE_CHECK_DRAINING;

		*s = state_next(*s, e, 0, l);
		state_describe(s, l, NULL, buf, sizeof(buf));
		assert_string_equal(buf, *seen);
	}
}

static void failures_and_successes_show_as_haproxy_shows_them(void **unused)
{
	static const char *const seen[] = { "UP",       "UP 2/3", "UP 1/3", "DOWN",
		                            "DOWN 1/2", "DOWN",   "DOWN",   "DOWN 1/2",
		                            "UP",       "UP 2/3", "UP" };
	struct state s = state_first(&limits_2_3, 0);

	(void)unused;
	play(&s, &limits_2_3, "pfffpffppfp", seen);
}

static void a_drain_answer_stops_new_sessions_at_once_and_goes_down_after_fall(void **unused)
{
	static const char *const seen[] = { "UP", "NOLB 2/3", "NOLB 1/3", "DOWN", "DOWN" };
	struct state s = state_first(&limits_2_3, 0);

	(void)unused;
	play(&s, &limits_2_3, "p", seen);
	assert_true(state_is_usable(&s));
	play(&s, &limits_2_3, "d", seen + 1);
	assert_false(state_is_usable(&s));
	play(&s, &limits_2_3, "ddd", seen + 2);
}

static void a_draining_node_that_dies_keeps_counting(void **unused)
{
	static const char *const seen[] = { "UP", "UP 2/3", "NOLB 1/3", "DOWN" };
	struct state s = state_first(&limits_2_3, 0);

	(void)unused;
	play(&s, &limits_2_3, "pfdf", seen);
}

static void recovery_from_nolb_takes_rise_good_answers_in_a_row(void **unused)
{
	static const char *const seen[] = { "UP",       "NOLB 2/3", "NOLB", "NOLB 2/3", "NOLB",
		                            "NOLB 2/3", "NOLB",     "UP",   "NOLB 2/3" };
	struct state s = state_first(&limits_2_3, 0);

	(void)unused;
	play(&s, &limits_2_3, "pdpdpfppd", seen);
}

static void the_first_check_decides_alone(void **unused)
{
	static const char *const up[] = { "UP" };
	static const char *const down[] = { "DOWN" };
	struct state s = state_first(&limits_2_3, 0);
	char buf[32];

	(void)unused;
	state_describe(&s, &limits_2_3, NULL, buf, sizeof(buf));
	assert_string_equal(buf, "CHECKING");
	assert_false(state_is_usable(&s));
	play(&s, &limits_2_3, "p", up);
	s = state_first(&limits_2_3, 0);
	play(&s, &limits_2_3, "f", down);
	s = state_first(&limits_2_3, 0);
	play(&s, &limits_2_3, "d", down);
}

static void a_server_that_starts_up_needs_one_failure_to_go_down(void **unused)
{
	struct state_limits l = { .rise = 2, .fall = 3, .checked = true, .start_up = true };
	struct state s = state_first(&l, 0);
	char buf[32];

	(void)unused;
	assert_true(state_is_usable(&s));
	state_describe(&s, &l, NULL, buf, sizeof(buf));
	assert_string_equal(buf, "UP 1/3");
	s = state_next(s, STATE_CHECK_FAILED, 0, &l);
	assert_int_equal(s.health, STATE_DOWN);
}

static void maintenance_of_one_origin_outlives_that_of_another(void **unused)
{
	struct state s = state_first(&limits_2_3, STATE_MAINT_CONFIG);

	(void)unused;
	s = state_next(s, STATE_SET_MAINT, STATE_MAINT_COMMAND, &limits_2_3);
	s = state_next(s, STATE_CLEAR_MAINT, STATE_MAINT_CONFIG, &limits_2_3);
	assert_true(state_in_maint(&s));
	s = state_next(s, STATE_CHECK_PASSED, 0, &limits_2_3);
	assert_int_equal(s.health, STATE_CHECKING);
	s = state_next(s, STATE_CLEAR_MAINT, STATE_MAINT_COMMAND, &limits_2_3);
	assert_false(state_in_maint(&s));
	assert_int_equal(s.health, STATE_CHECKING);
}

static void leaving_maintenance_starts_afresh_and_keeps_drain(void **unused)
{
	struct state s = state_first(&limits_2_3, 0);

	(void)unused;
	s = state_next(s, STATE_CHECK_PASSED, 0, &limits_2_3);
	s = state_next(s, STATE_SET_DRAIN, STATE_DRAIN_COMMAND, &limits_2_3);
	s = state_next(s, STATE_SET_MAINT, STATE_MAINT_COMMAND, &limits_2_3);
	assert_int_equal(s.health, STATE_UP);
	s = state_next(s, STATE_CLEAR_MAINT, STATE_MAINT_ANY, &limits_2_3);
	assert_int_equal(s.health, STATE_CHECKING);
	assert_int_equal(s.admin, STATE_DRAIN_COMMAND);
	s = state_next(s, STATE_CHECK_PASSED, 0, &limits_2_3);
	assert_false(state_is_usable(&s));
	s = state_next(s, STATE_CLEAR_DRAIN, STATE_DRAIN_ANY, &limits_2_3);
	assert_true(state_is_usable(&s));
}

static void drain_does_not_stop_health_from_moving(void **unused)
{
	static const char *const seen[] = { "DRAIN", "DRAIN 2/3", "NOLB 1/3", "DOWN", "DOWN 1/2" };
	struct state s = state_first(&limits_2_3, STATE_DRAIN_COMMAND);

	(void)unused;
	play(&s, &limits_2_3, "pfddp", seen);
}

static void words_for_people_match_haproxys_status(void **unused)
{
	static const struct {
		struct state s;
		const char *via, *want;
	} cases[] = {
		{ { STATE_CHECKING, 0, 0, 0, false }, NULL, "CHECKING" },
		{ { STATE_CHECKING, 0, 0, STATE_DRAIN_COMMAND, false }, NULL, "CHECKING" },
		{ { STATE_UP, 4, 0, 0, false }, NULL, "UP" },
		{ { STATE_UP, 3, 0, 0, false }, NULL, "UP 2/3" },
		{ { STATE_UP, 2, 0, 0, false }, NULL, "UP 1/3" },
		{ { STATE_UP, 4, 0, STATE_DRAIN_COMMAND, false }, NULL, "DRAIN" },
		{ { STATE_UP, 3, 0, STATE_DRAIN_INHERITED, false }, NULL, "DRAIN 2/3" },
		{ { STATE_UP, 4, 0, STATE_DRAIN_LEFT, false }, NULL, "DRAIN" },
		{ { STATE_NOLB, 4, 1, 0, false }, NULL, "NOLB" },
		{ { STATE_NOLB, 2, 0, 0, false }, NULL, "NOLB 1/3" },
		{ { STATE_NOLB, 3, 0, STATE_DRAIN_COMMAND, false }, NULL, "NOLB 2/3" },
		{ { STATE_DOWN, 0, 0, 0, false }, NULL, "DOWN" },
		{ { STATE_DOWN, 1, 0, 0, false }, NULL, "DOWN 1/2" },
		{ { STATE_DOWN, 1, 0, STATE_DRAIN_COMMAND, false }, NULL, "DOWN 1/2" },
		{ { STATE_NOCHECK, 4, 0, 0, false }, NULL, "no check" },
		{ { STATE_NOCHECK, 4, 0, STATE_DRAIN_COMMAND, false }, NULL, "DRAIN" },
		{ { STATE_UP, 3, 0, STATE_MAINT_COMMAND, false }, NULL, "MAINT" },
		{ { STATE_UP, 3, 0, STATE_MAINT_CONFIG, false }, "be/srv", "MAINT" },
		{ { STATE_DOWN, 0, 0, STATE_MAINT_INHERITED, false }, NULL, "MAINT" },
		{ { STATE_DOWN, 0, 0, STATE_MAINT_INHERITED, false },
		  "be/srv",
		  "MAINT (via be/srv)" },
	};
	char buf[64];

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		state_describe(&cases[i].s, &limits_2_3, cases[i].via, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].want);
	}
	state_describe(&cases[18].s, &limits_2_3, "be/srv", buf, 6);
	assert_string_equal(buf, "MAINT");
}

static void the_word_of_an_agent_shows(void **unused)
{
	static const struct {
		struct state s;
		const char *want;
	} cases[] = {
		{ { STATE_UP, 4, 0, 0, false }, "UP" },
		{ { STATE_UP, 4, 0, 0, true }, "DOWN (agent)" },
		{ { STATE_DOWN, 0, 0, 0, true }, "DOWN (agent)" },
		{ { STATE_DOWN, 0, 0, 0, false }, "DOWN" },
		{ { STATE_NOCHECK, 4, 0, 0, true }, "DOWN (agent)" },
		{ { STATE_UP, 3, 0, STATE_DRAIN_COMMAND, false }, "DRAIN (agent)" },
		{ { STATE_NOCHECK, 3, 0, STATE_DRAIN_COMMAND, false }, "DRAIN (agent)" },
		{ { STATE_NOLB, 3, 0, STATE_DRAIN_COMMAND, false }, "NOLB 2/3" },
		{ { STATE_UP, 4, 0, STATE_MAINT_COMMAND, true }, "MAINT" },
	};
	struct state_limits l = limits_2_3;
	char buf[64];

	(void)unused;
	l.agent = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		state_describe(&cases[i].s, &l, NULL, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].want);
	}
}

static void a_conditional_pass_is_taken_back_by_the_next_good_answer(void **unused)
{
	struct state s = state_first(&limits_2_3, 0);

	(void)unused;
	s = state_next(s, STATE_CHECK_PASSED, 0, &limits_2_3);
	s = state_next(s, STATE_CHECK_CONDPASS, 0, &limits_2_3);
	assert_int_equal(s.health, STATE_NOLB);
	s = state_next(s, STATE_CHECK_CONDPASS, 0, &limits_2_3);
	assert_int_equal(s.health, STATE_NOLB);
	s = state_next(s, STATE_CHECK_PASSED, 0, &limits_2_3);
	assert_int_equal(s.health, STATE_UP);
	for (int i = 0; i < 3; i++)
		s = state_next(s, STATE_CHECK_FAILED, 0, &limits_2_3);
	s = state_next(s, STATE_CHECK_CONDPASS, 0, &limits_2_3);
	s = state_next(s, STATE_CHECK_CONDPASS, 0, &limits_2_3);
	assert_int_equal(s.health, STATE_DOWN);
}

static void one_more_failure_is_fatal_after_a_sudden_death(void **unused)
{
	struct state s = state_first(&limits_2_3, 0);

	(void)unused;
	s = state_next(s, STATE_CHECK_PASSED, 0, &limits_2_3);
	s = state_next(s, STATE_SUDDEN_DEATH, 0, &limits_2_3);
	assert_int_equal(s.health, STATE_UP);
	s = state_next(s, STATE_SUDDEN_DEATH, 0, &limits_2_3);
	assert_int_equal(s.health, STATE_DOWN);
}

static void a_follower_takes_over_health_and_inherits_flags(void **unused)
{
	static const struct {
		struct state leader;
		bool reachable;
		enum state_health health;
		unsigned int counter, admin;
	} cases[] = {
		{ { STATE_UP, 4, 0, 0, false }, true, STATE_UP, 4, 0x01 },
		{ { STATE_UP, 3, 0, 0, false }, true, STATE_UP, 3, 0x01 },
		{ { STATE_UP, 4, 0, 0, true }, true, STATE_DOWN, 0, 0x01 },
		{ { STATE_UP, 4, 0, 0, false }, false, STATE_DOWN, 0, 0x01 },
		{ { STATE_DOWN, 1, 0, 0, false }, true, STATE_DOWN, 1, 0x01 },
		{ { STATE_NOLB, 4, 1, 0, false }, true, STATE_NOLB, 4, 0x01 },
		{ { STATE_UP, 4, 0, STATE_MAINT_CONFIG, false }, true, STATE_UP, 4, 0x03 },
		{ { STATE_UP, 4, 0, STATE_MAINT_INHERITED, false }, true, STATE_UP, 4, 0x03 },
		{ { STATE_UP, 4, 0, STATE_DRAIN_COMMAND, false }, true, STATE_UP, 4, 0x11 },
		{ { STATE_UP, 4, 0, STATE_DRAIN_INHERITED, false }, true, STATE_UP, 4, 0x11 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct state s = { .admin = STATE_MAINT_COMMAND | STATE_MAINT_INHERITED |
			                    STATE_DRAIN_INHERITED };

		s = state_follow(s, &cases[i].leader, cases[i].reachable);
		assert_int_equal(s.health, cases[i].health);
		assert_int_equal(s.counter, cases[i].counter);
		assert_int_equal(s.admin, cases[i].admin);
		assert_false(s.agent_down);
	}
}

static void a_server_between_up_and_down_is_changing(void **unused)
{
	static const struct {
		struct state s;
		bool changing;
	} cases[] = {
		{ { STATE_CHECKING, 0, 0, 0, false }, false },
		{ { STATE_UP, 4, 0, 0, false }, false },
		{ { STATE_UP, 3, 0, 0, false }, true },
		{ { STATE_UP, 2, 0, 0, false }, true },
		{ { STATE_NOLB, 4, 0, 0, false }, true },
		{ { STATE_NOLB, 2, 0, 0, false }, true },
		{ { STATE_DOWN, 0, 0, 0, false }, false },
		{ { STATE_DOWN, 1, 0, 0, false }, true },
		{ { STATE_NOCHECK, 4, 0, 0, false }, false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(state_is_changing(&cases[i].s, &limits_2_3), cases[i].changing);
}

static void every_health_has_a_word_a_key_and_a_sentence(void **unused)
{
	(void)unused;
	for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++) {
		assert_true(strlen(state_health_name(h)) > 0);
		assert_true(strlen(state_health_help(h)) > 0);
		assert_int_equal(strspn(state_health_key(h), "abcdefghijklmnopqrstuvwxyz"),
		                 strlen(state_health_key(h)));
	}
	assert_string_equal(state_health_name(STATE_NOCHECK), "no check");
	assert_string_equal(state_health_key(STATE_NOLB), "nolb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_and_every_event_follow_the_table),
		cmocka_unit_test(only_up_and_unchecked_servers_without_flags_are_usable),
		cmocka_unit_test(failures_and_successes_show_as_haproxy_shows_them),
		cmocka_unit_test(
		    a_drain_answer_stops_new_sessions_at_once_and_goes_down_after_fall),
		cmocka_unit_test(a_draining_node_that_dies_keeps_counting),
		cmocka_unit_test(recovery_from_nolb_takes_rise_good_answers_in_a_row),
		cmocka_unit_test(the_first_check_decides_alone),
		cmocka_unit_test(a_server_that_starts_up_needs_one_failure_to_go_down),
		cmocka_unit_test(maintenance_of_one_origin_outlives_that_of_another),
		cmocka_unit_test(leaving_maintenance_starts_afresh_and_keeps_drain),
		cmocka_unit_test(drain_does_not_stop_health_from_moving),
		cmocka_unit_test(words_for_people_match_haproxys_status),
		cmocka_unit_test(the_word_of_an_agent_shows),
		cmocka_unit_test(a_conditional_pass_is_taken_back_by_the_next_good_answer),
		cmocka_unit_test(one_more_failure_is_fatal_after_a_sudden_death),
		cmocka_unit_test(a_follower_takes_over_health_and_inherits_flags),
		cmocka_unit_test(a_server_between_up_and_down_is_changing),
		cmocka_unit_test(every_health_has_a_word_a_key_and_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
