/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "callscene.h"
#include "control/drillbook.h"

static void open_scene(struct callscene *s)
{
	callscene_open(s, NULL);
	s->daemon.drillbook = drillbook_new(s->r.topology);
}

static void close_scene(struct callscene *s)
{
	drillbook_free(s->daemon.drillbook);
	callscene_close(s);
}

static void drills_begin_and_end(void **state)
{
	static const struct callscene_exchange talk[] = {
		{ "drill stop", "error: no drill runs" },
		{ "drill start", "error: write one name: drill start NAME" },
		{ "drill start a b", "error: write one name: drill start NAME" },
		{ "drill start last", "error: \"last\" means a span of time: choose another name" },
		{ "drill start a", "" },
		{ "drill start a", "error: there is a drill \"a\" already: choose another name" },
		{ "drill start b", "" },
		{ "drill mark", "error: write what is to be noted: drill mark TEXT" },
		{ "drill mark kill -9 n1", "" },
		{ "drill stop", "" },
		{ "show drill c", "error: there is no drill \"c\": did you mean \"a\"?" },
		{ "show drill kill-n2", "error: there is no drill \"kill-n2\": `sluice drill list` "
		                        "(\"show drill\") shows them" },
		{ "show drill last", "error: write how many seconds: show drill last 600" },
		{ "show drill last 0", "error: write how many seconds: show drill last 600" },
		{ "show drill last x", "error: write how many seconds: show drill last 600" },
	};
	struct callscene s;

	(void)state;
	open_scene(&s);
	callscene_expect_all(&s, talk, ARRAY_LEN(talk));
	assert_int_equal(drillbook_count(s.daemon.drillbook), 2);
	assert_non_null(strstr(text_str(&s.r.said), "drill began: a\n"));
	assert_non_null(
	    strstr(text_str(&s.r.said), "drill began: b\nkill -9 n1\ndrill ended: b\n"));
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drills_begin_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
