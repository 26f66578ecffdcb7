/* SPDX-License-Identifier: MIT */
#include "core/simevent.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "10000 n2 dies|60000 n2 returns", or "LINE: error" */
static const char *parse(const char *text)
{
	static char said[4096];
	struct simevent_list l = { 0 };
	unsigned int line = 0;
	struct error err;
	AUTO_TEXT out = { 0 };

	if (simevent_parse(&l, text, &line, &err)) {
		simevent_sort(&l);
		for (size_t i = 0; i < l.count; i++) {
			char words[SIMEVENT_TEXT_MAX];

			text_addf(&out, "%s%lld %s", i ? "|" : "", (long long)l.at[i].at_ms,
			          simevent_format(&l.at[i], words));
		}
	} else {
		text_addf(&out, "%u: %s", line, err.text);
	}
	simevent_release(&l);
	snprintf(said, sizeof(said), "%s", text_str(&out));
	return said;
}

static void what_is_meant_is_understood(void **state)
{
	static const struct {
		const char *text, *meaning;
	} cases[] = {
		{ "", "" },
		{ "  # nothing\n\n", "" },
		{ "n2 dies at 10s", "10000 n2 dies" },
		{ "n2 dies 10s", "10000 n2 dies" },
		{ "n2 dies at 10 s, returns at 60 s", "10000 n2 dies|60000 n2 returns" },
		{ "n2 dies at 1m30s; n3 hangs at 500ms", "500 n3 hangs|90000 n2 dies" },
		{ "n2\tdies  at 0s\r\nn3 dies at 0s # both\n", "0 n2 dies|0 n3 dies" },
		{ "region=eu,zone=a vanishes at 3s, returns at 4s",
		  "3000 region=eu,zone=a vanishes|4000 region=eu,zone=a returns" },
		{ "psql/n2 drains at 3s", "3000 psql/n2 drains" },
		{ "n1 slows 200ms at 3s, slows 1s at 4s", "3000 n1 slows 200ms|4000 n1 slows 1s" },
		{ "drain n2 at 1s;maint n2 at 2s;ready n2 at 3s",
		  "1000 drain n2|2000 maint n2|3000 ready n2" },
		{ "weight n2 50% at 3s; weight n2 256 at 4s",
		  "3000 weight n2 50%|4000 weight n2 256" },
		{ "burst 500 at 3s; rate poisson:10/m at 4s; rate 0/h at 5s",
		  "3000 burst 500|4000 rate poisson:10/m|5000 rate 0/h" },
		{ "all dies at 1d", "86400000 all dies" },
		{ "dies dies at 1s", "1000 dies dies" },
		{ "at dies at 1s", "1000 at dies" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(parse(cases[i].text), cases[i].meaning);
}

static void what_is_wrong_is_named_and_shown_right(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "n2 dise at 10s",
		  "1: \"n2 dise at 10s\": nothing is called \"dise\": did you mean \"dies\"?" },
		{ "n2 explodes at 10s", "1: \"n2 explodes at 10s\": nothing is called "
		                        "\"explodes\"; there are dies, vanishes, hangs, drains, "
		                        "slows, returns, drain, maint, ready, weight, burst and "
		                        "rate, as in \"n2 dies at 10s\"" },
		{ "n2 dies", "1: \"n2 dies\": \"dies\" is no time: end with one with its unit, as "
		             "\"at 10s\"" },
		{ "\nn2 dies at 10", "2: \"n2 dies at 10\": \"10\" is no time: end with one with "
		                     "its unit, as \"at 10s\"" },
		{ "n2 dies at 25h",
		  "1: \"n2 dies at 25h\": nothing can be later than after a day (1d)" },
		{ "10s", "1: \"10s\": what happens is missing: write as \"n2 dies at 10s\"" },
		{ "dies at 10s", "1: \"dies at 10s\": write \"n2 dies at 10s\"" },
		{ "n2 dies at 1s\nreturns at 10s", "2: \"returns at 10s\": write \"n2 returns at "
		                                   "10s\"" },
		{ "n2 dies now at 10s", "1: \"n2 dies now at 10s\": write \"n2 dies at 10s\"" },
		{ "n2 drain at 10s", "1: \"n2 drain at 10s\": write \"drain n2 at 10s\"" },
		{ "drain at 10s", "1: \"drain at 10s\": write \"drain n2 at 10s\"" },
		{ "n2 slows at 10s", "1: \"n2 slows at 10s\": write \"n2 slows 200ms at 10s\"" },
		{ "n2 slows 200 at 10s", "1: \"n2 slows 200 at 10s\": \"200\": write how long an "
		                         "answer takes, as 200ms" },
		{ "weight n2 at 10s", "1: \"weight n2 at 10s\": write \"weight n2 50% at 10s\"" },
		{ "weight n2 257 at 10s",
		  "1: \"weight n2 257 at 10s\": \"257\" is no weight: write 0 to 256, or 50%" },
		{ "weight n2 % at 10s",
		  "1: \"weight n2 % at 10s\": \"%\" is no weight: write 0 to 256, or 50%" },
		{ "burst 0 at 10s", "1: \"burst 0 at 10s\": \"0\": a burst is of 1 to 100000 "
		                    "clients" },
		{ "rate 5 at 10s", "1: \"rate 5 at 10s\": \"5\" is no rate: write how many come in "
		                   "what time, as 50/s, 3000/m or poisson:50/s" },
		{ "a b c d e f 1s",
		  "1: \"a b c d e f 1s\": it has too many words; write as \"n2 dies at 10s\"" },
		{ "n\303\244 dies at 1s", "1: \"n\303\244 dies at 1s\": it has a character that no "
		                          "name and no word has" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(parse(cases[i].text), cases[i].said);
}

static void there_are_only_so_many_and_so_long(void **state)
{
	AUTO_TEXT many = { 0 };
	AUTO_TEXT name = { 0 };
	AUTO_TEXT line = { 0 };

	(void)state;
	for (int i = 0; i < SIMEVENT_MAX; i++)
		text_add(&many, "n2 dies at 10s\n");
	assert_int_equal(strncmp(parse(text_str(&many)), "10000 n2 dies|", 14), 0);
	text_add(&many, "n2 dies at 10s\n");
	assert_string_equal(parse(text_str(&many)), "1001: more than 1000 events");
	for (int i = 0; i < SIMEVENT_SUBJECT_MAX; i++)
		text_addc(&name, 'n');
	text_addf(&line, "%s dies at 1s", text_str(&name));
	assert_non_null(strstr(parse(text_str(&line)), ": no server has such a long name"));
	text_addf(&line, "%s", text_str(&name));
	assert_non_null(strstr(parse(text_str(&line)), "is too long for an event"));
}

/* What is written of an event is an event. */
static void words_are_read_again(void **state)
{
	(void)state;
	for (int k = 0; k < SIMEVENT_KINDS; k++) {
		struct simevent e = { .kind = (enum simevent_kind)k,
			              .value = 5,
			              .rate = { 3, 60000, true } };
		struct simevent_list l = { 0 };
		char words[SIMEVENT_TEXT_MAX];
		char again[SIMEVENT_TEXT_MAX];
		char line[SIMEVENT_TEXT_MAX + 8];

		assert_true(*simevent_word(e.kind) && *simevent_help(e.kind));
		if (simevent_has_subject(e.kind))
			snprintf(e.subject, sizeof(e.subject), "psql/n2");
		snprintf(line, sizeof(line), "%s at 7s", simevent_format(&e, words));
		assert_true(simevent_parse(&l, line, NULL, NULL));
		assert_int_equal(l.count, 1);
		assert_int_equal(l.at[0].kind, k);
		assert_string_equal(simevent_format(&l.at[0], again), words);
		simevent_release(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_meant_is_understood),
		cmocka_unit_test(what_is_wrong_is_named_and_shown_right),
		cmocka_unit_test(there_are_only_so_many_and_so_long),
		cmocka_unit_test(words_are_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
