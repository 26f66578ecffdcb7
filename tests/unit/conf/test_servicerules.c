/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#define NO_FOLLOWING                                                                               \
	"only sessions of PostgreSQL's protocol are followed: write protocol = \"pgwire\", or "    \
	"leave this out"
#define NO_CHOICE                                                                                  \
	"with this balance clients come back to the same server: write balance = \"leastconn\" "   \
	"or \"roundrobin\", or leave this out"
#define NO_CLOSING                                                                                 \
	"there is nothing that it may close: write protocol = \"pgwire\" or rebalance_encrypted "  \
	"= \"idle 5m\""
#define NO_REBALANCE "it is a part of rebalance: write rebalance = true, or leave this out"

static char *with(const char *common, const char *first, const char *second)
{
	struct text t = { 0 };

	text_addf(&t,
	          CLUSTER "%s services = ( { name = \"a\"; bind = \":1\"; %s }, { name = \"b\"; "
	                  "bind = \":2\"; %s } );",
	          common, first, second);
	return text_take(&t);
}

static void what_a_service_says_fits_together(void **state)
{
	static const struct {
		const char *service, *want;
	} cases[] = {
		{ "max_session_age = \"1h\";", "max_session_age: " NO_FOLLOWING },
		{ "protocol = \"pgwire\"; rebalance = true; balance = \"source\";",
		  "rebalance: " NO_CHOICE },
		{ "protocol = \"pgwire\"; rebalance = true; balance = \"hash\";",
		  "rebalance: " NO_CHOICE },
		{ "protocol = \"pgwire\"; rebalance = true; balance = \"first\";",
		  "rebalance: " NO_CHOICE },
		{ "rebalance = true;", "rebalance: " NO_CLOSING },
		{ "rebalance_encrypted = \"idle 5m\";", "rebalance_encrypted: " NO_REBALANCE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = with("", "", cases[i].service);
		char want[300];

		snprintf(want, sizeof(want), "x.conf:1: services[1] \"b\": %s", cases[i].want);
		expect_problems(text, want);
		free(text);
	}
}

static void what_fits_is_taken(void **state)
{
	char *text = with("", "max_session_age = \"0s\"; rebalance_encrypted = \"never\";",
	                  "rebalance = true; rebalance_encrypted = \"idle 5m\"; hold = \"3s\"; "
	                  "panic = \"hold\"; balance = \"random\";");
	struct settings *s = valid(text);

	(void)state;
	assert_true(s->services[1].rebalance);
	assert_int_equal(s->services[1].rebalance_encrypted_ms, 300000);
	assert_int_equal(s->services[1].panic, SETTINGS_PANIC_HOLD);
	settings_free(s);
	free(text);
}

/* Of what stands at the top level each service takes what it can use. */
static void services_leave_out_what_they_cannot_use(void **state)
{
	char *text = with("max_session_age = \"1h\"; rebalance = true; rebalance_encrypted = "
	                  "\"idle 1m\"; panic = \"hold\";",
	                  "protocol = \"pgwire\"; hold = \"3s\";", "balance = \"source\";");
	struct settings *s = valid(text);
	const struct settings_service *a = &s->services[0];
	const struct settings_service *b = &s->services[1];

	(void)state;
	assert_int_equal(a->max_session_age_ms, 3600000);
	assert_int_equal(b->max_session_age_ms, 0);
	assert_true(a->rebalance);
	assert_false(b->rebalance);
	assert_int_equal(a->rebalance_encrypted_ms, 60000);
	assert_int_equal(b->rebalance_encrypted_ms, 0);
	assert_int_equal(a->panic, SETTINGS_PANIC_HOLD);
	assert_int_equal(b->panic, SETTINGS_PANIC_HOLD);
	settings_free(s);
	free(text);
}

static void what_no_service_can_use_is_a_mistake(void **state)
{
	static const struct {
		const char *common, *want;
	} cases[] = {
		{ "max_session_age = \"1h\";", "max_session_age: " NO_FOLLOWING },
		{ "rebalance = true;", "rebalance: " NO_CLOSING },
		{ "protocol = \"pgwire\"; rebalance = true; balance = \"first\";",
		  "rebalance: " NO_CHOICE },
		{ "rebalance_encrypted = \"idle 1s\";", "rebalance_encrypted: " NO_REBALANCE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = with(cases[i].common, "", "");
		char want[300];

		snprintf(want, sizeof(want), "x.conf:1: %s", cases[i].want);
		expect_problems(text, want);
		free(text);
	}
}

static void idleness_is_a_word_and_a_duration(void **state)
{
	static const char *const bad[] = { "\"5m\"",       "\"idle\"",   "\"idle x\"",
		                           "\"idle 10d\"", "\"idle 0\"", "300000" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char key[200];
		char *text;
		char *lines;

		snprintf(key, sizeof(key), "rebalance = true; rebalance_encrypted = %s;", bad[i]);
		text = with("", key, "");
		lines = problems_of(text, NULL);
		assert_string_not_equal(lines, "");
		free(lines);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_service_says_fits_together),
		cmocka_unit_test(what_fits_is_taken),
		cmocka_unit_test(services_leave_out_what_they_cannot_use),
		cmocka_unit_test(what_no_service_can_use_is_a_mistake),
		cmocka_unit_test(idleness_is_a_word_and_a_duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
