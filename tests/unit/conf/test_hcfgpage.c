/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_endpoints(struct text *t, const struct settings *s)
{
	for (size_t i = 0; i < s->admin_count; i++)
		show_admin(t, &s->admins[i]);
	for (size_t i = 0; i < s->socket_count; i++)
		show_socket(t, &s->sockets[i]);
	show_number(t, "timeout", s->operator_timeout_ms);
}

static const struct show_case pages_are_admin_endpoints_cases[] = {
	{ "stats enable\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics stats_only)"
	  " (127.0.0.1:8081 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics"
	  " stats_only) timeout=10000" },
	{ "stats uri /s\nstats realm x\nstats auth a:b\nstats auth c:d:e\nstats refresh"
	  " 5s\nstats hide-version\nstats scope .\nstats scope x\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 uri=/s realm=x user=a:b user=c:d:e refresh=5 hide_version"
	  " stats_only scope=p scope=x) (127.0.0.1:8081 name=p id=1 uri=/s realm=x"
	  " user=a:b user=c:d:e refresh=5 hide_version stats_only scope=p scope=x)"
	  " timeout=10000" },
	{ "stats enable\nstats admin if TRUE\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics writable"
	  " stats_only) (127.0.0.1:8081 name=p id=1 uri=/haproxy?stats realm=HAProxy"
	  " Statistics writable stats_only) timeout=10000" },
	{ "stats enable\nstats admin if LOCALHOST\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\nh.cfg:6: not carried over: \"stats admin\": if LOCALHOST,"
	  " but \":8080\" is reached by others, too: the page only shows there\n",
	  " (:8080 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics stats_only)"
	  " (127.0.0.1:8081 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics"
	  " writable stats_only) timeout=10000" },
	{ "stats enable\nstats admin unless FALSE\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics writable"
	  " stats_only) (127.0.0.1:8081 name=p id=1 uri=/haproxy?stats realm=HAProxy"
	  " Statistics writable stats_only) timeout=10000" },
	{ "stats enable\nstats admin if { src 10.0.0.1 }\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\nh.cfg:6: not carried over: \"stats\": admin by a condition"
	  " other than TRUE and LOCALHOST: the page only shows; the control socket changes"
	  " states\n",
	  " (:8080 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics stats_only)"
	  " (127.0.0.1:8081 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics"
	  " stats_only) timeout=10000" },
	{ "stats enable\nstats admin if x\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\nh.cfg:6: \"stats\": there is no \"acl x\" before it\n",
	  NULL },
	{ "stats refresh 500ms\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics refresh=1"
	  " stats_only) (127.0.0.1:8081 name=p id=1 uri=/haproxy?stats realm=HAProxy"
	  " Statistics refresh=1 stats_only) timeout=10000" },
	{ "stats enable\nstats http-request auth unless x\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\nh.cfg:6: not carried over: \"stats\": http-request: the"
	  " page asks for the names of stats auth only\n",
	  " (:8080 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics stats_only)"
	  " (127.0.0.1:8081 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics"
	  " stats_only) timeout=10000" },
	{ "http-request use-service prometheus-exporter if { path /metrics }\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 metrics=/metrics stats_only) (127.0.0.1:8081 name=p id=1"
	  " metrics=/metrics stats_only) timeout=10000" },
	{ "http-request use-service prometheus-exporter if { path_beg /m }\nstats enable\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 uri=/haproxy?stats metrics=/m realm=HAProxy Statistics"
	  " stats_only) (127.0.0.1:8081 name=p id=1 uri=/haproxy?stats metrics=/m"
	  " realm=HAProxy Statistics stats_only) timeout=10000" },
	{ "http-request use-service prometheus-exporter\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\nh.cfg:5: note: \"http-request\": the metrics are at"
	  " /metrics, not at every path\n",
	  " (:8080 name=p id=1 metrics=/metrics stats_only) (127.0.0.1:8081 name=p id=1"
	  " metrics=/metrics stats_only) timeout=10000" },
	{ "acl m path /x\nhttp-request use-service prometheus-exporter if m\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 metrics=/x stats_only) (127.0.0.1:8081 name=p id=1"
	  " metrics=/x stats_only) timeout=10000" },
	{ "http-request use-service prometheus-exporter if { src 10.0.0.1 }\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\nh.cfg:5: not carried over: \"http-request\": the metrics"
	  " are at /metrics, whatever the condition\n",
	  " (:8080 name=p id=1 metrics=/metrics stats_only) (127.0.0.1:8081 name=p id=1"
	  " metrics=/metrics stats_only) timeout=10000" },
	{ "http-request use-service lua.x\n",
	  "h.cfg:2: note: \"mode http\": sluice relays the bytes of \"listen p\" without"
	  " looking at HTTP: one server for all requests of a connection, no headers or"
	  " pages of its own\nh.cfg:5: not carried over: \"http-request\": use-service"
	  " lua.x: sluice runs no Lua\n",
	  " timeout=10000" },
	{ "http-request use-service x\n",
	  "h.cfg:2: note: \"mode http\": sluice relays the bytes of \"listen p\" without"
	  " looking at HTTP: one server for all requests of a connection, no headers or"
	  " pages of its own\nh.cfg:5: \"http-request\": unknown service \"x\"\n",
	  NULL },
	{ "monitor-uri /alive\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 monitor=/alive stats_only) (127.0.0.1:8081 name=p id=1"
	  " monitor=/alive stats_only) timeout=10000" },
	{ "stats odd\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\nh.cfg:5: \"stats\": unknown word \"odd\"\n",
	  NULL },
	{ "stats show-node\nstats show-desc a b\nstats show-legends\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\n",
	  " (:8080 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics stats_only)"
	  " (127.0.0.1:8081 name=p id=1 uri=/haproxy?stats realm=HAProxy Statistics"
	  " stats_only) timeout=10000" },
	{ "stats auth\n",
	  "h.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \":8080\"\nh.cfg:1: note: \"listen p\": its statistics are at admin.bind ="
	  " \"127.0.0.1:8081\"\nh.cfg:5: \"stats\": auth needs a value\n",
	  NULL },
};

static void pages_are_admin_endpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pages_are_admin_endpoints_cases); i++)
		expect_shown(&pages_are_admin_endpoints_cases[i],
		             "listen p\nmode http\nbind :8080\nbind 127.0.0.1:8081\n",
		             show_endpoints);
}

static const struct show_case a_page_beside_traffic_is_lost_cases[] = {
	{ "stats enable\n",
	  "h.cfg:4: note: \"stats\": HAProxy has the page in mode http only, and \"a\" is"
	  " not\n",
	  " timeout=10000" },
	{ "mode http\nstats enable\n",
	  "h.cfg:4: note: \"mode http\": sluice relays the bytes of \"listen a\" without"
	  " looking at HTTP: one server for all requests of a connection, no headers or"
	  " pages of its own\nh.cfg:5: not carried over: \"stats\": what clients of \"a\""
	  " send is relayed to its servers; the statistics are at admin.bind\n",
	  " timeout=10000" },
	{ "mode http\nmonitor-uri /x\n",
	  "h.cfg:4: note: \"mode http\": sluice relays the bytes of \"listen a\" without"
	  " looking at HTTP: one server for all requests of a connection, no headers or"
	  " pages of its own\nh.cfg:5: not carried over: \"http-request\": what clients of"
	  " \"a\" send is relayed to its servers; the statistics are at admin.bind\n",
	  " timeout=10000" },
	{ "mode http\nhttp-request use-service prometheus-exporter if { path /metrics }\n",
	  "h.cfg:4: note: \"mode http\": sluice relays the bytes of \"listen a\" without"
	  " looking at HTTP: one server for all requests of a connection, no headers or"
	  " pages of its own\nh.cfg:5: not carried over: \"http-request\": what clients of"
	  " \"a\" send is relayed to its servers; the statistics are at admin.bind\n",
	  " timeout=10000" },
};

static void a_page_beside_traffic_is_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(a_page_beside_traffic_is_lost_cases); i++)
		expect_shown(&a_page_beside_traffic_is_lost_cases[i],
		             "listen a\nbind :1\nserver s 10.0.0.1:5\n", show_endpoints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_admin_endpoints),
		cmocka_unit_test(a_page_beside_traffic_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
