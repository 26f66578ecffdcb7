/* SPDX-License-Identifier: MIT */
#include "cli/console.h"

#include "fake.h"

#include <fcntl.h>
#include <pty.h>

static void failures_and_usage_go_to_err(void **state)
{
	struct error err = { .text = "it broke" };
	struct fake f;

	(void)state;
	fake_start(&f, NULL, 0);
	assert_int_equal(console_fail(&f.console, &err), CONSOLE_FAILED);
	assert_int_equal(console_usage(&f.console, commands_get(COMMANDS_STATUS), &err),
	                 CONSOLE_USAGE);
	f.console.command = "gen";
	assert_int_equal(console_fail(&f.console, &err), CONSOLE_FAILED);
	fake_join(&f);
	assert_string_equal(f.err, "sluice: it broke\n"
	                           "sluice status: it broke\n"
	                           "Usage: sluice status [--json] [-s SOCKET]\n"
	                           "sluice gen: it broke\n");
	assert_int_equal(f.out_len, 0);
	fake_stop(&f);
}

static void what_others_wrote_does_nothing_to_a_terminal(void **state)
{
	struct error err = { .text = "\"x\x1b[2J\xe2\x80\xae\" is none\n(a\xc3\xa9)" };
	struct fake f;

	(void)state;
	fake_start(&f, NULL, 0);
	assert_int_equal(console_fail(&f.console, &err), CONSOLE_FAILED);
	fake_join(&f);
	assert_string_equal(f.err, "sluice: \"x?[2J???\" is none\n(a\xc3\xa9)\n");
	fake_stop(&f);
}

static void a_full_disk_is_not_a_success(void **state)
{
	struct fake f;
	FILE *full = fopen("/dev/full", "w");
	FILE *out;

	(void)state;
	assert_non_null(full);
	fake_start(&f, NULL, 0);
	assert_int_equal(console_finish(&f.console, CONSOLE_OK), CONSOLE_OK);
	assert_int_equal(console_finish(&f.console, CONSOLE_INVALID), CONSOLE_INVALID);
	out = f.console.out;
	f.console.out = full;
	fputs("text", full);
	assert_int_equal(console_finish(&f.console, CONSOLE_OK), CONSOLE_FAILED);
	fputs("text", full);
	assert_int_equal(console_finish(&f.console, CONSOLE_INVALID), CONSOLE_INVALID);
	f.console.out = out;
	fclose(full);
	fake_join(&f);
	assert_contains(f.err, "cannot write all of the output: No space left on device");
	fake_stop(&f);
}

/* What console_init() makes of those streams and variables; the test's own streams come back. */
static struct console look(int fd, const char *no_color, const char *term)
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	struct console c;

	fflush(NULL);
	setenv("NO_COLOR", no_color, 1);
	setenv("TERM", term, 1);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	console_init(&c);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	return c;
}

static void colour_and_width_are_those_of_a_terminal(void **state)
{
	struct winsize wide = { .ws_col = 132, .ws_row = 24 }, unknown = { 0 };
	int master, terminal, file = open("/dev/null", O_WRONLY);

	(void)state;
	assert_int_equal(openpty(&master, &terminal, NULL, NULL, &wide), 0);
	assert_true(look(terminal, "", "xterm").colour);
	assert_true(look(terminal, "", "xterm").live);
	assert_int_equal(look(terminal, "", "xterm").width, 132);
	assert_false(look(terminal, "1", "xterm").colour);
	assert_false(look(terminal, "", "dumb").colour);
	assert_false(look(file, "", "xterm").colour);
	assert_false(look(file, "", "xterm").live);
	assert_int_equal(look(file, "", "xterm").width, 80);
	close(master);
	close(terminal);
	assert_int_equal(openpty(&master, &terminal, NULL, NULL, &unknown), 0);
	assert_int_equal(look(terminal, "", "xterm").width, 80);
	close(master);
	close(terminal);
	close(file);
}

static void the_locale_decides_about_ascii(void **state)
{
	static const struct {
		const char *all, *ctype, *lang;
		bool ascii;
	} cases[] = {
		{ "", "", "", true },
		{ "", "", "C", true },
		{ "", "", "C.UTF-8", false },
		{ "", "", "de_DE.utf8", false },
		{ "", "POSIX", "C.UTF-8", true },
		{ "C", "C.UTF-8", "C.UTF-8", true },
		{ "en_US.UTF-8", "C", "C", false },
	};
	struct console c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		setenv("LC_ALL", cases[i].all, 1);
		setenv("LC_CTYPE", cases[i].ctype, 1);
		setenv("LANG", cases[i].lang, 1);
		console_init(&c);
		assert_int_equal(c.ascii, cases[i].ascii);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_and_usage_go_to_err),
		cmocka_unit_test(what_others_wrote_does_nothing_to_a_terminal),
		cmocka_unit_test(a_full_disk_is_not_a_success),
		cmocka_unit_test(colour_and_width_are_those_of_a_terminal),
		cmocka_unit_test(the_locale_decides_about_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
