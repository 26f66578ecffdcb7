/* SPDX-License-Identifier: MIT */
#include "whyscene.h"

static void one_that_serves(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_expect(&s, "UP for 12s: gets new sessions");
	assert_true(why_gets_sessions(&s.f));
	s.f.ramp = 35;
	whyscene_expect(&s,
	                "UP for 12s: gets new sessions, 35 % of its share while it starts slowly "
	                "(slowstart)");
	s.f.ramp = 100;
	whyscene_health(&s, STATE_UP, 3);
	s.f.last_bad = "no answer in time";
	whyscene_expect(&s,
	                "UP 2/3 for 12s: gets new sessions; a check failed (no answer in time): 2 "
	                "more take it down (fall = 3)");
	whyscene_health(&s, STATE_UP, 2);
	whyscene_expect(&s,
	                "UP 1/3 for 12s: gets new sessions; checks failed (no answer in time): 1 "
	                "more takes it down (fall = 3)");
	s.f.last_bad = "";
	whyscene_expect(
	    &s, "UP 1/3 for 12s: gets new sessions; it was not checked yet: 1 more takes it "
	        "down (fall = 3)");
}

static void one_that_nobody_checks(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_health(&s, STATE_NOCHECK, 4);
	s.f.limits.checked = false;
	whyscene_expect(&s, "usable for 12s: gets new sessions; nothing checks it");
	s.f.check_disabled = true;
	whyscene_expect(&s, "usable for 12s: gets new sessions; its checks are switched off");
}

static void one_that_is_up_but_gets_none(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.sessions = 4;
	s.f.weight = 0;
	whyscene_expect(&s, "UP for 12s, but its weight is 0: no new sessions; 4 sessions go on; "
	                    "`sluice ctl \"set server psql/n1 weight 1\"` gives it a share");
	assert_false(why_gets_sessions(&s.f));
	s.f.weight = 1;
	s.f.maxconn = 4;
	whyscene_expect(&s, "UP for 12s, but full: 4 of 4 sessions (maxconn)");
	s.f.queued = 2;
	whyscene_expect(&s, "UP for 12s, but full: 4 of 4 sessions (maxconn), 2 wait for it");
	assert_false(why_gets_sessions(&s.f));
	s.f.maxconn = 5;
	assert_true(why_gets_sessions(&s.f));
}

static void one_that_is_far_away(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.tiers = 2;
	s.f.tier = 1;
	whyscene_expect(&s, "UP for 12s, but nearer servers are healthy: 0 % of new sessions come "
	                    "here (tier 1)");
	assert_false(why_gets_sessions(&s.f));
	s.f.tier_share = 4588;
	whyscene_expect(&s, "UP for 12s: gets new sessions; 7 % of them come to its tier (1)");
	assert_true(why_gets_sessions(&s.f));
	s.f.tier_share = 1;
	whyscene_expect(&s, "UP for 12s: gets new sessions; less than 1 % of them come to its tier "
	                    "(1)");
	s.f.tier_share = 65535;
	whyscene_expect(&s, "UP for 12s: gets new sessions");
	s.f.tier_share = 0;
	s.f.backup = true;
	whyscene_expect(&s, "UP for 12s: gets new sessions");
}

static void a_backup(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.backup = true;
	s.f.actives = 2;
	whyscene_expect(&s, "UP for 12s, but not needed: it is a backup, and 2 other servers are "
	                    "usable");
	assert_false(why_gets_sessions(&s.f));
	s.f.actives = 0;
	s.f.before_it = "n4";
	whyscene_expect(&s, "UP for 12s, but not needed: it is a backup, and n4 comes before it "
	                    "(allbackups = false)");
	s.f.before_it = NULL;
	whyscene_expect(&s, "UP for 12s: gets new sessions");
	assert_true(why_gets_sessions(&s.f));
}

static void one_whose_checks_fail(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_refused(&s);
	whyscene_expect(&s,
	                "DOWN for 12s: 3 failed checks in a row (fall = 3): Connection refused; it "
	                "comes back after 2 good checks in a row (rise = 2); the next check is in "
	                "400 ms");
	assert_false(why_gets_sessions(&s.f));
	whyscene_health(&s, STATE_DOWN, 1);
	s.f.next_check_ms = 0;
	s.f.sessions = 1;
	whyscene_expect(
	    &s, "DOWN 1/2 for 12s: 3 failed checks in a row (fall = 3): Connection refused; "
	        "it comes back after 1 more good check (rise = 2); a check runs now; 1 "
	        "session is still on it");
}

static void one_whose_first_check_failed(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_refused(&s);
	whyscene_decide(&s, STATE_CHECK_FAILED, JOURNAL_BY_CHECK, STATE_CHECKING, 1);
	s.f.limits.rise = 1;
	s.f.next_check_ms = 1234;
	whyscene_expect(&s,
	                "DOWN for 12s: its first check failed: Connection refused; it comes back "
	                "after 1 good check (rise = 1); the next check is in 1.2s");
	whyscene_decide(&s, STATE_CHECK_FAILED, JOURNAL_BY_CHECK, STATE_UP, 1);
	s.f.next_check_ms = -1;
	whyscene_expect(&s,
	                "DOWN for 12s: a check failed, and it had no other to spare: Connection "
	                "refused; it comes back after 1 good check (rise = 1)");
	s.f.limits.fall = 1;
	whyscene_expect(
	    &s, "DOWN for 12s: 1 failed check (fall = 1): Connection refused; it comes back "
	        "after 1 good check (rise = 1)");
}

static void one_that_clients_found_dead(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_refused(&s);
	whyscene_decide(&s, STATE_MARK_DOWN, JOURNAL_BY_CHECK, STATE_UP, 1);
	s.f.next_check_ms = -1;
	whyscene_expect(
	    &s, "DOWN for 12s: clients and a check found the same, which is enough: "
	        "Connection refused; it comes back after 2 good checks in a row (rise = 2)");
	whyscene_decide(&s, STATE_MARK_DOWN, JOURNAL_BY_TRAFFIC, STATE_UP, 1);
	s.f.decided_words = "traffic failed: Detected 10 consecutive errors";
	whyscene_expect(
	    &s, "DOWN for 12s: its sessions failed (observe): traffic failed: Detected 10 "
	        "consecutive errors; it comes back after 2 good checks in a row (rise = 2)");
}

static void one_that_a_command_put_down(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_health(&s, STATE_DOWN, 0);
	whyscene_decide(&s, STATE_FORCE_DOWN, JOURNAL_BY_COMMAND, STATE_UP, 0);
	s.f.next_check_ms = -1;
	whyscene_expect(&s, "DOWN for 12s: set by a command (set server ... health); it comes back "
	                    "after 2 good checks in a row (rise = 2)");
	s.f.limits.checked = false;
	whyscene_expect(
	    &s, "DOWN for 12s: set by a command (set server ... health); it is not checked: "
	        "`sluice ctl \"set server psql/n1 health up\"` brings it back");
}

static void one_whose_past_is_forgotten(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_health(&s, STATE_DOWN, 0);
	s.f.next_check_ms = -1;
	s.f.cause = "check failed: Connection refused";
	whyscene_expect(
	    &s, "DOWN for 12s: check failed: Connection refused; it comes back after 2 good "
	        "checks in a row (rise = 2)");
	s.f.cause = "";
	whyscene_expect(&s,
	                "DOWN for 12s: what decided is not known any more; it comes back after 2 "
	                "good checks in a row (rise = 2)");
}

static void one_without_an_address(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_health(&s, STATE_DOWN, 0);
	whyscene_decide(&s, STATE_UNRESOLVED, JOURNAL_BY_RESOLVER, STATE_UP, 1);
	s.f.host = "db1.example";
	s.f.has_address = false;
	s.f.last = "Domain name not found";
	whyscene_expect(&s, "DOWN for 12s: \"db1.example\" does not resolve (Domain name not "
	                    "found); it is looked up again and again");
	s.f.has_address = true;
	whyscene_expect(&s,
	                "DOWN for 12s: \"db1.example\" did not resolve; it does now; it comes back "
	                "after 2 good checks in a row (rise = 2); the next check is in 400 ms");
	s.f.has_address = false;
	whyscene_health(&s, STATE_CHECKING, 0);
	whyscene_expect(&s,
	                "CHECKING for 12s: no sessions before its first check; \"db1.example\" is "
	                "being looked up; the next check is in 400 ms");
}

static void one_whose_node_drains(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_draining(&s);
	s.f.sessions = 4;
	whyscene_expect(&s,
	                "NOLB 2/3 for 12s: no new sessions: its node answered 503 (drain_status), "
	                "which asks for none; 4 sessions go on; it comes back after 2 good checks "
	                "in a row (rise = 2); the next check is in 400 ms");
	s.f.state.recovered = 1;
	s.f.sessions = 1;
	whyscene_expect(&s,
	                "NOLB 2/3 for 12s: no new sessions: its node answered 503 (drain_status), "
	                "which asks for none; 1 session goes on; it comes back after 1 more good "
	                "check (rise = 2); the next check is in 400 ms");
	whyscene_decide(&s, STATE_CHECK_CONDPASS, JOURNAL_BY_CHECK, STATE_UP, 1);
	s.f.next_check_ms = -1;
	s.f.sessions = 0;
	whyscene_expect(
	    &s, "NOLB 2/3 for 12s: no new sessions: its node answered 404 (disable_on_404), "
	        "which asks for none; it comes back after 1 more good check (rise = 2)");
	whyscene_decide(&s, STATE_FORCE_NOLB, JOURNAL_BY_COMMAND, STATE_UP, 0);
	whyscene_expect(&s, "NOLB 2/3 for 12s: no new sessions: set by a command (set server ... "
	                    "health); it comes back after 1 more good check (rise = 2)");
}

static void one_that_is_taken_in_a_panic(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_draining(&s);
	s.f.panicking = s.f.pressed = true;
	s.f.next_check_ms = -1;
	whyscene_expect(&s,
	                "NOLB 2/3 for 12s: no new sessions: its node answered 503 (drain_status), "
	                "which asks for none; it comes back after 2 good checks in a row (rise = "
	                "2); it gets new sessions all the same, because most servers of the "
	                "service do not serve (panic)");
	assert_true(why_gets_sessions(&s.f));
}

static void one_in_maintenance(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.state.admin = STATE_MAINT_COMMAND;
	s.f.sessions = 2;
	whyscene_expect(&s, "in maintenance for 12s, by a command: no new sessions, no checks; 2 "
	                    "sessions go on; `sluice ready psql/n1` ends it");
	s.f.agent = "maint";
	s.f.sessions = 0;
	whyscene_expect(&s,
	                "in maintenance for 12s, by a command or its agent: no new sessions, no "
	                "checks; `sluice ready psql/n1` ends it");
	s.f.agent = NULL;
	s.f.state.admin = STATE_MAINT_CONFIG;
	whyscene_expect(&s,
	                "in maintenance for 12s, by the configuration (disabled): no new sessions, "
	                "no checks; `sluice ready psql/n1` ends it");
	s.f.state.admin = STATE_MAINT_INHERITED;
	s.f.tracked = "web/w1";
	whyscene_expect(&s, "in maintenance for 12s, as web/w1, which it tracks: no new "
	                    "sessions, no checks; `sluice ready web/w1` ends it");
}

static void one_that_is_drained(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.state.admin = STATE_DRAIN_COMMAND;
	whyscene_expect(&s, "draining for 12s, by a command: no new sessions; none is left on it; "
	                    "`sluice ready psql/n1` ends it");
	s.f.sessions = 3;
	s.f.drain_left_ms = 90000;
	whyscene_expect(
	    &s, "draining for 12s, by a command: no new sessions; 3 sessions go on, what is "
	        "left in 1m30s is ended; `sluice ready psql/n1` ends it");
	s.f.state.admin = STATE_DRAIN_INHERITED;
	s.f.tracked = "web/w1";
	s.f.drain_left_ms = -1;
	whyscene_expect(&s, "draining for 12s, as web/w1, which it tracks: no new sessions; 3 "
	                    "sessions go on; `sluice ready web/w1` ends it");
	s.f.tracked = NULL;
	s.f.state.admin = STATE_DRAIN_LEFT;
	s.f.leaving = SETTINGS_DECOMMISSIONING;
	whyscene_expect(&s, "draining for 12s, as it is being decommissioned: no new sessions; 3 "
	                    "sessions go on; with the last one it goes");
	/* Its health counts more then. */
	whyscene_refused(&s);
	s.f.tracked = NULL;
	s.f.sessions = 0;
	s.f.next_check_ms = -1;
	whyscene_expect(&s,
	                "DOWN for 12s: 3 failed checks in a row (fall = 3): Connection refused; it "
	                "comes back after 2 good checks in a row (rise = 2)");
}

static void one_whose_agent_says_no(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.state.agent_down = true;
	s.f.limits.agent = true;
	s.f.agent = "down: disk full";
	s.f.sessions = 2;
	whyscene_expect(&s,
	                "DOWN (agent) for 12s: its agent says so (down: disk full); it comes back "
	                "when the agent says up, or with `sluice ctl \"set server psql/n1 agent "
	                "up\"`; 2 sessions are still on it");
	assert_false(why_gets_sessions(&s.f));
}

static void one_that_tracks(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_refused(&s);
	s.f.tracked = "web/w1";
	s.f.next_check_ms = -1;
	whyscene_expect(
	    &s, "DOWN for 12s: as web/w1, which it tracks: 3 failed checks in a row (fall = "
	        "3): Connection refused; it comes back after 2 good checks in a row (rise "
	        "= 2)");
	s.f.decided = NULL;
	s.f.cause = "as web/w1, which it tracks";
	whyscene_expect(&s, "DOWN for 12s: as web/w1, which it tracks; it comes back after 2 good "
	                    "checks in a row (rise = 2)");
}

static void a_fault_is_always_told(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.fault = (struct fault){ FAULT_DELAY, 200 };
	whyscene_expect(&s,
	                "UP for 12s: gets new sessions; a fault is on the way to it: delay 200ms");
	s.f.state.admin = STATE_MAINT_COMMAND;
	whyscene_expect(&s,
	                "in maintenance for 12s, by a command: no new sessions, no checks; `sluice "
	                "ready psql/n1` ends it; a fault is on the way to it: delay 200ms");
}

/* --- all of them -------------------------------------------------------------------------- */

static bool is_sentence(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && !strchr(s, '\n') && s[len - 1] != '.' && !strstr(s, "  ") &&
	       !strstr(s, "(null)");
}

/* The word that the state is shown as is in the verdict, however people say it. */
static void assert_names_the_state(const struct why_facts *f, const char *verdict)
{
	char word[64];

	state_describe(&f->state, &f->limits, NULL, word, sizeof(word));
	if (strncmp(word, "MAINT", 5) == 0)
		assert_non_null(strstr(verdict, "in maintenance"));
	else if (strncmp(word, "DRAIN", 5) == 0)
		assert_non_null(strstr(verdict, "draining"));
	else if (strcmp(word, "no check") == 0)
		assert_non_null(strstr(verdict, "usable for"));
	else
		assert_int_equal(strncmp(verdict, word, strlen(word)), 0);
}

static void check_all_decisions(struct whyscene *s)
{
	for (int event = -1; event < STATE_EVENT_COUNT; event++) {
		AUTO_TEXT out = { 0 };

		s->f.decided = NULL;
		if (event >= 0)
			whyscene_decide(s, (enum state_event)event, JOURNAL_BY_CHECK, STATE_UP, 1);
		why_verdict(&s->f, &out);
		if (!is_sentence(text_str(&out)))
			fail_msg("\"%s\"", text_str(&out));
		assert_names_the_state(&s->f, text_str(&out));
		assert_non_null(strstr(text_str(&out), "for 12s"));
		if (s->f.state.admin & (STATE_MAINT_ANY))
			assert_non_null(strstr(text_str(&out), "`sluice ready "));
	}
}

static void every_state_has_a_sentence(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	for (int health = 0; health < STATE_HEALTH_COUNT; health++)
		for (unsigned int admin = 0; admin < 0x20; admin++)
			for (unsigned int bits = 0; bits < 32; bits++) {
				whyscene_health(&s, (enum state_health)health,
				                health == STATE_DOWN ? 0 : 4);
				s.f.state.admin = (uint8_t)admin;
				s.f.state.agent_down = bits & 1;
				s.f.has_address = !(bits & 2);
				s.f.limits.checked = !(bits & 4);
				s.f.tracked = bits & 8 ? "web/w1" : NULL;
				s.f.sessions = bits & 16 ? 1 : 0;
				check_all_decisions(&s);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_serves),
		cmocka_unit_test(one_that_nobody_checks),
		cmocka_unit_test(one_that_is_up_but_gets_none),
		cmocka_unit_test(one_that_is_far_away),
		cmocka_unit_test(a_backup),
		cmocka_unit_test(one_whose_checks_fail),
		cmocka_unit_test(one_whose_first_check_failed),
		cmocka_unit_test(one_that_clients_found_dead),
		cmocka_unit_test(one_that_a_command_put_down),
		cmocka_unit_test(one_whose_past_is_forgotten),
		cmocka_unit_test(one_without_an_address),
		cmocka_unit_test(one_whose_node_drains),
		cmocka_unit_test(one_that_is_taken_in_a_panic),
		cmocka_unit_test(one_in_maintenance),
		cmocka_unit_test(one_that_is_drained),
		cmocka_unit_test(one_whose_agent_says_no),
		cmocka_unit_test(one_that_tracks),
		cmocka_unit_test(a_fault_is_always_told),
		cmocka_unit_test(every_state_has_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
