/* SPDX-License-Identifier: MIT */
#include "cli/until.h"

#include "fake.h"
#include "fakestatus.h"

static const struct state up = { .health = STATE_UP, .counter = 4 };
static const struct state down = { .health = STATE_DOWN };
static const struct state drain = { .health = STATE_UP,
	                            .counter = 4,
	                            .admin = STATE_DRAIN_COMMAND };
static const struct state maint = { .health = STATE_UP,
	                            .counter = 4,
	                            .admin = STATE_MAINT_COMMAND };

static struct statusjson *make(struct state n1, uint32_t sessions)
{
	char *json = fakestatus_make(n1, sessions, "no answer");
	struct error err;
	struct statusjson *s = statusjson_read(json, &err);

	free(json);
	if (s == NULL)
		fail_msg("%s", err.text);
	return s;
}

static void expect(const struct statusjson *s, const char *text, enum until_verdict verdict,
                   const char *why)
{
	struct error err = { 0 };
	struct until u;

	if (!until_parse(text, &u, &err))
		fail_msg("%s", err.text);
	if (until_judge(&u, s, &err) != verdict)
		fail_msg("%s: another verdict: %s", text, err.text);
	if (why != NULL)
		assert_string_equal(err.text, why);
}

static void all_up_means_each_server(void **state)
{
	struct statusjson *s = make(up, 3);

	(void)state;
	expect(s, "all up", UNTIL_HOLDS, NULL);
	expect(s, "  all \t up  ", UNTIL_HOLDS, NULL);
	expect(s, "all down", UNTIL_NOT_YET, "psql/n1 is UP");
	statusjson_free(s);
	s = make(down, 3);
	expect(s, "all up", UNTIL_NOT_YET, "psql/n1 is DOWN: no answer");
	statusjson_free(s);
	s = make(drain, 3);
	expect(s, "all up", UNTIL_NOT_YET, "psql/n1 is DRAIN: no answer");
	statusjson_free(s);
}

static void a_service_is_up_while_it_has_a_server(void **state)
{
	struct statusjson *s = make(down, 0);

	(void)state;
	expect(s, "psql up", UNTIL_HOLDS, NULL);
	expect(s, "psql down", UNTIL_NOT_YET, "psql has a usable server");
	s->services[0].up = false;
	expect(s, "psql up", UNTIL_NOT_YET, "psql has no usable server");
	expect(s, "psql down", UNTIL_HOLDS, NULL);
	expect(s, "dbconsole up", UNTIL_HOLDS, NULL);
	expect(s, "psql drained", UNTIL_NOT_YET, "psql/n2 is UP and takes sessions");
	statusjson_free(s);
}

static void a_server_is_meant_in_one_service_or_in_each(void **state)
{
	struct statusjson *s = make(down, 2);

	(void)state;
	expect(s, "psql/n1 down", UNTIL_HOLDS, NULL);
	expect(s, "n1 down", UNTIL_HOLDS, NULL);
	expect(s, "n2 up", UNTIL_HOLDS, NULL);
	s->services[1].servers[0].health = STATE_UP;
	s->services[1].servers[0].state = "UP";
	expect(s, "psql/n1 down", UNTIL_HOLDS, NULL);
	expect(s, "n1 down", UNTIL_NOT_YET, "dbconsole/n1 is UP");
	expect(s, "psql/n1 up", UNTIL_NOT_YET, "psql/n1 is DOWN: no answer");
	statusjson_free(s);
	s = make(maint, 0);
	expect(s, "n1 down", UNTIL_HOLDS, NULL);
	statusjson_free(s);
}

static void drained_means_that_no_session_is_left(void **state)
{
	struct statusjson_predecessor before = { .known = false };
	struct statusjson *s = make(drain, 1);

	(void)state;
	expect(s, "psql/n1 drained", UNTIL_NOT_YET, "psql/n1 still has 1 session");
	s->services[0].servers[0].sessions = 0;
	expect(s, "psql/n1 drained", UNTIL_HOLDS, NULL);
	s->services[0].servers[0].sessions_before = 2;
	expect(s, "psql/n1 drained", UNTIL_NOT_YET, "psql/n1 still has 2 sessions");
	s->services[0].servers[0].sessions_before = 0;
	s->predecessors = &before;
	s->predecessor_count = 1;
	expect(s, "psql/n1 drained", UNTIL_NOT_YET,
	       "a process from before an upgrade has not told what it still has");
	statusjson_free(s);
}

static void unknown_names_get_the_nearest(void **state)
{
	struct statusjson *s = make(up, 0);

	(void)state;
	expect(s, "pqsl up", UNTIL_UNKNOWN,
	       "no service or server \"pqsl\": did you mean \"psql\"?");
	expect(s, "psql/n11 up", UNTIL_UNKNOWN,
	       "no service or server \"psql/n11\": did you mean \"psql/n1\"?");
	expect(s, "somebody up", UNTIL_UNKNOWN,
	       "no service or server \"somebody\"; `sluice status` shows them");
	statusjson_free(s);
}

static void what_cannot_be_is_refused_with_the_cure(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "\"\" is not who and what: write \"all up\", \"SERVICE up\" or \"SERVER "
		      "up\"; also down, drained" },
		{ "all", "\"all\" is not who and what: write \"all up\", \"SERVICE up\" or "
		         "\"SERVER up\"; also down, drained" },
		{ "all up now", "\"all up now\" is not who and what: write \"all up\", \"SERVICE "
		                "up\" or \"SERVER up\"; also down, drained" },
		{ "all upp", "nothing is ever \"upp\": did you mean \"all up\"?" },
		{ "n1 drainned", "nothing is ever \"drainned\": did you mean \"n1 drained\"?" },
		{ "n1 gone", "nothing is ever \"gone\": write \"n1 up\", \"n1 down\" or \"n1 "
		             "drained\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct until u;
		struct error err;

		assert_false(until_parse(cases[i].text, &u, &err));
		assert_string_equal(err.text, cases[i].error);
	}
	for (int s = 0; s < UNTIL_STATE_COUNT; s++) {
		char text[32];
		struct until u;

		snprintf(text, sizeof(text), "n1 %s", until_state_word((enum until_state)s));
		assert_true(until_parse(text, &u, NULL));
		assert_int_equal(u.state, s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_up_means_each_server),
		cmocka_unit_test(a_service_is_up_while_it_has_a_server),
		cmocka_unit_test(a_server_is_meant_in_one_service_or_in_each),
		cmocka_unit_test(drained_means_that_no_session_is_left),
		cmocka_unit_test(unknown_names_get_the_nearest),
		cmocka_unit_test(what_cannot_be_is_refused_with_the_cure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
