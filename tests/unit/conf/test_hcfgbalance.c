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

static const struct show_case every_algorithm_has_its_settings_cases[] = {
	{ "balance roundrobin\n", "", "a id=1 [:1 id=1]" },
	{ "balance static-rr\n", "", "a id=1 [:1 id=1] static-rr" },
	{ "balance leastconn\n", "", "a id=1 [:1 id=1] leastconn" },
	{ "balance first\n", "", "a id=1 [:1 id=1] first" },
	{ "balance source\n", "", "a id=1 [:1 id=1] source" },
	{ "balance random\n", "", "a id=1 [:1 id=1] random" },
	{ "balance random(4)\n", "", "a id=1 [:1 id=1] random draws=4" },
	{ "balance random(0)\n",
	  "h.cfg:4: \"balance\": \"random(0)\": write random(N), with N from 1 to 1000\n", NULL },
	{ "balance hash src\n", "", "a id=1 [:1 id=1] hash" },
	{ "balance hash src_port\n", "", "a id=1 [:1 id=1] hash input=1" },
	{ "balance hash dst\n", "", "a id=1 [:1 id=1] hash input=2" },
	{ "balance hash dst_port\n", "", "a id=1 [:1 id=1] hash input=3" },
	{ "balance hash req.len\n",
	  "h.cfg:4: not carried over: \"balance\": hash req.len: sluice has src, src_port,"
	  " dst and dst_port; it becomes roundrobin\n",
	  "a id=1 [:1 id=1]" },
	{ "balance hash x\n",
	  "h.cfg:4: \"balance\": unknown sample \"x\": write src, src_port, dst or"
	  " dst_port\n",
	  NULL },
	{ "balance uri\n",
	  "h.cfg:4: note: \"balance\": uri: in mode tcp HAProxy takes roundrobin, too\n",
	  "a id=1 [:1 id=1]" },
	{ "mode http\nbalance uri\n",
	  "h.cfg:4: note: \"mode http\": sluice relays the bytes of \"listen a\" without"
	  " looking at HTTP: one server for all requests of a connection, no headers or"
	  " pages of its own\nh.cfg:5: not carried over: \"balance\": uri: part of HTTP;"
	  " it becomes roundrobin\n",
	  "a id=1 [:1 id=1] http" },
	{ "balance rdp-cookie\n",
	  "h.cfg:4: not carried over: \"balance\": rdp-cookie: it becomes roundrobin\n",
	  "a id=1 [:1 id=1]" },
	{ "balance lestconn\n",
	  "h.cfg:4: \"balance\": unknown algorithm \"lestconn\"; did you mean"
	  " \"leastconn\"?\n",
	  NULL },
	{ "hash-type consistent\n", "", "a id=1 [:1 id=1] hash_type=1 avalanche" },
	{ "hash-type consistent sdbm\n", "", "a id=1 [:1 id=1] hash_type=1" },
	{ "hash-type map-based djb2 avalanche\n", "", "a id=1 [:1 id=1] function=1 avalanche" },
	{ "hash-type consistent crc32\n", "", "a id=1 [:1 id=1] hash_type=1 function=3" },
	{ "hash-type map-based wt6\n", "", "a id=1 [:1 id=1] function=2" },
	{ "hash-balance-factor 150\n", "", "a id=1 [:1 id=1] factor=150" },
	{ "hash-balance-factor 0\n", "", "a id=1 [:1 id=1]" },
	{ "hash-balance-factor 50\n",
	  "h.cfg:4: \"hash-balance-factor\": \"50\": write 0, or more than 100\n", NULL },
};

static void every_algorithm_has_its_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(every_algorithm_has_its_settings_cases); i++)
		expect_shown(&every_algorithm_has_its_settings_cases[i],
		             "listen a\nbind :1\nserver s 10.0.0.1:5\n", show_services);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm_has_its_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
