/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#define OWN "servers = ( { name = \"a\"; address = \"b:1\"; } );"

struct bad_case {
	const char *text, *want;
};

static void check_all(const struct bad_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_problems(cases[i].text, cases[i].want);
}

static void names_are_there_once(void **state)
{
	static const struct bad_case cases[] = {
		{ CLUSTER "services = (\n{ name = \"p\"; bind = \":1\"; },\n{ name = \"p\"; bind = "
		          "\":2\"; } );",
		  "x.conf:3: services[1] \"p\": name: the name \"p\" is taken in line 2: choose "
		  "another" },
		{ "cluster = { nodes = (\n{ name = \"n\"; host = \"a\"; },\n{ name = \"n\"; host = "
		  "\"b\"; } "
		  "); };" SERVICES,
		  "x.conf:3: cluster.nodes[1] \"n\": name: the name \"n\" is taken in line 2: "
		  "choose "
		  "another" },
		{ "services = ( { name = \"p\"; bind = \":1\"; servers = (\n{ name = \"a\"; "
		  "address = "
		  "\"h:1\"; },\n{ name = \"a\"; address = \"h:2\"; } ); } );",
		  "x.conf:3: services[0] \"p\": servers[1] \"a\": name: the name \"a\" is taken in "
		  "line 2: "
		  "choose another" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

static void servers_of_two_services_may_share_names(void **state)
{
	(void)state;
	settings_free(valid("services = ( { name = \"p\"; bind = \":1\"; " OWN
	                    " }, { name = \"q\"; "
	                    "bind = \":2\"; " OWN " } );"));
}

static void an_address_is_listened_on_once(void **state)
{
	static const struct bad_case cases[] = {
		{ CLUSTER "services = ( { name = \"p\"; bind = \":1\"; },\n{ name = \"q\"; bind = "
		          "\":1\"; } );",
		  "x.conf:2: services[1] \"q\": bind: \":1\" is already listened on in line 1: "
		  "choose "
		  "another address or port" },
		{ CLUSTER "services = ( { name = \"p\"; bind = ( \":1\",\n{ address = "
		          "\"0.0.0.0:1\"; } ); } );",
		  "x.conf:2: services[0] \"p\": bind[1]: \"0.0.0.0:1\" is already listened on in "
		  "line 1: "
		  "choose another address or port" },
		{ CLUSTER "services = ( { name = \"p\"; bind = ( \"fd:3\", \"fd:3\" ); } );",
		  "x.conf:1: services[0] \"p\": bind[1]: \"fd:3\" is already listened on in line "
		  "1: choose "
		  "another address or port" },
		{ CLUSTER
		  "services = ( { name = \"p\"; bind = \"127.0.0.1:8404\"; } );\nadmin = { bind = "
		  "\"127.0.0.1:8404\"; };",
		  "x.conf:2: admin.bind: \"127.0.0.1:8404\" is already listened on in line 1: "
		  "choose "
		  "another address or port" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
	settings_free(valid(CLUSTER
	                    "services = ( { name = \"p\"; bind = ( \":1\", \"[::]:1\", "
	                    "\"127.0.0.1:1\", \"fd:3\", \"fd:4\", { address = \":2\"; interface = "
	                    "\"a\"; }, { address = \":2\"; interface = \"b\"; } ); } );"));
}

static void nothing_may_be_missing(void **state)
{
	static const struct bad_case cases[] = {
		{ "services = ( );", "x.conf:1: services: there are no services: write { name = "
		                     "\"psql\"; bind = \":26257\"; "
		                     "port = \"sql\"; }" },
		{ "cluster = { nodes = ( ); };" SERVICES,
		  "x.conf:1: cluster.nodes: there are no nodes: write { name = \"n1\"; host = "
		  "\"10.0.134.115\"; } for each" },
		{ CLUSTER "services = ( { name = \"p\"; bind = ( ); } );",
		  "x.conf:1: services[0] \"p\": bind: there is no address: write bind = "
		  "\":26257\";" },
		{ "services = ( { name = \"p\"; bind = \":1\"; } );",
		  "x.conf:1: services[0] \"p\": it has no servers: write cluster = { nodes = ( ... "
		  "); }; for "
		  "all services, or servers = ( ... ); in this one" },
		{ "services = ( { name = \"p\"; bind = \":1\"; servers = ( ); } );",
		  "x.conf:1: services[0] \"p\": servers: there are no servers: write { name = "
		  "\"s1\"; address "
		  "= \"10.0.0.21:5432\"; } for each" },
		{ "services = ( { name = \"p\"; bind = \":1\"; servers = ( { name = \"a\"; address "
		  "= "
		  "\"h\"; } ); } );",
		  "x.conf:1: services[0] \"p\": servers[0] \"a\": address: a port is missing: "
		  "write "
		  "\"h:5432\", or port = 5432; in the service" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

#define REFERENCE                                                                                  \
	"only nodes of the cluster have a port of that name; these are the service's own "         \
	"servers: "                                                                                \
	"write a number"

static void only_nodes_have_ports_with_names(void **state)
{
	static const struct bad_case cases[] = {
		{ "services = ( { name = \"p\"; bind = \":1\"; port = \"sql\"; " OWN " } );",
		  "x.conf:1: services[0] \"p\": port: " REFERENCE },
		{ "services = ( { name = \"p\"; bind = \":1\"; check = { port = \"http\"; }; " OWN
		  " } );",
		  "x.conf:1: services[0] \"p\": check.port: " REFERENCE },
		{ "services = ( { name = \"p\"; bind = \":1\"; check = { port = 5; }; servers = ( "
		  "{ name = "
		  "\"a\"; address = \"h:1\"; check = { port = \"sql\"; }; } ); } );",
		  "x.conf:1: services[0] \"p\": servers[0] \"a\": check.port: " REFERENCE },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

static void keys_of_a_check_fit_its_type(void **state)
{
	static const struct bad_case cases[] = {
		{ "cluster = { nodes = ( { name = \"n\"; host = \"h\"; } ); check = { type = "
		  "\"tcp\"; path = "
		  "\"/\"; }; };" SERVICES,
		  "x.conf:1: cluster.check.path: this is only for checks with type = \"http\" or "
		  "\"https\", "
		  "and this check's type is \"tcp\"" },
		{ "cluster = { nodes = ( { name = \"n\"; host = \"h\"; } ); check = { verify = "
		  "false; }; "
		  "};" SERVICES,
		  "x.conf:1: cluster.check.verify: this is only for checks with type = \"https\", "
		  "via_tls = true or a step over TLS, and this check's type is \"http\"" },
		{ "services = ( { name = \"p\"; bind = \":1\"; check = { user = \"u\"; }; " OWN
		  " } );",
		  "x.conf:1: services[0] \"p\": check.user: this is only for checks with type = "
		  "\"pgsql\" or \"mysql\", "
		  "and this check's type is \"tcp\"" },
		{ "services = ( { name = \"p\"; bind = \":1\"; check = { type = \"pgsql\"; }; "
		  "servers = ( { "
		  "name = \"a\"; address = \"h:1\"; check = { method = \"GET\"; }; } ); } );",
		  "x.conf:1: services[0] \"p\": servers[0] \"a\": check.method: this is only for "
		  "checks with "
		  "type = \"http\" or \"https\", and this check's type is \"pgsql\"" },
		{ "cluster = { nodes = ( { name = \"n\"; host = \"h\"; } ); check = { type = "
		  "\"https\"; key "
		  "= \"/etc/passwd\"; }; };" SERVICES,
		  "x.conf:1: cluster.check.key: a key without a certificate: write cert, too" },
		{ "cluster = { nodes = ( { name = \"n\"; host = \"h\"; } ); check = { type = "
		  "\"htps\"; ca = "
		  "\"/etc/passwd\"; }; };" SERVICES,
		  "x.conf:1: cluster.check.type: \"htps\" is not known here; did you mean "
		  "\"https\"? Write "
		  "\"none\", \"tcp\", \"http\", \"https\", \"pgsql\", \"mysql\", \"redis\", "
		  "\"ldap\", \"smtp\", \"ssl-hello\" or \"external\"" },
		{ CLUSTER
		  "services = ( { name = \"p\"; bind = \":1\"; check = { inter = 1000; }; } );",
		  "x.conf:1: services[0] \"p\": check: the nodes of the cluster are checked once "
		  "for all "
		  "services: write it in cluster.check" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

static void numbers_are_there_once(void **state)
{
	static const struct bad_case cases[] = {
		{ CLUSTER
		  "services = ( { name = \"p\"; id = 5; bind = \":1\"; },\n{ name = \"q\"; id "
		  "= 5; bind = \":2\"; } );",
		  "x.conf:2: services[1] \"q\": id: the number 5 is taken in line 1: choose "
		  "another" },
		{ CLUSTER
		  "services = ( { name = \"p\"; id = 5; frontends = ( { name = \"f\"; bind = "
		  "\":1\"; id = 5; } ); } );",
		  "x.conf:1: services[0] \"p\": frontends[0] \"f\": id: the number 5 is taken in "
		  "line 1: choose another" },
		{ CLUSTER "services = ( { name = \"p\"; bind = ( { address = \":1\"; id = 2; }, { "
		          "address = \":2\"; id = 2; } ); } );",
		  "x.conf:1: services[0] \"p\": bind[1].id: the number 2 is taken in line 1: "
		  "choose "
		  "another" },
		{ "services = ( { name = \"p\"; bind = \":1\"; servers = ( { name = \"a\"; address "
		  "= "
		  "\"h:1\"; id = 3; }, { name = \"b\"; address = \"h:1\"; id = 3; } ); } );",
		  "x.conf:1: services[0] \"p\": servers[1] \"b\": id: the number 3 is taken in "
		  "line "
		  "1: choose another" },
		{ "cluster = { nodes = ( { name = \"a\"; host = \"h\"; id = 3; }, { name = \"b\"; "
		  "host "
		  "= \"i\"; id = 3; } ); };" SERVICES,
		  "x.conf:1: cluster.nodes[1] \"b\": id: the number 3 is taken in line 1: choose "
		  "another" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

#define F(name, port) "{ name = \"" name "\"; bind = \":" port "\"; }"

static void frontends_stand_in_for_bind(void **state)
{
	static const struct bad_case cases[] = {
		{ CLUSTER
		  "services = ( { name = \"p\"; bind = \":1\"; frontends = ( " F("f", "2") " ); "
		                                                                           "} );",
		  "x.conf:1: services[0] \"p\": bind: clients come in through the frontends: leave "
		  "out this or them" },
		{ CLUSTER "services = ( { name = \"p\"; frontends = ( ); } );",
		  "x.conf:1: services[0] \"p\": frontends: there are no frontends: write { name = "
		  "\"public\"; bind = \":26257\"; } for each" },
		{ CLUSTER "services = ( { name = \"p\"; frontends = ( " F("f", "1") ", " F(
		      "f", "2") " ); } );",
		  "x.conf:1: services[0] \"p\": frontends[1] \"f\": name: the name \"f\" is taken "
		  "in "
		  "line 1: choose another" },
		{ CLUSTER
		  "services = ( { name = \"f\"; bind = \":9\"; }, { name = \"p\"; frontends = "
		  "( " F("f", "1") " ); } );",
		  "x.conf:1: services[1] \"p\": frontends[0] \"f\": name: the name \"f\" is taken "
		  "in "
		  "line 1: choose another" },
		{ CLUSTER "services = ( { name = \"p\"; frontends = ( " F("f", "1") ", " F(
		      "g", "1") " ); } );",
		  "x.conf:1: services[0] \"p\": frontends[1] \"g\": bind: \":1\" is already "
		  "listened "
		  "on in line 1: choose another address or port" },
		{ CLUSTER
		  "services = ( { name = \"p\"; frontends = ( { name = \"f\"; bind = ( ); } ); "
		  "} );",
		  "x.conf:1: services[0] \"p\": frontends[0] \"f\": bind: there is no address: "
		  "write "
		  "bind = \":26257\";" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
	settings_free(
	    valid(CLUSTER "services = ( { name = \"p\"; frontends = ( " F("p", "1") " ); } );"));
}

static void a_bounded_hash_is_consistent_and_leaves_room(void **state)
{
	static const struct bad_case cases[] = {
		{ BASE "hash = { type = \"consistent\"; balance_factor = 100; };",
		  "x.conf:1: hash.balance_factor: 100 per cent of the average leaves sessions "
		  "without a server: write more than 100, or 0" },
		{ CLUSTER
		  "services = ( { name = \"p\"; bind = \":1\"; hash = { balance_factor = 150; "
		  "}; } );",
		  "x.conf:1: services[0] \"p\": hash.balance_factor: a map has no next server to "
		  "go "
		  "to: write type = \"consistent\";" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

static void endpoints_of_operators_do_not_collide(void **state)
{
	static const struct bad_case cases[] = {
		{ BASE "admin = ( { bind = \":9\"; },\n{ bind = \":9\"; } );",
		  "x.conf:2: admin[1].bind: \":9\" is already listened on in line 1: choose "
		  "another "
		  "address or port" },
		{ BASE
		  "admin = { socket = \"/run/a\"; sockets = ( { address = \"unix:/run/a\"; } ); };",
		  "x.conf:1: admin.sockets[0]: \"unix:/run/a\" is already listened on in line 1: "
		  "choose another address or port" },
		{ BASE "admin = { users = ( { name = \"a\"; password = \"b\"; }, { name = \"a\"; "
		       "password = \"c\"; } ); };",
		  "x.conf:1: admin.users[1] \"a\": name: the name \"a\" is taken in line 1: choose "
		  "another" },
		{ BASE "admin = { users = ( { name = \"a:b\"; password = \"b\"; } ); };",
		  "x.conf:1: admin.users[0] \"a:b\": name: browsers cannot send a name with ':': "
		  "choose another" },
		{ BASE "admin = { bind = \":8404\"; writable = true; };",
		  "x.conf:1: admin.writable: anybody could change things: write users, or tls.ca, "
		  "or an address that only this host reaches" },
		{ BASE "admin = { metrics_path = \"/x\"; monitor_uri = \"/x\"; };",
		  "x.conf:1: admin.monitor_uri: \"/x\" is metrics_path already: choose another" },
		{ BASE "log = ( { target = \"stderr\"; len = 79; } );",
		  "x.conf:1: log[0].len: 79 is too short for a line: write 80 to 65535, or 0" },
		{ BASE "admin = \"x\";",
		  "x.conf:1: admin: \"x\" is not a group: write admin = { ... };" },
		{ BASE "admin = ( 1 );", "x.conf:1: admin[0]: 1 is not a group: write { ... }" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
	settings_free(valid(BASE "admin = ( { bind = \"unix:/run/a\"; writable = true; }, { bind = "
	                         "\"[::1]:1\"; writable = true; } );"));
}

static void a_log_format_has_only_what_there_is(void **state)
{
	static const struct bad_case cases[] = {
		{ BASE "\nlog_format = \"%ci %nope\";",
		  "x.conf:2: log_format: there is no variable %nope" },
		{ "services = ( { name = \"a\"; bind = \":1\"; log_format = \"%HM\"; servers = ( { "
		  "name = \"b\"; address = \"c:1\"; } ); } );",
		  "x.conf:1: services[0] \"a\": log_format: %HM is for HTTP" },
		{ "services = ( { name = \"a\"; frontends = ( { name = \"f\"; bind = \":1\";\n"
		  "log_format = \"%[x]\"; } ); servers = ( { name = \"b\"; address = \"c:1\"; } ); "
		  "} );",
		  "x.conf:2: services[0] \"a\": frontends[0] \"f\": log_format: there is no sample "
		  "%[x]" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
	settings_free(valid("log_format = \"%ci %{+Q}[src] 100%%\";" BASE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_there_once),
		cmocka_unit_test(servers_of_two_services_may_share_names),
		cmocka_unit_test(an_address_is_listened_on_once),
		cmocka_unit_test(nothing_may_be_missing),
		cmocka_unit_test(only_nodes_have_ports_with_names),
		cmocka_unit_test(keys_of_a_check_fit_its_type),
		cmocka_unit_test(numbers_are_there_once),
		cmocka_unit_test(frontends_stand_in_for_bind),
		cmocka_unit_test(a_bounded_hash_is_consistent_and_leaves_room),
		cmocka_unit_test(endpoints_of_operators_do_not_collide),
		cmocka_unit_test(a_log_format_has_only_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
