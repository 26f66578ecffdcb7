/* SPDX-License-Identifier: MIT */
#include "cli/toporder.h"

#include "faketop.h"

static struct toporder make(enum toporder_kind kind, const char *server, const char *value)
{
	struct toporder o = { .kind = kind, .service = "psql", .session = 7 };

	snprintf(o.server, sizeof(o.server), "%s", server);
	snprintf(o.value, sizeof(o.value), "%s", value);
	return o;
}

static void an_order_says_what_it_does_and_to_how_many(void **state)
{
	static const struct {
		enum toporder_kind kind;
		const char *server, *value, *words;
		bool worst;
	} cases[] = {
		{ TOPORDER_DRAIN, "n3", "",
		  "drain psql/n3: no new sessions, it has none; 1 of 4 servers stays usable",
		  false },
		{ TOPORDER_DRAIN, "n1", "",
		  "drain psql/n1: no new sessions, the 12 sessions there stay; NO SERVER OF psql "
		  "STAYS USABLE",
		  true },
		{ TOPORDER_MAINT, "n2", "",
		  "maint psql/n2: no new sessions and no checks, the 3 sessions there stay; 1 of 4 "
		  "servers stays usable",
		  false },
		{ TOPORDER_READY, "n4", "",
		  "psql/n4: drain and maint are taken back, it gets new sessions as soon as its "
		  "checks pass; it has none",
		  false },
		{ TOPORDER_WEIGHT, "n1", "50%",
		  "psql/n1: weight 1 becomes 50%; the 12 sessions there stay", false },
		{ TOPORDER_FAULT, "n1", "blackhole for 30s",
		  "psql/n1 gets the fault \"blackhole for 30s\", at once; it hits 12 sessions and "
		  "its "
		  "checks",
		  false },
		{ TOPORDER_FAULT, "n2", "none", "psql/n2: its fault ends; 3 sessions there",
		  false },
		{ TOPORDER_KILL, "n1", "",
		  "END all of psql/n1: 12 sessions, now; new ones may come", false },
		{ TOPORDER_END, "", "", "END session 7 of 10.0.0.9:5001 on psql/n1, open for 1m05s",
		  false },
	};
	struct topmodel m;

	(void)state;
	faketop_model(&m, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct toporder o = make(cases[i].kind, cases[i].server, cases[i].value);
		AUTO_TEXT words = { 0 };

		assert_int_equal(toporder_describe(&o, &m, &words), cases[i].worst);
		assert_string_equal(text_str(&words), cases[i].words);
	}
	topmodel_release(&m);
}

static void an_order_is_a_command(void **state)
{
	static const struct {
		enum toporder_kind kind;
		const char *server, *value, *command;
	} cases[] = {
		{ TOPORDER_DRAIN, "n1", "", "set server psql/n1 state drain" },
		{ TOPORDER_MAINT, "n1", "", "set server psql/n1 state maint" },
		{ TOPORDER_READY, "n1", "", "set server psql/n1 state ready" },
		{ TOPORDER_WEIGHT, "n1", "50%", "set server psql/n1 weight 50%" },
		{ TOPORDER_FAULT, "n1", " delay  200ms for 1m ",
		  "fault psql/n1 delay 200ms for 1m" },
		{ TOPORDER_FAULT, "n1", "none; reload", "fault psql/n1 none\\; reload" },
		{ TOPORDER_KILL, "n1", "", "shutdown sessions server psql/n1" },
		{ TOPORDER_DRAIN, "a;b c", "", "set server psql/a\\;b\\ c state drain" },
		{ TOPORDER_END, "", "", "shutdown session 7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct toporder o = make(cases[i].kind, cases[i].server, cases[i].value);
		AUTO_TEXT command = { 0 };

		toporder_write_command(&o, &command);
		assert_string_equal(text_str(&command), cases[i].command);
	}
}

static void what_cannot_be_done_is_said_before(void **state)
{
	static const struct {
		enum toporder_kind kind;
		const char *server, *value, *error; /* NULL: it can */
	} cases[] = {
		{ TOPORDER_DRAIN, "n1", "", NULL },
		{ TOPORDER_DRAIN, "n9", "", "psql/n9 is not there any more" },
		{ TOPORDER_WEIGHT, "n1", "0", NULL },
		{ TOPORDER_WEIGHT, "n1", "256", NULL },
		{ TOPORDER_WEIGHT, "n1", "50%", NULL },
		{ TOPORDER_WEIGHT, "n1", "257", "\"257\" is not a weight: write 0 to 256, or 50%" },
		{ TOPORDER_WEIGHT, "n1", "", "\"\" is not a weight" },
		{ TOPORDER_WEIGHT, "n1", "-1", "is not a weight" },
		{ TOPORDER_WEIGHT, "n1", "5;reload", "is not a weight" },
		{ TOPORDER_WEIGHT, "n1", "12345678901234567890", "is not a weight" },
		{ TOPORDER_FAULT, "n1", "none", NULL },
		{ TOPORDER_FAULT, "n1", "  ", "a fault is refuse, blackhole" },
	};
	struct topmodel m;
	struct toporder end = make(TOPORDER_END, "", "");
	struct error err;

	(void)state;
	faketop_model(&m, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct toporder o = make(cases[i].kind, cases[i].server, cases[i].value);

		assert_int_equal(toporder_check(&o, &m, &err), cases[i].error == NULL);
		if (cases[i].error != NULL)
			assert_contains(err.text, cases[i].error);
	}
	assert_true(toporder_check(&end, &m, &err));
	end.session = 99;
	assert_false(toporder_check(&end, &m, &err));
	assert_string_equal(err.text, "session 99 has ended");
	topmodel_release(&m);
}

static void only_some_orders_want_a_value(void **state)
{
	struct toporder o = make(TOPORDER_WEIGHT, "n1", "");
	AUTO_TEXT question = { 0 };
	struct topmodel m;

	(void)state;
	assert_true(toporder_wants_value(TOPORDER_WEIGHT));
	assert_true(toporder_wants_value(TOPORDER_FAULT));
	assert_false(toporder_wants_value(TOPORDER_DRAIN));
	assert_false(toporder_wants_value(TOPORDER_END));
	faketop_model(&m, 0);
	toporder_write_question(&o, &m, &question);
	assert_contains(text_str(&question), "psql/n1? It has 1;");
	o.kind = TOPORDER_FAULT;
	text_clear(&question);
	toporder_write_question(&o, &m, &question);
	assert_contains(text_str(&question), "Which fault for psql/n1? refuse,");
	topmodel_release(&m);
}

static void answers_are_judged(void **state)
{
	static const struct {
		enum toporder_kind kind;
		const char *answer;
		bool done;
		const char *said;
	} cases[] = {
		{ TOPORDER_DRAIN, "", true, "psql/n1 drains" },
		{ TOPORDER_MAINT, "", true, "psql/n1 is under maintenance" },
		{ TOPORDER_READY, "\n", true, "psql/n1 is ready" },
		{ TOPORDER_WEIGHT, "", true, "psql/n1 has the weight 5" },
		{ TOPORDER_KILL, "", true, "the sessions of psql/n1 are ended" },
		{ TOPORDER_END, "", true, "session 7 is ended" },
		{ TOPORDER_FAULT, "psql/n1: x\ndone\n", true, "psql/n1: fault 5" },
		{ TOPORDER_FAULT, "", false, "the daemon answered: " },
		{ TOPORDER_FAULT, "no\033 such\n", false, "the daemon answered: no? such" },
		{ TOPORDER_DRAIN, "Permission denied\n", false,
		  "the daemon answered: Permission denied" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct toporder o = make(cases[i].kind, "n1", "5");
		AUTO_TEXT said = { 0 };

		assert_int_equal(toporder_judge(&o, cases[i].answer, &said), cases[i].done);
		assert_string_equal(text_str(&said), cases[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_says_what_it_does_and_to_how_many),
		cmocka_unit_test(an_order_is_a_command),
		cmocka_unit_test(what_cannot_be_done_is_said_before),
		cmocka_unit_test(only_some_orders_want_a_value),
		cmocka_unit_test(answers_are_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
