/* SPDX-License-Identifier: MIT */
#include "cli/haproxyargs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 24 };

/* Splits `line` at its spaces; the words live in `storage`. */
static bool parse(const char *line, char storage[256], struct haproxyargs *a)
{
	char *argv[WORDS_MAX] = { 0 };
	char *state = NULL;
	int argc = 0;

	assert_true(strlen(line) < 256);
	strcpy(storage, line);
	for (char *w = strtok_r(storage, " ", &state); w && argc < WORDS_MAX - 1;
	     w = strtok_r(NULL, " ", &state))
		argv[argc++] = w;
	return haproxyargs_parse(a, argc, argv);
}

static void the_unit_file_of_debian_is_understood(void **state)
{
	struct haproxyargs a;
	char words[256];

	(void)state;
	assert_true(parse("haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -S "
	                  "/run/haproxy-master.sock",
	                  words, &a));
	assert_true(a.master);
	assert_true(a.notify);
	assert_int_equal(a.file_count, 1);
	assert_string_equal(a.files[0], "/etc/haproxy/haproxy.cfg");
	assert_string_equal(a.pidfile, "/run/haproxy.pid");
	assert_string_equal(a.master_socket, "/run/haproxy-master.sock");
	assert_false(a.check);
}

static void a_reload_names_its_predecessors(void **state)
{
	struct haproxyargs a;
	char words[256];

	(void)state;
	assert_true(parse("haproxy -D -f a.cfg -f b.cfg -sf 12 345 -p x.pid", words, &a));
	assert_true(a.background);
	assert_int_equal(a.file_count, 2);
	assert_string_equal(a.files[1], "b.cfg");
	assert_int_equal(a.pid_count, 2);
	assert_int_equal(a.pids[0], 12);
	assert_int_equal(a.pids[1], 345);
	assert_false(a.terminate);
	assert_string_equal(a.pidfile, "x.pid");
	assert_true(parse("haproxy -f a.cfg -st 7", words, &a));
	assert_true(a.terminate);
	assert_true(parse("haproxy -f a.cfg -sf", words, &a));
	assert_int_equal(a.pid_count, 0);
}

static void each_option_is_taken_for_what_it_is(void **state)
{
	struct haproxyargs a;
	char words[256];

	(void)state;
	assert_true(parse("haproxy -c -q -V -f x", words, &a));
	assert_true(a.check && a.quiet && a.verbose);
	assert_true(parse("haproxy -db -f x -n 500 -C /etc -x /run/old.sock", words, &a));
	assert_true(a.foreground);
	assert_int_equal(a.maxconn, 500);
	assert_string_equal(a.folder, "/etc");
	assert_string_equal(a.socket, "/run/old.sock");
	assert_true(parse("haproxy -d -dW -f x", words, &a));
	assert_true(a.foreground && a.strict);
	assert_true(parse("haproxy -W -f x", words, &a));
	assert_true(a.master && !a.notify);
	assert_true(parse("haproxy -v", words, &a));
	assert_int_equal(a.version, 1);
	assert_true(parse("haproxy -vv", words, &a));
	assert_int_equal(a.version, 2);
	assert_true(parse("haproxy -fx.cfg -n9", words, &a));
	assert_string_equal(a.files[0], "x.cfg");
	assert_int_equal(a.maxconn, 9);
}

static void files_may_follow_two_dashes(void **state)
{
	struct haproxyargs a;
	char words[256];

	(void)state;
	assert_true(parse("haproxy -c -- a.cfg -b.cfg", words, &a));
	assert_int_equal(a.file_count, 2);
	assert_string_equal(a.files[1], "-b.cfg");
}

static void what_means_nothing_here_is_left_out(void **state)
{
	static const char *const needless[] = { "-m 200", "-N 100", "-L me", "-de",    "-dp",
		                                "-dS",    "-dG",    "-dR",   "-dL",    "-dr",
		                                "-dV",    "-dD",    "-dM",   "-dM0x5", "-dKall" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(needless); i++) {
		struct haproxyargs a;
		char line[64];
		char words[256];

		snprintf(line, sizeof(line), "haproxy %s -f x", needless[i]);
		assert_true(parse(line, words, &a));
		assert_int_equal(a.file_count, 1);
	}
}

static void what_cannot_be_understood_asks_for_the_usage(void **state)
{
	static const char *const bad[] = {
		"haproxy",         "haproxy -f",           "haproxy --foo",
		"haproxy foo",     "haproxy -n",           "haproxy -f x -n abc",
		"haproxy -f x -p", "haproxy -f x -sf abc", "haproxy -f x -sf 0",
		"haproxy -c",      "haproxy -f x -Wx",     "haproxy -f x -dX",
		"haproxy -",       "haproxy --",           "haproxy -f x -n -1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct haproxyargs a;
		char words[256];

		if (parse(bad[i], words, &a))
			fail_msg("accepted: %s", bad[i]);
	}
}

static void scripts_find_the_version_where_they_look(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	haproxyargs_write_version(2, out);
	fclose(out);
	assert_ptr_equal(strstr(text, "HAProxy version 2.6."), text);
	assert_non_null(strstr(text, "+OPENSSL"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unit_file_of_debian_is_understood),
		cmocka_unit_test(a_reload_names_its_predecessors),
		cmocka_unit_test(each_option_is_taken_for_what_it_is),
		cmocka_unit_test(files_may_follow_two_dashes),
		cmocka_unit_test(what_means_nothing_here_is_left_out),
		cmocka_unit_test(what_cannot_be_understood_asks_for_the_usage),
		cmocka_unit_test(scripts_find_the_version_where_they_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
