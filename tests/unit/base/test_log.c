/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct heard {
	int count;
	enum log_level level;
	char message[2048];
};

static void hear(void *ctx, enum log_level level, const char *message)
{
	struct heard *h = ctx;

	h->count++;
	h->level = level;
	snprintf(h->message, sizeof(h->message), "%s", message);
}

static void lines_go_to_the_sink_with_their_level(void **unused)
{
	struct heard h = { 0 };

	(void)unused;
	log_set_sink(hear, &h);
	log_error("cannot bind %s", ":26257");
	assert_int_equal(h.level, LOG_LEVEL_ERROR);
	assert_string_equal(h.message, "cannot bind :26257");
	log_warn("%d", 1);
	assert_int_equal(h.level, LOG_LEVEL_WARN);
	log_notice("%d", 2);
	assert_int_equal(h.level, LOG_LEVEL_NOTICE);
	log_info("%d", 3);
	assert_int_equal(h.level, LOG_LEVEL_INFO);
	log_print(LOG_LEVEL_DEBUG, "%*d", 5000, 4);
	assert_int_equal(h.level, LOG_LEVEL_DEBUG);
	assert_int_equal(strlen(h.message), 1023);
	assert_int_equal(h.count, 5);
	log_set_sink(NULL, NULL);
}

static void without_a_sink_lines_go_to_stderr(void **unused)
{
	char said[128] = "";
	int saved = dup(STDERR_FILENO);
	int ends[2];

	(void)unused;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_warn("disk is %s", "full");
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
	close(ends[0]);
	assert_string_equal(said, "sluice: warning: disk is full\n");
}

static void level_names_are_haproxys(void **unused)
{
	static const char *const names[] = { "emerg",   "alert",  "crit", "err",
		                             "warning", "notice", "info", "debug" };
	static const struct {
		const char *name;
		int level;
	} others[] = { { "error", LOG_LEVEL_ERROR },
		       { "warn", LOG_LEVEL_WARN },
		       { "", -1 },
		       { "Info", -1 },
		       { "information", -1 },
		       { "8", -1 } };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_string_equal(log_level_name((enum log_level)i), names[i]);
		assert_int_equal(log_level_find(names[i]), i);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(log_level_find(others[i].name), others[i].level);
}

static void facilities_have_the_numbers_of_rfc_5424(void **state)
{
	size_t count;

	(void)state;
	assert_string_equal(log_facilities(&count)[16], "local0");
	assert_int_equal(count, 24);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(log_facility_find(log_facilities(&count)[i]), i);
	assert_int_equal(log_facility_find("local8"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facilities_have_the_numbers_of_rfc_5424),
		cmocka_unit_test(lines_go_to_the_sink_with_their_level),
		cmocka_unit_test(without_a_sink_lines_go_to_stderr),
		cmocka_unit_test(level_names_are_haproxys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
