/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_services(struct text *t, const struct settings *s)
{
	for (size_t i = 0; i < s->service_count; i++) {
		if (i)
			text_addc(t, '\n');
		show_service(t, &s->services[i]);
	}
}

static const struct show_case rules_about_clients_are_lists_and_a_limit_cases[] = {
	{ "tcp-request connection track-sc0 src\ntcp-request connection reject if {"
	  " sc0_conn_rate gt 20 }\n",
	  "", "a id=1 [:1 id=1] limit=20/3000ms/10240" },
	{ "tcp-request connection track-sc0 src\nacl fast src_conn_rate ge 20\ntcp-request"
	  " connection reject if fast\n",
	  "", "a id=1 [:1 id=1] limit=19/3000ms/10240" },
	{ "tcp-request connection track-sc0 src table a\ntcp-request connection reject if"
	  " { sc_conn_rate(0) gt 20 }\n",
	  "", "a id=1 [:1 id=1] limit=20/3000ms/10240" },
	{ "tcp-request connection track-sc0 src\ntcp-request connection reject if {"
	  " src_conn_rate(a) gt 20 }\n",
	  "", "a id=1 [:1 id=1] limit=20/3000ms/10240" },
	{ "tcp-request connection reject if { src_conn_rate gt 20 }\n",
	  "h.cfg:5: note: \"tcp-request connection reject\": never, as no track-sc0 comes"
	  " before it\n",
	  "a id=1 [:1 id=1]" },
	{ "tcp-request connection track-sc1 src\n",
	  "h.cfg:5: not carried over: \"tcp-request connection\": track-sc1: sluice counts"
	  " connections of client addresses only\n",
	  "a id=1 [:1 id=1]" },
	{ "tcp-request connection track-sc0 src table b\n",
	  "h.cfg:5: \"tcp-request connection\": there is no stick-table of \"b\"\n", NULL },
	{ "tcp-request connection accept if { src 10.0.0.0/8 }\ntcp-request connection"
	  " track-sc0 src\ntcp-request connection reject if { sc0_conn_rate gt 20 }\n",
	  "h.cfg:7: not carried over: \"tcp-request connection reject\": the limit is also"
	  " for those that are accepted before it\n",
	  "a id=1 [:1 id=1] limit=20/3000ms/10240" },
	{ "tcp-request connection accept if { src 10.0.0.0/8 }\ntcp-request connection"
	  " reject\n",
	  "", "a id=1 [:1 id=1] allow=0a00/8" },
	{ "tcp-request connection reject if TRUE\n", "",
	  "a id=1 [:1 id=1] deny=0000/0 deny=0000/0" },
	{ "tcp-request connection reject if FALSE\n", "", "a id=1 [:1 id=1]" },
	{ "tcp-request connection reject unless LOCALHOST\n", "",
	  "a id=1 [:1 id=1] allow=7f00/8 allow=0000/128" },
	{ "tcp-request connection reject if { src 10.0.0.1 } { src_port 1 }\n",
	  "h.cfg:5: not carried over: \"tcp-request connection\": reject by a condition"
	  " other than one list of client addresses: sluice lets these clients in; see"
	  " deny\n",
	  "a id=1 [:1 id=1]" },
	{ "tcp-request connection reject if x\n",
	  "h.cfg:5: \"tcp-request connection\": there is no \"acl x\" before it\n", NULL },
	{ "tcp-request connection set-var(sess.x) int(1)\n",
	  "h.cfg:5: not carried over: \"tcp-request connection\": set-var(sess.x): sluice"
	  " knows which client addresses to take (allow, deny), and that is all\n",
	  "a id=1 [:1 id=1]" },
	{ "tcp-request connection odd\n",
	  "h.cfg:5: \"tcp-request connection\": unknown action \"odd\"\n", NULL },
	{ "tcp-request connection accept maybe\n",
	  "h.cfg:5: \"tcp-request connection\": \"maybe\": write if or unless and a"
	  " condition\n",
	  NULL },
	{ "stick-table type ip size 1k store conn_rate\n",
	  "h.cfg:5: \"stick-table\": store conn_rate: a time is missing\n", NULL },
	{ "stick-table size 1k\n",
	  "h.cfg:5: \"stick-table\": write: stick-table type TYPE size N\n", NULL },
	{ "stick-table type ip size 1x\n",
	  "h.cfg:5: \"stick-table\": \"1x\" is not a size\nh.cfg:5: \"stick-table\":"
	  " write: stick-table type TYPE size N\n",
	  NULL },
	{ "stick on src\n",
	  "h.cfg:5: not carried over: \"stick\": sent a client to the same server again;"
	  " balance source does that for client addresses, as long as the servers stay the"
	  " same\n",
	  "a id=1 [:1 id=1]" },
};

static void rules_about_clients_are_lists_and_a_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules_about_clients_are_lists_and_a_limit_cases); i++)
		expect_shown(
		    &rules_about_clients_are_lists_and_a_limit_cases[i],
		    "listen a\nbind :1\nserver s 10.0.0.1:5\nstick-table type ip size 10k expire 1m"
		    " store conn_rate(3s),gpc0\n",
		    show_services);
}

static const struct show_case a_table_may_be_in_another_section_cases[] = {
	{ "listen a\nbind :1\nserver s 10.0.0.1:5\ntcp-request connection track-sc0 src"
	  " table t\ntcp-request connection reject if { src_conn_rate(t) gt 5 }\n",
	  "", "t id=1\na id=2 [:1 id=1] limit=5/10000ms/1048576" },
};

static void a_table_may_be_in_another_section(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(a_table_may_be_in_another_section_cases); i++)
		expect_shown(&a_table_may_be_in_another_section_cases[i],
		             "backend t\nstick-table type ip size 1m store conn_rate(10s)\n",
		             show_services);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_about_clients_are_lists_and_a_limit),
		cmocka_unit_test(a_table_may_be_in_another_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
