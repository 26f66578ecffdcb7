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

static void show_endpoints(struct text *t, const struct settings *s)
{
	for (size_t i = 0; i < s->admin_count; i++)
		show_admin(t, &s->admins[i]);
	for (size_t i = 0; i < s->socket_count; i++)
		show_socket(t, &s->sockets[i]);
	show_number(t, "timeout", s->operator_timeout_ms);
}

static const struct show_case options_of_a_bind_line_are_in_its_settings_cases[] = {
	{ ":1000\n", "", "a id=1 [:1000 id=1]" },
	{ "*:1000\n", "", "a id=1 [:1000 id=1]" },
	{ "10.0.0.1:1000,[fd00::1]:1000\n", "",
	  "a id=1 [10.0.0.1:1000 id=1] [[fd00::1]:1000 id=2]" },
	{ ":1000-1002 id 7\n",
	  "h.cfg:3: \"bind\": id: it is for one socket, and these are several\nh.cfg:3:"
	  " \"bind\": the id 7 is taken in line 3\n",
	  NULL },
	{ ":1000 accept-proxy\n", "", "a id=1 [:1000 proxy id=1]" },
	{ ":1000 tcp-ut 5s\n", "", "a id=1 [:1000 tcp_ut=5000 id=1]" },
	{ ":1000 id 4 name x maxconn 5 interface eth0 backlog 7 defer-accept\n", "",
	  "a id=1 [:1000 name=x backlog=7 defer interface=eth0 maxconn=5 id=4]" },
	{ ":::1000 v6only\n", "", "a id=1 [[::]:1000 v6only id=1]" },
	{ ":::1000 v6only v4v6\n", "", "a id=1 [[::]:1000 id=1]" },
	{ "/run/x mode 600 user root group root\n", "",
	  "a id=1 [unix:/run/x id=1 mode=600 user=root group=root]" },
	{ "unix@/run/x uid 0 gid 4294967294\n", "",
	  "a id=1 [unix:/run/x id=1 user=root group=4294967294]" },
	{ ":1000 mode 600\n",
	  "h.cfg:3: note: \"bind\": mode and owner are of UNIX sockets: left out\n",
	  "a id=1 [:1000 id=1]" },
	{ "fd@5\n", "", "a id=1 [fd:5 id=1]" },
	{ ":1000 expose-fd listeners\n", "", "a id=1 [:1000 id=1]" },
	{ ":1000\nbind :1001 id 1\nbind :1002\n", "",
	  "a id=1 [:1000 id=2] [:1001 id=1] [:1002 id=4]" },
	{ ":1000 ssl crt x\n",
	  "h.cfg:3: not carried over: \"ssl\": TLS of clients ended here; sluice passes it"
	  " through, so the servers must speak it\nh.cfg:3: note: \"crt\": it belongs to"
	  " ssl\n",
	  "a id=1 [:1000 id=1]" },
	{ "abns@x\nbind :1\n",
	  "h.cfg:3: not carried over: \"bind\": \"abns@x\": sluice listens on TCP, UNIX"
	  " paths and inherited sockets\n",
	  "a id=1 [:1 id=1]" },
	{ "/run/x mode 9\n", "h.cfg:3: \"mode\": \"9\" is not an octal mode\n", NULL },
};

static void options_of_a_bind_line_are_in_its_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(options_of_a_bind_line_are_in_its_settings_cases); i++)
		expect_shown(&options_of_a_bind_line_are_in_its_settings_cases[i],
		             "listen a\nserver s 10.0.0.1:5\nbind ", show_services);
}

static const struct show_case unix_bind_is_for_sockets_that_do_not_say_it_cases[] = {
	{ "listen a\nbind /run/x\nbind /run/y mode 600 user nobody\nbind :1\nserver s"
	  " 10.0.0.1:5\n",
	  "h.cfg:2: not carried over: \"unix-bind\": prefix: paths stand as they are\n",
	  "a id=1 [unix:/run/x id=1 mode=700 user=root group=root] [unix:/run/y id=2"
	  " mode=600 user=nobody group=root] [:1 id=3]" },
};

static void unix_bind_is_for_sockets_that_do_not_say_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unix_bind_is_for_sockets_that_do_not_say_it_cases); i++)
		expect_shown(&unix_bind_is_for_sockets_that_do_not_say_it_cases[i],
		             "global\nunix-bind mode 700 uid 0 group root prefix /x\n",
		             show_services);
}

static const struct show_case control_sockets_have_level_and_owner_cases[] = {
	{ "/run/x\nlisten a\nbind :1000\nserver s 10.0.0.1:5\n", "",
	  " (/run/x operator) timeout=10000" },
	{ "/run/x level user mode 600 user root group root\nlisten a\nbind :1000\nserver s"
	  " 10.0.0.1:5\n",
	  "", " (/run/x user mode=600 user=root group=root) timeout=10000" },
	{ "/run/x level admin expose-fd listeners\nstats socket 127.0.0.1:9999\nstats"
	  " socket fd@4 level admin\nlisten a\nbind :1000\nserver s 10.0.0.1:5\n",
	  "", " (/run/x admin) (127.0.0.1:9999 operator) (fd:4 admin fd=4) timeout=10000" },
	{ "ipv6@[::1]:9 level admin mode 600\nlisten a\nbind :1000\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: note: \"stats socket\": mode and owner are of UNIX sockets: left out\n",
	  " ([::1]:9 admin) timeout=10000" },
	{ "abns@x\nlisten a\nbind :1000\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: not carried over: \"stats socket\": \"abns@\": control sockets are"
	  " UNIX paths, TCP addresses and inherited sockets\n",
	  " timeout=10000" },
	{ "127.0.0.1\nlisten a\nbind :1000\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"stats socket\": a control socket has one port, from 1 to 65535\n", NULL },
	{ "/run/x\nstats timeout 5s\nlisten a\nbind :1000\nserver s 10.0.0.1:5\n", "",
	  " (/run/x operator) timeout=5000" },
};

static void control_sockets_have_level_and_owner(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(control_sockets_have_level_and_owner_cases); i++)
		expect_shown(&control_sockets_have_level_and_owner_cases[i],
		             "global\nstats socket ", show_endpoints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_a_bind_line_are_in_its_settings),
		cmocka_unit_test(unix_bind_is_for_sockets_that_do_not_say_it),
		cmocka_unit_test(control_sockets_have_level_and_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
