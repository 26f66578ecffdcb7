/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_process(struct text *t, const struct settings *s)
{
	show_text(t, "node", s->node);
	show_text(t, "description", s->description);
	show_number(t, "conn_rate", s->conn_rate_limit);
	show_number(t, "session_rate", s->session_rate_limit);
	show_flag(t, "external", s->external_checks);
	show_flag(t, "haproxy", s->haproxy);
	show_number(t, "maxconn", s->maxconn);
	show_number(t, "threads", s->threads);
}

static const struct show_case values_of_the_process_are_in_the_settings_cases[] = {
	{ "\n", "", " haproxy" },
	{ "node x\n", "", " node=x haproxy" },
	{ "node x!\n", "h.cfg:5: \"node\": \"x!\" is not a name\n", NULL },
	{ "description two words\n", "", " description=two words haproxy" },
	{ "maxconnrate 7\nmaxsessrate 8\n", "", " conn_rate=7 session_rate=8 haproxy" },
	{ "external-check\n", "", " external haproxy" },
	{ "maxconn 100k\n",
	  "h.cfg:5: not carried over: \"maxconn\": \"100k\" is not a number; HAProxy takes"
	  " it as 100\n",
	  " haproxy maxconn=100" },
	{ "nbthread 4\n", "", " haproxy threads=4" },
	{ "user nobody-here\n", "there is no user \"nobody-here\"\n", NULL },
	{ "log global\n", "h.cfg:5: \"log\": global: it is in proxies that it means these\n",
	  NULL },
};

static void values_of_the_process_are_in_the_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values_of_the_process_are_in_the_settings_cases); i++)
		expect_shown(&values_of_the_process_are_in_the_settings_cases[i],
		             "listen a\nbind :1\nserver s 10.0.0.1:5\nglobal\n", show_process);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_the_process_are_in_the_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
