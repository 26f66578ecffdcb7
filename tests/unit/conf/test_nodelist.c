/* SPDX-License-Identifier: MIT */
#include "conf/nodelist.h"

#include "fixture.h"

static const struct nodelist_options options = { "nodes.txt", 26257, 8080, 0 };

static void add_node(struct text *t, const struct nodelist_node *n)
{
	text_addf(t, "%s %s %u %u %s;", n->name, n->host, n->sql_port, n->http_port,
	          n->locality ? n->locality : "-");
}

static char *show(const struct nodelist *l)
{
	struct text t = { 0 };

	for (size_t i = 0; i < l->count; i++)
		add_node(&t, &l->nodes[i]);
	return text_take(&t);
}

static void expect_nodes(struct nodelist *l, const char *want)
{
	char *have = show(l);

	assert_string_equal(have, want);
	free(have);
}

static void lines_have_name_host_and_locality(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "10.0.0.1", "n1 10.0.0.1 26257 8080 -;" },
		{ "a\nb\n", "n1 a 26257 8080 -;n2 b 26257 8080 -;" },
		{ "x 10.0.0.1", "x 10.0.0.1 26257 8080 -;" },
		{ "10.0.0.7:26258:8081", "n1 10.0.0.7 26258 8081 -;" },
		{ "h:1", "n1 h 1 8080 -;" },
		{ "[fd00::1]", "n1 fd00::1 26257 8080 -;" },
		{ "[fd00::1]:5:6", "n1 fd00::1 5 6 -;" },
		{ "n1 10.0.134.115 region=us-east-2,zone=us-east-2a",
		  "n1 10.0.134.115 26257 8080 region=us-east-2,zone=us-east-2a;" },
		{ "region=a x h", "x h 26257 8080 region=a;" },
		{ "h region=a", "n1 h 26257 8080 region=a;" },
		{ "# all\n\n  \t\r\n h # one\r\n", "n1 h 26257 8080 -;" },
		{ "n2 a\nb\nc", "n2 a 26257 8080 -;n3 b 26257 8080 -;n4 c 26257 8080 -;" },
		{ "h:1\nh:2", "n1 h 1 8080 -;n2 h 2 8080 -;" },
		{ "#h\na#b=c h\ni rack=a#7,row=#2\t# x=y#z\nj #\n",
		  "n1 h 26257 8080 a#b=c;n2 i 26257 8080 rack=a#7,row=#2;n3 j 26257 8080 -;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct nodelist l;
		struct error err;

		assert_true(nodelist_parse(cases[i].text, &options, &l, &err));
		expect_nodes(&l, cases[i].want);
		nodelist_release(&l);
	}
}

static void lines_are_remembered(void **state)
{
	struct nodelist l;

	(void)state;
	assert_true(nodelist_parse("\n# x\na\n\nb", &options, &l, NULL));
	assert_int_equal(l.nodes[0].line, 3);
	assert_int_equal(l.nodes[1].line, 5);
	nodelist_release(&l);
	assert_int_equal(l.count, 0);
}

static void bad_lines_are_told_with_their_number(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "nodes.txt:1: there are no nodes: write [name] host[:sql[:http]] "
		      "[key=value,key=value] "
		      "on a line "
		      "for each" },
		{ "# none", "nodes.txt:1: there are no nodes: write [name] host[:sql[:http]] "
		            "[key=value,key=value] on a "
		            "line for each" },
		{ "a\nb c d", "nodes.txt:2: \"d\" is not a locality: write [name] "
		              "host[:sql[:http]] [key=value,key=value]" },
		{ "a b c d e f",
		  "nodes.txt:1: write [name] host[:sql[:http]] [key=value,key=value]" },
		{ "region=a", "nodes.txt:1: write [name] host[:sql[:http]] [key=value,key=value]" },
		{ "n1 \x1b[2J\xe2\x80\xae",
		  "nodes.txt:1: \"?[2J???\" is not a host name: write letters, digits, '-' and "
		  "dots, or an address" },
		{ "h:0", "nodes.txt:1: \"0\" is not a port: write 1 to 65535" },
		{ "h:65536", "nodes.txt:1: \"65536\" is not a port: write 1 to 65535" },
		{ "h:", "nodes.txt:1: \"\" is not a port: write 1 to 65535" },
		{ "h:1:x", "nodes.txt:1: \"x\" is not a port: write 1 to 65535" },
		{ "h:1:2:3", "nodes.txt:1: \"2:3\" is not a port: write 1 to 65535" },
		{ "h:123456789", "nodes.txt:1: \"123456789\" is not a port: write 1 to 65535" },
		{ "fd00::1", "nodes.txt:1: \"\" is not a port: write 1 to 65535" },
		{ "[fd00::1",
		  "nodes.txt:1: \"[fd00::1\": write an IPv6 address as [address]:port" },
		{ "[fd00::1]x",
		  "nodes.txt:1: \"[fd00::1]x\": write an IPv6 address as [address]:port" },
		{ "10.0.0.256",
		  "nodes.txt:1: \"10.0.0.256\" is not an address: write four numbers up to "
		  "255" },
		{ "-a", "nodes.txt:1: \"-a\" is not a host name: write letters, digits, '-' and "
		        "dots, or an "
		        "address" },
		{ "a..b", "nodes.txt:1: \"a..b\" is not a host name: write letters, digits, '-' "
		          "and dots, or "
		          "an address" },
		{ ":26257", "nodes.txt:1: \"\" is not a host: write a name or an address" },
		{ "a/b h",
		  "nodes.txt:1: \"a/b\" is not a name: write letters, digits, '-', '_' or '.'" },
		{ "h region=", "nodes.txt:1: \"region=\": one locality, key=value,key=value" },
		{ "h a=b c=d", "nodes.txt:1: \"c=d\": one locality, key=value,key=value" },
		{ "x a\nx b", "nodes.txt:2: the name \"x\" is taken by \"a\": choose another" },
		{ "a\nA", "nodes.txt:2: the address A:26257 is there already, as \"n1\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct nodelist l = { .count = 77 };
		struct error err;

		assert_false(nodelist_parse(cases[i].text, &options, &l, &err));
		assert_string_equal(err.text, cases[i].want);
		assert_int_equal(l.count, 77);
	}
}

static void arguments_are_added_to_a_list(void **state)
{
	struct nodelist l = { 0 };
	struct error err;

	(void)state;
	assert_true(nodelist_add_argument(&l, "a", &options, &err));
	assert_true(nodelist_add_argument(&l, "b:1", &options, &err));
	assert_true(nodelist_add_argument(&l, "[::1]:1:2", &options, &err));
	expect_nodes(&l, "n1 a 26257 8080 -;n2 b 1 8080 -;n3 ::1 1 2 -;");
	assert_false(nodelist_add_argument(&l, "a", &options, &err));
	assert_string_equal(err.text, "a: the address a:26257 is there already, as \"n1\"");
	assert_false(nodelist_add_argument(&l, "", &options, &err));
	assert_string_equal(err.text, ": \"\" is not a host: write a name or an address");
	assert_int_equal(l.count, 3);
	nodelist_release(&l);
}

static void any_number_of_arguments_is_added(void **state)
{
	enum { MANY = 70 };
	struct nodelist l = { 0 };
	char word[32];

	(void)state;
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(word, sizeof(word), "h:%u", i + 1);
		assert_true(nodelist_add_argument(&l, word, &options, NULL));
		assert_true(l.room >= l.count);
	}
	assert_int_equal(l.count, MANY);
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(word, sizeof(word), "n%u", i + 1);
		assert_string_equal(l.nodes[i].name, word);
		assert_string_equal(l.nodes[i].host, "h");
		assert_int_equal(l.nodes[i].sql_port, i + 1);
	}
	nodelist_release(&l);
}

static void arguments_are_added_to_what_a_filter_has_left(void **state)
{
	struct nodelist l;

	(void)state;
	assert_true(nodelist_parse("a k=1\nb k=1\nc k=1\nd k=1\ne k=1", &options, &l, NULL));
	assert_true(nodelist_filter(&l, "k=1", NULL));
	for (char host[] = "f"; *host <= 'n'; (*host)++)
		assert_true(nodelist_add_argument(&l, host, &options, NULL));
	assert_int_equal(l.count, 14);
	for (size_t i = 0; i < l.count; i++) {
		const char host[] = { (char)('a' + i), '\0' };

		assert_string_equal(l.nodes[i].host, host);
	}
	nodelist_release(&l);
}

/* The table of matches of `cockroach gen haproxy --locality`: anchored, every tier must match. */
static void a_filter_matches_as_cockroachs_does(void **state)
{
	static const struct {
		const char *filter;
		bool match;
	} cases[] = {
		{ "", true },
		{ "country=us", true },
		{ "count.*=us", false },
		{ "country=u", false },
		{ "try=us", false },
		{ "region=us-east1", true },
		{ "region=us.*", true },
		{ "region=us.*,country=us", true },
		{ "region=us-(east1|west1)", true },
		{ "region=notus", false },
		{ "something=else", false },
		{ "region=us.*,zone=foo", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct nodelist l;
		struct error err;

		assert_true(nodelist_parse("a country=us,region=us-east1,datacenter=blah", &options,
		                           &l, &err));
		assert_int_equal(nodelist_filter(&l, cases[i].filter, &err), cases[i].match);
		assert_int_equal(l.count, 1);
		nodelist_release(&l);
	}
}

static void a_filter_keeps_the_nodes_that_match(void **state)
{
	struct nodelist l;
	struct error err;

	(void)state;
	assert_true(nodelist_parse("a region=x\nb\nc region=y\nd region=x", &options, &l, &err));
	assert_false(nodelist_filter(&l, "region=z", &err));
	assert_string_equal(err.text,
	                    "no nodes match the locality \"region=z\"; found: region=x; region=y");
	assert_false(nodelist_filter(&l, "region=(", &err));
	assert_non_null(strstr(err.text, "\"(\" is not a regular expression: "));
	assert_false(nodelist_filter(&l, "region", &err));
	assert_string_equal(err.text, "\"region\" is not a filter: write KEY=REGEX");
	assert_int_equal(l.count, 4);
	assert_true(nodelist_filter(&l, "region=x", &err));
	expect_nodes(&l, "n1 a 26257 8080 region=x;n4 d 26257 8080 region=x;");
	nodelist_release(&l);

	assert_true(nodelist_parse("a\nb", &options, &l, &err));
	assert_false(nodelist_filter(&l, "region=z", &err));
	assert_string_equal(err.text,
	                    "no nodes match the locality \"region=z\"; found: none, no node has a "
	                    "locality");
	nodelist_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_name_host_and_locality),
		cmocka_unit_test(lines_are_remembered),
		cmocka_unit_test(bad_lines_are_told_with_their_number),
		cmocka_unit_test(arguments_are_added_to_a_list),
		cmocka_unit_test(any_number_of_arguments_is_added),
		cmocka_unit_test(arguments_are_added_to_what_a_filter_has_left),
		cmocka_unit_test(a_filter_matches_as_cockroachs_does),
		cmocka_unit_test(a_filter_keeps_the_nodes_that_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
