/* SPDX-License-Identifier: MIT */
/* WRAP: dup3 eventfd fcntl */
#include "net/lowfd.h"

#include "fixture.h"

#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum {
	HELD = 64,
	LOW = 1024,
	HIGH = 1500 /* a number that is not low */
};

static bool no_dup3, no_eventfd;
static int fcntl_left = -1; /* so many may be had; -1: any number */

int __real_dup3(int from, int to, int flags);
int __wrap_dup3(int from, int to, int flags);
int __real_eventfd(unsigned int value, int flags);
int __wrap_eventfd(unsigned int value, int flags);
int __real_fcntl(int fd, int cmd, ...);
int __wrap_fcntl(int fd, int cmd, ...);

int __wrap_dup3(int from, int to, int flags)
{
	if (!no_dup3)
		return __real_dup3(from, to, flags);
	errno = EINTR;
	return -1;
}

int __wrap_eventfd(unsigned int value, int flags)
{
	if (!no_eventfd)
		return __real_eventfd(value, flags);
	errno = EMFILE;
	return -1;
}

int __wrap_fcntl(int fd, int cmd, ...)
{
	va_list args;
	int value;

	va_start(args, cmd);
	value = va_arg(args, int);
	va_end(args);
	if (cmd == F_DUPFD_CLOEXEC && fcntl_left == 0) {
		errno = EMFILE;
		return -1;
	}
	if (cmd == F_DUPFD_CLOEXEC && fcntl_left > 0)
		fcntl_left--;
	return __real_fcntl(fd, cmd, value);
}

static ino_t file_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/* One end of a pipe, at a high number; the other end tells whether it is still open. */
struct high {
	int fd, other;
	ino_t file;
};

static struct high open_high(void)
{
	struct high h;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	h.fd = __real_fcntl(fds[1], F_DUPFD_CLOEXEC, HIGH);
	assert_true(h.fd >= HIGH);
	close(fds[1]);
	h.other = fds[0];
	h.file = file_of(h.fd);
	return h;
}

static bool is_closed(const struct high *h)
{
	char byte;

	return read(h->other, &byte, 1) == 0;
}

static int set_up(void **state)
{
	struct rlimit limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(limit.rlim_cur >= HIGH + 2 * HELD);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	no_dup3 = no_eventfd = false;
	fcntl_left = -1;
	lowfd_release();
	return 0;
}

static void high_number_becomes_low_and_comes_back(void **state)
{
	int before = fds_count();
	struct high h;

	(void)state;
	lowfd_hold(HELD);
	assert_int_equal(fds_count(), before + HELD + 1);
	for (int i = 0; i < 3 * HELD; i++) {
		int fd;

		h = open_high();
		fd = lowfd_move(h.fd);
		assert_in_range(fd, 0, LOW - 1);
		assert_int_equal(file_of(h.fd), 0);
		assert_int_equal(file_of(fd), h.file);
		assert_int_equal(__real_fcntl(fd, F_GETFD, 0), FD_CLOEXEC);
		lowfd_close(fd);
		assert_true(is_closed(&h));
		close(h.other);
		assert_int_equal(fds_count(), before + HELD + 1);
	}
	lowfd_release();
	assert_int_equal(fds_count(), before);
}

static void as_many_as_are_wanted_are_held(void **state)
{
	int before = fds_count();

	(void)state;
	lowfd_hold(3);
	assert_int_equal(fds_count(), before + 3 + 1);
	lowfd_hold(5);
	assert_int_equal(fds_count(), before + 3 + 1);
	lowfd_release();
	lowfd_hold(HELD + 1);
	assert_int_equal(fds_count(), before + HELD + 1);
}

static void low_numbers_and_none_stay(void **state)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	(void)state;
	lowfd_hold(HELD);
	assert_int_equal(lowfd_move(fd), fd);
	assert_int_equal(lowfd_double(fd), fd);
	errno = ECONNREFUSED;
	assert_int_equal(lowfd_move(-1), -1);
	assert_int_equal(errno, ECONNREFUSED);
	lowfd_close(-1);
	lowfd_close(fd);
	assert_int_equal(file_of(fd), 0);
}

static void none_are_held_if_none_are_wanted(void **state)
{
	int before = fds_count();
	struct high h = open_high();

	(void)state;
	lowfd_hold(0);
	assert_int_equal(fds_count(), before + 2);
	assert_int_equal(lowfd_move(h.fd), h.fd);
	lowfd_close(h.fd);
	assert_true(is_closed(&h));
	close(h.other);
	assert_int_equal(fds_count(), before);
}

static void more_than_are_held_stay_high(void **state)
{
	struct high h[HELD + 2];
	int fds[HELD + 2];
	size_t low = 0;

	(void)state;
	lowfd_hold(HELD);
	for (size_t i = 0; i < ARRAY_LEN(h); i++) {
		h[i] = open_high();
		fds[i] = lowfd_move(h[i].fd);
		low += fds[i] < LOW;
		assert_int_equal(file_of(fds[i]), h[i].file);
	}
	assert_int_equal(low, HELD);
	/* In another order than they came. */
	for (size_t i = 0; i < ARRAY_LEN(h); i++) {
		size_t at = (i * 7) % ARRAY_LEN(h);

		lowfd_close(fds[at]);
		assert_true(is_closed(&h[at]));
		close(h[at].other);
	}
	for (size_t i = 0; i < HELD; i++) {
		h[i] = open_high();
		fds[i] = lowfd_move(h[i].fd);
		assert_in_range(fds[i], 0, LOW - 1);
	}
	for (size_t i = 0; i < HELD; i++) {
		lowfd_close(fds[i]);
		close(h[i].other);
	}
}

static void double_leaves_the_first_to_its_owner(void **state)
{
	struct high h = open_high();
	int fd;

	(void)state;
	lowfd_hold(HELD);
	fd = lowfd_double(h.fd);
	assert_in_range(fd, 0, LOW - 1);
	assert_int_equal(file_of(fd), h.file);
	assert_int_equal(file_of(h.fd), h.file);
	lowfd_close(fd);
	assert_false(is_closed(&h));
	close(h.fd);
	assert_true(is_closed(&h));
	close(h.other);
}

static void descriptors_that_run_out_leave_fewer_or_none(void **state)
{
	struct high h[4];
	int before = fds_count();

	(void)state;
	no_eventfd = true;
	lowfd_hold(HELD);
	assert_int_equal(fds_count(), before);
	no_eventfd = false;
	fcntl_left = 3;
	lowfd_hold(HELD);
	assert_int_equal(fds_count(), before + 4);
	for (size_t i = 0; i < ARRAY_LEN(h); i++) {
		h[i] = open_high();
		h[i].fd = lowfd_move(h[i].fd);
		assert_int_equal(h[i].fd < LOW, i < 3);
	}
	for (size_t i = 0; i < ARRAY_LEN(h); i++) {
		lowfd_close(h[i].fd);
		assert_true(is_closed(&h[i]));
		close(h[i].other);
	}
	lowfd_release();
	assert_int_equal(fds_count(), before);
}

static void what_cannot_be_moved_stays_or_is_closed(void **state)
{
	int before = fds_count();
	struct high h = open_high();
	int fd;

	(void)state;
	lowfd_hold(HELD);
	no_dup3 = true;
	assert_int_equal(lowfd_move(h.fd), h.fd);
	assert_int_equal(file_of(h.fd), h.file);
	no_dup3 = false;
	fd = lowfd_move(h.fd);
	assert_in_range(fd, 0, LOW - 1);
	no_dup3 = true;
	lowfd_close(fd);
	assert_true(is_closed(&h));
	close(h.other);
	/* Its number belongs to whoever gets it next. */
	assert_int_equal(fds_count(), before + HELD);
	assert_int_equal(file_of(fd), 0);
}

struct rival {
	_Atomic bool ends;
	_Atomic int worst; /* the lowest number that it was given */
};

/* As a worker that accepts connections. */
static void *open_and_close(void *arg)
{
	struct rival *r = arg;

	while (!atomic_load(&r->ends)) {
		int fd = open("/", O_RDONLY | O_CLOEXEC);

		if (fd < atomic_load(&r->worst))
			atomic_store(&r->worst, fd);
		close(fd);
	}
	return NULL;
}

static void no_other_thread_gets_a_number_that_is_held(void **state)
{
	struct rival r = { .worst = HIGH };
	pthread_t thread;
	int highest;

	(void)state;
	lowfd_hold(HELD);
	/* The next free number is above those that are held. */
	highest = open("/", O_RDONLY | O_CLOEXEC);
	assert_int_equal(pthread_create(&thread, NULL, open_and_close, &r), 0);
	for (int i = 0; i < 2000; i++) {
		int fd = __real_fcntl(highest, F_DUPFD_CLOEXEC, HIGH);

		fd = lowfd_move(fd);
		assert_in_range(fd, 0, highest - 1);
		lowfd_close(fd);
	}
	atomic_store(&r.ends, true);
	pthread_join(thread, NULL);
	assert_true(atomic_load(&r.worst) > highest);
	close(highest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(high_number_becomes_low_and_comes_back, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(as_many_as_are_wanted_are_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(low_numbers_and_none_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(none_are_held_if_none_are_wanted, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(more_than_are_held_stay_high, set_up, tear_down),
		cmocka_unit_test_setup_teardown(double_leaves_the_first_to_its_owner, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(descriptors_that_run_out_leave_fewer_or_none,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_moved_stays_or_is_closed, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(no_other_thread_gets_a_number_that_is_held, set_up,
		                                tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
