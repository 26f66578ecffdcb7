/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "base/tick.h"
#include "callscene.h"

#define BLIND "; without protocol = \"pgwire\" nobody sees where a transaction ends"

static void drain_takes_a_deadline(void **state)
{
	static const struct callscene_exchange refused[] = {
		{ "drain", "Require 'backend/server'." },
		{ "drain s1", "Require 'backend/server'." },
		{ "drain be/nobody", "No such server." },
		{ "drain nobody/s1 deadline 5s", "No such server." },
		{ "drain be/s1 5s", "Usage: drain <bk>/<srv> [deadline <time>]" },
		{ "drain be/s1 deadline", "Usage: drain <bk>/<srv> [deadline <time>]" },
		{ "drain be/s1 deadline 5s now", "Usage: drain <bk>/<srv> [deadline <time>]" },
		{ "drain be/s1 deadline soon", "Invalid duration." },
		{ "drain be/s1 deadline 0", "Invalid duration." },
		{ "drain be/s1 deadline 40000d", "Invalid duration." },
	};
	struct callscene s;
	struct topology_server *s1;
	int64_t now;

	(void)state;
	callscene_open(&s, NULL);
	s1 = rosterscene_server(&s.r, "be/s1");
	callscene_expect_all(&s, refused, ARRAY_LEN(refused));
	assert_int_equal(topology_state(s1).admin, 0);
	atomic_store(&s1->active, 1);
	now = tick_ms();
	callscene_expect(&s, "drain be/s1 deadline 5m", "");
	assert_int_equal(topology_state(s1).admin, STATE_DRAIN_COMMAND);
	assert_in_range(s1->drain_until_ms - now, 300000, 305000);
	callscene_expect(&s, "drain be/s1", "");
	assert_int_equal(s1->drain_until_ms, 0);
	assert_int_equal(topology_state(s1).admin, STATE_DRAIN_COMMAND);
	callscene_close(&s);
}

static void rebalance_is_for_one_service_or_all(void **state)
{
	struct settings_service like = settings_service_default();
	struct callscene s;

	(void)state;
	like.rebalance_budget = 100;
	callscene_open(&s, &like);
	atomic_store(&rosterscene_server(&s.r, "other/a")->active, 1);
	callscene_expect(&s, "rebalance nobody",
	                 "no service \"nobody\"; `sluice status` shows them");
	callscene_expect(&s, "rebalance be other", "Usage: rebalance [<backend>] [dry-run]");
	callscene_expect(&s, "rebalance dry-run be", "Usage: rebalance [<backend>] [dry-run]");
	callscene_expect(&s, "rebalance otehr", "no service \"otehr\": did you mean \"other\"?");
	callscene_expect(&s, "rebalance other",
	                 "other/a: 1 session, an even share is 1\n"
	                 "other: nothing to end: fewer than two servers are usable\ndone");
	atomic_store(&rosterscene_server(&s.r, "be/s2")->active, 19);
	callscene_expect(&s, "rebalance be dry-run",
	                 "be/s1: 0 sessions, an even share is 10\n"
	                 "be/s2: 19 sessions, an even share is 1: 9 would be asked to end" BLIND
	                 "\n"
	                 "be/s3: 0 sessions, an even share is 5\n"
	                 "be/s4: 0 sessions, an even share is 1\n"
	                 "be/s5: 0 sessions, an even share is 1\n"
	                 "be/s6: 0 sessions, an even share is 0\n"
	                 "be/sx: 0 sessions, an even share is 1\ndone");
	rosterscene_expect_of(&s.r.wished, "");
	callscene_expect(&s, "rebalance dry-run",
	                 "be/s1: 0 sessions, an even share is 10\n"
	                 "be/s2: 19 sessions, an even share is 1: 9 would be asked to end" BLIND
	                 "\n"
	                 "be/s3: 0 sessions, an even share is 5\n"
	                 "be/s4: 0 sessions, an even share is 1\n"
	                 "be/s5: 0 sessions, an even share is 1\n"
	                 "be/s6: 0 sessions, an even share is 0\n"
	                 "be/sx: 0 sessions, an even share is 1\n"
	                 "other/a: 1 session, an even share is 1\n"
	                 "other: nothing to end: fewer than two servers are usable\ndone");
	callscene_close(&s);
}

/* `wait`, again and again; NULL: it is not over. */
static const char *ask(struct command_context *ctx, struct text *out)
{
	text_clear(out);
	return command_waited(ctx, out) ? text_str(out) : NULL;
}

static void wait_srv_drained_waits_for_the_last_session(void **state)
{
	struct callscene s;
	struct command_context ctx = { .daemon = &s.daemon, .level = SETTINGS_LEVEL_ADMIN };
	struct topology_server *s1;
	AUTO_TEXT out = { 0 };

	(void)state;
	callscene_open(&s, NULL);
	s1 = rosterscene_server(&s.r, "be/s1");
	callscene_expect(&s, "wait 1s srv-drained", "Missing server name (<backend>/<server>).");
	callscene_expect(&s, "wait 1s srv-drained be/nobody", "No such server.");
	command_run(&ctx, "wait 1h srv-drained be/s1", &out);
	assert_string_equal(ask(&ctx, &out), "This server takes sessions: drain it first.\n");
	assert_int_equal(ctx.wait_until_ms, 0);
	atomic_store(&s1->active, 1);
	callscene_expect(&s, "drain be/s1", "");
	command_run(&ctx, "wait 1h srv-drained be/s1", &out);
	assert_null(ask(&ctx, &out));
	atomic_store(&s1->active, 0);
	assert_string_equal(ask(&ctx, &out), "Done.\n");
	atomic_store(&s1->active, 1);
	command_run(&ctx, "wait 0 srv-drained be/s1", &out);
	assert_string_equal(ask(&ctx, &out), "Wait delay expired.\n");
	callscene_close(&s);
}

static size_t list_one(void *ctx, struct snapshot_predecessor *ret, size_t most)
{
	assert_true(most > 0);
	ret[0] = *(const struct snapshot_predecessor *)ctx;
	return 1;
}

/* An upgraded process has one of its sessions, or may have, as long as it does not tell. */
static void wait_srv_drained_waits_for_predecessors(void **state)
{
	struct snapshot_predecessor before = { .pid = 4711, .sessions = 1, .known = true };
	struct callscene s;
	struct command_context ctx = { .daemon = &s.daemon, .level = SETTINGS_LEVEL_ADMIN };
	struct topology_server *s1;
	AUTO_TEXT out = { 0 };

	(void)state;
	callscene_open(&s, NULL);
	s.daemon.predecessors = (struct daemon_predecessors){ .list = list_one, .ctx = &before };
	s1 = rosterscene_server(&s.r, "be/s1");
	s1->active_before = 1;
	callscene_expect(&s, "drain be/s1", "");
	command_run(&ctx, "wait 1h srv-drained be/s1", &out);
	assert_null(ask(&ctx, &out));
	s1->active_before = 0;
	before.known = false;
	assert_null(ask(&ctx, &out));
	before.known = true;
	assert_string_equal(ask(&ctx, &out), "Done.\n");
	callscene_expect(&s, "set server be/s1 state maint", "");
	s1->active_before = 1;
	command_run(&ctx, "wait 1h srv-removable be/s1", &out);
	assert_null(ask(&ctx, &out));
	s1->active_before = 0;
	assert_string_equal(ask(&ctx, &out), "Done.\n");
	callscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain_takes_a_deadline),
		cmocka_unit_test(rebalance_is_for_one_service_or_all),
		cmocka_unit_test(wait_srv_drained_waits_for_the_last_session),
		cmocka_unit_test(wait_srv_drained_waits_for_predecessors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
