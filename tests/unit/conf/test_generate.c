/* SPDX-License-Identifier: MIT */
#include "conf/generate.h"

#include "fixture.h"

static const struct nodelist_options options = { "nodes", 26257, 8080 };

static const char one_region[] = "10.0.134.115\n10.0.144.51\n10.0.167.232\n";
static const char three_regions[] =
    "east1 10.1.0.1 region=us-east-2,zone=a\neast2 10.1.0.2 region=us-east-2,zone=b\n"
    "west1 10.2.0.1:26258:8081 region=us-west-2,zone=a\neu1 [fd00::1] region=eu\nlost 10.9.0.1\n";

static const struct generate_service own_services[] = {
	{ .name = "sql", .port = 5432, .sql = true },
	{ .name = "console", .port = 9090, .sql = false },
	{ .name = "sql2", .port = 26258, .sql = true },
};

static const struct {
	const char *golden, *nodes;
	struct generate_options o;
} cases[] = {
	{ "plain.conf", one_region, { 0 } },
	{ "one-node.conf", "localhost:26258:8081", { 0 } },
	{ "secure.conf", one_region, { .secure = true, .ca = "/etc/passwd" } },
	{ "secure-system-ca.conf", one_region, { .secure = true } },
	{ "services.conf", one_region, { .services = own_services, .service_count = 3 } },
	{ "here.conf", three_regions, { .here = "region=us-east-2,zone=a" } },
	{ "elsewhere.conf", three_regions, { .here = "region=asia" } },
};

static void generate(size_t i, struct text *out)
{
	struct nodelist l;
	struct error err;

	assert_true(nodelist_parse(cases[i].nodes, &options, &l, &err));
	generate_conf(&l, &cases[i].o, out);
	nodelist_release(&l);
}

static void a_list_gives_the_golden_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT t = { 0 };
		char path[512];

		generate(i, &t);
		snprintf(path, sizeof(path), TEST_DATA "/generate/%s", cases[i].golden);
		expect_file(path, text_str(&t));
	}
}

static void the_same_list_gives_the_same_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT a = { 0 };
		AUTO_TEXT b = { 0 };

		generate(i, &a);
		generate(i, &b);
		assert_string_equal(text_str(&a), text_str(&b));
	}
}

static void what_is_generated_is_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT t = { 0 };
		struct settings *s;

		generate(i, &t);
		s = valid(text_str(&t));
		assert_int_equal(s->service_count,
		                 cases[i].o.service_count ? cases[i].o.service_count : 2);
		assert_int_equal(s->targets[0].check.type,
		                 cases[i].o.secure ? SETTINGS_CHECK_HTTPS : SETTINGS_CHECK_HTTP);
		settings_free(s);
	}
}

static void other_regions_are_backups(void **state)
{
	static const bool backup[] = { false, false, true, true, true };
	AUTO_TEXT t = { 0 };
	struct settings *s;

	(void)state;
	generate(5, &t);
	s = valid(text_str(&t));
	for (size_t i = 0; i < ARRAY_LEN(backup); i++)
		assert_int_equal(s->services[0].servers[i].backup, backup[i]);
	assert_true(s->services[0].allbackups);
	assert_string_equal(s->locality, "region=us-east-2,zone=a");
	settings_free(s);
}

static void without_a_node_nearby_all_nodes_serve(void **state)
{
	AUTO_TEXT t = { 0 };
	struct settings *s;

	(void)state;
	generate(6, &t);
	s = valid(text_str(&t));
	for (size_t i = 0; i < s->services[0].server_count; i++)
		assert_false(s->services[0].servers[i].backup);
	settings_free(s);
}

static void odd_characters_stay_inside_their_strings(void **state)
{
	struct nodelist l;
	struct error err;
	AUTO_TEXT t = { 0 };
	struct generate_options o = { .secure = true, .ca = "/tmp/a\"b\\c\nd" };

	(void)state;
	assert_true(nodelist_parse("h", &options, &l, &err));
	generate_conf(&l, &o, &t);
	nodelist_release(&l);
	assert_non_null(strstr(text_str(&t), "ca = \"/tmp/a\\\"b\\\\cd\";"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_gives_the_golden_file),
		cmocka_unit_test(the_same_list_gives_the_same_bytes),
		cmocka_unit_test(what_is_generated_is_valid),
		cmocka_unit_test(other_regions_are_backups),
		cmocka_unit_test(without_a_node_nearby_all_nodes_serve),
		cmocka_unit_test(odd_characters_stay_inside_their_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
