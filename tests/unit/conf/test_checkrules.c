/* SPDX-License-Identifier: MIT */
#include "fixture.h"

/* What is wrong with a check of a service's own server, after its place. */
struct check_case {
	const char *check, *want;
};

static char *around(const char *check)
{
	struct text t = { 0 };

	text_addf(
	    &t,
	    "services = ( { name = \"s\"; bind = \":1\"; check = { %s }; servers = ( { name = "
	    "\"a\"; address = \"h:1\"; } ); } );",
	    check);
	return text_take(&t);
}

static void check_all(const struct check_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *text = around(cases[i].check);
		char want[600];

		snprintf(want, sizeof(want), "x.conf:1: services[0] \"s\": check%s", cases[i].want);
		expect_problems(text, want);
		free(text);
	}
}

#define ANOTHER "there is another one of its kind here: write each in a step of its own"

static void a_step_does_one_thing(void **state)
{
	static const struct check_case cases[] = {
		{ "steps = ( { comment = \"c\"; } );",
		  ".steps[0]: it does nothing: write connect, send, send_hex, request or expect" },
		{ "steps = ( { send = \"a\"; send_hex = \"00\"; } );",
		  ".steps[0].send_hex: " ANOTHER },
		{ "steps = ( { send = \"a\"; expect = { string = \"b\"; }; } );",
		  ".steps[0].expect: " ANOTHER },
		{ "steps = ( { expect = { }; } );",
		  ".steps[0].expect: it does nothing: write string, hex, regex, hex_regex, status, "
		  "status_regex or header" },
		{ "steps = ( { expect = { string = \"a\"; regex = \"b\"; }; } );",
		  ".steps[0].expect.regex: " ANOTHER },
		{ "steps = ( { expect = { string = \"a\"; value = \"b\"; }; } );",
		  ".steps[0].expect.value: a value without a header: write header, too" },
		{ "steps = ( { connect = { address = \"db.example.com\"; }; } );",
		  ".steps[0].connect.address: \"db.example.com\" is a name, and steps do not look "
		  "names up: write its address, or the name as the check's own address" },
		{ "steps = ( 1 );", ".steps[0]: 1 is not a group: write { ... }" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

static void a_step_speaks_the_language_of_its_check(void **state)
{
	static const struct check_case cases[] = {
		{ "type = \"http\"; steps = ( { send = \"a\"; } );",
		  ".steps[0].send: this is only for checks with type = \"tcp\"" },
		{ "type = \"http\"; steps = ( { expect = { hex = \"00\"; }; } );",
		  ".steps[0].expect.hex: this is only for checks with type = \"tcp\"" },
		{ "type = \"tcp\"; steps = ( { request = { }; } );",
		  ".steps[0].request: this is only for checks with type = \"http\" or \"https\"" },
		{ "type = \"tcp\"; steps = ( { expect = { status = 200; }; } );",
		  ".steps[0].expect.status: this is only for checks with type = \"http\" or "
		  "\"https\"" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

static void keys_mean_something_in_their_type_only(void **state)
{
	static const struct check_case cases[] = {
		{ "type = \"http\"; steps = ( { request = { }; } ); path = \"/\";",
		  ".path: the steps say it all: leave this out" },
		{ "type = \"redis\"; steps = ( { send = \"a\"; } );",
		  ".steps: this is only for checks with type = \"tcp\", \"http\" or \"https\", and "
		  "this check's type is \"redis\"\nx.conf:1: services[0] \"s\": "
		  "check.steps[0].send: "
		  "this is only for checks with type = \"tcp\"" },
		{ "type = \"tcp\"; user = \"u\";",
		  ".user: this is only for checks with type = \"pgsql\" or \"mysql\", and this "
		  "check's type is \"tcp\"" },
		{ "type = \"tcp\"; hello = \"u\";",
		  ".hello: this is only for checks with type = \"smtp\", and this check's type is "
		  "\"tcp\"" },
		{ "type = \"tcp\"; alpn = \"u\";", ".alpn: this is only for checks with type = "
		                                   "\"https\", via_tls = true or a step over "
		                                   "TLS, and this "
		                                   "check's type is \"tcp\"" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

static void programs_run_when_they_may(void **state)
{
	static const struct check_case cases[] = {
		{ "type = \"external\"; command = \"/bin/sh\";",
		  ".type: programs are not run unless the top level says so: write external_checks "
		  "= true; there" },
		{ "type = \"external\";",
		  ": the key \"command\" is missing: write command = "
		  "\"/usr/local/bin/check-db\";\nx.conf:1: services[0] \"s\": check.type: programs "
		  "are not run unless the top level says so: write external_checks = true; there" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

static void steps_become_what_goes_over_the_wire(void **state)
{
	char *text;
	struct settings *s;
	const struct settings_step *step;

	(void)state;
	text = around("steps = ( { send = \"PING\\r\\n\\x01\"; comment = \"c\"; },\n{ send_hex = "
	              "\"00fF\"; }, { expect = { regex = \"^a\"; }; }, { connect = { port = 9; }; "
	              "} );");
	s = valid(text);
	assert_int_equal(s->targets[0].check.steps.count, 4);
	step = s->targets[0].check.steps.at;
	assert_int_equal(step[0].kind, SETTINGS_STEP_SEND);
	assert_int_equal(step[0].len, 7);
	assert_memory_equal(step[0].bytes, "PING\r\n\1", 7);
	assert_string_equal(step[0].comment, "c");
	assert_int_equal(step[0].line, 1);
	assert_int_equal(step[1].len, 2);
	assert_memory_equal(step[1].bytes, "\0\xff", 2);
	assert_int_equal(step[1].line, 2);
	assert_int_equal(step[2].kind, SETTINGS_STEP_EXPECT);
	assert_int_equal(step[2].match, SETTINGS_MATCH_REGEX);
	assert_int_equal(step[2].len, 2);
	assert_int_equal(step[3].kind, SETTINGS_STEP_CONNECT);
	assert_int_equal(step[3].port, 9);
	settings_free(s);
	free(text);
}

static void a_request_has_defaults(void **state)
{
	char *text = around("type = \"http\"; steps = ( { request = { }; } );");
	struct settings *s = valid(text);
	const struct settings_step *step = s->targets[0].check.steps.at;

	(void)state;
	assert_string_equal(step->method, "GET");
	assert_string_equal(step->path, "/");
	assert_string_equal(step->version, "1.0");
	assert_null(step->bytes);
	settings_free(s);
	free(text);
}

static void patterns_that_would_eat_the_memory_are_refused(void **state)
{
	static const struct check_case cases[] = {
		{ "type = \"http\"; rexpect_string = \"((a{99}){99}){99}\";",
		  ".rexpect_string: \"((a{99}){99}){99}\" is too large a regular expression: write "
		  "one of at most 1024 characters with fewer repetitions" },
		{ "type = \"http\"; rexpect_string = \"a{1,2000000}\";",
		  ".rexpect_string: \"a{1,2000000}\" is too large a regular expression: write one "
		  "of "
		  "at most 1024 characters with fewer repetitions" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_does_one_thing),
		cmocka_unit_test(a_step_speaks_the_language_of_its_check),
		cmocka_unit_test(keys_mean_something_in_their_type_only),
		cmocka_unit_test(programs_run_when_they_may),
		cmocka_unit_test(steps_become_what_goes_over_the_wire),
		cmocka_unit_test(a_request_has_defaults),
		cmocka_unit_test(patterns_that_would_eat_the_memory_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
