/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove checker_next_ms */
#include "callscene.h"
#include "report/whyjson.h"

#include <errno.h>

int64_t __wrap_checker_next_ms(const struct checker *c, size_t slot);

/* Each slot its own time, so that it is seen whose check was asked for. */
int64_t __wrap_checker_next_ms(const struct checker *c, size_t slot)
{
	(void)c;
	return slot == 0 ? 0 : 1000 + (int64_t)slot;
}

static void open_scene(struct callscene *s)
{
	callscene_open(s, NULL);
	s->daemon.journal = s->r.journal;
}

static void ask(struct callscene *s, const char *line, struct text *out)
{
	struct command_context ctx = { .daemon = &s->daemon, .level = SETTINGS_LEVEL_USER };

	text_clear(out);
	command_run(&ctx, line, out);
}

/* The one server that is meant; the caller frees the answer. */
static struct whyjson *ask_why(struct callscene *s, const char *name, struct text *out)
{
	AUTO_TEXT line = { 0 };
	struct error err = { 0 };
	struct whyjson *w;

	text_addf(&line, "show why %s", name);
	ask(s, text_str(&line), out);
	w = whyjson_read(text_str(out), &err);
	if (!w)
		fail_msg("%s: %s in %s", name, err.text, text_str(out));
	return w;
}

static void expect_verdict(struct callscene *s, const char *name, const char *words)
{
	AUTO_TEXT out = { 0 };
	struct whyjson *w = ask_why(s, name, &out);

	if (!strstr(w->servers[0].verdict, words))
		fail_msg("%s: \"%s\" is not in \"%s\"", name, words, w->servers[0].verdict);
	whyjson_free(w);
}

static void expect_text(struct callscene *s, const char *line, const char *words)
{
	AUTO_TEXT out = { 0 };

	ask(s, line, &out);
	if (!strstr(text_str(&out), words))
		fail_msg("%s: \"%s\" is not in \"%s\"", line, words, text_str(&out));
}

static void check(struct callscene *s, size_t slot, enum probe_code code)
{
	struct probe_result r = probe_failed(code, ECONNREFUSED);

	if (probe_code_passed(code))
		r.info[0] = '\0';
	roster_check_result(s->r.roster, slot, &r);
}

static void names_are_understood_or_explained(void **state)
{
	static const struct callscene_exchange talk[] = {
		{ "show why", "write which server: show why <bk>/<srv>" },
		{ "show why be/s1 be/s2", "write which server: show why <bk>/<srv>" },
		{ "show why be/s33", "no server \"be/s33\": did you mean \"be/s3\"?" },
		{ "show why s33", "no server \"s33\": did you mean \"s3\"?" },
		{ "show why quite/another",
		  "no server \"quite/another\"; `sluice status` shows them" },
	};
	struct callscene s;
	AUTO_TEXT out = { 0 };
	struct whyjson *w;

	(void)state;
	open_scene(&s);
	callscene_expect_all(&s, talk, ARRAY_LEN(talk));
	w = ask_why(&s, "be/s1", &out);
	assert_null(strstr(text_str(&out), "\"servers\""));
	assert_string_equal(w->servers[0].server, "s1");
	whyjson_free(w);
	w = ask_why(&s, "s1", &out);
	assert_non_null(strstr(text_str(&out), "{\"servers\":["));
	assert_int_equal(w->server_count, 1);
	assert_string_equal(w->servers[0].service, "be");
	whyjson_free(w);
	callscene_close(&s);
}

static void the_checks_that_took_it_down_are_told(void **state)
{
	struct callscene s;
	AUTO_TEXT out = { 0 };
	struct whyjson *w;

	(void)state;
	open_scene(&s);
	expect_verdict(&s, "be/s1", "it was not checked yet: 1 more takes it down (fall = 3)");
	check(&s, 0, PROBE_L4OK);
	for (int i = 0; i < 3; i++)
		check(&s, 0, PROBE_L4CON);
	expect_verdict(
	    &s, "be/s1",
	    "3 failed checks in a row (fall = 3): Connection refused; it comes back after "
	    "2 good checks in a row (rise = 2); a check runs now");
	check(&s, 0, PROBE_L4OK);
	expect_verdict(&s, "be/s1", "it comes back after 1 more good check (rise = 2)");
	w = ask_why(&s, "be/s1", &out);
	assert_int_equal(w->servers[0].checks.count, 5);
	assert_string_equal(w->servers[0].checks.at[0].state, "DOWN 1/2");
	assert_string_equal(w->servers[0].checks.at[1].state, "DOWN");
	assert_string_equal(w->servers[0].checks.at[3].state, "UP 2/3");
	assert_true(w->servers[0].event_count > 0);
	whyjson_free(w);
	/* What decided stays known when its checks are forgotten. */
	for (int i = 0; i < 2 * CHECKLOG_SIZE; i++)
		check(&s, 0, PROBE_L4TOUT);
	expect_verdict(&s, "be/s1", "3 failed checks in a row (fall = 3): ");
	callscene_close(&s);
}

static void one_that_tracks_has_the_checks_of_its_leader(void **state)
{
	struct callscene s;
	AUTO_TEXT out = { 0 };
	struct whyjson *w;

	(void)state;
	open_scene(&s);
	for (int i = 0; i < 3; i++)
		check(&s, 0, PROBE_L4CON);
	expect_verdict(&s, "be/s4", "as be/s1, which it tracks: ");
	expect_verdict(&s, "be/s4",
	               "a check failed, and it had no other to spare: Connection refused");
	w = ask_why(&s, "be/s4", &out);
	assert_non_null(strstr(text_str(&out), "\"tracks\":\"be/s1\""));
	assert_non_null(strstr(text_str(&out), "\"next_check_ms\":0"));
	assert_int_equal(w->servers[0].checks.count, 3);
	assert_non_null(strstr(w->servers[0].rules[0], "its health is that of be/s1 (track)"));
	whyjson_free(w);
	callscene_close(&s);
}

static void agents_have_checks_of_their_own(void **state)
{
	static const struct probe_result down = { .code = PROBE_L7STS,
		                                  .info = "disk full",
		                                  .agent = "down#disk full" };
	static const struct probe_result silent = { .code = PROBE_L4TOUT };
	struct callscene s;
	AUTO_TEXT out = { 0 };
	struct whyjson *w;
	size_t slot;

	(void)state;
	open_scene(&s);
	slot = rosterscene_server(&s.r, "be/s3")->agent_slot;
	expect_text(&s, "show why be/s3", "its agent has said nothing yet");
	roster_check_result(s.r.roster, slot, &down);
	expect_verdict(&s, "be/s3", "its agent says so (disk full)");
	roster_check_result(s.r.roster, slot, &silent);
	w = ask_why(&s, "be/s3", &out);
	assert_int_equal(w->servers[0].agent_checks.count, 2);
	assert_int_equal(w->servers[0].checks.count, 0);
	assert_string_equal(w->servers[0].agent_checks.at[1].state, "DOWN (agent)");
	whyjson_free(w);
	callscene_close(&s);
}

static void what_people_ordered_is_told(void **state)
{
	struct callscene s;

	(void)state;
	open_scene(&s);
	expect_verdict(&s, "be/s2", "gets new sessions; nothing checks it");
	expect_verdict(&s, "be/s6", "in maintenance for 0s, by the configuration (disabled)");
	callscene_expect(&s, "set server be/s1 state maint", "");
	expect_verdict(&s, "be/s1", "in maintenance for 0s, by a command: ");
	callscene_expect(&s, "set server be/s1 state drain", "");
	expect_verdict(&s, "be/s1", "draining for 0s, by a command: ");
	callscene_expect(&s, "set server be/s1 state ready", "");
	callscene_expect(&s, "set server be/s1 health down", "");
	expect_verdict(&s, "be/s1", "set by a command (set server ... health)");
	callscene_expect(&s, "set server be/s2 weight 0", "");
	expect_verdict(&s, "be/s2", "but its weight is 0");
	expect_text(&s, "show why be/s2", "its weight is 0, the configuration says 1");
	callscene_expect(&s, "disable health be/s5", "");
	expect_text(&s, "show why be/s5", "its checks are switched off by a command");
	callscene_expect(&s, "set server be/s6 state ready", "");
	expect_verdict(&s, "be/s6", "but not needed: it is a backup, and ");
	callscene_close(&s);
}

static void a_check_that_says_nothing_is_shown_and_counts_for_nothing(void **state)
{
	static const struct probe_result useless = { .code = PROBE_UNKNOWN,
		                                     .info = "Too many open files" };
	struct callscene s;
	AUTO_TEXT out = { 0 };
	struct whyjson *w;

	(void)state;
	open_scene(&s);
	check(&s, 0, PROBE_L4OK);
	roster_check_result(s.r.roster, 0, &useless);
	expect_verdict(&s, "be/s1", "UP for 0s: gets new sessions");
	w = ask_why(&s, "be/s1", &out);
	assert_int_equal(w->servers[0].checks.count, 2);
	assert_string_equal(w->servers[0].checks.at[0].state, "UP");
	assert_string_equal(w->servers[0].checks.at[0].text, "no check: Too many open files");
	whyjson_free(w);
	callscene_close(&s);
}

static void a_fault_is_told(void **state)
{
	struct topology_server *server;
	struct callscene s;

	(void)state;
	open_scene(&s);
	server = rosterscene_server(&s.r, "be/s5");
	atomic_store(&server->fault, fault_pack((struct fault){ FAULT_REFUSE, 0 }));
	check(&s, server->check_slot, PROBE_L4OK);
	expect_verdict(&s, "be/s5", "a fault is on the way to it: refuse");
	expect_text(&s, "show why be/s5", "`sluice fault be/s5 none`");
	callscene_close(&s);
}

static void one_without_an_address(void **state)
{
	struct callscene s;

	(void)state;
	open_scene(&s);
	roster_resolved(s.r.roster, rosterscene_server(&s.r, "be/s5"), NULL, "no such name");
	expect_verdict(&s, "be/s5", "\"127.0.0.1\" does not resolve (no such name)");
	callscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_understood_or_explained),
		cmocka_unit_test(the_checks_that_took_it_down_are_told),
		cmocka_unit_test(one_that_tracks_has_the_checks_of_its_leader),
		cmocka_unit_test(agents_have_checks_of_their_own),
		cmocka_unit_test(what_people_ordered_is_told),
		cmocka_unit_test(a_check_that_says_nothing_is_shown_and_counts_for_nothing),
		cmocka_unit_test(a_fault_is_told),
		cmocka_unit_test(one_without_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
