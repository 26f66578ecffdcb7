/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "callscene.h"

#define NEW   "New server registered."
#define TAKEN "Already exists a server with the same name in backend."
#define ADD   "add server be/n 127.0.0.1:27201 "

static void servers_that_are_refused(void **state)
{
	static const struct callscene_exchange list[] = {
		{ "add server be/n", "'server' expects <name> and <addr>[:<port>] as arguments." },
		{ "add server be/s1 127.0.0.1:1", TAKEN },
		{ "add server be/n!x 127.0.0.1:80",
		  "character '!' is not permitted in server name 'n!x'." },
		{ "add server be/n 127.0.0.1:99999", "invalid port '99999'" },
		{ "add server be/n 127.0.0.1:0", "invalid port '0'" },
		{ "add server be/n 127.0.0.1:80-90",
		  "port range not permitted here in '127.0.0.1:80-90'" },
		{ "add server be/n 127.0.0.1:+5",
		  "port offset not permitted here in '127.0.0.1:+5'" },
		{ "add server be/n 127.0.0.1:abc",
		  "invalid character 'a' in port number 'abc' in '127.0.0.1:abc'" },
		{ "add server be/n *:80", "invalid address: '*' in '*:80'" },
		{ "add server be/n a~b:80", "invalid address: 'a~b' in 'a~b:80'" },
		{ "add server be/n 127.0.0.1", "missing port number: '127.0.0.1'" },
		{ ADD "chekc", "unknown keyword 'chekc'; did you mean 'check' maybe ?" },
		{ ADD "xyzzyx", "unknown keyword 'xyzzyx'." },
		{ ADD "weight", "'weight' expects an integer argument." },
		{ ADD "weight foo", "weight of server n is not within 0 and 256 (foo).." },
		{ ADD "weight 300", "weight of server n is not within 0 and 256 (300).." },
		{ ADD "weight -1", "weight of server n is not within 0 and 256 (-1).." },
		{ ADD "maxconn", "'maxconn' expects an integer argument." },
		{ ADD "maxconn foo", "'maxconn' expects an integer argument but got 'foo'." },
		{ ADD "inter foo", "unexpected character 'f' in 'inter' argument of server n.." },
		{ ADD "inter", "'inter' expects a delay as argument.." },
		{ ADD "inter 0", "invalid value 0 for argument 'inter' of server n.." },
		{ ADD "rise foo", "'rise' has to be > 0.." },
		{ ADD "fall 0", "'fall' has to be > 0.." },
		{ ADD "port", "'port' expects a port number as argument.." },
		{ ADD "port 99999", "invalid port '99999'" },
		{ ADD "addr foo.invalid",
		  "'addr' : invalid address: 'foo.invalid' in 'foo.invalid'." },
		{ ADD "addr", "'addr' expects <ipv4|ipv6> as argument.." },
		{ ADD "id 1", "'id' : custom id 1 already used ('server s1')." },
		{ ADD "id foo", "'id' : custom id has to be > 0." },
		{ ADD "id", "'id' : expects an integer argument." },
		{ ADD "agent-check",
		  "server n does not have agent port. Agent check has been disabled." },
		{ ADD "track be/zz", "unable to find required server 'zz' for tracking." },
		{ ADD "track zz/s1", "unable to find required proxy 'zz' for tracking." },
		{ ADD "track", "'track' expects [<proxy>/]<server> as argument.." },
		{ ADD "observe layer7", "'layer7' can only be used in http proxies.." },
		{ ADD "observe foo",
		  "'observe' expects one of 'none', 'layer4', 'layer7' but got 'foo'." },
		{ ADD "on-error foo", "'on-error' expects one of 'fastinter', 'fail-check', "
		                      "'sudden-death' or 'mark-down' but got 'foo'." },
		{ ADD "error-limit 0", "error-limit has to be > 0.." },
		{ ADD "on-marked-down foo",
		  "'on-marked-down' expects 'shutdown-sessions' but got 'foo'." },
		{ ADD "on-marked-up foo",
		  "'on-marked-up' expects 'shutdown-backup-sessions' but got 'foo'." },
		{ ADD "source", "'source' expects <addr>[:<port>[-<port>]], and optionally "
		                "'usesrc' <addr>, and 'interface' <name> as argument.." },
		{ ADD "source foo", "'source foo' : invalid address: 'foo' in 'foo'." },
		{ ADD "source 127.0.0.1:9-8", "'source' : invalid port range '9-8'." },
		{ ADD "usesrc clientip", "'usesrc' only allowed after a 'source' statement.." },
		{ ADD "tcp-ut 5s", "'tcp-ut' option is not accepted for dynamic server" },
		{ ADD "cookie x", "'cookie' option is not accepted for dynamic server" },
		{ ADD "no-check", "'no-check' option is not accepted for dynamic server" },
		{ ADD "verify foo", "'verify' : unknown verify method 'foo', only 'none' and "
		                    "'required' are supported." },
	};
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	callscene_expect_all(&s, list, ARRAY_LEN(list));
	assert_int_equal(s.r.topology->services[0]->server_count, ARRAY_LEN(callscene_servers) - 1);
	s.r.checker.refuse_next = true;
	callscene_expect(&s, ADD "check", "check: no such certificate");
	assert_int_equal(s.r.topology->services[0]->server_count, ARRAY_LEN(callscene_servers) - 1);
	callscene_close(&s);
}

static void a_new_server_is_under_maintenance_with_its_checks_off(void **state)
{
	struct callscene s;
	struct topology_server *n;

	(void)state;
	callscene_open(&s, NULL);
	callscene_expect(
	    &s,
	    ADD "check inter 5s fastinter 1s downinter 9s rise 1 fall 4 port 27888 weight 7 "
	        "maxconn 5 backup id 50 slowstart 10s on-marked-down shutdown-sessions",
	    NEW);
	n = rosterscene_server(&s.r, "be/n");
	assert_string_equal(rosterscene_status(n), "MAINT");
	assert_int_equal(n->id, 50);
	assert_int_equal(n->weight, 7);
	assert_int_equal(n->maxconn, 5);
	assert_true(n->settings->backup && n->settings->shutdown_on_down);
	assert_int_equal(n->settings->slowstart_ms, 10000);
	assert_int_equal(n->target->check_port, 27888);
	assert_int_equal(n->target->check.inter_ms, 5000);
	assert_int_equal(n->target->check.fall, 4);
	assert_int_equal(n->target->check.type, SETTINGS_CHECK_TCP);
	assert_ptr_equal(s.r.checker.slots[n->check_slot].target, n->target);
	assert_true(s.r.quiesced > 0);
	callscene_expect(&s, "enable server be/n", "");
	assert_string_equal(rosterscene_status(n), "no check");
	callscene_expect(&s, "enable health be/n", "");
	assert_string_equal(rosterscene_status(n), "UP 1/4");
	callscene_close(&s);
}

static void servers_that_come_can_go(void **state)
{
	static const struct callscene_exchange list[] = {
		{ ADD "check agent-check agent-port 27208 agent-send hi", NEW },
		{ ADD, TAKEN },
		{ "enable server be/n", "" },
		{ "del server be/n", "Only servers in maintenance mode can be deleted." },
		{ "disable server be/n", "" },
		{ "add server be/t 127.0.0.1:1 track n", NEW },
		{ "del server be/n", "This server cannot be removed at runtime due to other "
		                     "configuration elements pointing to it." },
		{ "del server be/t", "Server deleted." },
	};
	struct callscene s;
	struct topology_server *n;
	size_t slot;

	(void)state;
	callscene_open(&s, NULL);
	callscene_expect_all(&s, list, ARRAY_LEN(list));
	n = rosterscene_server(&s.r, "be/n");
	slot = n->agent_slot;
	assert_non_null(s.r.checker.slots[slot].target);
	atomic_store(&n->active, 1);
	callscene_expect(&s, "del server be/n",
	                 "Server still has connections attached to it, cannot remove it.");
	atomic_store(&n->active, 0);
	callscene_expect(&s, "del server be/n", "Server deleted.");
	assert_null(s.r.checker.slots[slot].target);
	callscene_expect(&s, "del server be/n", "No such server.");
	/* One of the configuration, too. */
	callscene_expect(&s, "disable server be/s2", "");
	callscene_expect(&s, "del server be/s2", "Server deleted.");
	callscene_expect(&s, "set server be/s1 state drain", "");
	callscene_close(&s);
}

static void what_follows_the_address_is_taken(void **state)
{
	static const char *const words[] = {
		"",
		"enabled",
		"disabled",
		"no-backup",
		"send-proxy",
		"send-proxy-v2 check-send-proxy",
		"source 127.0.0.1",
		"source 127.0.0.1:1000-2000 interface lo",
		"minconn 5 maxqueue 5",
		"observe layer4 error-limit 5 on-error mark-down",
		"tfo",
		"ws auto",
		"pool-max-conn 5",
		"check check-ssl verify none check-sni foo check-alpn h2",
		"weight 5 weight 6",
		"track s1",
		"track be/s1",
		"proxy-v2-options ssl",
		"on-marked-up shutdown-backup-sessions",
	};
	static const char *const addresses[] = { "[::1]:80", "::1:80", "/tmp/x", "unix@/tmp/x",
		                                 "db1.example:80" };
	struct callscene s;
	char line[256];

	(void)state;
	callscene_open(&s, NULL);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		snprintf(line, sizeof(line), "add server be/w%zu 127.0.0.1:27201 %s", i, words[i]);
		callscene_expect(&s, line, NEW);
	}
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		snprintf(line, sizeof(line), "add server be/a%zu %s", i, addresses[i]);
		callscene_expect(&s, line, NEW);
	}
	assert_string_equal(rosterscene_server(&s.r, "be/a0")->settings->host, "::1");
	assert_string_equal(rosterscene_server(&s.r, "be/a3")->settings->host, "unix:/tmp/x");
	assert_string_equal(rosterscene_status(rosterscene_server(&s.r, "be/w0")), "MAINT");
	assert_int_equal(rosterscene_server(&s.r, "be/w15")->tracked->id, 1);
	assert_int_equal(rosterscene_server(&s.r, "be/w13")->target->check.tls, true);
	callscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_that_are_refused),
		cmocka_unit_test(a_new_server_is_under_maintenance_with_its_checks_off),
		cmocka_unit_test(servers_that_come_can_go),
		cmocka_unit_test(what_follows_the_address_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
