/* SPDX-License-Identifier: MIT */
#include "report/tierline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

enum { SERVERS = 5 };

/* Two in the near region, two in others, and a backup. */
static void make(struct statusjson_service *s, struct statusjson_server *servers)
{
	static const char *const where[SERVERS] = { "region=eu,zone=a", "region=eu,zone=b",
		                                    "region=us,zone=a", "region=ap", "cloud=x" };

	*s = (struct statusjson_service){
		.tiers = 2, .tier_percent = { 93, 7 }, .servers = servers, .server_count = SERVERS
	};
	for (size_t i = 0; i < SERVERS; i++)
		servers[i] = (struct statusjson_server){ .locality = where[i], .tier = i > 1 };
	servers[4].backup = true;
}

static void expect(const struct statusjson_service *s, size_t width, const char *want)
{
	AUTO_TEXT out = { 0 };

	tierline_write(s, width, &out);
	assert_string_equal(text_str(&out), want);
}

static void a_tier_has_its_place_and_its_share(void **state)
{
	struct statusjson_server servers[SERVERS];
	struct statusjson_service s;

	(void)state;
	make(&s, servers);
	expect(&s, 80, "tier 0 eu 93 %, tier 1 us+ap 7 %");
	servers[2].cross_tier_sessions = 1;
	expect(&s, 80, "tier 0 eu 93 %, tier 1 us+ap 7 %; 1 session crossed tiers");
	servers[3].cross_tier_sessions = 11;
	servers[1].locality = "region=eu,zone=a";
	expect(&s, 80, "tier 0 eu/a 93 %, tier 1 us+ap 7 %; 12 sessions crossed tiers");
}

static void a_place_that_is_long_or_not_known_is_left_out(void **state)
{
	struct statusjson_server servers[SERVERS];
	struct statusjson_service s;

	(void)state;
	make(&s, servers);
	expect(&s, 31, "tier 0 93 %, tier 1 7 %");
	expect(&s, 32, "tier 0 eu 93 %, tier 1 us+ap 7 %");
	servers[2].locality = servers[3].locality = NULL;
	expect(&s, 80, "tier 0 eu 93 %, tier 1 7 %");
	servers[3].locality = "region=eux";
	servers[1].tier = servers[0].tier = 1;
	expect(&s, 80, "tier 0 93 %, tier 1 eu+eux 7 %");
	servers[2].locality = "no key";
	servers[0].locality = "region=e";
	servers[1].locality = "";
	expect(&s, 80, "tier 0 93 %, tier 1 e+no key+eux 7 %");
	servers[1].locality = "region=b";
	expect(&s, 80, "tier 0 93 %, tier 1 e+b+no key+... 7 %");
}

static void one_tier_needs_no_line(void **state)
{
	struct statusjson_server servers[SERVERS];
	struct statusjson_service s;

	(void)state;
	make(&s, servers);
	assert_true(tierline_is_needed(&s));
	s.tiers = 1;
	assert_false(tierline_is_needed(&s));
	expect(&s, 80, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tier_has_its_place_and_its_share),
		cmocka_unit_test(a_place_that_is_long_or_not_known_is_left_out),
		cmocka_unit_test(one_tier_needs_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
