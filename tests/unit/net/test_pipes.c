/* SPDX-License-Identifier: MIT */
#include "net/pipes.h"

#include "fixture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* WRAP: pipe2 fcntl malloc */
enum { SPARE = 8 };

static int pipe2_errno;
static int largest = 1 << 20; /* size of a pipe that may be had */
static bool no_memory;

int __real_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags);
int __real_fcntl(int fd, int cmd, ...);
int __wrap_fcntl(int fd, int cmd, ...);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

int __wrap_pipe2(int fds[2], int flags)
{
	if (!pipe2_errno)
		return __real_pipe2(fds, flags);
	errno = pipe2_errno;
	return -1;
}

int __wrap_fcntl(int fd, int cmd, ...)
{
	va_list args;
	int value;

	va_start(args, cmd);
	value = va_arg(args, int);
	va_end(args);
	if (cmd == F_SETPIPE_SZ && value > largest) {
		errno = EPERM;
		return -1;
	}
	return __real_fcntl(fd, cmd, value);
}

void *__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

static int size_of(const struct pipes_pipe *pipe)
{
	return __real_fcntl(pipe->in, F_GETPIPE_SZ, 0);
}

static void a_pipe_is_large_and_blocks_nobody(void **state)
{
	struct pipes p;
	struct pipes_pipe *pipe;
	char byte;

	(void)state;
	pipes_init(&p, 4);
	pipe = pipes_get(&p);
	assert_non_null(pipe);
	assert_int_equal(pipe->held, 0);
	assert_true(size_of(pipe) >= 1 << 20);
	assert_int_equal(read(pipe->out, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_true(__real_fcntl(pipe->out, F_GETFD, 0) & FD_CLOEXEC);
	assert_true(__real_fcntl(pipe->in, F_GETFD, 0) & FD_CLOEXEC);
	pipes_put(&p, pipe);
	pipes_release(&p);
}

static void the_pipe_that_was_used_last_is_used_next(void **state)
{
	struct pipes p;
	struct pipes_pipe *first;
	struct pipes_pipe *second;

	(void)state;
	pipes_init(&p, 4);
	first = pipes_get(&p);
	second = pipes_get(&p);
	pipes_put(&p, second);
	pipes_put(&p, first);
	assert_ptr_equal(pipes_get(&p), first);
	assert_ptr_equal(pipes_get(&p), second);
	assert_int_equal(p.open, 2);
	pipes_put(&p, second);
	pipes_put(&p, first);
	pipes_release(&p);
}

static void there_are_no_more_than_allowed(void **state)
{
	struct pipes p;
	struct pipes_pipe *pipes[3];

	(void)state;
	pipes_init(&p, 3);
	for (int i = 0; i < 3; i++) {
		pipes[i] = pipes_get(&p);
		assert_non_null(pipes[i]);
	}
	assert_null(pipes_get(&p));
	pipes_put(&p, pipes[1]);
	assert_ptr_equal(pipes_get(&p), pipes[1]);
	for (int i = 0; i < 3; i++)
		pipes_put(&p, pipes[i]);
	pipes_release(&p);
}

static void only_a_few_are_kept_and_none_after_the_end(void **state)
{
	enum { COUNT = 20 };
	struct pipes p;
	struct pipes_pipe *pipes[COUNT];
	int before = fds_count();

	(void)state;
	pipes_init(&p, COUNT);
	for (int i = 0; i < COUNT; i++)
		pipes[i] = pipes_get(&p);
	assert_int_equal(fds_count(), before + 2 * COUNT);
	for (int i = 0; i < COUNT; i++)
		pipes_put(&p, pipes[i]);
	assert_int_equal(p.open, SPARE);
	assert_int_equal(fds_count(), before + 2 * SPARE);
	pipes_release(&p);
	assert_int_equal(fds_count(), before);
}

static void what_was_left_in_a_pipe_reaches_nobody(void **state)
{
	struct pipes p;
	struct pipes_pipe *pipe;
	char byte;
	int before = fds_count();

	(void)state;
	pipes_init(&p, 1);
	pipe = pipes_get(&p);
	assert_int_equal(write(pipe->in, "secret", 6), 6);
	pipe->held = 6;
	pipes_put(&p, pipe);
	assert_int_equal(fds_count(), before);
	pipe = pipes_get(&p);
	assert_int_equal(pipe->held, 0);
	assert_int_equal(read(pipe->out, &byte, 1), -1);
	pipes_put(&p, pipe);
	pipes_release(&p);
}

static void a_smaller_pipe_will_do_but_not_a_tiny_one(void **state)
{
	static const struct {
		int allowed, size;
	} cases[] = {
		{ 1 << 20, 1 << 20 }, { (1 << 20) - 1, 262144 }, { 262144, 262144 },
		{ 262143, 65536 },    { 65536, 65536 },          { 65535, 0 },
		{ 4096, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pipes p;
		struct pipes_pipe *pipe;
		int before = fds_count();

		pipes_init(&p, 1);
		largest = cases[i].allowed;
		pipe = pipes_get(&p);
		if (cases[i].size) {
			assert_int_equal(size_of(pipe), cases[i].size);
			pipes_put(&p, pipe);
		} else {
			assert_null(pipe);
			assert_int_equal(fds_count(), before);
			assert_int_equal(p.open, 0);
		}
		largest = 1 << 20;
		pipes_release(&p);
	}
}

static void without_descriptors_or_memory_there_is_none(void **state)
{
	struct pipes p;
	struct pipes_pipe *pipe;
	int before = fds_count();

	(void)state;
	pipes_init(&p, 1);
	pipe2_errno = EMFILE;
	assert_null(pipes_get(&p));
	pipe2_errno = 0;
	no_memory = true;
	pipe = pipes_get(&p);
	no_memory = false;
	assert_null(pipe);
	assert_int_equal(fds_count(), before);
	/* It is tried anew each time. */
	pipe = pipes_get(&p);
	assert_non_null(pipe);
	pipes_put(&p, pipe);
	pipes_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_is_large_and_blocks_nobody),
		cmocka_unit_test(the_pipe_that_was_used_last_is_used_next),
		cmocka_unit_test(there_are_no_more_than_allowed),
		cmocka_unit_test(only_a_few_are_kept_and_none_after_the_end),
		cmocka_unit_test(what_was_left_in_a_pipe_reaches_nobody),
		cmocka_unit_test(a_smaller_pipe_will_do_but_not_a_tiny_one),
		cmocka_unit_test(without_descriptors_or_memory_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
