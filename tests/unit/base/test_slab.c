/* SPDX-License-Identifier: MIT */
/* WRAP: aligned_alloc */
#include "base/slab.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int allocations;
static bool no_memory;
static bool fill_new;

enum { FILLING = 0xa5 };

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	void *got;

	if (no_memory)
		return NULL;
	allocations++;
	got = __real_aligned_alloc(alignment, size);
	if (got && fill_new)
		memset(got, FILLING, size);
	return got;
}

static void objects_are_aligned_and_separate_up_to_the_limit(void **unused)
{
	static const size_t sizes[] = { 1, 8, 63, 64, 65, 500 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		unsigned char *objects[10];
		struct slab s;

		slab_init(&s, sizes[i], 4, ARRAY_LEN(objects));
		for (size_t j = 0; j < ARRAY_LEN(objects); j++) {
			objects[j] = slab_get(&s);
			assert_non_null(objects[j]);
			assert_int_equal((uintptr_t)objects[j] % 8, 0);
			memset(objects[j], (int)j, sizes[i]);
			assert_int_equal(s.used, j + 1);
		}
		assert_null(slab_get(&s));
		assert_int_equal(s.made, ARRAY_LEN(objects));
		for (size_t j = 0; j < ARRAY_LEN(objects); j++) {
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(objects[j][k], j);
			slab_put(&s, objects[j]);
		}
		assert_int_equal(s.used, 0);
		slab_release(&s);
	}
}

static void second_use_costs_no_malloc(void **unused)
{
	void *objects[8];
	struct slab s;
	int before;

	(void)unused;
	slab_init(&s, 100, 3, 8);
	before = allocations;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_LEN(objects); i++)
			objects[i] = slab_get(&s);
		for (size_t i = 0; i < ARRAY_LEN(objects); i++)
			slab_put(&s, objects[i]);
		assert_int_equal(allocations - before, 3);
	}
	/* The last one given back is still in the cache: it is the next one out. */
	assert_ptr_equal(slab_get(&s), objects[7]);
	slab_put(&s, objects[7]);
	slab_release(&s);
}

static void end_of_memory_is_an_answer_and_passes(void **unused)
{
	struct slab s;
	void *one;
	void *two;

	(void)unused;
	slab_init(&s, 64, 1, 2);
	one = slab_get(&s);
	no_memory = true;
	assert_null(slab_get(&s));
	no_memory = false;
	two = slab_get(&s);
	assert_non_null(two);
	slab_put(&s, one);
	slab_put(&s, two);
	slab_release(&s);
}

/* Pages that nobody writes to take no memory. */
static void what_was_never_used_was_never_touched(void **unused)
{
	enum { SIZE = 100, COUNT = 4 };
	unsigned char *first;
	struct slab s;

	(void)unused;
	fill_new = true;
	slab_init(&s, SIZE, COUNT, 8);
	first = slab_get(&s);
	fill_new = false;
	for (size_t i = s.size; i < COUNT * s.size; i++)
		assert_int_equal(first[i], FILLING);
	slab_put(&s, first);
	assert_ptr_equal(slab_get(&s), first);
	assert_ptr_equal(slab_get(&s), first + s.size);
	slab_put(&s, first + s.size);
	slab_put(&s, first);
	slab_release(&s);
}

static void slab_of_none_gives_none(void **unused)
{
	struct slab s;

	(void)unused;
	slab_init(&s, 64, 1, 0);
	assert_null(slab_get(&s));
	slab_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_aligned_and_separate_up_to_the_limit),
		cmocka_unit_test(second_use_costs_no_malloc),
		cmocka_unit_test(end_of_memory_is_an_answer_and_passes),
		cmocka_unit_test(what_was_never_used_was_never_touched),
		cmocka_unit_test(slab_of_none_gives_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
