/* SPDX-License-Identifier: MIT */
#include "cli/completion.h"

#include "cli/commands.h"
#include "fake.h"

static struct text scripts[COMPLETION_SHELL_COUNT];

static int setup(void **state)
{
	(void)state;
	for (int s = 0; s < COMPLETION_SHELL_COUNT; s++)
		completion_write((enum completion_shell)s, &scripts[s]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int s = 0; s < COMPLETION_SHELL_COUNT; s++)
		text_release(&scripts[s]);
	return 0;
}

static void every_shell_has_every_command_and_option(void **state)
{
	const struct commands_option *o;

	(void)state;
	for (int s = 0; s < COMPLETION_SHELL_COUNT; s++) {
		for (int i = 0; i < COMMANDS_COUNT; i++) {
			const char *name = commands_get((enum commands_id)i)->name;

			if (strchr(name, ' ') == NULL)
				assert_contains(text_str(&scripts[s]), name);
		}
		for (size_t i = 0; (o = commands_option_at(i)) != NULL; i++)
			assert_contains(text_str(&scripts[s]), o->name);
	}
}

static void values_and_words_are_those_of_the_table(void **state)
{
	static const struct {
		enum completion_shell shell;
		const char *part;
	} cases[] = {
		{ COMPLETION_BASH,
		  "\t'drill --format') value='text markdown json html record' ;;" },
		{ COMPLETION_BASH, "\t'status -s' | 'status --socket') value='@files' ;;" },
		{ COMPLETION_BASH, "\t'watch --until') value='@conditions' ;;" },
		{ COMPLETION_BASH, "\t'drain 1') value='@servers' ;;" },
		{ COMPLETION_BASH,
		  "\t'fault 2') value='refuse blackhole reset delay throttle status "
		  "none' ;;" },
		{ COMPLETION_BASH, "\t'rebalance 1') value='@services' ;;" },
		{ COMPLETION_BASH, "\t'import '*) value='@files' ;;" },
		{ COMPLETION_BASH, "\t'top --tab') value='services sessions events process' ;;" },
		{ COMPLETION_BASH, "\t'completion 1') value='bash zsh fish' ;;" },
		{ COMPLETION_BASH,
		  "\t'drill 1') value='start stop mark list report compare record' ;;" },
		{ COMPLETION_BASH, "_sluice_pairs='|drill record|'" },
		{ COMPLETION_ZSH, "'1:SERVER: _sluice_names servers'" },
		{ COMPLETION_ZSH, "'2:KIND:(refuse blackhole reset delay throttle status none)'" },
		{ COMPLETION_ZSH, "'*:FILE:_files'" },
		{ COMPLETION_ZSH, "'(-s --socket)'{-s+,--socket=}'[the daemon'\\''s control" },
		{ COMPLETION_ZSH, "'--until=[exit 0 as soon as that holds]:COND: _sluice_names "
		                  "conditions'" },
		{ COMPLETION_ZSH, "'*--service=[" },
		{ COMPLETION_ZSH, ":NAME=PORT[\\:sql|\\:http]: '" },
		{ COMPLETION_FISH, "'__sluice_at \"drain\" 1' -a '(__sluice_names servers)'" },
		{ COMPLETION_FISH, "'__sluice_at \"status\"' -l json -d 'one JSON object" },
		{ COMPLETION_FISH, "'__sluice_at \"drill record\"' -l haproxy -r -F" },
		{ COMPLETION_FISH, "-d 'the daemon\\'s control socket" },
		{ COMPLETION_FISH, "'__sluice_at \"\"' -a watch -d" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_contains(text_str(&scripts[cases[i].shell]), cases[i].part);
	/* What only looks like a choice is none. */
	assert_null(strstr(text_str(&scripts[COMPLETION_BASH]), "NAME=PORT"));
}

static void a_shell_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(completion_shell_name(COMPLETION_BASH), "bash");
	assert_string_equal(completion_shell_name(COMPLETION_ZSH), "zsh");
	assert_string_equal(completion_shell_name(COMPLETION_FISH), "fish");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shell_has_every_command_and_option),
		cmocka_unit_test(values_and_words_are_those_of_the_table),
		cmocka_unit_test(a_shell_has_its_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
