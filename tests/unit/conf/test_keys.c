/* SPDX-License-Identifier: MIT */
#include "conf/keys.h"

#include "fixture.h"

static const char begin_mark[] = ".\\\" BEGIN keys (from include/conf/keys.def)\n";
static const char end_mark[] = ".\\\" END keys\n";

static void the_checked_in_reference_is_the_tables(void **state)
{
	AUTO_TEXT t = { 0 };

	(void)state;
	keys_write_reference(&t);
	expect_file(TEST_DATA "/../../conf/reference.conf", text_str(&t));
}

static void the_reference_is_valid_and_names_every_key(void **state)
{
	AUTO_TEXT t = { 0 };
	struct settings *s;

	(void)state;
	keys_write_reference(&t);
	s = valid(text_str(&t));
	assert_int_equal(s->service_count, 1);
	settings_free(s);
	for (size_t i = 0; i < keys_count(); i++) {
		char want[80];

		snprintf(want, sizeof(want), "%s = ", keys_at(i).name);
		assert_non_null(strstr(text_str(&t), want));
	}
}

static void the_manual_page_has_the_tables_list(void **state)
{
	static const char path[] = TEST_DATA "/../../man/sluice.conf.5";
	char *page = read_whole(path);
	AUTO_TEXT want = { 0 };
	const char *begin;
	const char *end;

	(void)state;
	assert_non_null(page);
	begin = strstr(page, begin_mark);
	end = strstr(page, end_mark);
	assert_true(begin && end && begin < end);
	text_addn(&want, page, (size_t)(begin - page) + strlen(begin_mark));
	keys_write_man(&want);
	text_add(&want, end);
	expect_file(path, text_str(&want));
	free(page);
}

/* troff takes a line that begins with a dot for a request, and \ for an escape. */
static void the_manual_page_has_no_stray_requests(void **state)
{
	AUTO_TEXT t = { 0 };

	(void)state;
	keys_write_man(&t);
	for (const char *line = text_str(&t); *line; line += strcspn(line, "\n") + 1)
		if (*line == '.')
			assert_true(strncmp(line, ".TP\n", 4) == 0 ||
			            strncmp(line, ".SS ", 4) == 0);
	for (const char *s = strchr(text_str(&t), '\\'); s; s = strchr(s + 2, '\\'))
		assert_non_null(strchr("fe-&", s[1]));
}

static void every_entry_is_complete(void **state)
{
	(void)state;
	assert_true(keys_count() > 80);
	for (size_t i = 0; i < keys_count(); i++) {
		struct keys_entry e = keys_at(i);
		size_t len = strlen(e.help);

		assert_true(e.group && *e.name && *e.type && e.initial);
		assert_true(len > 5 && e.help[len - 1] == '.');
		for (size_t j = 0; j < i; j++)
			assert_false(strcmp(keys_at(j).name, e.name) == 0 &&
			             strcmp(keys_at(j).group, e.group) == 0);
	}
}

static void checks_default_as_the_core_says(void **state)
{
	static const char *const types[] = { "tcp", "http", "https", "pgsql" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct settings_check want = settings_check_default(SETTINGS_CHECK_TCP + i);
		const struct settings_check *have;
		struct settings *s;
		char text[512];

		snprintf(
		    text, sizeof(text),
		    "cluster = { nodes = ( { name = \"n\"; host = \"h\"; } ); check = { type = "
		    "\"%s\"; }; };" SERVICES,
		    types[i]);
		s = valid(text);
		have = &s->targets[0].check;
		assert_int_equal(have->type, want.type);
		assert_int_equal(have->inter_ms, want.inter_ms);
		assert_int_equal(have->fastinter_ms, want.fastinter_ms);
		assert_int_equal(have->downinter_ms, want.downinter_ms);
		assert_int_equal(have->timeout_ms, want.timeout_ms);
		assert_int_equal(have->rise, want.rise);
		assert_int_equal(have->fall, want.fall);
		assert_int_equal(have->init_state, want.init_state);
		assert_int_equal(have->verify, want.verify);
		assert_int_equal(have->method == NULL, want.method == NULL);
		if (want.method) {
			assert_string_equal(have->method, want.method);
			assert_string_equal(have->path, want.path);
			assert_string_equal(have->version, want.version);
		}
		assert_int_equal(have->expect_status.count, want.expect_status.count);
		assert_int_equal(have->drain_status.count, want.drain_status.count);
		for (unsigned int n = 100; n < 600; n++) {
			assert_int_equal(settings_ranges_contain(&have->expect_status, n),
			                 settings_ranges_contain(&want.expect_status, n));
			assert_int_equal(settings_ranges_contain(&have->drain_status, n),
			                 settings_ranges_contain(&want.drain_status, n));
		}
		settings_free(s);
	}
}

static void the_process_defaults_as_the_core_says(void **state)
{
	struct settings *want = settings_new();
	struct settings *have = valid(BASE);

	(void)state;
	assert_int_equal(have->resolver.every_ms, want->resolver.every_ms);
	assert_int_equal(have->resolver.timeout_ms, want->resolver.timeout_ms);
	assert_int_equal(have->threads, want->threads);
	assert_int_equal(have->maxconn, want->maxconn);
	assert_int_equal(have->nofile, want->nofile);
	assert_int_equal(have->hard_stop_after_ms, want->hard_stop_after_ms);
	settings_free(want);
	settings_free(have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checked_in_reference_is_the_tables),
		cmocka_unit_test(the_reference_is_valid_and_names_every_key),
		cmocka_unit_test(the_manual_page_has_the_tables_list),
		cmocka_unit_test(the_manual_page_has_no_stray_requests),
		cmocka_unit_test(every_entry_is_complete),
		cmocka_unit_test(checks_default_as_the_core_says),
		cmocka_unit_test(the_process_defaults_as_the_core_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
