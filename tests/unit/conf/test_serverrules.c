/* SPDX-License-Identifier: MIT */
#include "fixture.h"

struct server_case {
	const char *server, *want;
};

/* A service with one server that is checked, "ok", and one that says what the case says. */
static char *around(const char *server)
{
	struct text t = { 0 };

	text_addf(
	    &t,
	    "services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"ok\"; address = "
	    "\"h:1\"; check = { }; }, { name = \"no\"; address = \"h:2\"; }, { name = \"a\"; "
	    "%s %s } ); } );",
	    strstr(server, "address") ? "" : "address = \"h:3\";", server);
	return text_take(&t);
}

static void values_fit_together(void **state)
{
	static const struct server_case cases[] = {
		{ "minconn = 5;",
		  "minconn: it grows to maxconn, which is not limited: write maxconn, too" },
		{ "minconn = 5; maxconn = 4;",
		  "minconn: 5 is more than maxconn, which is 4: write at most that" },
		{ "address = \"unix:/x\"; source = \"10.0.0.1\";",
		  "source: connections to a UNIX socket come from no address: leave it out" },
		{ "address = \"unix:/x\"; agent = { port = 5; };",
		  "agent: a UNIX socket is on no host that could have an agent: write its address, "
		  "too" },
		{ "down_grace = \"3s\";",
		  "down_grace: its sessions do not end when it goes down: write on_marked_down = "
		  "\"shutdown-sessions\", or leave this out" },
		{ "close_spread = \"3s\"; on_marked_down = \"none\";",
		  "close_spread: its sessions do not end when it goes down: write on_marked_down = "
		  "\"shutdown-sessions\", or leave this out" },
		{ "agent = { };", "agent: the key \"port\" is missing: write port = 9777;" },
		{ "track = \"ok\"; check = { };",
		  "track: it has the health of that server: leave out check, or this" },
		{ "track = \"none/x\";", "track: there is no server \"none/x\": write "
		                         "\"service/server\" as they are named here" },
		{ "track = \"s/b\";",
		  "track: there is no server \"s/b\": write \"service/server\" as "
		  "they are named here" },
		{ "track = \"a\";", "track: the servers have their health from each other in a "
		                    "circle: let one of them have a check instead" },
		{ "track = \"s/no\";",
		  "track: that server is not checked: write check = { ... }; for it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = around(cases[i].server);
		char want[400];

		snprintf(want, sizeof(want), "x.conf:1: services[0] \"s\": servers[2] \"a\": %s",
		         cases[i].want);
		expect_problems(text, want);
		free(text);
	}
}

static void nodes_have_limits_that_fit_together(void **state)
{
	(void)state;
	expect_problems(
	    "cluster = { nodes = ( { name = \"a\"; host = \"h\"; maxconn = 2; } ); server "
	    "= { minconn = 3; maxconn = 4; }; };" SERVICES,
	    "x.conf:1: cluster.nodes[0] \"a\": 3 is more than maxconn, which is 2: write "
	    "at most that");
}

static void nodes_end_sessions_as_what_they_have_in_common_says(void **state)
{
	struct settings *s = valid(
	    "cluster = { nodes = ( { name = \"a\"; host = \"h\"; max_connecting = 3; }, { name = "
	    "\"b\"; host = \"i\"; } ); server = { max_connecting = 9; on_marked_down = "
	    "\"shutdown-sessions\"; down_grace = \"3s\"; close_spread = \"10s\"; }; };" SERVICES);
	const struct settings_server *servers = s->services[0].servers;

	(void)state;
	assert_int_equal(servers[0].max_connecting, 3);
	assert_int_equal(servers[1].max_connecting, 9);
	for (size_t i = 0; i < 2; i++) {
		assert_true(servers[i].shutdown_on_down);
		assert_int_equal(servers[i].down_grace_ms, 3000);
		assert_int_equal(servers[i].close_spread_ms, 10000);
	}
	settings_free(s);
	expect_problems("cluster = { nodes = ( { name = \"a\"; host = \"h\"; } ); server = {\n"
	                "down_grace = \"3s\"; }; };" SERVICES,
	                "x.conf:2: cluster.server.down_grace: its sessions do not end when it goes "
	                "down: write on_marked_down = \"shutdown-sessions\", or leave this out");
}

static void a_server_may_track_one_that_tracks(void **state)
{
	struct settings *s = valid(
	    CLUSTER "services = ( { name = \"p\"; bind = \":1\"; }, { name = \"q\"; bind = "
	            "\":2\"; check = { }; servers = ( { name = \"a\"; address = \"h:1\"; track "
	            "= \"b\"; }, { name = \"b\"; address = \"h:2\"; track = \"p/n1\"; }, { name "
	            "= \"c\"; address = \"h:3\"; agent = { port = 1; }; } ); } );");
	const struct settings_server *servers = s->services[1].servers;

	(void)state;
	assert_string_equal(servers[0].track, "q/b");
	assert_string_equal(servers[1].track, "p/n1");
	assert_int_equal(s->targets[servers[0].node].check.type, SETTINGS_CHECK_NONE);
	assert_int_equal(s->targets[servers[2].node].check.type, SETTINGS_CHECK_TCP);
	assert_int_equal(servers[0].agent, 0);
	assert_int_equal(s->targets[servers[2].agent - 1].check.type, SETTINGS_CHECK_AGENT);
	assert_int_equal(s->targets[servers[2].agent - 1].check_port, 1);
	settings_free(s);
}

static void a_circle_of_two_is_found(void **state)
{
	(void)state;
	expect_problems(
	    "services = ( { name = \"q\"; bind = \":2\"; servers = ( { name = \"a\"; "
	    "address = \"h:1\"; track = \"b\"; },\n{ name = \"b\"; address = \"h:2\"; track "
	    "= \"a\"; } ); } );",
	    "x.conf:1: services[0] \"q\": servers[0] \"a\": track: the servers have their "
	    "health from each other in a circle: let one of them have a check "
	    "instead\nx.conf:2: services[0] \"q\": servers[1] \"b\": track: the servers "
	    "have their health from each other in a circle: let one of them have a check "
	    "instead");
}

static void nodes_begin_as_what_they_have_in_common(void **state)
{
	struct settings *s = valid(
	    "cluster = { nodes = ( { name = \"a\"; host = \"h\"; maxconn = 5; }, { name = "
	    "\"b\"; host = \"i\"; } ); server = { maxconn = 9; slowstart = \"3s\"; send_proxy = "
	    "\"v2\"; source = \"10.0.0.1:7\"; agent = { port = 4; }; }; };" SERVICES);
	const struct settings_server *servers = s->services[0].servers;

	(void)state;
	assert_int_equal(servers[0].maxconn, 5);
	assert_int_equal(servers[1].maxconn, 9);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(servers[i].slowstart_ms, 3000);
		assert_int_equal(servers[i].send_proxy, SETTINGS_PROXY_V2);
		assert_int_equal(servers[i].source.port_low, 7);
		assert_int_equal(servers[i].source.port_high, 7);
		assert_int_equal(servers[i].agent, 3 + i);
		assert_int_equal(servers[i].node, i);
	}
	assert_string_equal(s->targets[3].host, "i");
	settings_free(s);
}

/* A service of that protocol and that way, with a server or with the nodes. */
static char *warm_service(const char *common, const char *server)
{
	struct text t = { 0 };

	if (server)
		text_addf(&t,
		          "%s services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = "
		          "\"a\"; %s } ); } );",
		          common, server);
	else
		text_addf(
		    &t,
		    "cluster = { nodes = ( { name = \"n1\"; host = \"h\"; http_port = 1; } ); "
		    "server = { warm = 4; }; }; services = ( { name = \"psql\"; bind = \":1\"; "
		    "%s }, { name = \"ui\"; bind = \":2\"; port = \"http\"; } );",
		    common);
	return text_take(&t);
}

#define NOT_FIRST                                                                                  \
	"warm: only in PostgreSQL's protocol is it known that the client speaks first: write "     \
	"protocol = \"pgwire\" in the service, or leave this out"
#define NOT_AGAIN                                                                                  \
	"warm: a server may close such a connection at any time, and then another one is told "    \
	"what the client has said: write replay = true and redispatch = true in the service, or "  \
	"leave this out"

static void warm_connections_are_only_where_they_do_no_harm(void **state)
{
	static const struct {
		const char *common, *server, *want;
	} cases[] = {
		{ "", "address = \"h:1\"; warm = 1;",
		  "services[0] \"s\": servers[0] \"a\": " NOT_FIRST },
		{ "protocol = \"pgwire\"; replay = false;", "address = \"h:1\"; warm = 1;",
		  "services[0] \"s\": servers[0] \"a\": " NOT_AGAIN },
		{ "protocol = \"pgwire\"; redispatch = false;", "address = \"h:1\"; warm = 1;",
		  "services[0] \"s\": servers[0] \"a\": " NOT_AGAIN },
		{ "protocol = \"pgwire\";", "address = \"unix:/x\"; warm = 1;",
		  "services[0] \"s\": servers[0] \"a\": warm: a UNIX socket is connected to in no "
		  "time: leave this out" },
		{ "", NULL, "cluster.server." NOT_FIRST },
		{ "protocol = \"pgwire\"; replay = false;", NULL, "cluster.server." NOT_AGAIN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = warm_service(cases[i].common, cases[i].server);
		char want[400];

		snprintf(want, sizeof(want), "x.conf:1: %s", cases[i].want);
		expect_problems(text, want);
		free(text);
	}
}

/* The nodes of a cluster stand in a service for its console, too. */
static void nodes_may_have_them_if_one_service_can_use_them(void **state)
{
	char *text = warm_service("protocol = \"pgwire\";", NULL);
	struct settings *s = valid(text);

	(void)state;
	assert_int_equal(s->services[0].servers[0].warm, 4);
	settings_free(s);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_fit_together),
		cmocka_unit_test(nodes_have_limits_that_fit_together),
		cmocka_unit_test(nodes_end_sessions_as_what_they_have_in_common_says),
		cmocka_unit_test(a_server_may_track_one_that_tracks),
		cmocka_unit_test(a_circle_of_two_is_found),
		cmocka_unit_test(nodes_begin_as_what_they_have_in_common),
		cmocka_unit_test(warm_connections_are_only_where_they_do_no_harm),
		cmocka_unit_test(nodes_may_have_them_if_one_service_can_use_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
