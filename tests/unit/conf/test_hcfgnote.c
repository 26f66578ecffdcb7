/* SPDX-License-Identifier: MIT */
#include "conf/hcfgnote.h"

#include "fixture.h"

static const struct hcfgnote_place place = { "a.cfg", 0, 7 };

static void expect_lines(struct hcfgnote_list *l, const char *want)
{
	AUTO_TEXT t = { 0 };

	hcfgnote_sort(l);
	for (size_t i = 0; i < l->count; i++)
		hcfgnote_write(&l->items[i], &t);
	assert_string_equal(text_str(&t), want);
	hcfgnote_release(l);
	assert_int_equal(l->count, 0);
}

static void notes_come_in_the_order_of_the_files(void **state)
{
	struct hcfgnote_list l = { 0 };

	(void)state;
	hcfgnote_add(&l, HCFGNOTE_LOSS, (struct hcfgnote_place){ "b.cfg", 1, 2 }, "four");
	hcfgnote_add(&l, HCFGNOTE_ERROR, (struct hcfgnote_place){ "a.cfg", 0, 9 }, "three");
	hcfgnote_add(&l, HCFGNOTE_REMARK, place, "one");
	hcfgnote_add(&l, HCFGNOTE_LOSS, place, "two %d", 2);
	hcfgnote_add(&l, HCFGNOTE_ERROR, (struct hcfgnote_place){ "c.cfg", 2, 0 }, "five");
	assert_int_equal(l.of_kind[HCFGNOTE_ERROR], 2);
	assert_int_equal(l.of_kind[HCFGNOTE_LOSS], 2);
	assert_int_equal(l.of_kind[HCFGNOTE_REMARK], 1);
	expect_lines(&l, "a.cfg:7: note: one\na.cfg:7: not carried over: two 2\na.cfg:9: three\n"
	                 "b.cfg:2: not carried over: four\nc.cfg: five\n");
}

static void the_same_words_about_a_line_are_kept_once(void **state)
{
	struct hcfgnote_list l = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		hcfgnote_add(&l, HCFGNOTE_LOSS, place, "same");
	hcfgnote_add(&l, HCFGNOTE_REMARK, place, "same");
	hcfgnote_add(&l, HCFGNOTE_LOSS, (struct hcfgnote_place){ "a.cfg", 0, 8 }, "same");
	assert_int_equal(l.of_kind[HCFGNOTE_LOSS], 2);
	expect_lines(&l, "a.cfg:7: not carried over: same\na.cfg:7: note: same\n"
	                 "a.cfg:8: not carried over: same\n");
}

static void a_note_without_a_place_is_its_text(void **state)
{
	struct hcfgnote_list l = { 0 };

	(void)state;
	hcfgnote_add(&l, HCFGNOTE_ERROR, (struct hcfgnote_place){ 0 }, "nothing at all");
	expect_lines(&l, "nothing at all\n");
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	struct hcfgnote_list l = { 0 };

	(void)state;
	hcfgnote_add(&l, HCFGNOTE_ERROR, place, "a\x1b[2Jb\nc\x7f");
	expect_lines(&l, "a.cfg:7: a?[2Jb?c?\n");
}

static void too_many_are_counted(void **state)
{
	struct hcfgnote_list l = { 0 };

	(void)state;
	for (int i = 0; i < HCFGNOTE_MAX + 5; i++)
		hcfgnote_add(&l, HCFGNOTE_ERROR, place, "%d", i);
	assert_int_equal(l.count, HCFGNOTE_MAX);
	assert_int_equal(l.left_out, 5);
	assert_int_equal(l.of_kind[HCFGNOTE_ERROR], HCFGNOTE_MAX + 5);
	hcfgnote_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_come_in_the_order_of_the_files),
		cmocka_unit_test(the_same_words_about_a_line_are_kept_once),
		cmocka_unit_test(a_note_without_a_place_is_its_text),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(too_many_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
