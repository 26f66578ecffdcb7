/* SPDX-License-Identifier: MIT */
#include "sim/simlist.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static const struct simpage_node node = { .id = 7,
	                                  .sql_address = "10.0.0.1:26257",
	                                  .http_address = "10.0.0.1:8080",
	                                  .locality = "",
	                                  .state = "live",
	                                  .liveness = SIMPAGE_LIVE };

static int ask(const struct simlist *l, const char *path, const char *cookie, const char *session)
{
	struct simhttp_request request = {
		.method = "GET", .path = path, .query = "", .cookie = cookie, .session = session
	};
	struct simhttp_reply reply = { 0 };

	simlist_answer(l, &request, &node, 1, &reply);
	assert_int_equal(reply.status == 200,
	                 strstr(text_str(&reply.body), "10.0.0.1:26257") != NULL ||
	                     strstr(text_str(&reply.body), "keyValues") != NULL);
	text_release(&reply.body);
	return reply.status;
}

static void three_paths_tell_of_the_cluster(void **state)
{
	(void)state;
	assert_true(simlist_is_path("/_status/nodes"));
	assert_true(simlist_is_path("/api/v2/nodes/"));
	assert_true(simlist_is_path("/_admin/v1/settings"));
	assert_false(simlist_is_path("/api/v2/nodes"));
	assert_false(simlist_is_path("/"));
}

static void a_session_is_a_cookie_for_the_one_and_a_field_for_the_other(void **state)
{
	static const struct {
		const char *path, *cookie, *session;
		int status;
	} cases[] = {
		{ "/_status/nodes", NULL, NULL, 401 },
		{ "/_status/nodes", "session=abc", NULL, 200 },
		{ "/_status/nodes", "a=b; session=abc; c=d", NULL, 200 },
		{ "/_status/nodes", "session=abcd", NULL, 401 },
		{ "/_status/nodes", "session=", "abc", 401 },
		{ "/_status/nodes", "xsession=abc", NULL, 401 },
		{ "/api/v2/nodes/", NULL, NULL, 401 },
		{ "/api/v2/nodes/", "session=abc", NULL, 401 },
		{ "/api/v2/nodes/", NULL, "abc", 200 },
		{ "/api/v2/nodes/", NULL, "abcd", 401 },
		{ "/_admin/v1/settings", "session=abc", NULL, 200 },
		{ "/_admin/v1/settings", NULL, "abc", 401 },
	};
	const struct simlist guarded = { .session = "abc" }, open = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(ask(&guarded, cases[i].path, cases[i].cookie, cases[i].session),
		                 cases[i].status);
		assert_int_equal(ask(&open, cases[i].path, cases[i].cookie, cases[i].session), 200);
	}
}

static void a_standing_goes_before_the_truth(void **state)
{
	static const struct {
		enum simlist_standing standing;
		enum simpage_liveness liveness;
	} cases[] = {
		{ SIMLIST_TRUE, SIMPAGE_DRAINING },
		{ SIMLIST_DECOMMISSIONING, SIMPAGE_DECOMMISSIONING },
		{ SIMLIST_DECOMMISSIONED, SIMPAGE_DECOMMISSIONED },
		{ SIMLIST_DEAD, SIMPAGE_DEAD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct simlist l = { .standing = cases[i].standing };

		assert_int_equal(simlist_judge(&l, SIMPAGE_DRAINING), cases[i].liveness);
	}
}

static void settings_are_told_by_the_keys_that_they_had_first(void **state)
{
	static const struct {
		const char *query;
		bool wait, statement;
	} cases[] = {
		{ "", true, true },
		{ "keys=server.shutdown.drain_wait", true, false },
		{ "keys=server.shutdown.initial_wait", false, false },
		{ "keys=x&keys=sql.defaults.statement_timeout", false, true },
		{ "keys=server.shutdown.drain_waits", false, false },
	};
	struct simlist l = { 0 };

	(void)state;
	assert_true(simlist_set(&l, "server.shutdown.initial_wait", 9000));
	assert_false(simlist_set(&l, "server.shutdown.drain_wait", 1));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct simhttp_request request = { .path = "/_admin/v1/settings",
			                           .query = cases[i].query };
		struct simhttp_reply reply = { 0 };
		const char *body;

		simlist_answer(&l, &request, &node, 1, &reply);
		body = text_str(&reply.body);
		assert_int_equal(
		    strstr(body, "{\"server.shutdown.drain_wait\":{\"value\":\"9s\",") != NULL,
		    cases[i].wait);
		assert_int_equal(strstr(body, "\"sql.defaults.statement_timeout\":{\"value\":"
		                              "\"0s\",") != NULL,
		                 cases[i].statement);
		text_release(&reply.body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_paths_tell_of_the_cluster),
		cmocka_unit_test(a_session_is_a_cookie_for_the_one_and_a_field_for_the_other),
		cmocka_unit_test(settings_are_told_by_the_keys_that_they_had_first),
		cmocka_unit_test(a_standing_goes_before_the_truth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
