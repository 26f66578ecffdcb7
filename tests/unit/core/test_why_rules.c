/* SPDX-License-Identifier: MIT */
#include "whyscene.h"

static void expect(const struct whyscene *s, const char *want)
{
	AUTO_TEXT out = { 0 };

	why_rules(&s->f, &out);
	assert_string_equal(text_str(&out), want);
}

/* Is that one of the rules, whole? */
static void expect_rule(const struct whyscene *s, const char *rule)
{
	AUTO_TEXT out = { 0 };
	AUTO_TEXT line = { 0 };

	text_add(&out, "\n");
	why_rules(&s->f, &out);
	text_addf(&line, "\n%s\n", rule);
	if (!strstr(text_str(&out), text_str(&line)))
		fail_msg("\"%s\" is not in:\n%s", rule, text_str(&out));
}

static void expect_none(const struct whyscene *s, const char *words)
{
	AUTO_TEXT out = { 0 };

	why_rules(&s->f, &out);
	if (strstr(text_str(&out), words))
		fail_msg("\"%s\" is in:\n%s", words, text_str(&out));
}

#define DRAIN_RULE                                                                                 \
	"an answer of 503 means: no new sessions from now on, those that are there stay; it "      \
	"counts as a failed check, too (drain_status)\n"

static void one_that_serves(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	expect(&s,
	       "checked every 2s: GET /health?ready=1 of 10.0.0.1:8080, http; node n1 is checked "
	       "once for all services\n"
	       "3 failed checks in a row take it down (fall = 3)\n" DRAIN_RULE);
	s.f.target = "psql/n1";
	s.check.fastinter_ms = 500;
	expect_rule(&s, "checked every 2s (500ms while it changes): GET /health?ready=1 of "
	                "10.0.0.1:8080, http");
	s.check.downinter_ms = 10000;
	expect_rule(&s, "checked every 2s (500ms while it changes, 10s while it is down): GET "
	                "/health?ready=1 of 10.0.0.1:8080, http");
	s.check.fastinter_ms = 0;
	expect_rule(&s, "checked every 2s (10s while it is down): GET /health?ready=1 of "
	                "10.0.0.1:8080, http");
}

static void how_it_is_checked(void **state)
{
	struct settings_step steps[2] = { { .kind = SETTINGS_STEP_CONNECT } };
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.target = "psql/n1";
	s.check = settings_check_default(SETTINGS_CHECK_TCP);
	s.check.inter_ms = 2000;
	expect_rule(&s, "checked every 2s at 10.0.0.1:8080, tcp");
	s.check.steps = (struct settings_steps){ steps, 2 };
	expect_rule(&s, "checked every 2s at 10.0.0.1:8080, tcp in 2 steps");
	s.check = settings_check_default(SETTINGS_CHECK_EXTERNAL);
	s.check.inter_ms = 2000;
	s.check.command = "/usr/bin/true";
	expect_rule(&s, "checked every 2s by the program /usr/bin/true");
	s.f.limits.checked = false;
	whyscene_health(&s, STATE_NOCHECK, 4);
	expect(&s, "it is not checked (type = \"none\"): it counts as usable\n");
	s.f.check_disabled = true;
	expect(&s,
	       "its checks are switched off by a command; `sluice ctl \"enable health psql/n1\"` "
	       "switches them on\n");
}

static void what_counts(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_health(&s, STATE_UP, 2);
	expect_rule(&s, "1 more failed check takes it down (fall = 3)");
	whyscene_health(&s, STATE_UP, 3);
	expect_rule(&s, "2 more failed checks in a row take it down (fall = 3)");
	whyscene_draining(&s);
	expect_rule(&s, "2 more failed checks in a row take it down (fall = 3)");
	expect_rule(&s, "2 good checks in a row bring it back (rise = 2)");
	whyscene_refused(&s);
	expect_rule(&s, "2 good checks in a row bring it back (rise = 2)");
	expect_none(&s, "drain_status");
	whyscene_health(&s, STATE_DOWN, 1);
	expect_rule(&s,
	            "1 more good check brings it back (rise = 2); one that fails begins the count "
	            "again");
	whyscene_health(&s, STATE_CHECKING, 0);
	expect_rule(&s, "its first check decides alone");
	whyscene_init(&s);
	s.f.limits.fall = s.f.limits.rise = 1;
	whyscene_health(&s, STATE_UP, 1);
	expect_rule(&s, "1 failed check takes it down (fall = 1)");
	s.check.disable_on_404 = true;
	expect_rule(
	    &s, "an answer of 404 means: no new sessions from now on, those that are there stay "
	        "(disable_on_404)");
}

static void several_statuses_are_listed(void **state)
{
	static const struct settings_range ranges[] = { { 429, 429 }, { 500, 503 } };
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.check.drain_status = (struct settings_ranges){ ranges, 2 };
	expect_rule(&s,
	            "an answer of 429, 500-503 means: no new sessions from now on, those that are "
	            "there stay; it counts as a failed check, too (drain_status)");
}

static void where_to_look(void **state)
{
	static const struct {
		enum probe_code bad;
		const char *rule;
	} cases[] = {
		{ PROBE_L4CON,
		  "no connection to 10.0.0.1:8080: does the node run, and does it listen "
		  "there?" },
		{ PROBE_L4TOUT,
		  "nothing comes back from 10.0.0.1:8080: is the host up, does a firewall "
		  "drop packets?" },
		{ PROBE_L6TOUT, "10.0.0.1:8080 does not finish a TLS handshake: does it speak TLS "
		                "there?" },
		{ PROBE_L6RSP,
		  "TLS with 10.0.0.1:8080 fails: see ca, cert, key and sni of the check" },
		{ PROBE_L7TOUT,
		  "10.0.0.1:8080 accepts but does not answer in time: the node hangs or "
		  "is overloaded" },
		{ PROBE_L7RSP,
		  "10.0.0.1:8080 does not speak what the check expects: is it the right "
		  "port?" },
		{ PROBE_L7STS,
		  "10.0.0.1:8080 answers, but not as the check expects: see its path and expect" },
		{ PROBE_PROCERR, "run the check's program by hand to see what it finds" },
		{ PROBE_PROCTOUT, "the check's program takes longer than its timeout: run it by "
		                  "hand" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct whyscene s;

		whyscene_init(&s);
		whyscene_refused(&s);
		s.f.bad = cases[i].bad;
		expect_rule(&s, cases[i].rule);
		s.f.fault.kind = FAULT_REFUSE;
		expect_none(&s, cases[i].rule);
		s.f.fault.kind = FAULT_NONE;
		s.f.state.admin = STATE_MAINT_COMMAND;
		expect_none(&s, cases[i].rule);
		s.f.state.admin = 0;
		whyscene_health(&s, STATE_UP, 4);
		expect_none(&s, cases[i].rule);
		whyscene_health(&s, STATE_UP, 3);
		expect_rule(&s, cases[i].rule);
	}
}

static void a_node_that_is_not_ready(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_refused(&s);
	s.f.bad = PROBE_L7STS;
	s.f.bad_draining = true;
	expect_rule(&s,
	            "10.0.0.1:8080 says that it is not ready: it drains or starts, the node's log "
	            "says why");
	expect_none(&s, "path and expect");
}

static void a_name_without_an_address(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	whyscene_health(&s, STATE_DOWN, 0);
	s.f.has_address = false;
	s.f.host = "db1.example";
	expect_rule(&s,
	            "look up \"db1.example\" by hand; `resolver` in the configuration says who is "
	            "asked");
	expect_none(&s, "bring");
}

static void what_traffic_and_agents_say(void **state)
{
	static const struct {
		enum settings_on_error on_error;
		const char *rule;
	} cases[] = {
		{ SETTINGS_ON_ERROR_FASTINTER, "10 failed sessions in a row hurry its next check "
		                               "(observe, error_limit); now: 3" },
		{ SETTINGS_ON_ERROR_FAIL_CHECK,
		  "10 failed sessions in a row count as a failed check "
		  "(observe, error_limit); now: 3" },
		{ SETTINGS_ON_ERROR_SUDDEN_DEATH, "10 failed sessions in a row leave it one more "
		                                  "failure (observe, error_limit); now: 3" },
		{ SETTINGS_ON_ERROR_MARK_DOWN, "10 failed sessions in a row take it down (observe, "
		                               "error_limit); now: 3" },
	};
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.observed = true;
	s.f.errors = 3;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		s.f.on_error = cases[i].on_error;
		expect_rule(&s, cases[i].rule);
	}
	s.f.agent = "";
	expect_rule(&s, "its agent has said nothing yet");
	s.f.agent = "up 50%";
	expect_rule(&s, "its agent said last: up 50%");
	s.f.agent_disabled = true;
	expect_rule(&s,
	            "its agent is not asked; `sluice ctl \"enable agent psql/n1\"` changes that");
	whyscene_refused(&s);
	whyscene_decide(&s, STATE_MARK_DOWN, JOURNAL_BY_CHECK, STATE_UP, 1);
	expect_rule(&s,
	            "what clients and a check both find, a refusal or silence, takes it down at "
	            "once: fall does not count then");
}

static void what_people_decided(void **state)
{
	static const struct {
		uint8_t admin;
		const char *rule;
	} cases[] = {
		{ STATE_MAINT_COMMAND, "maintenance was ordered by a command" },
		{ STATE_MAINT_CONFIG, "the configuration has it disabled: `disabled = false` and a "
		                      "reload end that for good" },
		{ STATE_MAINT_INHERITED, "it is in maintenance as long as web/w1 is" },
		{ STATE_DRAIN_COMMAND, "a command drains it until `sluice ready psql/n1`" },
		{ STATE_DRAIN_INHERITED, "it is drained as long as web/w1 is" },
		{ STATE_DRAIN_LEFT,
		  "it left the cluster: no new sessions, and with its last one it goes; if the "
		  "cluster lists it again it serves again (cluster.discover)" },
	};
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.tracked = "web/w1";
	s.f.leaving = SETTINGS_LEFT;
	expect_rule(&s, "its health is that of web/w1 (track)");
	for (unsigned int admin = 0; admin < 0x100; admin++)
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			s.f.state.admin = (uint8_t)admin;
			if (admin & cases[i].admin)
				expect_rule(&s, cases[i].rule);
			else
				expect_none(&s, cases[i].rule);
		}
}

static void maintenance_stops_the_count(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.state.admin = STATE_MAINT_COMMAND;
	expect(&s,
	       "out of maintenance it is checked every 2s: GET /health?ready=1 of 10.0.0.1:8080, "
	       "http; node n1 is checked once for all services\n"
	       "its first check after that decides alone\n"
	       "maintenance was ordered by a command\n");
	s.f.limits.start_up = true;
	expect_none(&s, "decides alone");
}

static void its_share(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.weight = 0;
	expect_rule(&s, "its weight is 0, the configuration says 1");
	s.f.ramp = 20;
	expect_rule(&s, "it came back lately: 20 % of its share (slowstart)");
	s.f.maxconn = s.f.sessions = 7;
	expect_rule(&s, "no more than 7 sessions at once (maxconn): others go elsewhere or wait");
	s.f.backup = true;
	expect_rule(&s, "it is a backup: it serves when no other server is usable");
	s.f.panicking = true;
	expect_rule(&s,
	            "psql is in a panic: most of its servers ask for patience or do not answer, so "
	            "no session is ended because of that (panic)");
}

static void who_told_of_it(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	expect_none(&s, "discover");
	s.f.discovered = true;
	s.f.told_by = "http://n3:8080";
	s.f.told_ms = 3999;
	expect_rule(&s, "the cluster told of it (cluster.discover): http://n3:8080, 3s ago");
	s.f.told_by = NULL;
	s.f.told_ms = 7500000;
	expect_rule(&s, "the cluster told of it (cluster.discover): a list that was kept, 2h05m "
	                "old");
}

static void faults(void **state)
{
	struct whyscene s;

	(void)state;
	whyscene_init(&s);
	s.f.fault = (struct fault){ FAULT_REFUSE, 0 };
	expect_rule(&s, "the fault was ordered by a command: connects are refused; it ends with "
	                "`sluice fault psql/n1 none`");
	s.f.fault_left_ms = 20000;
	expect_rule(
	    &s, "the fault was ordered by a command: connects are refused; it ends in 20.0s, or "
	        "with `sluice fault psql/n1 none`");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_serves),
		cmocka_unit_test(how_it_is_checked),
		cmocka_unit_test(what_counts),
		cmocka_unit_test(several_statuses_are_listed),
		cmocka_unit_test(where_to_look),
		cmocka_unit_test(a_node_that_is_not_ready),
		cmocka_unit_test(a_name_without_an_address),
		cmocka_unit_test(what_traffic_and_agents_say),
		cmocka_unit_test(what_people_decided),
		cmocka_unit_test(maintenance_stops_the_count),
		cmocka_unit_test(its_share),
		cmocka_unit_test(who_told_of_it),
		cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
