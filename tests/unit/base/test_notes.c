/* SPDX-License-Identifier: MIT */
/* WRAP: aligned_alloc */
#include "base/notes.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4000 };

static bool no_memory;

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return no_memory ? NULL : __real_aligned_alloc(alignment, size);
}

static int set_up(void **state)
{
	struct notes *n = calloc(1, sizeof(*n));

	notes_init(n, MOST);
	*state = n;
	return 0;
}

static int tear_down(void **state)
{
	notes_release(*state);
	free(*state);
	return 0;
}

static bool add(struct notes *n, struct note **note, size_t len)
{
	if (!notes_room(n, note, len))
		return false;
	for (size_t i = 0; i < len; i++, (*note)->end++)
		(*note)->bytes[(*note)->end] = (char)((*note)->end % 251);
	return true;
}

static void expect(const struct note *note, size_t end)
{
	assert_int_equal(note->end, end);
	for (size_t i = 0; i < end; i++)
		assert_int_equal((unsigned char)note->bytes[i], i % 251);
}

static void few_bytes_take_little_memory(void **state)
{
	struct notes *n = *state;
	struct note *note = NULL;

	assert_true(add(n, &note, 8));
	assert_true(add(n, &note, 300));
	expect(note, 308);
	assert_int_equal(n->small.used, 1);
	assert_true(n->small.size <= 512);
	assert_int_equal(n->large.made, 0);
	notes_put(n, &note);
	assert_null(note);
	assert_int_equal(n->small.used, 0);
}

static void note_that_becomes_too_small_keeps_what_it_has(void **state)
{
	struct notes *n = *state;
	struct note *note = NULL;

	assert_true(add(n, &note, 400));
	note->at = 7;
	assert_true(add(n, &note, MOST - 400));
	expect(note, MOST);
	assert_int_equal(note->at, 7);
	assert_int_equal(n->small.used, 0);
	assert_int_equal(n->large.used, 1);
	notes_put(n, &note);
	assert_int_equal(n->large.used, 0);
}

static void nothing_is_longer_than_the_most(void **state)
{
	static const size_t before[] = { 0, 1, 500, 501, MOST - 1, MOST };
	struct notes *n = *state;

	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		struct note *note = NULL;

		assert_true(add(n, &note, before[i]));
		assert_false(add(n, &note, MOST - before[i] + 1));
		assert_false(notes_room(n, &note, SIZE_MAX));
		expect(note, before[i]);
		assert_true(add(n, &note, MOST - before[i]));
		expect(note, MOST);
		notes_put(n, &note);
	}
	assert_int_equal(n->small.used + n->large.used, 0);
}

static void without_memory_a_note_stays_as_it_was(void **state)
{
	struct notes *n = *state;
	struct note *note = NULL;

	no_memory = true;
	assert_false(add(n, &note, 1));
	assert_null(note);
	no_memory = false;
	assert_true(add(n, &note, 400));
	no_memory = true;
	assert_false(add(n, &note, 400));
	no_memory = false;
	expect(note, 400);
	notes_put(n, &note);
}

static void to_give_back_none_is_harmless(void **state)
{
	struct note *note = NULL;

	notes_put(*state, &note);
	assert_null(note);
}

/* Where the most is little all are of one size. */
static void notes_may_all_be_small(void **unused)
{
	struct note *note = NULL;
	struct notes n;

	(void)unused;
	notes_init(&n, 100);
	assert_true(add(&n, &note, 60));
	assert_true(add(&n, &note, 40));
	assert_false(add(&n, &note, 1));
	expect(note, 100);
	notes_put(&n, &note);
	notes_release(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(few_bytes_take_little_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(note_that_becomes_too_small_keeps_what_it_has,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_longer_than_the_most, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_memory_a_note_stays_as_it_was, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(to_give_back_none_is_harmless, set_up, tear_down),
		cmocka_unit_test(notes_may_all_be_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
