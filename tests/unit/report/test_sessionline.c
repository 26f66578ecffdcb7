/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/sessionline.h"
#include "widest.h"

#include <jansson.h>

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	fixture_init(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_release(*state);
	free(*state);
	return 0;
}

static struct record record_of(const struct fixture *f)
{
	const struct topology_service *psql = f->topology->services[0];
	struct addr client;

	assert_true(addr_parse_ip("2001:db8::7", 51732, &client));
	return (struct record){
		.id = 9,
		.accepted_wall_ms = FIXTURE_WALL_MS,
		.service = psql,
		.server = psql->servers[1],
		.bind = &psql->settings->binds[0],
		.client = addr_pack(&client),
		.queue_ms = 1,
		.connect_ms = 2,
		.total_ms = 7011,
		.idle_ms = 300,
		.bytes_in = 1234,
		.bytes_out = 479,
		.retries = 1,
		.redispatched = true,
		.ended = true,
		.reason = REASON_SERVER_RESET,
		.worker = 1,
	};
}

static void expect_words(const struct record *r, unsigned int flags, const char *words)
{
	struct sessionline l;
	AUTO_TEXT out = { 0 };

	sessionline_take(r, &l);
	sessionline_write(&l, flags, &out);
	assert_string_equal(text_str(&out), words);
}

static void a_session_is_told_with_its_reason(void **state)
{
	struct record r = record_of(*state);

	expect_words(&r, 0,
	             "psql/n2  session 9 of [2001:db8::7]:51732 ended: the server reset the "
	             "connection; 7.0s, 1.2 kB in, 479 B out, connected in 2 ms, 1 retry, went to "
	             "another server");
	expect_words(
	    &r, SESSIONLINE_TIME | SESSIONLINE_DATE | SESSIONLINE_COLOUR,
	    "\033[2m2026-11-20 12:12:08.106\033[0m  psql/n2  session 9 of "
	    "[2001:db8::7]:51732 ended: \033[33mthe server reset the connection\033[0m; "
	    "7.0s, 1.2 kB in, 479 B out, connected in 2 ms, 1 retry, went to another server");
}

static void a_session_without_a_server_says_so(void **state)
{
	struct record r = record_of(*state);

	r.server = NULL;
	r.connect_ms = r.queue_ms = -1;
	r.retries = 0;
	r.redispatched = false;
	r.total_ms = 0;
	r.bytes_in = r.bytes_out = 0;
	r.reason = REASON_NO_SERVER;
	r.client = (struct addr_ip){ .family = AF_UNIX };
	expect_words(
	    &r, 0, "psql/-  session 9 of unix ended: no server was usable; 0 ms, 0 B in, 0 B out");
	r.ended = false;
	expect_words(&r, 0, "psql/-  session 9 of unix is open; 0 ms, 0 B in, 0 B out");
}

static void a_list_comes_back_as_it_was(void **state)
{
	struct record a = record_of(*state);
	struct record b = record_of(*state);
	const struct record *records[] = { &a, &b };
	struct sessionline expected;
	struct sessionline *lines;
	size_t count;
	AUTO_TEXT out = { 0 };
	struct error err;

	b.server = NULL;
	b.queue_ms = b.connect_ms = -1;
	b.ended = false;
	sessionline_write_list(records, 2, &out);
	if (!sessionline_read_list(text_str(&out), &lines, &count, &err))
		fail_msg("%s", err.text);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++) {
		AUTO_TEXT first = { 0 };
		AUTO_TEXT second = { 0 };

		sessionline_take(records[i], &expected);
		sessionline_write_json(&expected, &first);
		sessionline_write_json(&lines[i], &second);
		assert_string_equal(text_str(&first), text_str(&second));
	}
	assert_int_equal(lines[1].connect_ms, -1);
	assert_string_equal(lines[1].server, "");
	assert_true(lines[0].error);
	free(lines);
}

static void every_reason_can_be_written(void **state)
{
	struct record r = record_of(*state);

	for (enum reason i = 0; i < REASON_COUNT; i++) {
		struct sessionline l;
		AUTO_TEXT out = { 0 };
		json_t *o;

		r.reason = i;
		sessionline_take(&r, &l);
		sessionline_write_json(&l, &out);
		o = json_loads(text_str(&out), JSON_REJECT_DUPLICATES, NULL);
		assert_string_equal(json_string_value(json_object_get(o, "reason")), reason_key(i));
		assert_string_equal(json_string_value(json_object_get(o, "kind")), "session");
		assert_string_equal(json_string_value(json_object_get(o, "end_time")),
		                    "2026-11-20T12:12:08.106Z");
		assert_string_equal(json_string_value(json_object_get(o, "words")),
		                    reason_words(i));
		json_decref(o);
	}
}

static void an_empty_list_can_be_read(void **state)
{
	struct sessionline *lines;
	size_t count = 7;
	AUTO_TEXT out = { 0 };

	(void)state;
	sessionline_write_list(NULL, 0, &out);
	assert_true(sessionline_read_list(text_str(&out), &lines, &count, NULL));
	assert_int_equal(count, 0);
	free(lines);
}

static void wrong_lists_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"[]",
		"{}",
		"{\"sessions\":1}",
		"{\"sessions\":[1]}",
		"{\"sessions\":[{\"id\":1}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sessionline *lines = NULL;
		size_t count;
		struct error err = { 0 };

		assert_false(sessionline_read_list(cases[i], &lines, &count, &err));
		assert_null(lines);
		assert_true(err.text[0]);
	}
}

static void the_table_has_columns_below_each_other(void **state)
{
	struct record r = record_of(*state);
	struct sessionline l[2];
	AUTO_TEXT out = { 0 };

	r.ended = false;
	sessionline_take(&r, &l[0]);
	r.id = 1000;
	r.server = NULL;
	sessionline_take(&r, &l[1]);
	sessionline_write_table(l, 2, 80, false, &out);
	assert_string_equal(text_str(&out),
	                    "  ID  CLIENT               SERVER    AGE    IDLE      IN    OUT\n"
	                    "   9  [2001:db8::7]:51732  psql/n2  7.0s  300 ms  1.2 kB  479 B\n"
	                    "1000  [2001:db8::7]:51732  psql/-   7.0s  300 ms  1.2 kB  479 B\n");
}

static void long_names_make_room_for_numbers(void **state)
{
	struct sessionline l = { .id = 4294967295,
		                 .service = "a-service-with-quite-a-long-name",
		                 .server = "a-server-with-an-even-longer-name.region.example",
		                 .client = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:51732",
		                 .total_ms = 86399000,
		                 .idle_ms = 3599000,
		                 .bytes_in = UINT64_C(999900000000),
		                 .bytes_out = UINT64_C(999900000000) };
	AUTO_TEXT whole = { 0 };

	(void)state;
	for (unsigned int width = 80; width <= 176; width += 24) {
		AUTO_TEXT out = { 0 };

		sessionline_write_table(&l, 1, width, false, &out);
		assert_int_equal(widest(text_str(&out)), width);
		assert_non_null(strstr(text_str(&out), "23h59m  59m59s"));
		assert_non_null(strstr(text_str(&out), "[2001:db8:"));
		assert_non_null(strstr(text_str(&out), "~  "));
	}
	sessionline_write_table(&l, 1, 300, false, &whole);
	assert_non_null(strstr(text_str(&whole), "-even-longer-name.region.example "));
}

static void wide_characters_take_two_columns(void **state)
{
	struct sessionline l[2] = {
		{ .id = 1, .service = "psql", .server = "n1", .client = "192.0.2.7:1" },
		/* three wide ones, and an e with its accent on it */
		{ .id = 2,
		  .service = "psql",
		  .server = "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97"
		            "e\xcc\x81",
		  .client = "192.0.2.7:2" },
	};
	AUTO_TEXT out = { 0 };

	(void)state;
	sessionline_write_table(l, 2, 80, false, &out);
	assert_string_equal(text_str(&out), "ID  CLIENT       SERVER         AGE  IDLE   IN  OUT\n"
	                                    " 1  192.0.2.7:1  psql/n1       0 ms  0 ms  0 B  0 B\n"
	                                    " 2  192.0.2.7:2  psql/"
	                                    "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97"
	                                    "e\xcc\x81  0 ms  0 ms  0 B  0 B\n");
	for (size_t i = 0; i < 6; i++)
		memcpy(l[1].server + 9 * i, "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 10);
	for (unsigned int width = 64; width <= 72; width++) {
		text_clear(&out);
		sessionline_write_table(l, 2, width, false, &out);
		assert_true(widest(text_str(&out)) <= width);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_session_is_told_with_its_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(a_session_without_a_server_says_so, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_list_comes_back_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(every_reason_can_be_written, setup, teardown),
		cmocka_unit_test(an_empty_list_can_be_read),
		cmocka_unit_test(wrong_lists_are_refused),
		cmocka_unit_test_setup_teardown(the_table_has_columns_below_each_other, setup,
		                                teardown),
		cmocka_unit_test(long_names_make_room_for_numbers),
		cmocka_unit_test(wide_characters_take_two_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
