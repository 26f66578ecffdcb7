/* SPDX-License-Identifier: MIT */
#include "conf/hcfgwords.h"

#include "hcfgfixture.h"

static const enum hcfgwords_place directives[] = { HCFGWORDS_GLOBAL,   HCFGWORDS_DEFAULTS,
	                                           HCFGWORDS_FRONTEND, HCFGWORDS_LISTEN,
	                                           HCFGWORDS_BACKEND,  HCFGWORDS_RESOLVERS };

static const char *section_of(unsigned int places)
{
	if (places & HCFGWORDS_GLOBAL)
		return "global";
	if (places & HCFGWORDS_RESOLVERS)
		return "resolvers r";
	if (places & HCFGWORDS_LISTEN)
		return "listen a";
	return places & HCFGWORDS_FRONTEND ? "frontend a" : "backend a";
}

static void names_are_unique_in_their_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < hcfgwords_count(); i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(hcfgwords_at(i)->name, hcfgwords_at(j)->name) == 0 &&
			    hcfgwords_at(i)->places & hcfgwords_at(j)->places)
				fail_msg("%s is there twice", hcfgwords_at(i)->name);
}

static void every_word_that_is_not_carried_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < hcfgwords_count(); i++) {
		const struct hcfgwords_entry *w = hcfgwords_at(i);
		size_t len = strlen(w->sentence);

		if ((w->fate == HCFGWORDS_CARRIED) != !len || (len && w->sentence[len - 1] == '.'))
			fail_msg("%s: \"%s\"", w->name, w->sentence);
	}
}

static void every_directive_is_found_by_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < hcfgwords_count(); i++) {
		const struct hcfgwords_entry *w = hcfgwords_at(i);
		char *copy = mem_strdup(w->name);
		const char *words[4] = { copy, "10", "x" };
		char *space = strchr(copy, ' ');
		size_t n = 0;

		if (space) {
			*space = '\0';
			words[1] = space + 1;
		}
		for (size_t p = 0; p < ARRAY_LEN(directives); p++)
			if (w->places & directives[p]) {
				assert_ptr_equal(hcfgwords_find(directives[p], words, 3, &n), w);
				assert_int_equal(n, space ? 2 : 1);
			}
		free(copy);
	}
}

/* Whatever follows it, a word leaves a note or a value, and the program alive. */
static void every_directive_can_be_read(void **state)
{
	static const char *const values[] = { "",      "10",   "1 2 3",          "x",
		                              "x y z", "10s",  "/a level admin", "user u",
		                              "no no", "{ } !" };

	(void)state;
	for (size_t i = 0; i < hcfgwords_count(); i++) {
		const struct hcfgwords_entry *w = hcfgwords_at(i);

		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			struct translation t;
			AUTO_TEXT cfg = { 0 };

			if (w->places & HCFGWORDS_SERVER)
				text_addf(&cfg,
				          "listen a\nbind :1\nserver s 10.0.0.1:1 check %s %s\n",
				          w->name, values[v]);
			else if (w->places & HCFGWORDS_BIND)
				text_addf(&cfg, "listen a\nserver s 10.0.0.1:1\nbind :1 %s %s\n",
				          w->name, values[v]);
			else
				text_addf(&cfg, "%s\n%s %s\nno %s %s\n", section_of(w->places),
				          w->name, values[v], w->name, values[v]);
			translate(&t, text_str(&cfg));
			assert_true(t.result.settings != NULL || t.list.of_kind[HCFGNOTE_ERROR]);
			if (w->fate == HCFGWORDS_LOST && strlen(values[v]) && w->args < 2)
				assert_true(t.notes.len > 0);
			translation_release(&t);
		}
	}
}

static void near_words_are_suggested(void **state)
{
	static const struct {
		enum hcfgwords_place place;
		const char *words[2], *want;
	} cases[] = {
		{ HCFGWORDS_LISTEN, { "blance", "roundrobin" }, "balance" },
		{ HCFGWORDS_LISTEN, { "option", "tcplogg" }, "tcplog" },
		{ HCFGWORDS_LISTEN, { "timeout", "clinet" }, "client" },
		{ HCFGWORDS_GLOBAL, { "maxcon", "1" }, "maxconn" },
		{ HCFGWORDS_SERVER, { "chekc", "" }, "check" },
		{ HCFGWORDS_BIND, { "nam", "x" }, "name" },
		{ HCFGWORDS_LISTEN, { "qqqqqqqq", "" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *near = hcfgwords_suggest(cases[i].place, cases[i].words, 2);

		if (cases[i].want)
			assert_string_equal(near, cases[i].want);
		else
			assert_null(near);
	}
	assert_string_equal(hcfgwords_suggest_section("fronted"), "frontend");
	assert_null(hcfgwords_suggest_section("qqqqqqqq"));
	assert_null(hcfgwords_find_section("nothing"));
	assert_int_equal(hcfgwords_find_section("peers")->place, 0);
}

static void tunings_are_known_by_their_beginning(void **state)
{
	const char *words[] = { "tune.anything.at-all", "1" };
	size_t n = 0;

	(void)state;
	assert_int_equal(hcfgwords_find(HCFGWORDS_GLOBAL, words, 2, &n)->fate, HCFGWORDS_IGNORED);
	assert_int_equal(n, 1);
	assert_null(hcfgwords_find(HCFGWORDS_LISTEN, words, 2, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_in_their_places),
		cmocka_unit_test(every_word_that_is_not_carried_says_why),
		cmocka_unit_test(every_directive_is_found_by_its_words),
		cmocka_unit_test(every_directive_can_be_read),
		cmocka_unit_test(near_words_are_suggested),
		cmocka_unit_test(tunings_are_known_by_their_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
