/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_first_server(struct text *t, const struct settings *s)
{
	show_server(t, &s->services[0].servers[0]);
}

static void show_first_check(struct text *t, const struct settings *s)
{
	show_check(t, &s->targets[0].check);
}

static void show_structure(struct text *t, const struct settings *s)
{
	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *v = &s->services[i];

		text_addf(t, "%s%s %u:", i ? "; " : "", v->name, v->id);
		for (size_t k = 0; k < v->frontend_count; k++)
			text_addf(t, " <%s %u>", v->frontends[k].name, v->frontends[k].id);
		for (size_t k = 0; k < v->server_count; k++) {
			text_addf(t, " %s=%u", v->servers[k].name, v->servers[k].id);
			show_text(t, "track", v->servers[k].track);
			if (v->servers[k].agent)
				show_check(t, &s->targets[v->servers[k].agent - 1].check);
		}
	}
}

static const struct show_case options_of_a_server_line_are_in_its_settings_cases[] = {
	{ "\n", "", " id=1" },
	{ "weight 5 backup disabled maxconn 7\n", "", " weight=5 backup disabled maxconn=7 id=1" },
	{ "weight 0x\n",
	  "h.cfg:3: not carried over: \"weight\": \"0x\" is not a number; HAProxy takes it"
	  " as 0\n",
	  " weight=0 id=1" },
	{ "id 7\n", "", " id=7" },
	{ "minconn 3 maxconn 9\n", "", " maxconn=9 id=1 minconn=3" },
	{ "minconn 9 maxconn 3\n", "", " maxconn=9 id=1" },
	{ "minconn 9\n", "", " maxconn=9 id=1" },
	{ "maxqueue 4\n", "", " id=1 maxqueue=4" },
	{ "slowstart 1500ms\n", "", " id=1 slowstart=2000" },
	{ "slowstart 5s\n", "", " id=1 slowstart=5000" },
	{ "tcp-ut 5s\n", "", " id=1 tcp_ut=5000" },
	{ "send-proxy\n", "", " id=1 proxy=1" },
	{ "send-proxy-v2\n", "", " id=1 proxy=2" },
	{ "send-proxy-v2-ssl\n",
	  "h.cfg:3: not carried over: \"send-proxy-v2-ssl\": what TLS the client spoke,"
	  " which sluice does not look into; the header is that of send-proxy-v2\n",
	  " id=1 proxy=2" },
	{ "send-proxy-v2-ssl-cn\n",
	  "h.cfg:3: not carried over: \"send-proxy-v2-ssl-cn\": what TLS the client spoke,"
	  " which sluice does not look into; the header is that of send-proxy-v2\n",
	  " id=1 proxy=2" },
	{ "send-proxy no-send-proxy\n", "", " id=1" },
	{ "send-proxy-v2 no-send-proxy\n", "", " id=1 proxy=2" },
	{ "source 10.0.0.9\n", "", " id=1 source=10.0.0.9:0" },
	{ "source 10.0.0.9:1000-2000\n", "", " id=1 source=10.0.0.9:0 ports=1000-2000" },
	{ "source 0.0.0.0\n", "", " id=1" },
	{ "source *:1000-2000\n", "", " id=1 source=0.0.0.0:0 ports=1000-2000" },
	{ "source 0.0.0.0 interface eth0\n", "", " id=1 from=eth0" },
	{ "source [fd00::1]\n", "", " id=1 source=[fd00::1]:0" },
	{ "source 10.0.0.9 usesrc clientip\n",
	  "h.cfg:3: not carried over: \"source\": usesrc: nothing in sluice takes"
	  " addresses of others\n",
	  " id=1 source=10.0.0.9:0" },
	{ "source 10.0.0.9 interface eth0 weight 3\n", "",
	  " weight=3 id=1 source=10.0.0.9:0 from=eth0" },
	{ "on-marked-down shutdown-sessions\n", "", " id=1 shutdown_on_down" },
	{ "on-marked-up shutdown-backup-sessions\n", "", " id=1 shutdown_backup_on_up" },
	{ "on-marked-up x\n", "h.cfg:3: \"on-marked-up\": \"x\": write shutdown-backup-sessions\n",
	  NULL },
	{ "observe layer4\n", "", " id=1 observe" },
	{ "observe layer7\n",
	  "h.cfg:3: not carried over: \"observe\": layer7: sluice relays bytes; it becomes"
	  " layer4\n",
	  " id=1 observe" },
	{ "observe none\n", "", " id=1" },
	{ "error-limit 3\n", "", " id=1 error_limit=3" },
	{ "on-error mark-down\n", "", " id=1 on_error=mark-down" },
	{ "on-error fastinter\n", "", " id=1 on_error=fastinter" },
	{ "on-error sudden-death\n", "", " id=1 on_error=sudden-death" },
	{ "init-addr last,libc,none\n", "", " id=1" },
	{ "init-addr none,10.0.0.1\n",
	  "h.cfg:3: not carried over: \"init-addr\": 10.0.0.1: a name that does not"
	  " resolve at start makes the server DOWN and is looked up again\n",
	  " id=1" },
	{ "init-addr x\n", "h.cfg:3: \"init-addr\": \"x\": write last, libc, none or an address\n",
	  NULL },
	{ "disabled enabled\n", "", " id=1" },
	{ "backup no-backup\n", "", " id=1" },
};

static void options_of_a_server_line_are_in_its_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(options_of_a_server_line_are_in_its_settings_cases); i++)
		expect_shown(&options_of_a_server_line_are_in_its_settings_cases[i],
		             "listen a\nbind :1000\nserver s 10.0.0.1:5 ", show_first_server);
}

static const struct show_case checks_take_their_options_from_the_server_line_cases[] = {
	{ "\n", "", " none" },
	{ "check\n", "", " tcp" },
	{ "no-check\n", "", " none" },
	{ "check inter 1s port 99\n", "", " tcp port=99 inter=1000" },
	{ "check addr 10.0.0.9\n", "", " tcp addr=10.0.0.9" },
	{ "check addr 10.0.0.9:9\n", "", " tcp port=9 addr=10.0.0.9" },
	{ "check addr [fd00::9]:9\n", "", " tcp port=9 addr=fd00::9" },
	{ "check addr host:9 port 10\n", "", " tcp port=10 addr=host" },
	{ "check port 10 addr host:9\n", "", " tcp port=10 addr=host" },
	{ "check addr host:9 addr 10.0.0.9\n", "", " tcp addr=10.0.0.9" },
	{ "check addr host:0\n", "", " tcp addr=host" },
	{ "check addr 10.0.0.9:1-2\n", "h.cfg:3: \"addr\": \"10.0.0.9:1-2\": write a single port\n",
	  NULL },
	{ "check addr 10.0.0.9:+1\n", "h.cfg:3: \"addr\": \"10.0.0.9:+1\": write a single port\n",
	  NULL },
	{ "check port 0\n", "", " tcp" },
	{ "check port 70000\n",
	  "h.cfg:3: not carried over: \"port\": \"70000\" is not a port; HAProxy takes it"
	  " as 4464\n",
	  " tcp port=4464" },
	{ "check check-ssl verify none check-sni n check-alpn h2\n", "", " tcp tls sni=n alpn=h2" },
	{ "check ssl verify none\n",
	  "h.cfg:3: not carried over: \"ssl\": TLS to the server; sluice passes on what"
	  " clients send, so they must begin TLS themselves (checks do use it)\n",
	  " tcp tls" },
	{ "check ssl verify none port 9\n",
	  "h.cfg:3: not carried over: \"ssl\": TLS to the server; sluice passes on what"
	  " clients send, so they must begin TLS themselves (checks do use it)\n",
	  " tcp port=9" },
	{ "check ssl verify required ca-file /ca\n",
	  "h.cfg:3: not carried over: \"ssl\": TLS to the server; sluice passes on what"
	  " clients send, so they must begin TLS themselves (checks do use it)\nh.cfg:3:"
	  " note: \"server s\": its check also wants a certificate for the server's own"
	  " name or address, which HAProxy does with verifyhost only\n",
	  " tcp tls verify" },
	{ "check ssl\n",
	  "h.cfg:3: not carried over: \"ssl\": TLS to the server; sluice passes on what"
	  " clients send, so they must begin TLS themselves (checks do use it)\nh.cfg:3:"
	  " \"server s\": checks over TLS need ca-file, or verify none\n",
	  NULL },
	{ "check send-proxy\n", "", " tcp proxy=1" },
	{ "check send-proxy-v2\n", "", " tcp proxy=2" },
	{ "check send-proxy port 9\n", "", " tcp port=9" },
	{ "check check-send-proxy port 9\n", "", " tcp port=9 proxy=1" },
	{ "check check-send-proxy send-proxy-v2 addr 10.0.0.9\n", "",
	  " tcp addr=10.0.0.9 proxy=2" },
};

static void checks_take_their_options_from_the_server_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(checks_take_their_options_from_the_server_line_cases); i++)
		expect_shown(&checks_take_their_options_from_the_server_line_cases[i],
		             "listen a\nbind :1000\nserver s 10.0.0.1:5 ", show_first_check);
}

static const struct show_case agents_are_targets_of_their_own_cases[] = {
	{ "agent-check agent-port 99\n", "", "a 1: s=1 agent port=99" },
	{ "agent-check agent-port 99 agent-inter 5s agent-addr 10.0.0.8 agent-send x\\n\n", "",
	  "a 1: s=1 agent port=99 addr=10.0.0.8 inter=5000 send=x\n" },
	{ "agent-check agent-port 99 addr 10.0.0.9:9\n", "",
	  "a 1: s=1 agent port=99 addr=10.0.0.9" },
	{ "agent-check agent-port 99 agent-addr 10.0.0.8 addr 10.0.0.9 port 9\n", "",
	  "a 1: s=1 agent port=99 addr=10.0.0.8" },
	{ "agent-check port 9 addr 10.0.0.9\n", "", "a 1: s=1 agent port=9 addr=10.0.0.9" },
	{ "agent-check addr 10.0.0.9:9\n", "h.cfg:3: \"server\": agent-check needs agent-port\n",
	  NULL },
	{ "agent-check agent-port 99 agent-addr fd00::8\n", "",
	  "a 1: s=1 agent port=99 addr=fd00::8" },
	{ "agent-check agent-port 99 agent-addr 10.0.0.8:98\n",
	  "h.cfg:3: \"agent-addr\": \"10.0.0.8:98\": write its port as agent-port\n", NULL },
	{ "agent-check\n", "h.cfg:3: \"server\": agent-check needs agent-port\n", NULL },
	{ "agent-check agent-port 9 no-agent-check\n", "", "a 1: s=1" },
};

static void agents_are_targets_of_their_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(agents_are_targets_of_their_own_cases); i++)
		expect_shown(&agents_are_targets_of_their_own_cases[i],
		             "listen a\nbind :1000\nserver s 10.0.0.1:5 ", show_structure);
}

static const struct show_case default_server_lines_are_below_the_servers_cases[] = {
	{ "server s 10.0.0.1:5\n",
	  "h.cfg:2: not carried over: \"default-server\": id: each server has its own\n",
	  " weight=3 id=1 slowstart=4000" },
	{ "default-server weight 4 send-proxy\nserver s 10.0.0.1:5 no-send-proxy\n",
	  "h.cfg:2: not carried over: \"default-server\": id: each server has its own\n",
	  " weight=4 id=1 slowstart=4000" },
};

static void default_server_lines_are_below_the_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(default_server_lines_are_below_the_servers_cases); i++)
		expect_shown(
		    &default_server_lines_are_below_the_servers_cases[i],
		    "defaults\ndefault-server weight 3 slowstart 4s id 9\nlisten a\nbind :1000\n",
		    show_first_server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_a_server_line_are_in_its_settings),
		cmocka_unit_test(checks_take_their_options_from_the_server_line),
		cmocka_unit_test(agents_are_targets_of_their_own),
		cmocka_unit_test(default_server_lines_are_below_the_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
