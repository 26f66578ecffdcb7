/* SPDX-License-Identifier: MIT */
#include "engine/outbox.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct outbox_entry entry(uint64_t id)
{
	return (struct outbox_entry){ .kind = OUTBOX_ENDED, .record = { .id = id } };
}

static void entries_come_out_in_order(void **state)
{
	struct outbox *o = outbox_new(4);
	struct outbox_entry e;

	(void)state;
	for (uint64_t i = 1; i <= 3; i++) {
		e = entry(i);
		assert_int_equal(outbox_put(o, &e), i == 1);
	}
	for (uint64_t i = 1; i <= 3; i++) {
		assert_true(outbox_take(o, &e));
		assert_int_equal(e.record.id, i);
	}
	assert_false(outbox_take(o, &e));
	outbox_free(o);
}

static void a_full_outbox_drops_and_counts(void **state)
{
	struct outbox *o = outbox_new(4);
	struct outbox_entry e;

	(void)state;
	for (uint64_t i = 1; i <= 6; i++) {
		e = entry(i);
		outbox_put(o, &e);
	}
	assert_int_equal(outbox_dropped(o), 2);
	for (uint64_t i = 1; i <= 4; i++) {
		assert_true(outbox_take(o, &e));
		assert_int_equal(e.record.id, i);
	}
	assert_false(outbox_take(o, &e));
	outbox_free(o);
}

enum { MANY = 100000 };

static void *write_many(void *arg)
{
	for (uint64_t i = 1; i <= MANY; i++) {
		struct outbox_entry e = entry(i);
		uint64_t before = outbox_dropped(arg);

		outbox_put(arg, &e);
		if (outbox_dropped(arg) != before) {
			sched_yield();
			i--; /* dropped: again, so that the reader can expect every number */
		}
	}
	return NULL;
}

static void two_threads_lose_and_tear_nothing(void **state)
{
	struct outbox *o = outbox_new(64);
	struct outbox_entry e;
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_many, o), 0);
	for (uint64_t i = 1; i <= MANY;) {
		if (!outbox_take(o, &e)) {
			sched_yield();
			continue;
		}
		assert_int_equal(e.record.id, i);
		i++;
	}
	pthread_join(writer, NULL);
	outbox_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_out_in_order),
		cmocka_unit_test(a_full_outbox_drops_and_counts),
		cmocka_unit_test(two_threads_lose_and_tear_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
