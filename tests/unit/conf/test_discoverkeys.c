/* SPDX-License-Identifier: MIT */
/* The group cluster.discover, and what the loader makes of nodes that were told. */
#include "conf/nodeset.h"
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#define DISCOVER(keys) "cluster = { discover = { " keys " }; };" SERVICES
#define HTTP           "from = \"http://h:1\"; "
#define HTTPS          "from = \"https://h:1\"; "
#define SECURE_ONLY    ": it counts only with https: write https:// in from, or take it out"

static void what_does_not_fit_together_is_told(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ DISCOVER(HTTP "ca = \"/etc/passwd\";"),
		  "x.conf:1: cluster.discover.ca" SECURE_ONLY },
		{ DISCOVER(HTTP "verify = false;"),
		  "x.conf:1: cluster.discover.verify" SECURE_ONLY },
		{ DISCOVER(HTTPS "key = \"/etc/passwd\";"),
		  "x.conf:1: cluster.discover.key: a key without its certificate: write cert, "
		  "too" },
		{ DISCOVER("from = ( );"),
		  "x.conf:1: cluster.discover.from: there is nobody to ask: "
		  "write from = \"http://10.0.134.115:8080\";" },
		{ DISCOVER(""),
		  "x.conf:1: cluster.discover: the key \"from\" is missing: write from "
		  "= \"http://10.0.134.115:8080\";" },
		{ DISCOVER(HTTP "map = ( { node = \"n1\"; } );"),
		  "x.conf:1: cluster.discover.map[0]: it says nothing else of the node: write "
		  "host, "
		  "sql_port or http_port" },
		{ DISCOVER(HTTP "map = ( { node = \"a\"; host = \"b\"; },\n{ node = \"A\"; host = "
		                "\"c\"; } );"),
		  "x.conf:2: cluster.discover.map[1].node: \"A\" is there in line 1 already: keep "
		  "one" },
		{ DISCOVER(HTTP "locality = \"region=(\";"),
		  "x.conf:1: cluster.discover.locality: \"(\" is not a regular expression: "
		  "Unmatched "
		  "( or \\(" },
		{ DISCOVER(HTTP "locality = \"region=a,\";"),
		  "x.conf:1: cluster.discover.locality: \"\" is not a filter: write KEY=REGEX" },
		{ "cluster = { discover = { " HTTP "}; server = { minconn = 5; maxconn = 3; }; "
		  "};" SERVICES,
		  "x.conf:1: cluster.server.minconn: 5 is more than maxconn, which is 3: write at "
		  "most that" },
		{ "cluster = { nodes = ( ); };" SERVICES,
		  "x.conf:1: cluster.nodes: there are no nodes: write { name = \"n1\"; host = "
		  "\"10.0.134.115\"; } for each" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_problems(cases[i].text, cases[i].want);
}

static void nodes_may_be_left_out_with_it(void **state)
{
	static const char *const texts[] = { DISCOVER(HTTP),
		                             "cluster = { nodes = ( ); discover = { " HTTP
		                             "}; };" SERVICES };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct settings *s = valid(texts[i]);

		assert_int_equal(s->services[0].server_count, 0);
		assert_int_equal(s->target_count, 0);
		assert_non_null(s->discover);
		assert_string_equal(s->text, texts[i]);
		settings_free(s);
	}
}

/* Before there is a node to be checked. */
static void how_nodes_will_be_checked_is_known(void **state)
{
	static const char secure[] = "cluster = { discover = { " HTTP "}; check = { type = "
	                             "\"https\"; ca = \"/etc/passwd\"; }; };" SERVICES;
	struct settings *s = valid(DISCOVER(HTTP));

	(void)state;
	assert_int_equal(s->found_check->type, SETTINGS_CHECK_HTTP);
	assert_int_equal(s->found_check->port, SETTINGS_PORT_HTTP);
	settings_free(s);
	s = valid(secure);
	assert_int_equal(s->target_count, 0);
	assert_int_equal(s->found_check->type, SETTINGS_CHECK_HTTPS);
	assert_string_equal(s->found_check->ca, "/etc/passwd");
	settings_free(s);
	s = valid("cluster = { discover = { " HTTP "}; }; services = ( { name = \"own\"; bind = "
	          "\":1\"; servers = ( { name = \"a\"; address = \"h:2\"; } ); } );");
	assert_null(s->found_check);
	settings_free(s);
	s = valid(BASE);
	assert_null(s->found_check);
	settings_free(s);
}

static void its_values_reach_the_settings(void **state)
{
	struct settings *s = valid(DISCOVER(
	    "from = ( \"https://a:1\", \"https://b:2\" ); every = \"3s\"; session = "
	    "\"x\"; ca = \"/etc/passwd\"; verify = false; locality = \"r=a\"; minimum = "
	    "3; cache = \"/x\";\nmap = ( { node = \"n1\"; host = \"h\"; sql_port = 5; } );"));
	const struct settings_discover *d = s->discover;

	(void)state;
	assert_int_equal(d->from.count, 2);
	assert_string_equal(d->from.at[1], "https://b:2");
	assert_int_equal(d->every_ms, 3000);
	assert_string_equal(d->session, "x");
	assert_string_equal(d->ca, "/etc/passwd");
	assert_false(d->verify);
	assert_string_equal(d->locality, "r=a");
	assert_int_equal(d->minimum, 3);
	assert_string_equal(d->cache, "/x");
	assert_int_equal(d->map_count, 1);
	assert_string_equal(d->map[0].host, "h");
	assert_int_equal(d->map[0].sql_port, 5);
	assert_int_equal(d->map[0].line, 2);
	settings_free(s);
	s = valid(DISCOVER(HTTP));
	assert_true(s->discover->verify);
	assert_int_equal(s->discover->every_ms, 10000);
	assert_int_equal(s->discover->minimum, 1);
	assert_string_equal(s->discover->cache, "/var/lib/sluice/nodes");
	settings_free(s);
	s = valid(BASE);
	assert_null(s->discover);
	assert_null(s->text);
	settings_free(s);
}

/* --- nodes that were told ----------------------------------------------------------------- */

static const struct settings_node told[] = {
	{ .name = "n1", .host = "10.0.0.1", .sql_port = 26257, .http_port = 8080 },
	{ .name = "n2", .host = "10.0.0.2", .locality = "region=a", .sql_port = 1, .http_port = 2 },
};
static const struct loader_nodes nodes = { { told, ARRAY_LEN(told) }, 77, { 0 } };

static struct settings *again(const struct settings *s, const struct loader_nodes *n)
{
	struct loader_problems p;
	struct settings *after = loader_read_again(s, n, &p);

	assert_int_equal(p.count, 0);
	loader_problems_release(&p);
	assert_non_null(after);
	return after;
}

static void nodes_that_were_told_become_servers_of_all_services_that_use_the_cluster(void **state)
{
	struct settings *first = valid(
	    "cluster = { nodes = ( { name = \"a\"; host = \"10.0.0.1\"; weight = 5; } ); server = "
	    "{ "
	    "weight = 3; maxconn = 9; agent = { port = 7; }; }; check = { rise = 4; }; discover = "
	    "{ "
	    "" HTTP "}; }; services = ( { name = \"s\"; bind = \":1\"; }, { name = \"h\"; bind = "
	    "\":2\"; port = \"http\"; }, { name = \"o\"; bind = \":3\"; servers = ( { name = "
	    "\"x\"; "
	    "address = \"h:1\"; } ); } );");
	struct settings *s = again(first, &nodes);
	const struct settings_server *n2 = &s->services[0].servers[1];

	(void)state;
	settings_free(first);
	assert_int_equal(s->services[0].server_count, 2);
	assert_int_equal(s->services[2].server_count, 1);
	assert_string_equal(n2->name, "n2");
	assert_string_equal(n2->locality, "region=a");
	assert_int_equal(n2->port, 1);
	assert_int_equal(s->services[1].servers[1].port, 2);
	assert_int_equal(n2->weight, 3);
	assert_int_equal(n2->maxconn, 9);
	assert_int_equal(s->services[0].servers[0].weight, 5);
	assert_int_equal(s->targets[n2->node].check.rise, 4);
	assert_int_equal(s->targets[n2->node].check_port, 2);
	assert_int_equal(s->targets[n2->agent - 1].check_port, 7);
	/* All of them are known, one is written. */
	assert_int_equal(s->found.count, 2);
	assert_int_equal(s->joined.count, 1);
	assert_int_equal(s->found_wall_ms, 77);
	settings_free(s);
}

static void without_discovery_they_count_for_nothing(void **state)
{
	static const char path[] = "discoverkeys-test.conf";
	struct loader_problems p;
	struct settings *s;

	(void)state;
	write_whole(path, BASE);
	s = loader_read_file_with(path, &nodes, &p);
	loader_problems_release(&p);
	assert_non_null(s);
	assert_int_equal(s->services[0].server_count, 1);
	assert_int_equal(s->found.count, 0);
	settings_free(s);
	write_whole(path, DISCOVER(HTTP));
	s = loader_read_file_with(path, &nodes, &p);
	loader_problems_release(&p);
	assert_non_null(s);
	assert_int_equal(s->services[0].server_count, 2);
	assert_string_equal(s->file, path);
	settings_free(s);
	unlink(path);
}

static void a_filter_that_none_of_them_passes_is_no_problem(void **state)
{
	struct settings *first = valid(DISCOVER(HTTP "locality = \"region=z\";"));
	struct settings *s = again(first, &nodes);

	(void)state;
	assert_int_equal(s->services[0].server_count, 0);
	assert_int_equal(s->found.count, 2);
	settings_free(first);
	settings_free(s);
}

/* What it included, and files that it names, may be gone; the process may have no rights. */
static void it_is_read_again_without_any_file(void **state)
{
	static const char path[] = "discoverkeys-test.conf";
	static const char part[] = "discoverkeys-part.conf";
	static const char named[] = "discoverkeys-named";
	struct settings_node leaver = told[1];
	struct loader_problems p;
	struct settings *first;
	struct settings *s;

	(void)state;
	write_whole(named, "x");
	write_whole(part, "check = { type = \"https\"; ca = \"discoverkeys-named\"; };\n");
	write_whole(path,
	            "cluster = { discover = { " HTTP "};\n@include \"discoverkeys-part.conf\"\n"
	            "};" SERVICES);
	first = loader_read_file(path, &p);
	loader_problems_release(&p);
	assert_non_null(first);
	unlink(named);
	unlink(part);
	unlink(path);
	s = again(first, &nodes);
	settings_free(first);
	assert_int_equal(s->services[0].server_count, 2);
	assert_string_equal(s->targets[0].check.ca, named);
	/* And once more from that. */
	first = s;
	s = again(first, &(struct loader_nodes){ { told, 1 }, 0, { 0 } });
	settings_free(first);
	assert_int_equal(s->services[0].server_count, 1);
	/* One that leaves is a server after those that stay. */
	first = s;
	leaver.leaving = SETTINGS_DECOMMISSIONING;
	s = again(first, &(struct loader_nodes){ { told, 1 }, 0, { &leaver, 1 } });
	settings_free(first);
	assert_int_equal(s->joined.count, 1);
	assert_int_equal(s->leaving.count, 1);
	assert_int_equal(s->services[0].server_count, 2);
	assert_int_equal(s->services[0].servers[0].leaving, SETTINGS_STAYS);
	assert_int_equal(s->services[0].servers[1].leaving, SETTINGS_DECOMMISSIONING);
	settings_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_together_is_told),
		cmocka_unit_test(nodes_may_be_left_out_with_it),
		cmocka_unit_test(how_nodes_will_be_checked_is_known),
		cmocka_unit_test(its_values_reach_the_settings),
		cmocka_unit_test(
		    nodes_that_were_told_become_servers_of_all_services_that_use_the_cluster),
		cmocka_unit_test(without_discovery_they_count_for_nothing),
		cmocka_unit_test(a_filter_that_none_of_them_passes_is_no_problem),
		cmocka_unit_test(it_is_read_again_without_any_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
