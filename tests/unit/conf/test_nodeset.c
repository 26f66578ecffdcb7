/* SPDX-License-Identifier: MIT */
#include "conf/nodeset.h"

#include "fixture.h"

/* Nodes from lines as people write them, and back. */
static struct settings_nodes nodes_of(const char *lines, struct mem_arena *arena)
{
	const struct nodelist_options o = { "lines", 26257, 8080, 0 };
	struct settings_nodes nodes = { 0 };
	struct nodelist l;
	struct error err;

	if (!*lines)
		return nodes;
	if (!nodelist_parse(lines, &o, &l, &err))
		fail_msg("%s", err.text);
	nodeset_take(&l, arena, &nodes);
	nodelist_release(&l);
	return nodes;
}

static void expect_nodes(const struct settings_nodes *nodes, const char *want)
{
	AUTO_TEXT have = { 0 };

	nodeset_write(nodes, &have);
	assert_string_equal(text_str(&have), want);
}

static void lines_are_read_back_as_they_were_written(void **state)
{
	static const char lines[] = "n1 10.0.0.1:26257:8080 region=a,zone=b\n"
	                            "n2 [fd00::2]:26258:8081\n"
	                            "web-7 crdb.example.com:1:2\n"
	                            "n9 h:1:2 rack=a#7,row=#2\n";
	struct mem_arena arena = { 0 };
	struct settings_nodes nodes = nodes_of(lines, &arena);
	struct settings_nodes copy;

	(void)state;
	expect_nodes(&nodes, lines);
	nodeset_copy(&nodes, &arena, &copy);
	expect_nodes(&copy, lines);
	assert_true(nodeset_same(&nodes, &copy));
	mem_arena_release(&arena);
}

/* --- joining ------------------------------------------------------------------------------ */

static void joined_nodes_stand_beside_those_that_are_written(void **state)
{
	static const struct {
		const char *written, *told, *want;
	} cases[] = {
		{ "", "n1 a\nn2 b", "n1 a:26257:8080\nn2 b:26257:8080\n" },
		{ "x a", "n1 a\nn2 b", "n2 b:26257:8080\n" },
		{ "x A.example.com", "n1 a.EXAMPLE.com\nn2 b", "n2 b:26257:8080\n" },
		/* The port tells nodes of one host apart; the HTTP port does not. */
		{ "x a:1:5", "n1 a:1:9\nn2 a:2:9", "n2 a:2:9\n" },
		{ "n1 a\nn2 b", "n1 a\nn2 b", "" },
		{ "n2 a", "n1 a\nn2 b\nn3 c", "n2-2 b:26257:8080\nn3 c:26257:8080\n" },
		{ "n2 a\nn2-2 z", "n2 b", "n2-3 b:26257:8080\n" },
		{ "a a", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mem_arena arena = { 0 };
		struct settings_nodes written = nodes_of(cases[i].written, &arena);
		struct settings_nodes told = nodes_of(cases[i].told, &arena);
		struct settings_nodes joined;

		nodeset_join(&written, &told, &arena, &joined);
		expect_nodes(&joined, cases[i].want);
		mem_arena_release(&arena);
	}
}

static void two_nodes_that_are_mapped_to_one_address_are_one(void **state)
{
	static const struct settings_node twice[] = {
		{ .name = "n1", .host = "a", .sql_port = 1, .http_port = 2 },
		{ .name = "n2", .host = "a", .sql_port = 1, .http_port = 2 },
		{ .name = "n1", .host = "b", .sql_port = 1, .http_port = 2 },
	};
	const struct settings_nodes told = { twice, ARRAY_LEN(twice) };
	const struct settings_nodes none = { 0 };
	struct mem_arena arena = { 0 };
	struct settings_nodes joined;

	(void)state;
	nodeset_join(&none, &told, &arena, &joined);
	expect_nodes(&joined, "n1 a:1:2\nn1-2 b:1:2\n");
	mem_arena_release(&arena);
}

static void there_are_no_more_than_so_many(void **state)
{
	struct mem_arena arena = { 0 };
	const struct settings_nodes none = { 0 };
	struct settings_nodes told = { .count = NODESET_MAX + 7 };
	struct settings_node *at = mem_arena_zalloc(&arena, told.count * sizeof(*at));
	struct settings_nodes joined;

	(void)state;
	for (size_t i = 0; i < told.count; i++) {
		at[i].name = mem_arena_printf(&arena, "n%zu", i);
		at[i].host = at[i].name;
	}
	told.at = at;
	nodeset_join(&none, &told, &arena, &joined);
	assert_int_equal(joined.count, NODESET_MAX);
	mem_arena_release(&arena);
}

/* --- selecting ---------------------------------------------------------------------------- */

#define TOLD "n1 10.0.0.1 region=us-east,zone=a\nn2 10.0.0.2 region=us-west,zone=b\nn3 10.0.0.3\n"

static const struct settings_mapping map[] = {
	{ .node = "10.0.0.1", .host = "one.example.com" },
	{ .node = "N2", .sql_port = 99, .http_port = 98 },
	{ .node = "10.0.0.9", .host = "nobody" },
};

static void nodes_are_mapped_by_host_or_name_and_filtered_by_locality(void **state)
{
	static const struct {
		size_t maps;
		const char *locality, *want;
	} cases[] = {
		{ 0, NULL,
		  "n1 10.0.0.1:26257:8080 region=us-east,zone=a\n"
		  "n2 10.0.0.2:26257:8080 region=us-west,zone=b\nn3 10.0.0.3:26257:8080\n" },
		{ 3, NULL,
		  "n1 one.example.com:26257:8080 region=us-east,zone=a\n"
		  "n2 10.0.0.2:99:98 region=us-west,zone=b\nn3 10.0.0.3:26257:8080\n" },
		{ 3, "region=us-west", "n2 10.0.0.2:99:98 region=us-west,zone=b\n" },
		{ 0, "region=us-.*,zone=a|c", "n1 10.0.0.1:26257:8080 region=us-east,zone=a\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct settings_discover d = { .map = map,
			                             .map_count = cases[i].maps,
			                             .locality = cases[i].locality };
		struct mem_arena arena = { 0 };
		struct settings_nodes told = nodes_of(TOLD, &arena);
		struct settings_nodes wanted;
		struct error err;

		assert_true(nodeset_select(&told, &d, &arena, &wanted, &err));
		expect_nodes(&wanted, cases[i].want);
		mem_arena_release(&arena);
	}
}

static void a_filter_that_leaves_nothing_names_what_there_is(void **state)
{
	const struct settings_discover d = { .locality = "region=eu" };
	struct mem_arena arena = { 0 };
	struct settings_nodes told = nodes_of(TOLD, &arena);
	struct settings_nodes wanted;
	struct error err;

	(void)state;
	assert_false(nodeset_select(&told, &d, &arena, &wanted, &err));
	assert_string_equal(err.text, "no nodes match the locality \"region=eu\"; found: "
	                              "region=us-east,zone=a; region=us-west,zone=b");
	mem_arena_release(&arena);
}

/* --- telling ------------------------------------------------------------------------------ */

static const struct settings_node LEAVERS[] = {
	{ .name = "n20", .leaving = SETTINGS_DECOMMISSIONING },
	{ .name = "n21", .leaving = SETTINGS_DECOMMISSIONING },
	{ .name = "n22", .leaving = SETTINGS_DECOMMISSIONED },
};

static void written_nodes_that_the_cluster_lets_go_are_told_by_their_names(void **state)
{
	static const struct {
		const char *before, *after, *want;
	} cases[] = {
		{ "n1 a\nn2 b", "n1 a\nn2 b", "" },
		{ "n1 a\nn2 b", "n1 a", "two left" },
		{ "n1 a\nn20 b", "n1 a", "two is being decommissioned" },
		{ "n1 a\nn2 far", "n1 a", "three left" },
		{ "n1 a\nn7 z", "n1 a", "" },
	};
	const struct settings_mapping far = { "far", "c", 0, 0, 0 };
	const struct settings_discover d = { .map = &far, .map_count = 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mem_arena arena = { 0 };
		struct settings_nodes written = nodes_of("one a\ntwo b\nthree c", &arena);
		struct nodeset_news news = { nodes_of(cases[i].before, &arena),
			                     nodes_of(cases[i].after, &arena),
			                     { LEAVERS, ARRAY_LEN(LEAVERS) } };
		AUTO_TEXT have = { 0 };

		nodeset_tell_written(&news, &written, &d, 140, &have);
		assert_string_equal(text_str(&have), cases[i].want);
		mem_arena_release(&arena);
	}
}

static void nodes_that_leave_give_way_to_others_of_their_names(void **state)
{
	struct mem_arena arena = { 0 };
	struct settings_nodes leaving = nodes_of("n1 a\nn2 b\nn3 c\nn4 d", &arena);
	struct settings_nodes written = nodes_of("n1 x", &arena);
	struct settings_nodes joined = nodes_of("n3 c\nn5 b", &arena);
	struct settings_nodes have;

	(void)state;
	nodeset_leave(&leaving, &written, &joined, &arena, &have);
	assert_int_equal(have.count, 2);
	assert_string_equal(have.at[0].name, "n2");
	assert_string_equal(have.at[1].name, "n4");
	mem_arena_release(&arena);
}

static void what_is_different_is_told_by_name(void **state)
{
	static const struct {
		const char *before, *after;
		size_t room;
		const char *want;
	} cases[] = {
		{ "", "n1 a\nn2 b", 140, "n1, n2 joined" },
		{ "n1 a\nn2 b", "n1 a", 140, "n2 left" },
		{ "n1 a\nn2 b\nn3 c", "n2 b\nn4 d\nn3 z", 140,
		  "n4 joined; n1 left; n3 has another address" },
		{ "n1 a\nn2 b", "n1 c\nn2 b:1:2", 140, "n1, n2 have other addresses" },
		{ "n1 a region=x", "n1 a region=y", 140, "" },
		{ "n1 a", "n1 a", 140, "" },
		{ "", "n1 a\nn2 b\nn3 c\nn4 d", 56, "n1, n2, n3 and 1 more joined" },
		{ "", "n1 a\nn2 b", 10, "2 joined" },
		{ "n7 x\nn8 y", "n1 a\nn2 b", 60, "n1, n2 joined; 2 left" },
		{ "n2 b\nn3 c\nn20 d", "n1 a", 140,
		  "n1 joined; n2, n3 left; n20 is being decommissioned" },
		{ "n20 b\nn21 c\nn22 d", "", 140,
		  "n20, n21 are being decommissioned; n22 is decommissioned" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mem_arena arena = { 0 };
		struct settings_nodes before = nodes_of(cases[i].before, &arena);
		struct settings_nodes after = nodes_of(cases[i].after, &arena);
		AUTO_TEXT have = { 0 };

		nodeset_tell(
		    &(struct nodeset_news){ before, after, { LEAVERS, ARRAY_LEN(LEAVERS) } },
		    cases[i].room, &have);
		assert_string_equal(text_str(&have), cases[i].want);
		mem_arena_release(&arena);
	}
}

static void lists_are_the_same_if_all_of_each_node_is(void **state)
{
	static const char *const others[] = { "n1 a:1:2 r=x",           "n1 a:1:2 r=x\nn2 b",
		                              "n9 a:1:2 r=x\nn2 c:1:2", "n1 b:1:2 r=x\nn2 c:1:2",
		                              "n1 a:9:2 r=x\nn2 c:1:2", "n1 a:1:9 r=x\nn2 c:1:2",
		                              "n1 a:1:2 r=y\nn2 c:1:2", "n2 c:1:2\nn1 a:1:2 r=x" };
	struct mem_arena arena = { 0 };
	struct settings_nodes one = nodes_of("n1 a:1:2 r=x\nn2 c:1:2", &arena);

	(void)state;
	assert_true(nodeset_same(&one, &one));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct settings_nodes other = nodes_of(others[i], &arena);

		assert_false(nodeset_same(&one, &other));
	}
	mem_arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_back_as_they_were_written),
		cmocka_unit_test(joined_nodes_stand_beside_those_that_are_written),
		cmocka_unit_test(two_nodes_that_are_mapped_to_one_address_are_one),
		cmocka_unit_test(there_are_no_more_than_so_many),
		cmocka_unit_test(nodes_are_mapped_by_host_or_name_and_filtered_by_locality),
		cmocka_unit_test(a_filter_that_leaves_nothing_names_what_there_is),
		cmocka_unit_test(written_nodes_that_the_cluster_lets_go_are_told_by_their_names),
		cmocka_unit_test(nodes_that_leave_give_way_to_others_of_their_names),
		cmocka_unit_test(what_is_different_is_told_by_name),
		cmocka_unit_test(lists_are_the_same_if_all_of_each_node_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
