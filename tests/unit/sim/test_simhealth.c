/* SPDX-License-Identifier: MIT */
#include "sim/simhealth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define DRAINING "node is shutting down"

static const char unavailable[] = "{\n  \"error\": \"node is shutting down\",\n  \"code\": 14,\n"
                                  "  \"message\": \"node is shutting down\",\n"
                                  "  \"details\": [\n  ]\n}";

static const struct {
	const char *method, *path, *query, *not_ready;
	int status;
	const char *body; /* NULL: whatever */
} truths[] = {
	{ "GET", "/health", "", NULL, 200, "{\n\n}" },
	{ "GET", "/health", "", DRAINING, 200, "{\n\n}" },
	{ "GET", "/health", "ready=1", NULL, 200, "{\n\n}" },
	{ "GET", "/health", "ready=1", DRAINING, 503, unavailable },
	{ "GET", "/health", "ready=true", DRAINING, 503, unavailable },
	{ "GET", "/health", "x=y&ready=1", DRAINING, 503, unavailable },
	{ "GET", "/health", "ready=0", DRAINING, 200, "{\n\n}" },
	{ "GET", "/health", "ready=false", DRAINING, 200, "{\n\n}" },
	{ "GET", "/health", "already=1", DRAINING, 200, "{\n\n}" },
	{ "GET", "/health", "ready=yes", NULL, 400, NULL },
	{ "GET", "/health", "ready=", NULL, 400, NULL },
	{ "HEAD", "/health", "ready=1", DRAINING, 503, unavailable },
	{ "OPTIONS", "/health", "", NULL, 405, NULL },
	{ "GET", "/_admin/v1/health", "ready=1", DRAINING, 503, unavailable },
	{ "GET", "/api/v2/health/", "", DRAINING, 200, "{\n\n}" },
	{ "GET", "/api/v2/health/", "ready=1", DRAINING, 500, NULL },
	{ "GET", "/api/v2/health/", "ready=1", NULL, 200, "{\n\n}" },
};

static void readiness_and_liveness_are_answered_as_cockroachdb_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		struct simhealth h = { 0 };
		struct simhttp_reply r = { 0 };

		simhealth_answer(&h, 0, truths[i].not_ready, truths[i].method, truths[i].path,
		                 truths[i].query, &r);
		assert_int_equal(r.status, truths[i].status);
		assert_true(h.requests == 1);
		if (truths[i].body) {
			assert_string_equal(text_str(&r.body), truths[i].body);
			assert_true(r.no_cache);
			assert_string_equal(r.type, "application/json");
		}
		text_release(&r.body);
	}
}

static int ask(struct simhealth *h, int64_t now_ms, const char *query)
{
	struct simhttp_reply r = { 0 };

	simhealth_answer(h, now_ms, NULL, "GET", "/health", query, &r);
	assert_true(r.delay_ms == h->delay_ms);
	text_release(&r.body);
	return r.status;
}

static void faults_are_laid_over_the_truth(void **state)
{
	static const int fixed[] = { 200, 503, 500, 429, 404 };
	struct simhealth h = { .delay_ms = 400 };

	(void)state;
	assert_int_equal(ask(&h, 0, ""), 200);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		h = (struct simhealth){ .status = fixed[i] };
		assert_int_equal(ask(&h, 0, ""), fixed[i]);
	}
	h = (struct simhealth){ .unready = "node is not healthy" };
	assert_int_equal(ask(&h, 0, ""), 200);
	assert_int_equal(ask(&h, 0, "ready=1"), 503);
}

static void flapping_takes_turns(void **state)
{
	struct simhealth h = { .flap_ms = 100, .flap_since_ms = 1000 };

	(void)state;
	assert_int_equal(ask(&h, 1000, ""), 200);
	assert_int_equal(ask(&h, 1099, ""), 200);
	assert_int_equal(ask(&h, 1100, ""), 503);
	assert_int_equal(ask(&h, 1199, ""), 503);
	assert_int_equal(ask(&h, 1200, ""), 200);
}

static void health_has_three_paths(void **state)
{
	(void)state;
	assert_true(simhealth_is_path("/health"));
	assert_true(simhealth_is_path("/_admin/v1/health"));
	assert_true(simhealth_is_path("/api/v2/health/"));
	assert_false(simhealth_is_path("/api/v2/health"));
	assert_false(simhealth_is_path("/health/"));
	assert_false(simhealth_is_path("/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readiness_and_liveness_are_answered_as_cockroachdb_does),
		cmocka_unit_test(faults_are_laid_over_the_truth),
		cmocka_unit_test(flapping_takes_turns),
		cmocka_unit_test(health_has_three_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
