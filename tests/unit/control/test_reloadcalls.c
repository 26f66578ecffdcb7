/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "callscene.h"

static int runs, dry_runs;

static void run(void *ctx, bool dry, struct text *answer)
{
	assert_non_null(ctx);
	runs++;
	dry_runs += dry;
	text_add(answer, dry ? "nothing would change\n" : "reloaded\n");
}

static void without_a_file_there_is_nothing_to_read_again(void **state)
{
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	callscene_expect(&s, "reload", "not reloaded: there is no file to read again");
	callscene_expect(&s, "reload diff", "not reloaded: there is no file to read again");
	callscene_close(&s);
}

static void whoever_can_is_asked(void **state)
{
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	s.daemon.reload = (struct daemon_reload){ run, &s };
	callscene_expect(&s, "reload diff", "nothing would change");
	assert_int_equal(dry_runs, 1);
	callscene_expect(&s, "reload", "reloaded");
	assert_int_equal(dry_runs, 1);
	assert_int_equal(runs, 2);
	callscene_close(&s);
}

static void other_words_reload_nothing(void **state)
{
	static const char *const lines[] = { "reload --diff", "reload dif", "reload diff now" };
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	s.daemon.reload = (struct daemon_reload){ run, &s };
	runs = 0;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		callscene_expect(&s, lines[i], "Usage: reload [diff]");
	callscene_expect(&s, "upgrade now", "Usage: upgrade");
	assert_int_equal(runs, 0);
	callscene_close(&s);
}

static void operators_may_look_and_only_admins_reload(void **state)
{
	static const struct {
		const char *line;
		enum settings_level level;
		bool allowed;
	} cases[] = {
		{ "reload", SETTINGS_LEVEL_USER, false },
		{ "reload", SETTINGS_LEVEL_OPERATOR, false },
		{ "reload", SETTINGS_LEVEL_ADMIN, true },
		{ "reload diff", SETTINGS_LEVEL_USER, false },
		{ "reload diff", SETTINGS_LEVEL_OPERATOR, true },
		{ "reload diff", SETTINGS_LEVEL_ADMIN, true },
	};
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	s.daemon.reload = (struct daemon_reload){ run, &s };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct command_context ctx = { .daemon = &s.daemon, .level = cases[i].level };
		AUTO_TEXT out = { 0 };

		runs = 0;
		command_run(&ctx, cases[i].line, &out);
		assert_int_equal(runs, cases[i].allowed);
		assert_true(out.len > 0);
	}
	callscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_there_is_nothing_to_read_again),
		cmocka_unit_test(whoever_can_is_asked),
		cmocka_unit_test(other_words_reload_nothing),
		cmocka_unit_test(operators_may_look_and_only_admins_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
