/* SPDX-License-Identifier: MIT */
#include "conf/nodedoc.h"

#include "fixture.h"

#define NODES TEST_DATA "/nodes/"

static const struct nodedoc_options options = {
	.source = "list", .sql_port = 26257, .http_port = 8080, .max = 20
};

static void add_node(struct text *t, const struct nodelist_node *n)
{
	text_addf(t, "%s %s %u %u %s\n", n->name, n->host, n->sql_port, n->http_port,
	          n->locality ? n->locality : "-");
}

/* The nodes, a line each, then what is warned of; or the error. */
static char *read_with(const char *bytes, size_t len, const struct nodedoc_options *o)
{
	struct nodelist l = { .count = 77 };
	AUTO_TEXT warnings = { 0 };
	struct text t = { 0 };
	struct error err;

	if (!nodedoc_parse(bytes, len, o, &l, &warnings, &err)) {
		assert_int_equal(l.count, 77);
		assert_int_equal(warnings.len, 0);
		text_add(&t, err.text);
		return text_take(&t);
	}
	for (size_t i = 0; i < l.count; i++)
		add_node(&t, &l.nodes[i]);
	text_addn(&t, warnings.data, warnings.len);
	nodelist_release(&l);
	return text_take(&t);
}

static void expect(const char *document, const char *want)
{
	char *have = read_with(document, strlen(document), &options);

	assert_string_equal(have, want);
	free(have);
}

static void expect_node_file(const char *name, const char *group, const char *want)
{
	struct nodedoc_options o = options;
	char path[512];
	char *bytes, *have;

	snprintf(path, sizeof(path), NODES "%s", name);
	bytes = read_whole(path);
	assert_non_null(bytes);
	o.group = group;
	have = read_with(bytes, strlen(bytes), &o);
	assert_string_equal(have, want);
	free(have);
	free(bytes);
}

static void the_same_cluster_is_read_from_every_form(void **state)
{
	static const char want[] = "n1 db1.example 26257 8080 region=eu,zone=a\n"
	                           "n2 db2.example 26258 8080 region=eu,zone=b\n"
	                           "n3 10.1.0.3 26257 8080 region=us,zone=a\n"
	                           "n6 fd00::6 26257 8080 -\n"
	                           "list: n4 is left out: it is being decommissioned\n"
	                           "list: n5 is left out: it is decommissioned\n";
	static const char *const files[] = { "status-table.txt",   "status-table-old.txt",
		                             "status-records.txt", "status.csv",
		                             "status.tsv",         "status.json",
		                             "api_v2_nodes.json" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		expect_node_file(files[i], NULL, want);
}

static void a_node_tells_http_ports_too(void **state)
{
	static const char want[] = "n1 db1.example 26257 8080 region=eu,zone=a\n"
	                           "n2 db2.example 26258 8081 region=eu,zone=b\n"
	                           "n3 10.1.0.3 26257 8083 region=us,zone=a\n"
	                           "n6 fd00::6 26257 8086 -\n"
	                           "list: n4 is left out: it is being decommissioned\n"
	                           "list: n5 is left out: it is decommissioned\n";

	(void)state;
	expect_node_file("status_nodes.json", NULL, want);
	expect_node_file("status_nodes_snake.json", NULL, want);
}

static void an_inventory_is_the_same_as_ini_and_json(void **state)
{
	static const char want[] =
	    "db01.example db01.example 26258 8090 region=eu,zone=a\n"
	    "db02.example db02.example 26258 8090 region=eu,zone=a\n"
	    "db03 10.2.0.13 26257 8090 region=eu,zone=c\n"
	    "db-a.example db-a.example 26257 8090 region=us,zone=a\n"
	    "db-b.example db-b.example 26257 8081 region=us,zone=b\n"
	    "list: only the hosts of the group \"cockroachdb\" are taken, 5 of 8\n";

	(void)state;
	expect_node_file("inventory.ini", NULL, want);
	expect_node_file("inventory.json", NULL, want);
	expect_node_file("inventory.ini", "web",
	                 "web1.example web1.example 26257 8080 -\n"
	                 "web2.example web2.example 26257 8080 -\n");
	expect_node_file("inventory.json", "web",
	                 "web1.example web1.example 26257 8080 -\n"
	                 "web2.example web2.example 26257 8080 -\n");
	expect_node_file("inventory.ini", "db",
	                 "list: there is no group \"db\"; there are: ungrouped, web, "
	                 "cockroachdb, eu, us");
}

static void an_output_of_terraform_is_chosen_by_its_name(void **state)
{
	(void)state;
	expect_node_file("terraform.json", NULL,
	                 "db1 10.3.0.1 26257 8080 region=eu,zone=eu-1a\n"
	                 "db2 10.3.0.2 26257 8081 region=eu,zone=eu-1b\n"
	                 "db3 10.3.0.3 26258 8080 region=us\n");
	expect_node_file("terraform.json", "by_name",
	                 "db1 10.3.0.1 26257 8080 -\ndb2 10.3.0.2 26258 8080 -\n"
	                 "db3 fd00::3 26257 8080 -\n");
	expect_node_file("terraform.json", "console",
	                 "list: which output has the nodes? Name it (--group NAME): nodes, "
	                 "by_name, node_public_ips");
	expect("{\"a\": {\"value\": [\"h1\", \"h2:5\"], \"type\": \"x\"},"
	       " \"b\": {\"value\": \"h3\", \"type\": \"string\"}}",
	       "n1 h1 26257 8080 -\nn2 h2 5 8080 -\n");
	expect("{\"a\": {\"value\": [\"h1\"], \"type\": \"x\"},"
	       " \"b\": {\"value\": [\"h2\"], \"type\": \"x\"}}",
	       "list: which output has the nodes? Name it (--group NAME): a, b");
	expect("{\"a\": {\"value\": 1, \"type\": \"number\"}}",
	       "list: no output is a list of hosts, of strings or of objects with an address");
	expect("{\"nodes\": {\"value\": {\"a\": {\"host\": \"h1\", \"name\": \"crdb-a\"},"
	       " \"b\": {\"host\": \"h2\", \"name\": \"two words\"}}, \"type\": \"x\"}}",
	       "crdb-a h1 26257 8080 -\nb h2 26257 8080 -\n");
	expect("[\"10.0.0.1\", \"10.0.0.2\"]",
	       "n1 10.0.0.1 26257 8080 -\nn2 10.0.0.2 26257 8080 -\n");
	expect("{\"x\": \"10.0.0.1\", \"y\": {\"ip\": \"10.0.0.2\"}}",
	       "x 10.0.0.1 26257 8080 -\ny 10.0.0.2 26257 8080 -\n");
	expect("[{\"name\": \"x\", \"region\": \"eu\"}]",
	       "list: [0]: there is no address in it (host, address, private_ip)");
	expect("[\"h\", \"http://h\"]", "list: [1]: \"http://h\": the port must be 1 to 65535");
}

static void rows_of_other_forms_are_lines(void **state)
{
	(void)state;
	expect("a\n[fd00::1]:5\n", "n1 a 26257 8080 -\nn2 fd00::1 5 8080 -\n");
	expect("[fd00::1]\n", "n1 fd00::1 26257 8080 -\n");
	expect("\xef\xbb\xbf# by hand\nx 10.0.0.1 region=eu\r\n",
	       "x 10.0.0.1 26257 8080 region=eu\n");
	expect("a b c d", "list:1: write [name] host[:sql[:http]] [key=value,key=value]");
	expect("", "list:1: there are no nodes: write [name] host[:sql[:http]] "
	           "[key=value,key=value] on a line "
	           "for each");
}

/* What cockroach's own test of `gen haproxy` has: where nodes are checked, who stays. */
static void ports_are_taken_from_arguments_as_cockroach_does(void **state)
{
	static const struct {
		const char *args;
		unsigned int port;
	} cases[] = {
		{ "[\"--unwanted\", \"-unwanted\"]", 8080 },
		{ "[\"--unwanted\", \"--http-port=1234\"]", 1234 },
		{ "null", 8080 },
		{ "[\"--http-addr=foo:4567\"]", 4567 },
		{ "[\"--http-port\", \"5678\", \"--unwanted\"]", 5678 },
		{ "[\"-http-port\"]", 8080 },
		{ "[\"-http-port\", \"99999\"]", 8080 },
		{ "[\"--http-addr=:9090\"]", 9090 },
		{ "[\"--http-addr=foo\"]", 8080 },
		{ "[\"--http-addr\", \"[::]:9091\"]", 9091 },
		{ "[\"--advertise-http-addr=x:7\", \"--http-addr=:8\"]", 7 },
		{ "[\"--advertise-http-addr=x\", \"--http-addr=:8\"]", 8 },
		{ "[7, {}, \"--http-port=9\", \"--http-port=10\"]", 10 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char document[300], want[60];

		snprintf(document, sizeof(document),
		         "{\"nodes\": [{\"desc\": {\"nodeId\": 1, \"address\": {\"addressField\": "
		         "\"addr\"}}, \"args\": %s}]}",
		         cases[i].args);
		snprintf(want, sizeof(want), "n1 addr 26257 %u -\n", cases[i].port);
		expect(document, want);
	}
}

static void who_has_left_is_left_out(void **state)
{
	static const char document[] =
	    "{\"nodes\": [{\"node_id\": 1, \"address\": \"a:1\"}, {\"node_id\": 2, \"address\": "
	    "\"b:1\"}, {\"node_id\": 3, \"address\": \"c:1\"}, {\"node_id\": 4, \"address\": "
	    "\"d:1\"}, {\"node_id\": 5, \"address\": \"e:1\"}, {\"node_id\": 6, \"address\": "
	    "\"\"}, {\"node_id\": 7, \"address\": \"f:1\"}, {\"node_id\": 8, \"address\": "
	    "\"g:1\"}], \"liveness_by_node_id\": {\"1\": 1, \"2\": 4, \"3\": 0, \"4\": 2, \"5\": "
	    "\"NODE_STATUS_LIVE\", \"6\": \"DECOMMISSIONED\", \"7\": 6}}";

	(void)state;
	expect(document, "n1 a 1 8080 -\nn3 c 1 8080 -\nn4 d 1 8080 -\nn5 e 1 8080 -\n"
	                 "n7 f 1 8080 -\nn8 g 1 8080 -\n"
	                 "list: n2 is left out: it is being decommissioned\n"
	                 "list: n6 is left out: it is decommissioned\n"
	                 "list: n1 is dead: it stays in the list, as it may come back\n");
	expect("{\"nodes\": [{\"node_id\": 1, \"liveness_status\": 5}]}",
	       "list: no node of 1 is left: all of them are decommissioned or dead");
	/* A day and a second, and a day. */
	expect("{\"nodes\": [{\"node_id\": 1, \"address\": \"a\", \"updated_at\": "
	       "1700086401000000000}, {\"node_id\": 2, \"address\": \"b\", \"liveness_status\": "
	       "1, \"updated_at\": 1700000000000000000}, {\"node_id\": 3, \"address\": \"c\", "
	       "\"liveness_status\": 1, \"updated_at\": \"1700000001000000000\"}]}",
	       "n1 a 26257 8080 -\nn3 c 26257 8080 -\n"
	       "list: n2 is left out: it is dead, and has been silent for more than a day; "
	       "`cockroach node decommission` ends that for good\n"
	       "list: n3 is dead: it stays in the list, as it may come back\n");
}

static void of_nodes_with_one_address_the_newest_that_lives_stays(void **state)
{
	(void)state;
	expect("{\"nodes\": [{\"node_id\": 1, \"address\": \"a:1\"}, {\"node_id\": 2, "
	       "\"address\": \"A:1\"}]}",
	       "n2 A 1 8080 -\nlist: n1 is left out: a:1 is the address of n2\n");
	expect("{\"nodes\": [{\"node_id\": 1, \"address\": \"a:1\"}, {\"node_id\": 2, "
	       "\"address\": \"A:1\", \"liveness_status\": 1}]}",
	       "n1 a 1 8080 -\nlist: n2 is left out: A:1 is the address of n1\n");
	expect("[\"h\", \"h\"]", "list: [1]: the address h:26257 is there already, as \"n1\"");
	expect("{\"nodes\": [{\"node_id\": 1, \"address\": \"a\"}, {\"node_id\": 1, \"address\": "
	       "\"b\"}]}",
	       "list: nodes[1]: \"n1\" is there already");
}

static void what_cannot_be_told_is_warned_of(void **state)
{
	(void)state;
	expect("{\"nodes\": [{\"node_id\": 1, \"address\": \"a:1\", \"http_address\": \"b:88\"}]}",
	       "n1 a 1 88 -\nlist: n1 has its HTTP port at b, not at a: it is checked at a:88, the "
	       "host of its SQL port\n");
	expect(
	    "{\"nodes\": [{\"node_id\": 1, \"address\": \"a:1\"}], \"next\": 1}",
	    "n1 a 1 8080 -\nlist: this is a part of the list only, up to its 1. node: ask without "
	    "a limit\n");
	expect("id,address\n1,a:1\n2,a:2\n3,a:3\n",
	       "n1 a 1 8080 -\nn2 a 2 8080 -\nn3 a 3 8080 -\n"
	       "list: several nodes are on a, and nothing tells their HTTP ports, where they are "
	       "checked: correct http_port, or read the list from a node's /_status/nodes\n");
}

static void single_nodes_and_columns_in_any_order_are_read(void **state)
{
	(void)state;
	expect("{\"desc\": {\"nodeId\": 3, \"address\": {\"addressField\": \"h:1\"}}}",
	       "n3 h 1 8080 -\n");
	expect("{\"id\": \"2\", \"address\": \"h:1\"}", "n2 h 1 8080 -\n");
	expect("node_id,locality,sql_address\r\n12,\"a=b,c=d\",\"h:1\"\r\n2,,i\r\n",
	       "n2 i 26257 8080 -\nn12 h 1 8080 a=b,c=d\n");
	expect("  id | address | is_decommissioning\n-----+---\n  1 | a | true\n  2 | b | false\n",
	       "n2 b 26257 8080 -\nlist: n1 is left out: it is being decommissioned\n");
	expect("{\"db\": [\"h1\", \"h2\"], \"_meta\": {\"hostvars\": {}}}",
	       "h1 h1 26257 8080 -\nh2 h2 26257 8080 -\n");
	expect("notice: x\n[\n{\"id\": \"2\", \"address\": \"h:1\"}]", "n2 h 1 8080 -\n");
}

static void an_inventory_may_have_loops_ranges_and_quotes(void **state)
{
	(void)state;
	expect("[a:children]\nb\n[b:children]\na\n[b]\nh\n[a:vars]\nsql_port = '5' # x\n",
	       "h h 5 8080 -\n");
	expect("[db]\nh[a:c].x\n", "ha.x ha.x 26257 8080 -\nhb.x hb.x 26257 8080 -\n"
	                           "hc.x hc.x 26257 8080 -\n");
	expect("h[08:12:2] ansible_host=10.0.0.1", "list:1: the address 10.0.0.1:26257 is there "
	                                           "already, as \"h08\"");
	expect("[db]\nh[1:99999999]\n", "list:2: there are more hosts than there may be nodes");
	expect("[db]\nh[1:22]\n", "list:2: there are more than 20 nodes");
	expect("[db]\n[x\n", "list:2: a group ends with ']'");
	expect("[db]\n[x:hosts]\n", "list:2: \"hosts\": a group has hosts, :children or :vars");
	expect("[db]\nh ansible_host={{ip}}\n", "list:2: \"{{ip}}\" is a template: take the output "
	                                        "of `ansible-inventory --list`");
	expect("[db]\nh ansible_host= ansible_user=\n",
	       "h h 26257 8080 -\nlist: line 2: ansible_host has no value, and is passed over\n");
	expect("[db]\nh sql_port=x\n", "list:2: \"x\": a port is a number from 1 to 65535");
	expect("[db]\nh locality='a b'\n",
	       "list:2: \"a b\" is not a locality: key=value,key=value");
}

static void what_is_no_list_says_what_to_take(void **state)
{
#define TAKE_JSON "take the output of `cockroach node status --format=json`"
	static const struct {
		const char *document, *want;
	} cases[] = {
		{ "  id\n+----+\n   1\n(1 row)\n",
		  "list:1: there are no addresses in it: " TAKE_JSON },
		{ "id\n1\n2\n", "list:1: there are no addresses in it: " TAKE_JSON },
		{ "[{\"id\": \"1\"}]", "list:1: there are no addresses in it: " TAKE_JSON },
		{ "id,is_live\n1,true\n", "list:1: there are no addresses in it: " TAKE_JSON },
		{ " id | is_live\n----+----\n 1 | true\n",
		  "list:3: there are no addresses in it: " TAKE_JSON },
		{ "-[ RECORD 1 ]\nid | 1\n", "list:2: there are no addresses in it: " TAKE_JSON },
		{ "# 9 columns\n# row 1\n",
		  "list:1: the raw format is no list: take `cockroach node "
		  "status --format=json`" },
		{ "CREATE TABLE results (\n",
		  "list:1: take `cockroach node status --format=json`" },
		{ "all:\n  hosts:\n", "list:1: an inventory in YAML: take the output of "
		                      "`ansible-inventory --list`" },
		{ "\nips = [\n  \"a\",\n]\n",
		  "list:2: Terraform's output for people: take `terraform output -json`" },
		{ "<!DOCTYPE html>", "list:1: a page for browsers, not a list of nodes: is the URL "
		                     "right, and are you logged in?" },
		{ "[]", "list: there is no node in it" },
		{ "{\"nodes\": []}", "list: there is no node in it" },
		{ "{}",
		  "list: this JSON is no list of nodes: take that of a node's /_status/nodes, "
		  "`cockroach node status --format=json`, `ansible-inventory --list` or "
		  "`terraform output -json`" },
		{ "{\"error\": \"x\\u001b[0m\", \"code\": 16, \"message\": \"not\\nlogged in\"}",
		  "list: this is no list but an error of the node's: not?logged in" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].document, cases[i].want);
}

static void what_is_broken_is_told_with_its_place(void **state)
{
	static const struct {
		const char *document, *want;
	} cases[] = {
		{ "{\"nodes\": [\n", "list:2: the JSON ends too early: it is not whole" },
		{ "\n{\"nodes\": []}\n{\"nodes\": []}", "list:3: something follows the JSON: give "
		                                        "one document, as --format=json makes it, "
		                                        "not ndjson" },
		{ "{\"nodes\":\n[}", "list:2: this is not JSON: unexpected token near '}'" },
		{ "{\"nodes\": [3]}",
		  "list: nodes[0]: there is no number of a node (nodeId, node_id)" },
		{ "{\"nodes\": [{\"node_id\": 0}]}",
		  "list: nodes[0]: there is no number of a node (nodeId, node_id)" },
		{ "{\"nodes\": [{\"node_id\": 1, \"address\": {}}]}",
		  "list: nodes[0]: there is no address: it is shown only to a user with "
		  "VIEWCLUSTERMETADATA, or the form has none" },
		{ "{\"nodes\": [{\"node_id\": 1, \"address\": \"a:99999\"}]}",
		  "list: nodes[0]: \"a:99999\": the port must be 1 to 65535" },
		{ "{\"nodes\": [{\"node_id\": 1, \"address\": \"a b\"}]}",
		  "list: nodes[0]: \"a b\" is not a host name" },
		{ "{\"nodes\": [{\"node_id\": 1, \"address\": \"a\", \"locality\": {\"tiers\": "
		  "[{\"key\": \"a\\\"\", \"value\": \"c\"}]}}]}",
		  "list: nodes[0]: \"a\"=c\" is not a locality: key=value,key=value" },
		{ "[{\"id\": \"1\", \"address\": \"a\"}, 7]",
		  "list: [1]: this is no row of `cockroach node status`" },
		{ "id,address\n1,a,b\n",
		  "list:2: 3 fields where the head has 2: is the line cut?" },
		{ "id,address\n1,\"a\n", "list:2: a quoted field does not end as it should" },
		{ "id,address\n1,\"a\"b\n", "list:2: a quoted field does not end as it should" },
		{ "id\taddress\nx\ta\n", "list:2: \"x\" is not the number of a node" },
		{ "id | address\n---+--\n1 | a |\n",
		  "list:3: 3 columns where the head has 2: is the line cut?" },
		{ "id | address\n---+--\n1 | a\n(2 rows)\n",
		  "list:4: the table has 1 rows of 2: some are missing" },
		{ "id,address\n", "list: there is no node in it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].document, cases[i].want);
}

static void a_node_answers_nothing_but_its_json(void **state)
{
	static const struct {
		const char *document, *want;
	} cases[] = {
		{ "{\"nodes\": [{\"node_id\": 1, \"address\": \"a\"}]}", "n1 a 26257 8080 -\n" },
		{ "OK", "list:1: this is no answer of a CockroachDB node, which is JSON" },
		{ "id,address\n1,a\n",
		  "list:1: this is no answer of a CockroachDB node, which is JSON" },
		{ "", "list:1: this is no answer of a CockroachDB node, which is JSON" },
		{ "[\"a\"]",
		  "list: this JSON is no answer of a CockroachDB node: \"nodes\" is missing" },
		{ "{\"a\": \"b\"}",
		  "list: this JSON is no answer of a CockroachDB node: \"nodes\" is missing" },
		{ "{\"message\": \"x\", \"code\": 1}",
		  "list: this is no list but an error of the node's: x" },
		{ "{\"nodes\": [{\"node_id\": 1, \"address\": \"a\", \"locality\": "
		  "\"a=\\u202eb\\u009b\"}]}",
		  "n1 a 26257 8080 -\n"
		  "list: n1 has no locality here: \"a=???b??\" is none\n" },
		{ "{\"nodes\": [{\"node_id\": 1, \"address\": \"\\u202ea\"}]}",
		  "list: nodes[0]: \"???a\" is not a host name: write letters, digits, '-' and "
		  "dots, or an address" },
		{ "<html>",
		  "list:1: a page for browsers, not a list of nodes: is the URL right, and are "
		  "you logged in?" },
		{ "{\"nodes\": [{\"node_id\": 1, \"address\": \"a\", \"locality\": \"a=b c\"}, "
		  "{\"node_id\": 2, \"address\": \"b\", \"locality\": \"a=b\"}]}",
		  "n1 a 26257 8080 -\nn2 b 26257 8080 a=b\n"
		  "list: n1 has no locality here: \"a=b c\" is none\n" },
	};
	struct nodedoc_options o = options;

	(void)state;
	o.from_node = true;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *have = read_with(cases[i].document, strlen(cases[i].document), &o);

		assert_string_equal(have, cases[i].want);
		free(have);
	}
}

/* What is not needed may be of any size, and goes before anything else looks at it. */
static void what_is_not_needed_does_not_count(void **state)
{
	static const char *const needless[] = {
		"\"metrics\": {}",
		"\"metrics\":[]",
		"\"metrics\": {\n\n\n}",
		"\"metrics\"\n: {\"a\": \"}\\\"\",\n\"b\": [{}, 1e-3]\n}",
		"\"env\": [\"A=b\"], \"activity\": {\"1\": {\"incoming\": \"5\"}}",
		"\"storeStatuses\": 7, \"metrics\": null, \"latencies\": \"x\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(needless); i++) {
		AUTO_TEXT t = { 0 };

		text_addf(&t,
		          "{\"nodes\": [{%s, \"node_id\": 1, \"address\": \"a\", %s}, "
		          "{\"node_id\": 2, \"address\": \"metrics\", %s}]}",
		          needless[i], needless[i], needless[i]);
		expect(text_str(&t), "n1 a 26257 8080 -\nn2 metrics 26257 8080 -\n");
	}
	expect("{\"nodes\": [{\"metrics\": {\"a\": 1,\n\"b\": 2,\n\"c\": 3\n}}, [}",
	       "list:4: this is not JSON: unexpected token near '}'");
	expect("{\"nodes\": [{\"metrics\": {\"a\": [1,\n\"b",
	       "list: the JSON ends too early: metrics or the like in it have no end");
}

/* A list of `count` nodes, with one more that leaves, and as many arguments after it. */
static void add_to_list_of(size_t count)
{
	const struct nodelist_options o = { "arguments", 26257, 8080, 0 };
	AUTO_TEXT document = { 0 };
	AUTO_TEXT warnings = { 0 };
	struct nodelist l;
	char host[32];

	text_add(&document, "id,address,membership\n99,gone,decommissioning\n");
	for (size_t i = 1; i <= count; i++)
		text_addf(&document, "%zu,h%zu,active\n", i, i);
	assert_true(
	    nodedoc_parse(text_str(&document), document.len, &options, &l, &warnings, NULL));
	for (size_t i = count + 1; i <= 2 * count; i++) {
		snprintf(host, sizeof(host), "h%zu", i);
		assert_true(nodelist_add_argument(&l, host, &o, NULL));
		assert_true(l.room >= l.count);
	}
	assert_int_equal(l.count, 2 * count);
	for (size_t i = 0; i < l.count; i++) {
		snprintf(host, sizeof(host), "h%zu", i + 1);
		assert_string_equal(l.nodes[i].host, host);
	}
	assert_int_equal(l.leaver_count, 1);
	assert_string_equal(l.leavers[0].name, "n99");
	nodelist_release(&l);
}

/* The list of a document has no more room than it needs. */
static void arguments_are_added_to_a_document_of_any_size(void **state)
{
	(void)state;
	for (size_t count = 1; count < 20; count++)
		add_to_list_of(count);
}

static void what_looks_like_another_form_in_a_comment_or_a_string_is_none(void **state)
{
	(void)state;
	expect("# cluster = \"prod\"\nh # name = \"x\" ansible_host=i\n#all:\n",
	       "n1 h 26257 8080 -\n");
	expect("# x = \"y\"\n; z = [\n[db] # z = {\nh\n", "h h 26257 8080 -\n");
	expect("{\"nodes\":[{\"node_id\":1,\"address\":\"h\",\"build\":\"a = [b = \\\" = "
	       "\"}]}",
	       "n1 h 26257 8080 -\n");
	expect("[{\"id\":\"1\",\"address\":\"h\",\"locality\":\"\",\"x\":\" = {\"}]",
	       "n1 h 26257 8080 -\n");
	expect("ip = \"h\" # {\n",
	       "list:1: Terraform's output for people: take `terraform output -json`");
}

static char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
	struct text t = { 0 };

	text_add(&t, head);
	for (size_t i = 0; i < count; i++)
		text_add(&t, part);
	text_add(&t, tail);
	return text_take(&t);
}

/*
 * What a stranger may send to hold the checks up: the end of each level was looked for in all that
 * follows.  The second level is not looked at now; otherwise the verdict would be the depth.
 */
static void the_end_that_is_missing_is_looked_for_once(void **state)
{
	enum { LEVELS = 65, BODY_MAX = 32 << 20 };
	char *head = repeat("{\"nodes\": [", "{\"metrics\":", LEVELS, "{");
	char *body = mem_zalloc(BODY_MAX + 1);
	size_t len = strlen(head);

	(void)state;
	memcpy(body, head, len);
	memset(body + len, ' ', BODY_MAX - len);
	expect(body, "list: the JSON ends too early: metrics or the like in it have no end");
	free(body);
	free(head);
}

static void size_and_depth_are_bounded(void **state)
{
	char *deep = repeat("", "[\"\",", 65, ""), *many = repeat("[", "\"h\",", 20, "\"h\"]");
	char *values = repeat("[", "0,", 2000001, "\"\"]");
	char *keys = repeat("{\"nodes\": [], \"z\": {", "\"a\":1,", 40000, "\"b\":1}}");
	char *words = repeat("{\"nodes\": [], \"z\": \"", "\\n", 1 << 20, "\"}");
	struct nodedoc_options o = options;
	char *have;

	(void)state;
	expect(deep, "list: it is nested too deep");
	values[1] = '"';
	values[2] = '"';
	values[3] = ',';
	expect(many, "list: [20]: there are more than 20 nodes");
	have = read_with(values, strlen(values), &o);
	assert_string_equal(have, "list: there are too many values in it");
	free(have);
	/* What so few nodes have is less. */
	expect(keys, "list: there are too many values in it");
	expect(words, "list: it is too long for that many nodes");
	free(keys);
	free(words);
	words = repeat("{\"nodes\": [{\"node_id\": 1, \"address\": \"a\", \"locality\": \"a=", "b",
	               1023, "\"}]}");
	o.from_node = true;
	have = read_with(words, strlen(words), &o);
	assert_memory_equal(have, "n1 a 26257 8080 -\nlist: n1 has no locality here: \"a=bbb", 55);
	free(have);
	free(words);
	expect("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns\nt\nu\n",
	       "list: there are more than 20 nodes");
	/* What comes after the first one too many is not looked at. */
	expect("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns\nt\nu\n?\n",
	       "list: there are more than 20 nodes");
	have = read_with("a\0b", 3, &o);
	assert_string_equal(have, "list: it is not a text");
	free(have);
	have = read_with("", (size_t)NODEDOC_BYTES_MAX + 1, &o);
	assert_non_null(strstr(have, "too long for a list of nodes"));
	free(have);
	free(deep);
	free(many);
	free(values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_cluster_is_read_from_every_form),
		cmocka_unit_test(a_node_tells_http_ports_too),
		cmocka_unit_test(an_inventory_is_the_same_as_ini_and_json),
		cmocka_unit_test(an_output_of_terraform_is_chosen_by_its_name),
		cmocka_unit_test(rows_of_other_forms_are_lines),
		cmocka_unit_test(ports_are_taken_from_arguments_as_cockroach_does),
		cmocka_unit_test(who_has_left_is_left_out),
		cmocka_unit_test(of_nodes_with_one_address_the_newest_that_lives_stays),
		cmocka_unit_test(what_cannot_be_told_is_warned_of),
		cmocka_unit_test(single_nodes_and_columns_in_any_order_are_read),
		cmocka_unit_test(an_inventory_may_have_loops_ranges_and_quotes),
		cmocka_unit_test(what_is_no_list_says_what_to_take),
		cmocka_unit_test(what_is_broken_is_told_with_its_place),
		cmocka_unit_test(a_node_answers_nothing_but_its_json),
		cmocka_unit_test(arguments_are_added_to_a_document_of_any_size),
		cmocka_unit_test(what_looks_like_another_form_in_a_comment_or_a_string_is_none),
		cmocka_unit_test(what_is_not_needed_does_not_count),
		cmocka_unit_test(the_end_that_is_missing_is_looked_for_once),
		cmocka_unit_test(size_and_depth_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
