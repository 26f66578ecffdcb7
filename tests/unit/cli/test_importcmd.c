/* SPDX-License-Identifier: MIT */
#include "cli/importcmd.h"

#include "conf/loader.h"
#include "fake.h"

#define LISTEN "listen psql\n  bind :26257\n  server n1 10.0.0.1:26257 check\n"

/* Runs "import `arguments`" with the file h.cfg of the scratch directory @. */
static int import(struct fake *f, const char *arguments, const char *cfg)
{
	char *argv[32], *rest, path[128];
	AUTO_TEXT line = { 0 };
	int argc = 0, status;
	FILE *file;

	fake_start(f, NULL, 0);
	snprintf(path, sizeof(path), "%s/h.cfg", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(cfg, file);
	fclose(file);
	text_add(&line, "import ");
	for (const char *s = arguments; *s != '\0'; s++)
		if (*s == '@')
			text_add(&line, f->dir);
		else
			text_addc(&line, *s);
	for (char *word = strtok_r(line.data, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	status = importcmd_main(&f->console, argc, argv);
	unlink(path);
	fake_join(f);
	return status;
}

static struct settings *load(const char *conf)
{
	struct loader_problems problems = { 0 };
	struct settings *s = loader_read_string("imported", conf, &problems);

	if (s == NULL)
		fail_msg("%s\n%s", problems.lines[0], conf);
	loader_problems_release(&problems);
	return s;
}

static void a_file_becomes_a_valid_configuration(void **state)
{
	struct settings *s;
	struct fake f;

	(void)state;
	assert_int_equal(import(&f, "@/h.cfg", LISTEN), CONSOLE_OK);
	assert_int_equal(f.err_len, 0);
	assert_contains(f.out, "It behaves like the original.\n");
	assert_contains(f.out, "# listen psql (");
	s = load(f.out);
	assert_string_equal(s->services[0].name, "psql");
	assert_int_equal(s->targets[0].check.init_state, SETTINGS_INIT_UP);
	assert_false(s->services[0].redispatch);
	assert_string_equal(s->admins[0].bind, "127.0.0.1:8404");
	settings_free(s);
	fake_stop(&f);
}

static void a_directory_is_read_as_a_whole(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(import(&f, "@", LISTEN), CONSOLE_OK);
	assert_contains(f.out, "name = \"psql\";");
	fake_stop(&f);
}

static void what_is_not_carried_over_is_said_with_its_line(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(import(&f, "@/h.cfg", "global\n daemon\n" LISTEN "  balance rdp-cookie\n"),
	                 CONSOLE_OK);
	assert_contains(f.err, "/h.cfg:2: note: \"daemon\": left out: ");
	assert_contains(f.err, "/h.cfg:6: not carried over: \"balance\": rdp-cookie: ");
	assert_contains(f.out, "It behaves like the original but for 1 thing:");
	fake_stop(&f);
}

static void strict_takes_remarks_but_no_losses(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(import(&f, "--strict @/h.cfg", "global\n daemon\n" LISTEN), CONSOLE_OK);
	assert_true(f.out_len > 0);
	fake_stop(&f);
	assert_int_equal(import(&f, "--strict @/h.cfg", LISTEN "  balance rdp-cookie\n"),
	                 CONSOLE_INVALID);
	assert_int_equal(f.out_len, 0);
	assert_contains(f.err, "1 thing is not carried over, and --strict: nothing is written");
	fake_stop(&f);
}

static void an_error_gives_no_configuration(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(import(&f, "@/h.cfg", LISTEN "  blance roundrobin\n"), CONSOLE_INVALID);
	assert_int_equal(f.out_len, 0);
	assert_contains(f.err, "/h.cfg:4: \"blance\": unknown keyword 'blance' in 'listen' "
	                       "section; did you mean 'balance' maybe ?\n");
	fake_stop(&f);
	assert_int_equal(import(&f, "@/missing.cfg", ""), CONSOLE_INVALID);
	assert_contains(f.err, "/missing.cfg: cannot be read: No such file or directory\n");
	fake_stop(&f);
}

static void out_replaces_the_file_at_once(void **state)
{
	char path[128];
	struct fake f;
	FILE *file;

	(void)state;
	assert_int_equal(import(&f, "@/h.cfg --out @/s.conf", LISTEN), CONSOLE_OK);
	assert_int_equal(f.out_len, 0);
	assert_contains(f.err, "/s.conf: written, 1 service, 1 server; next: sluice check -f ");
	snprintf(path, sizeof(path), "%s/s.conf", f.dir);
	file = fopen(path, "r");
	assert_non_null(file);
	fclose(file);
	unlink(path);
	fake_stop(&f);
	assert_int_equal(import(&f, "@/h.cfg --out /does/not/exist", LISTEN), CONSOLE_FAILED);
	fake_stop(&f);
}

static void what_this_host_lacks_is_said(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(import(&f, "@/h.cfg", "global\n user no-such-user-here\n" LISTEN),
	                 CONSOLE_INVALID);
	assert_contains(f.err, "sluice: the result is not valid on this host yet:\n  the result:");
	assert_contains(f.err, "there is no user \"no-such-user-here\" on this host");
	assert_contains(f.out, "user = \"no-such-user-here\";");
	fake_stop(&f);
}

static void wrong_usage_is_explained(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "FILE is missing" },
		{ "@/h.cfg --outt x", "did you mean \"--out\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct fake f;

		assert_int_equal(import(&f, wrong[i][0], LISTEN), CONSOLE_USAGE);
		assert_contains(f.err, wrong[i][1]);
		fake_stop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_becomes_a_valid_configuration),
		cmocka_unit_test(a_directory_is_read_as_a_whole),
		cmocka_unit_test(what_is_not_carried_over_is_said_with_its_line),
		cmocka_unit_test(strict_takes_remarks_but_no_losses),
		cmocka_unit_test(an_error_gives_no_configuration),
		cmocka_unit_test(out_replaces_the_file_at_once),
		cmocka_unit_test(what_this_host_lacks_is_said),
		cmocka_unit_test(wrong_usage_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
