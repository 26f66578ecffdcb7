/* SPDX-License-Identifier: MIT */
#include "engine/pulse.h"

#include "base/error.h"

#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A test of the inside: it holds up a worker. */
#include "../../../src/engine/crewparts.h"

static void on_record(void *ctx)
{
	(void)ctx;
}

static struct crew *start(uint32_t threads)
{
	const struct crew_options o = { .threads = threads, .maxconn = 16, .on_record = on_record };
	struct crew *c;
	struct error err;

	assert_true(crew_start(&o, &c, &err));
	return c;
}

/* Until it says so; the limit of the test's time is ctest's. */
static void wait_for_all(struct pulse *p)
{
	while (!pulse_feel(p))
		sched_yield();
}

static void workers_that_turn_answer_again_and_again(void **state)
{
	struct crew *c = start(3);
	struct pulse *p = pulse_new(c);

	(void)state;
	for (int i = 0; i < 100; i++)
		wait_for_all(p);
	crew_stop(c);
	pulse_free(p);
}

struct hold {
	sem_t held, go;
};

static void hold(void *arg)
{
	struct hold *h = arg;

	sem_post(&h->held);
	while (sem_wait(&h->go) == -1)
		;
}

static void one_that_hangs_is_missed_and_found_again(void **state)
{
	struct crew *c = start(2);
	struct pulse *p = pulse_new(c);
	struct hold h;
	struct mailbox_mail mail = { .kind = MAILBOX_CALL, .call = hold, .arg = &h };

	(void)state;
	sem_init(&h.held, 0, 0);
	sem_init(&h.go, 0, 0);
	wait_for_all(p);
	assert_true(mailbox_put(&c->workers[1]->mailbox, &mail));
	while (sem_wait(&h.held) == -1)
		;
	/* It may have answered the question before; the next one it cannot. */
	pulse_feel(p);
	for (int i = 0; i < 3; i++)
		assert_false(pulse_feel(p));
	sem_post(&h.go);
	wait_for_all(p);
	crew_stop(c);
	pulse_free(p);
	sem_destroy(&h.held);
	sem_destroy(&h.go);
}

static void a_full_mailbox_is_asked_again_later(void **state)
{
	struct crew *c = start(1);
	struct hold h;
	struct mailbox_mail first = { .kind = MAILBOX_CALL, .call = hold, .arg = &h };
	struct mailbox_mail more = { .kind = MAILBOX_CALL, .call = on_record };
	struct pulse *p;

	(void)state;
	sem_init(&h.held, 0, 0);
	sem_init(&h.go, 0, 0);
	assert_true(mailbox_put(&c->workers[0]->mailbox, &first));
	while (sem_wait(&h.held) == -1)
		;
	while (mailbox_put(&c->workers[0]->mailbox, &more))
		;
	p = pulse_new(c);
	assert_false(pulse_feel(p));
	sem_post(&h.go);
	wait_for_all(p);
	crew_stop(c);
	pulse_free(p);
	sem_destroy(&h.held);
	sem_destroy(&h.go);
}

static void none_is_fine(void **state)
{
	(void)state;
	pulse_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_that_turn_answer_again_and_again),
		cmocka_unit_test(one_that_hangs_is_missed_and_found_again),
		cmocka_unit_test(a_full_mailbox_is_asked_again_later),
		cmocka_unit_test(none_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
