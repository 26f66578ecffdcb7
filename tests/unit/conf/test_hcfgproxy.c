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

static void show_first_server(struct text *t, const struct settings *s)
{
	show_server(t, &s->services[0].servers[0]);
}

static const struct show_case values_of_a_proxy_are_in_its_service_cases[] = {
	{ "id 77\n", "", "a id=77 [:1 id=1]" },
	{ "description two words\n", "", "a id=1 [:1 id=1] description=two words" },
	{ "fullconn 50\n", "", "a id=1 [:1 id=1] fullconn=50" },
	{ "timeout queue 5s\n", "", "a id=1 [:1 id=1] queue=5000" },
	{ "rate-limit sessions 9\n", "", "a id=1 [:1 id=1] rate=9" },
	{ "maxconn 12\n", "", "a id=1 [:1 id=1] maxconn=12" },
	{ "retries 0\n", "", "a id=1 [:1 id=1] retries=0" },
	{ "retries 2x\n",
	  "h.cfg:4: not carried over: \"retries\": \"2x\" is not a number; HAProxy takes"
	  " it as 2\n",
	  "a id=1 [:1 id=1] retries=2" },
	{ "option redispatch 3\n",
	  "h.cfg:4: note: \"option redispatch\": 3: every retry goes to another server, if"
	  " there is one\n",
	  "a id=1 [:1 id=1] redispatch" },
	{ "option socket-stats\n", "", "a id=1 [:1 id=1] socket_stats" },
	{ "option dontlog-normal\noption log-separate-errors\noption logasap\n", "",
	  "a id=1 [:1 id=1] dontlog_normal separate asap" },
	{ "no option logasap\n", "", "a id=1 [:1 id=1]" },
	{ "log-format \"%ci %[src] %{+Q}[ssl_fc_sni] %B\"\n",
	  "h.cfg:4: not carried over: \"log-format\": sluice has no sample %[ssl_fc_sni]: it"
	  " shows as -\n",
	  "a id=1 [:1 id=1] line=3 format=%ci %[src] - %B" },
	{ "log-format \"%fi\"\n", "", "a id=1 <a id=1 [:1 id=1] format addresses format=%fi>" },
	{ "log-format \"%HM\"\n", "h.cfg:4: \"log-format\": %HM is for HTTP: it shows as -\n",
	  NULL },
	{ "mode http\nlog-format %HM\n",
	  "h.cfg:4: note: \"mode http\": sluice relays the bytes of \"listen a\" without"
	  " looking at HTTP: one server for all requests of a connection, no headers or"
	  " pages of its own\nh.cfg:5: not carried over: \"log-format\": %HM is for HTTP:"
	  " it shows as -\n",
	  "a id=1 [:1 id=1] http line=3 format=-" },
	{ "option tcplog clf\n", "", "a id=1 [:1 id=1] line=2" },
	{ "option httplog\n",
	  "h.cfg:4: note: \"option httplog\": sessions are logged as option tcplog does\n",
	  "a id=1 [:1 id=1] line=0" },
	{ "disabled\n", "", "a id=1 [:1 id=1] disabled" },
	{ "source 10.0.0.3:4000-5000\n", "", "a id=1 [:1 id=1]" },
	{ "option clitcpka\noption srvtcpka\nclitcpka-idle 5\nsrvtcpka-idle 6\n", "",
	  "a id=1 <a id=1 [:1 id=1] keepalive>" },
};

static void values_of_a_proxy_are_in_its_service(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values_of_a_proxy_are_in_its_service_cases); i++)
		expect_shown(&values_of_a_proxy_are_in_its_service_cases[i],
		             "listen a\nbind :1\nserver s 10.0.0.1:5\n", show_services);
}

static const struct show_case a_source_of_the_proxy_is_that_of_its_servers_cases[] = {
	{ "server s 10.0.0.1:5\n", "", " id=1 source=10.0.0.3:0 ports=4000-5000 from=eth0" },
	{ "server s 10.0.0.1:5 source 10.0.0.4\n", "", " id=1 source=10.0.0.4:0" },
};

static void a_source_of_the_proxy_is_that_of_its_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(a_source_of_the_proxy_is_that_of_its_servers_cases); i++)
		expect_shown(&a_source_of_the_proxy_is_that_of_its_servers_cases[i],
		             "listen a\nbind :1\nsource 10.0.0.3:4000-5000 interface eth0\n",
		             show_first_server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_a_proxy_are_in_its_service),
		cmocka_unit_test(a_source_of_the_proxy_is_that_of_its_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
