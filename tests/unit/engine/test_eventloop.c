/* SPDX-License-Identifier: MIT */
/* WRAP: realloc nanosleep */
#include "engine/eventloop.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int refusals;
static int refused_with;

/* In the place of libc's, for libev, which is a library of its own. */
__attribute__((visibility("default"))) int epoll_ctl(int fd, int op, int other,
                                                     struct epoll_event *e)
{
	if (refusals > 0) {
		refusals--;
		errno = refused_with;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, fd, op, other, e);
}

static int lacks, pauses;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	if (lacks == 0)
		return __real_realloc(p, size);
	lacks--;
	return NULL;
}

int __wrap_nanosleep(const struct timespec *pause, struct timespec *left);
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left)
{
	(void)left;
	assert_true(pause->tv_nsec > 0);
	pauses++;
	return 0;
}

static void on_wake(struct ev_loop *loop, ev_async *w, int revents)
{
	(void)revents;
	*(bool *)w->data = true;
	ev_break(loop, EVBREAK_ALL);
}

static void on_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static void on_begin(struct ev_loop *loop, ev_prepare *w, int revents)
{
	(void)loop;
	(void)revents;
	ev_async_send(loop, w->data);
}

static bool is_woken(struct ev_loop *loop)
{
	bool woken = false;
	ev_async wake;
	ev_timer late;
	ev_prepare begin;

	ev_async_init(&wake, on_wake);
	wake.data = &woken;
	ev_async_start(loop, &wake);
	ev_timer_init(&late, on_late, 5., 0.);
	ev_timer_start(loop, &late);
	ev_prepare_init(&begin, on_begin);
	begin.data = &wake;
	ev_prepare_start(loop, &begin);
	ev_run(loop, 0);
	ev_prepare_stop(loop, &begin);
	ev_timer_stop(loop, &late);
	ev_async_stop(loop, &wake);
	return woken;
}

static void a_new_loop_wakes_up(void **state)
{
	struct error err;
	struct ev_loop *loop = eventloop_new(&err);

	(void)state;
	assert_non_null(loop);
	assert_true(is_woken(loop));
	ev_loop_destroy(loop);
}

static void one_that_the_kernel_refuses_to_watch_is_no_loop(void **state)
{
	static const int reasons[] = { ENOSPC, ENOMEM };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct error err;

		refusals = 1;
		refused_with = reasons[i];
		assert_null(eventloop_new(&err));
		assert_int_equal(refusals, 0);
		assert_non_null(strstr(err.text, "max_user_watches"));
	}
}

static void on_input(struct ev_loop *loop, ev_io *w, int revents)
{
	char byte;

	assert_true(revents & EV_READ);
	assert_int_equal(read(w->fd, &byte, 1), 1);
	ev_io_stop(loop, w);
	*(bool *)w->data = true;
}

static void events_of_other_watchers_are_no_refusal(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	bool read_it = false;
	struct error err;
	int ends[2];
	ev_io io;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	ev_io_init(&io, on_input, ends[0], EV_READ);
	io.data = &read_it;
	ev_io_start(loop, &io);
	assert_true(eventloop_wakes(loop, &err));
	assert_true(read_it);
	assert_true(is_woken(loop));
	ev_loop_destroy(loop);
	close(ends[0]);
	close(ends[1]);
}

static void what_the_loop_carries_stays_with_it(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	int mine = 7;
	struct error err;

	(void)state;
	ev_set_userdata(loop, &mine);
	assert_true(eventloop_wakes(loop, &err));
	assert_ptr_equal(ev_userdata(loop), &mine);
	ev_loop_destroy(loop);
}

static void on_refusal(struct ev_loop *loop, ev_io *w, int revents)
{
	*(int *)w->data = revents;
	ev_break(loop, EVBREAK_ALL);
}

static void a_watcher_hears_at_once_that_it_is_refused(void **state)
{
	struct error err;
	struct ev_loop *loop = eventloop_new(&err);
	int revents = 0;
	int ends[2];
	ev_timer late;
	ev_io io;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	ev_timer_init(&late, on_late, 5., 0.);
	ev_timer_start(loop, &late);
	ev_io_init(&io, on_refusal, ends[0], EV_READ);
	io.data = &revents;
	refusals = 1;
	refused_with = ENOSPC;
	ev_io_start(loop, &io);
	ev_run(loop, 0);
	assert_true(revents & EV_ERROR);
	assert_false(ev_is_active(&io));
	assert_true(ev_is_active(&late));
	ev_io_set(&io, ends[0], EV_READ);
	ev_io_start(loop, &io);
	assert_int_equal(write(ends[1], "x", 1), 1);
	ev_run(loop, 0);
	assert_int_equal(revents, EV_READ);
	ev_io_stop(loop, &io);
	ev_timer_stop(loop, &late);
	ev_loop_destroy(loop);
	close(ends[0]);
	close(ends[1]);
}

static void on_nothing(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

static void a_loop_waits_for_memory(void **state)
{
	enum { HIGH = 5000 }; /* more descriptors than it has room for */
	struct error err;
	struct ev_loop *loop = eventloop_new(&err);
	ev_io io;

	(void)state;
	assert_non_null(loop);
	lacks = 3;
	pauses = 0;
	ev_io_init(&io, on_nothing, HIGH, EV_READ);
	ev_io_start(loop, &io);
	assert_int_equal(lacks, 0);
	assert_int_equal(pauses, 3);
	ev_io_stop(loop, &io);
	assert_true(is_woken(loop));
	ev_loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_loop_wakes_up),
		cmocka_unit_test(one_that_the_kernel_refuses_to_watch_is_no_loop),
		cmocka_unit_test(events_of_other_watchers_are_no_refusal),
		cmocka_unit_test(what_the_loop_carries_stays_with_it),
		cmocka_unit_test(a_watcher_hears_at_once_that_it_is_refused),
		cmocka_unit_test(a_loop_waits_for_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
