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
		  "and this "
		  "check's type is \"http\"" },
		{ "services = ( { name = \"p\"; bind = \":1\"; check = { user = \"u\"; }; " OWN
		  " } );",
		  "x.conf:1: services[0] \"p\": check.user: this is only for checks with type = "
		  "\"pgsql\", "
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
		  "\"none\", \"tcp\", \"http\", \"https\" or \"pgsql\"" },
		{ CLUSTER
		  "services = ( { name = \"p\"; bind = \":1\"; check = { inter = 1000; }; } );",
		  "x.conf:1: services[0] \"p\": check: the nodes of the cluster are checked once "
		  "for all "
		  "services: write it in cluster.check" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
