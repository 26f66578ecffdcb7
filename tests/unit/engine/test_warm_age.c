/* SPDX-License-Identifier: MIT */
/* WRAP: tick_ms */
/* None is older than three minutes, and they do not all end together. */
#include "base/tick.h"

#include "warm_fixture.h"

enum { MANY = 32 };

static _Atomic int64_t later; /* so many milliseconds have passed */

int64_t __real_tick_ms(void);
int64_t __wrap_tick_ms(void);

int64_t __wrap_tick_ms(void)
{
	return __real_tick_ms() + atomic_load(&later);
}

/* How many of them are closed by now; the others stay. */
static size_t count_ended(const int *fds, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		char byte;

		n += recv(fds[i], &byte, 1, MSG_DONTWAIT) == 0;
	}
	return n;
}

/* One is closed at each look, so that the server is not met by all of them at once. */
static void old_ones_are_replaced_one_by_one(void **state)
{
	struct rig r;
	int fds[MANY];
	int more[MANY];
	size_t ended;

	(void)state;
	warm_start(&r, 1, MANY, 1);
	warm_accept(&r, fds, MANY);
	warm_wait(&r, 0, MANY);
	atomic_store(&later, WARM_AGE_MS / 4 * 3 - 5000);
	poll(NULL, 0, 3 * WARM_LOOK_MS);
	assert_int_equal(count_ended(fds, MANY), 0);
	rig_assert_no_more(&r, 0);
	/* Half of the time between the first and the last. */
	atomic_store(&later, WARM_AGE_MS / 8 * 7);
	more[0] = rig_accept(&r, 0);
	ended = count_ended(fds, MANY);
	assert_in_range(ended, 1, MANY - 1);
	atomic_store(&later, WARM_AGE_MS);
	warm_accept(&r, more + 1, MANY - 1);
	warm_wait(&r, 0, MANY);
	assert_int_equal(count_ended(fds, MANY), MANY);
	assert_int_equal(count_ended(more, MANY), 0);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 0);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_USED), 0);
	warm_close(fds, MANY);
	warm_close(more, MANY);
	rig_stop(&r, 1);
	atomic_store(&later, 0);
}

/* What a server closes after it has kept it for long is no reason to wait long for the next. */
static void one_that_was_kept_long_is_replaced_soon(void **state)
{
	int64_t began = __real_tick_ms();
	struct rig r;
	int fd;

	(void)state;
	warm_start(&r, 1, 1, 1);
	for (int i = 0; i < 6; i++) {
		fd = rig_accept(&r, 0);
		warm_wait(&r, 0, 1);
		atomic_fetch_add(&later, WARM_PAUSE_MAX_MS + 1000);
		close(fd);
	}
	fd = rig_accept(&r, 0);
	/* Not 100, 200, ... 3200 ms, which are 6300. */
	assert_in_range(__real_tick_ms() - began, 0, 6000);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 6);
	close(fd);
	rig_stop(&r, 1);
	atomic_store(&later, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_ones_are_replaced_one_by_one),
		cmocka_unit_test(one_that_was_kept_long_is_replaced_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
