/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_first_check(struct text *t, const struct settings *s)
{
	show_check(t, &s->targets[0].check);
}

static const struct show_case rules_of_http_checks_are_completed_cases[] = {
	{ "\n", "", " http GET /x 1.1 statuses=200-399" },
	{ "http-check send meth POST uri /y ver HTTP/1.0 hdr A b hdr Host h\n", "",
	  " http POST /y 1.0 host=h header=A: b statuses=200-399" },
	{ "http-check send body yes\n", "",
	  " http; send method=GET path=/x version=1.1 body=yes; expect status"
	  " statuses=200-399" },
	{ "http-check send hdr A %[src]\n",
	  "h.cfg:5: not carried over: \"http-check send\": the header \"A\" of the"
	  " request: sluice sends fixed text\n",
	  " http GET /x 1.1 statuses=200-399" },
	{ "http-check send uri-lf /y%%\n", "", " http GET /y% 1.1 statuses=200-399" },
	{ "http-check connect port 9 ssl sni n\nhttp-check expect status 200\n",
	  "h.cfg:4: \"http-check\": write connect, send and expect in this order; a"
	  " further round begins with connect\n",
	  NULL },
	{ "http-check connect default\n", "", " http GET /x 1.1 statuses=200-399" },
	{ "http-check connect\nhttp-check send uri /a\nhttp-check expect status"
	  " 200\nhttp-check connect port 9 ssl\nhttp-check send uri /b\n",
	  "",
	  " http; connect; send method=GET path=/a version=1.1; expect status"
	  " statuses=200-200; connect port=9 tls; send method=OPTIONS path=/b version=1.0;"
	  " expect status statuses=200-399" },
	{ "http-check disable-on-404\n", "", " http GET /x 1.1 statuses=200-399 disable_on_404" },
	{ "http-check send uri /y hdr A b\noption httpchk GET /z\n", "",
	  " http GET /z 1.0 header=A: b statuses=200-399" },
	{ "http-check send uri /y meth HEAD\noption httpchk\n", "",
	  " http HEAD /y 1.0 statuses=200-399" },
	{ "http-check send hdr A b\noption httpchk GET /x HTTP/1.1\\r\\nHost:\\ www\n", "",
	  " http GET /x 1.1 host=www statuses=200-399" },
	{ "option httpchk GET /x HTTP/1.1\\r\\nHost:\\ www\\r\\nC:\\ d\nhttp-check send"
	  " hdr A b\n",
	  "", " http GET /x 1.1 header=A: b statuses=200-399" },
	{ "http-check connect\nhttp-check connect\n",
	  "h.cfg:4: \"http-check\": write connect, send and expect in this order; a"
	  " further round begins with connect\n",
	  NULL },
	{ "http-check connect\nhttp-check expect status 200\n",
	  "h.cfg:4: \"http-check\": write connect, send and expect in this order; a"
	  " further round begins with connect\n",
	  NULL },
	{ "http-check expect status 200\nhttp-check send uri /y\n",
	  "h.cfg:4: \"http-check\": write connect, send and expect in this order; a"
	  " further round begins with connect\n",
	  NULL },
	{ "http-check send uri /y\nhttp-check connect\n",
	  "h.cfg:4: \"http-check\": write connect, send and expect in this order; a"
	  " further round begins with connect\nh.cfg:6: \"http-check connect\": where"
	  " there is a connect, the first step must be one, too\n",
	  NULL },
	{ "http-check send meth POST\nhttp-check send uri /z\nhttp-check expect status"
	  " 200\n",
	  "h.cfg:4: \"http-check\": write connect, send and expect in this order; a"
	  " further round begins with connect\n",
	  NULL },
	{ "option httpchk\n", "", " http OPTIONS / 1.0 statuses=200-399" },
	{ "http-check expect status 200\noption httpchk HEAD /y\n", "",
	  " http HEAD /y 1.0 statuses=200-200" },
};

static void rules_of_http_checks_are_completed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules_of_http_checks_are_completed_cases); i++)
		expect_shown(&rules_of_http_checks_are_completed_cases[i],
		             "listen a\nbind :1\nserver s 10.0.0.1:5 check verify none\noption "
		             "httpchk GET /x"
		             " HTTP/1.1\n",
		             show_first_check);
}

static const struct show_case a_section_that_writes_rules_has_none_of_its_defaults_cases[] = {
	{ "defaults\noption tcp-check\ntcp-check send a\nlisten a\nbind :1\nserver s"
	  " 10.0.0.1:5 check\n",
	  "", " tcp; send bytes=a" },
	{ "defaults\noption tcp-check\ntcp-check send a\nlisten a\nbind :1\nserver s"
	  " 10.0.0.1:5 check\ntcp-check expect string b\n",
	  "", " tcp; expect string bytes=b" },
	{ "defaults\noption httpchk GET /x\nhttp-check expect status 200\nlisten a\nbind"
	  " :1\nserver s 10.0.0.1:5 check\n",
	  "", " http GET /x 1.0 statuses=200-200" },
	{ "defaults\noption httpchk GET /x\nhttp-check expect status 200\nlisten a\nbind"
	  " :1\nserver s 10.0.0.1:5 check\noption httpchk /y\n",
	  "", " http OPTIONS /y 1.0 statuses=200-399" },
	{ "defaults\noption httpchk GET /x\nlisten a\nbind :1\nserver s 10.0.0.1:5"
	  " check\nhttp-check send hdr A b\n",
	  "", " http OPTIONS / 1.0 header=A: b statuses=200-399" },
	{ "defaults\noption httpchk GET /x\nlisten a\nbind :1\nserver s 10.0.0.1:5"
	  " check\nhttp-check expect status 200\n",
	  "", " http GET /x 1.0 statuses=200-200" },
};

static void a_section_that_writes_rules_has_none_of_its_defaults(void **state)
{
	(void)state;
	for (size_t i = 0;
	     i < ARRAY_LEN(a_section_that_writes_rules_has_none_of_its_defaults_cases); i++)
		expect_shown(&a_section_that_writes_rules_has_none_of_its_defaults_cases[i], "",
		             show_first_check);
}

/* HAProxy 2.6.12: "connect" without "ssl" is plain, whatever the server line says. */
static const struct show_case a_rule_that_connects_says_whether_it_is_over_tls_cases[] = {
	{ "\n", "", " https GET /x 1.0 statuses=200-399" },
	{ "http-check connect port 9\n", "", " http port=9 GET /x 1.0 statuses=200-399" },
	{ "http-check connect port 9 linger\n", "",
	  " http; connect port=9 linger; send method=GET path=/x version=1.0; expect status"
	  " statuses=200-399" },
	{ "http-check connect default port 9 linger\n", "",
	  " http tls; connect port=9 linger as_server; send method=GET path=/x version=1.0; expect"
	  " status statuses=200-399" },
	{ "http-check send uri /y body b\n", "",
	  " https; send method=GET path=/y version=1.0 body=b; expect status statuses=200-399" },
	{ "option tcp-check\ntcp-check connect port 9 linger\n", "",
	  " tcp; connect port=9 linger" },
	{ "option tcp-check\ntcp-check connect default linger\n", "",
	  " tcp tls; connect linger as_server" },
	{ "option tcp-check\ntcp-check send x\n", "", " tcp tls; send bytes=x" },
};

static void a_rule_that_connects_says_whether_it_is_over_tls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(a_rule_that_connects_says_whether_it_is_over_tls_cases);
	     i++)
		expect_shown(&a_rule_that_connects_says_whether_it_is_over_tls_cases[i],
		             "listen a\nbind :1\nserver s 10.0.0.1:5 check check-ssl verify none\n"
		             "option httpchk GET /x\n",
		             show_first_check);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_http_checks_are_completed),
		cmocka_unit_test(a_rule_that_connects_says_whether_it_is_over_tls),
		cmocka_unit_test(a_section_that_writes_rules_has_none_of_its_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
