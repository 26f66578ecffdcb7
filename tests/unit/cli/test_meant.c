/* SPDX-License-Identifier: MIT */
#include "cli/meant.h"

#include "fake.h"
#include "fakestatus.h"

static struct statusjson *make(void)
{
	static const struct state up = { .health = STATE_UP, .counter = 4 };
	char *json = fakestatus_make(up, 0, "");
	struct statusjson *s = statusjson_read(json, NULL);

	free(json);
	assert_non_null(s);
	return s;
}

static void a_name_alone_means_it_in_every_service(void **state)
{
	struct statusjson *s = make();
	const struct statusjson_service *psql = &s->services[0], *console = &s->services[1];

	(void)state;
	assert_true(meant_is("n1", psql, &psql->servers[0]));
	assert_true(meant_is("n1", console, &console->servers[0]));
	assert_false(meant_is("n1", psql, &psql->servers[1]));
	assert_true(meant_is("psql/n1", psql, &psql->servers[0]));
	assert_false(meant_is("psql/n1", console, &console->servers[0]));
	assert_false(meant_is("psql", psql, &psql->servers[0]));
	assert_false(meant_is("psql/", psql, &psql->servers[0]));
	statusjson_free(s);
}

static void nobody_of_that_name_is_an_error_with_a_name(void **state)
{
	static const struct {
		const char *written;
		bool or_service;
		const char *error;
	} cases[] = {
		{ "n11", false, "no server \"n11\": did you mean \"n1\"?" },
		{ "pqsl/n1", false, "no server \"pqsl/n1\": did you mean \"psql/n1\"?" },
		{ "psql", false, "psql is a service; name psql/n1" },
		{ "xyzzy", false, "no server \"xyzzy\"; `sluice status` shows them" },
		{ "dbconsol", true,
		  "no service or server \"dbconsol\": did you mean \"dbconsole\"?" },
		{ "dbconsol", false, "no server \"dbconsol\"; `sluice status` shows them" },
	};
	struct statusjson *s = make();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err;

		assert_false(meant_none(s, cases[i].written, cases[i].or_service, &err));
		assert_string_equal(err.text, cases[i].error);
	}
	statusjson_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_alone_means_it_in_every_service),
		cmocka_unit_test(nobody_of_that_name_is_an_error_with_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
