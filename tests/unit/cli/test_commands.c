/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include "fake.h"

#include <ctype.h>

static size_t widest_line(const char *s)
{
	size_t widest = 0;

	while (*s != '\0') {
		size_t len = strcspn(s, "\n");

		widest = len > widest ? len : widest;
		s += len + (s[len] == '\n');
	}
	return widest;
}

static void commands_are_found_by_name_and_id(void **state)
{
	(void)state;
	for (int i = 0; i < COMMANDS_COUNT; i++) {
		const struct commands_entry *e = commands_get((enum commands_id)i);

		assert_int_equal(e->id, i);
		assert_ptr_equal(commands_find(e->name), e);
		assert_true(e->min <= e->max);
	}
	assert_null(commands_find("statu"));
	assert_null(commands_find(""));
}

static void near_names_are_suggested(void **state)
{
	static const struct {
		const char *written, *near;
	} cases[] = {
		{ "stauts", "status" },    { "drian", "drain" }, { "chekc", "check" },
		{ "session", "sessions" }, { "xyzzy", NULL },    { "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *near = commands_suggest(cases[i].written);

		if (cases[i].near == NULL)
			assert_null(near);
		else
			assert_string_equal(near, cases[i].near);
	}
}

static void help_shows_examples_first_in_80_columns(void **state)
{
	(void)state;
	for (int i = 0; i < COMMANDS_COUNT; i++) {
		const struct commands_entry *e = commands_get((enum commands_id)i);
		AUTO_TEXT help = { 0 };
		AUTO_TEXT example = { 0 };

		commands_write_help(e, &help);
		text_addf(&example, "\n  sluice %s", e->name);
		assert_contains(text_str(&help), text_str(&example));
		assert_true(strstr(text_str(&help), "Examples:") <
		            strstr(text_str(&help), "Usage:"));
		if (widest_line(text_str(&help)) > 80)
			fail_msg("too wide:\n%s", text_str(&help));
	}
}

static void overview_names_every_command_in_80_columns(void **state)
{
	AUTO_TEXT help = { 0 };

	(void)state;
	commands_write_overview("1.2.3", &help);
	assert_contains(text_str(&help), "sluice 1.2.3");
	assert_true(strstr(text_str(&help), "Examples:") < strstr(text_str(&help), "Serve:"));
	for (int i = 0; i < COMMANDS_COUNT; i++) {
		AUTO_TEXT row = { 0 };

		text_addf(&row, "\n  %s ", commands_get((enum commands_id)i)->name);
		assert_contains(text_str(&help), text_str(&row));
	}
	if (widest_line(text_str(&help)) > 80)
		fail_msg("too wide:\n%s", text_str(&help));
}

static void usage_shows_the_socket_of_client_commands(void **state)
{
	AUTO_TEXT drain = { 0 };
	AUTO_TEXT status = { 0 };
	AUTO_TEXT check = { 0 };

	(void)state;
	commands_write_usage(commands_get(COMMANDS_DRAIN), &drain);
	assert_string_equal(text_str(&drain),
	                    "Usage: sluice drain SERVER [--deadline DUR] [--wait DUR] "
	                    "[-s SOCKET]\n");
	commands_write_usage(commands_get(COMMANDS_STATUS), &status);
	assert_string_equal(text_str(&status), "Usage: sluice status [--json] [-s SOCKET]\n");
	commands_write_usage(commands_get(COMMANDS_CHECK), &check);
	assert_string_equal(text_str(&check), "Usage: sluice check [-f FILE]\n");
}

static void options_are_unique_in_their_command(void **state)
{
	const struct commands_option *a, *b;

	(void)state;
	for (size_t i = 0; (a = commands_option_at(i)) != NULL; i++) {
		assert_true(a->letter == 0 || isalpha((unsigned char)a->letter));
		assert_true(a->letter != 'h');
		for (size_t k = i + 1; (b = commands_option_at(k)) != NULL; k++) {
			if (a->command != b->command)
				continue;
			assert_string_not_equal(a->name, b->name);
			assert_true(a->letter == 0 || a->letter != b->letter);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_found_by_name_and_id),
		cmocka_unit_test(near_names_are_suggested),
		cmocka_unit_test(help_shows_examples_first_in_80_columns),
		cmocka_unit_test(overview_names_every_command_in_80_columns),
		cmocka_unit_test(usage_shows_the_socket_of_client_commands),
		cmocka_unit_test(options_are_unique_in_their_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
