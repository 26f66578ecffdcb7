/* SPDX-License-Identifier: MIT */
#include "core/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct {
	const char *kind, *amount;
	struct fault fault;
	const char *words;
} good[] = {
	{ "none", NULL, { FAULT_NONE, 0 }, "none" },
	{ "refuse", NULL, { FAULT_REFUSE, 0 }, "refuse" },
	{ "blackhole", NULL, { FAULT_BLACKHOLE, 0 }, "blackhole" },
	{ "reset", NULL, { FAULT_RESET, 0 }, "reset" },
	{ "delay", "200ms", { FAULT_DELAY, 200 }, "delay 200ms" },
	{ "delay", "1s", { FAULT_DELAY, 1000 }, "delay 1s" },
	{ "delay", "60s", { FAULT_DELAY, 60000 }, "delay 1m" },
	{ "throttle", "1M", { FAULT_THROTTLE, 1048576 }, "throttle 1M" },
	{ "throttle", "64", { FAULT_THROTTLE, 64 }, "throttle 64" },
	{ "throttle", "1500", { FAULT_THROTTLE, 1500 }, "throttle 1500" },
	{ "throttle", "16k", { FAULT_THROTTLE, 16384 }, "throttle 16k" },
	{ "status", "503", { FAULT_STATUS, 503 }, "status 503" },
};

static void a_fault_is_read_and_written_in_the_same_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct fault f = { FAULT_KIND_COUNT, 1 };
		AUTO_TEXT words = { 0 };
		struct error err;

		assert_true(fault_parse(good[i].kind, good[i].amount, &f, &err));
		assert_int_equal(f.kind, good[i].fault.kind);
		assert_int_equal(f.amount, good[i].fault.amount);
		fault_describe(&f, &words);
		assert_string_equal(text_str(&words), good[i].words);
	}
}

static const struct {
	const char *kind, *amount, *message;
} bad[] = {
	{ "refused", NULL, "no fault \"refused\": did you mean \"refuse\"?" },
	{ "fire", NULL,
	  "no fault \"fire\"; there are none, refuse, blackhole, reset, delay 200ms, throttle 1M, "
	  "status 503" },
	{ "refuse", "1s", "\"refuse\" takes no amount: did you mean \"refuse for 1s\"?" },
	{ "refuse", "1", "\"refuse\" takes no amount, not \"1\"" },
	{ "delay", NULL, "\"delay\" needs a time with its unit, 1ms to 60s: delay 200ms" },
	{ "delay", "200", "\"200\" is not a time with its unit, 1ms to 60s: write delay 200ms" },
	{ "delay", "61s", "\"61s\" is not a time with its unit, 1ms to 60s: write delay 200ms" },
	{ "delay", "0s", "\"0s\" is not a time with its unit, 1ms to 60s: write delay 200ms" },
	{ "delay", "", "\"\" is not a time with its unit, 1ms to 60s: write delay 200ms" },
	{ "throttle", "63", "\"63\" is not bytes a second, 64 to 4095M: write throttle 1M" },
	{ "throttle", "4G", "\"4G\" is not bytes a second, 64 to 4095M: write throttle 1M" },
	{ "status", "99", "\"99\" is not a status of HTTP, 100 to 599: write status 503" },
	{ "status", "600", "\"600\" is not a status of HTTP, 100 to 599: write status 503" },
	{ "status", "ok", "\"ok\" is not a status of HTTP, 100 to 599: write status 503" },
};

static void a_bad_fault_is_told_what_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct fault f = { FAULT_RESET, 7 };
		struct error err;

		assert_false(fault_parse(bad[i].kind, bad[i].amount, &f, &err));
		assert_string_equal(err.text, bad[i].message);
		assert_int_equal(f.kind, FAULT_RESET);
	}
}

static void a_fault_fits_into_a_word(void **state)
{
	(void)state;
	for (int kind = FAULT_NONE; kind < FAULT_KIND_COUNT; kind++) {
		struct fault f = { (enum fault_kind)kind, kind == FAULT_NONE ? 0 : UINT32_MAX };
		uint64_t word = fault_pack(f);
		struct fault back = fault_unpack(word);

		assert_int_equal(word != 0, kind != FAULT_NONE);
		assert_int_equal(back.kind, f.kind);
		assert_int_equal(back.amount, f.amount);
		assert_true(strlen(fault_meaning(f.kind)) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_is_read_and_written_in_the_same_words),
		cmocka_unit_test(a_bad_fault_is_told_what_is_allowed),
		cmocka_unit_test(a_fault_fits_into_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
