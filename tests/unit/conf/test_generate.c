/* SPDX-License-Identifier: MIT */
#include "conf/generate.h"

#include "fixture.h"

static const struct nodelist_options options = { "nodes", 26257, 8080, 0 };

static const char one_region[] = "10.0.134.115\n10.0.144.51\n10.0.167.232\n";
static const char three_regions[] =
    "east1 10.1.0.1 region=us-east-2,zone=a\neast2 10.1.0.2 region=us-east-2,zone=b\n"
    "west1 10.2.0.1:26258:8081 region=us-west-2,zone=a\neu1 [fd00::1] region=eu\nlost 10.9.0.1\n";

static const struct generate_service own_services[] = {
	{ .name = "sql", .port = 5432, .sql = true },
	{ .name = "console", .port = 9090, .sql = false },
	{ .name = "sql2", .port = 26258, .sql = true },
};

static const char *const told[] = { "http://10.0.134.115:8080", "http://10.0.144.51:8080" };
static const char *const told_safely[] = { "https://10.0.134.115:8080" };

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
	{ "told.conf", one_region, { .from = told, .from_count = 1 } },
	{ "told-by-some.conf", one_region, { .from = told, .from_count = 2 } },
	{ "told-secure.conf",
	  one_region,
	  { .secure = true,
	    .ca = "/etc/passwd",
	    .from = told_safely,
	    .from_count = 1,
	    .session = "file:/etc/hostname" } },
	{ "told-secret.conf",
	  one_region,
	  { .secure = true, .from = told_safely, .from_count = 1, .session = "session=secret" } },
};

static const struct {
	const char *golden, *nodes;
	struct generate_options o;
} haproxy_cases[] = {
	{ "plain.cfg", one_region, { 0 } },
	{ "places.cfg", three_regions, { .services = own_services, .service_count = 3 } },
	{ "here.cfg", three_regions, { .here = "region=us-east-2,zone=a" } },
	{ "elsewhere.cfg", three_regions, { .here = "region=asia" } },
	{ "secure.cfg", one_region, { .secure = true, .ca = "/etc/sluice/our ca.crt" } },
	{ "unverified.cfg", one_region, { .secure = true } },
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

static void a_list_gives_the_golden_file_of_haproxy(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(haproxy_cases); i++) {
		struct nodelist l;
		AUTO_TEXT t = { 0 };
		char path[512];

		assert_true(nodelist_parse(haproxy_cases[i].nodes, &options, &l, NULL));
		generate_haproxy(&l, &haproxy_cases[i].o, &t);
		nodelist_release(&l);
		snprintf(path, sizeof(path), TEST_DATA "/generate/%s", haproxy_cases[i].golden);
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

static void what_it_says_of_discovery_is_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT t = { 0 };
		struct settings *s;
		char *discover;

		generate(i, &t);
		discover = strstr(text_str(&t), "# discover = ");
		assert_int_equal(discover != NULL, cases[i].o.from != NULL);
		if (!discover)
			continue;
		assert_null(strstr(discover, "secret"));
		discover[0] = ' ';
		s = valid(text_str(&t));
		assert_int_equal(s->discover->from.count, cases[i].o.from_count);
		for (size_t k = 0; k < cases[i].o.from_count; k++)
			assert_string_equal(s->discover->from.at[k], cases[i].o.from[k]);
		settings_free(s);
	}
}

static void where_everything_stands_makes_tiers_not_backups(void **state)
{
	AUTO_TEXT t = { 0 };
	struct settings *s;

	(void)state;
	generate(5, &t);
	s = valid(text_str(&t));
	for (size_t i = 0; i < s->services[0].server_count; i++)
		assert_false(s->services[0].servers[i].backup);
	assert_int_equal(s->services[0].tiers, SETTINGS_TIERS_LOCALITY);
	assert_int_equal(s->services[0].spill, 140);
	assert_string_equal(s->services[0].here, "region=us-east-2,zone=a");
	assert_string_equal(s->services[0].servers[3].locality, "region=eu");
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
		cmocka_unit_test(a_list_gives_the_golden_file_of_haproxy),
		cmocka_unit_test(the_same_list_gives_the_same_bytes),
		cmocka_unit_test(what_is_generated_is_valid),
		cmocka_unit_test(what_it_says_of_discovery_is_valid),
		cmocka_unit_test(where_everything_stands_makes_tiers_not_backups),
		cmocka_unit_test(odd_characters_stay_inside_their_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
