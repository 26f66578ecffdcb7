/* SPDX-License-Identifier: MIT */
#include "engine/mailbox.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct seen {
	struct ev_loop *loop;
	int next, wanted;
};

static void on_mail(void *ctx, const struct mailbox_mail *mail)
{
	struct seen *s = ctx;

	assert_int_equal(mail->fd, s->next);
	s->next++;
	if (s->next == s->wanted)
		ev_break(s->loop, EVBREAK_ALL);
}

static void *send_many(void *arg)
{
	for (int i = 0; i < 5000; i++) {
		struct mailbox_mail mail = { .kind = MAILBOX_CLIENT, .fd = i };

		while (!mailbox_put(arg, &mail))
			sched_yield();
	}
	return NULL;
}

static void mail_of_another_thread_arrives_in_order(void **state)
{
	struct seen s = { .loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL), .wanted = 5000 };
	struct mailbox m;
	pthread_t sender;

	(void)state;
	mailbox_init(&m, s.loop, on_mail, &s);
	assert_int_equal(pthread_create(&sender, NULL, send_many, &m), 0);
	ev_run(s.loop, 0);
	pthread_join(sender, NULL);
	assert_int_equal(s.next, 5000);
	mailbox_release(&m);
	ev_loop_destroy(s.loop);
}

static void a_full_box_says_so_and_loses_nothing(void **state)
{
	struct seen s = { .loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL), .wanted = -1 };
	struct mailbox_mail mail = { .kind = MAILBOX_CLIENT };
	struct mailbox m;

	(void)state;
	mailbox_init(&m, s.loop, on_mail, &s);
	for (mail.fd = 0; mail.fd < MAILBOX_SIZE; mail.fd++)
		assert_true(mailbox_put(&m, &mail));
	assert_false(mailbox_put(&m, &mail));
	mailbox_release(&m); /* delivers what is waiting */
	assert_int_equal(s.next, MAILBOX_SIZE);
	ev_loop_destroy(s.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_of_another_thread_arrives_in_order),
		cmocka_unit_test(a_full_box_says_so_and_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
