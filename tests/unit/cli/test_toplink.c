/* SPDX-License-Identifier: MIT */
#include "cli/toplink.h"

#include "faketopdaemon.h"

static enum toplink_status step(struct toplink *l, int64_t now_ms, struct text *answer,
                                struct error *err)
{
	text_clear(answer);
	return toplink_step(l, now_ms, answer, err);
}

static void questions_are_asked_on_one_connection(void **state)
{
	struct faketopdaemon d;
	struct toplink l;
	struct error err;
	AUTO_TEXT answer = { 0 };

	(void)state;
	faketopdaemon_open(&d);
	toplink_init(&l, d.path);
	assert_int_equal(toplink_events(&l), 0);
	assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_WAITING);
	assert_true(toplink_ask(&l, "show status json", 0, &err));
	assert_true(toplink_is_busy(&l));
	assert_true((toplink_events(&l) & POLLIN) != 0);
	assert_string_equal(faketopdaemon_hear(&d), "prompt\nshow status json\n");
	assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_WAITING);
	faketopdaemon_say(&d, "\n> {\"a\": \"> \"}\n");
	assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_WAITING);
	faketopdaemon_say(&d, "\n>");
	assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_WAITING);
	faketopdaemon_say(&d, " ");
	assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_ANSWER);
	assert_string_equal(text_str(&answer), "{\"a\": \"> \"}\n");
	assert_false(toplink_is_busy(&l));
	assert_true(toplink_ask(&l, "set server a/b state drain", 0, &err));
	assert_string_equal(faketopdaemon_hear(&d), "set server a/b state drain\n");
	faketopdaemon_say(&d, "\n> ");
	assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_ANSWER);
	assert_string_equal(text_str(&answer), "");
	toplink_close(&l);
	faketopdaemon_close(&d);
}

static void a_connection_closed_in_between_is_made_anew(void **state)
{
	struct faketopdaemon d;
	struct toplink l;
	struct error err;
	AUTO_TEXT answer = { 0 };

	(void)state;
	faketopdaemon_open(&d);
	toplink_init(&l, d.path);
	for (int i = 0; i < 3; i++) {
		assert_true(toplink_ask(&l, "help", 0, &err));
		assert_string_equal(faketopdaemon_hear(&d), "prompt\nhelp\n");
		faketopdaemon_say(&d, "\n> a\n\n> ");
		assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_ANSWER);
		faketopdaemon_hang_up(&d);
		/* Seen, or not seen before the next question. */
		if (i == 1)
			assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_WAITING);
	}
	toplink_close(&l);
	faketopdaemon_close(&d);
}

static void an_answer_that_breaks_off_is_a_failure(void **state)
{
	struct faketopdaemon d;
	struct toplink l;
	struct error err;
	AUTO_TEXT answer = { 0 };

	(void)state;
	faketopdaemon_open(&d);
	toplink_init(&l, d.path);
	assert_true(toplink_ask(&l, "help", 0, &err));
	faketopdaemon_hear(&d);
	faketopdaemon_say(&d, "\n> a");
	faketopdaemon_hang_up(&d);
	assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_FAILED);
	assert_contains(err.text, "the daemon has gone away");
	assert_int_equal(l.fd, -1);
	/* The whole answer and the end at once is an answer. */
	assert_true(toplink_ask(&l, "help", 0, &err));
	faketopdaemon_hear(&d);
	faketopdaemon_say(&d, "\n> b\n\n> ");
	faketopdaemon_hang_up(&d);
	assert_int_equal(step(&l, 0, &answer, &err), TOPLINK_ANSWER);
	assert_string_equal(text_str(&answer), "b\n");
	toplink_close(&l);
	faketopdaemon_close(&d);
}

static void a_silent_daemon_is_a_failure_in_the_end(void **state)
{
	struct faketopdaemon d;
	struct toplink l;
	struct error err;
	AUTO_TEXT answer = { 0 };

	(void)state;
	faketopdaemon_open(&d);
	toplink_init(&l, d.path);
	assert_true(toplink_ask(&l, "help", 1000, &err));
	faketopdaemon_hear(&d);
	assert_int_equal(step(&l, 1000 + TOPLINK_PATIENCE_MS - 1, &answer, &err), TOPLINK_WAITING);
	faketopdaemon_say(&d, "\n> a");
	assert_int_equal(step(&l, 10000, &answer, &err), TOPLINK_WAITING);
	assert_int_equal(step(&l, 10000 + TOPLINK_PATIENCE_MS - 1, &answer, &err), TOPLINK_WAITING);
	assert_int_equal(step(&l, 10000 + TOPLINK_PATIENCE_MS, &answer, &err), TOPLINK_FAILED);
	assert_contains(err.text, "the daemon does not answer on ");
	toplink_close(&l);
	faketopdaemon_close(&d);
}

static void no_daemon_is_an_error_with_its_cure(void **state)
{
	struct faketopdaemon d;
	struct toplink l;
	struct error err;

	(void)state;
	toplink_init(&l, "/nonexistent/sock");
	assert_false(toplink_ask(&l, "help", 0, &err));
	assert_contains(err.text, "no daemon: /nonexistent/sock does not exist\n");
	assert_false(toplink_is_busy(&l));
	faketopdaemon_open(&d);
	toplink_init(&l, d.path);
	close(d.listen_fd);
	d.listen_fd = -1;
	assert_false(toplink_ask(&l, "help", 0, &err));
	assert_contains(err.text, "no daemon: nothing listens on ");
	faketopdaemon_close(&d);
}

/* Its queue is full because it is stopped: nobody waits for it. */
static void a_daemon_that_does_not_accept_is_not_waited_for(void **state)
{
	struct toplink links[8];
	struct faketopdaemon d;
	struct error err;
	bool refused = false;

	(void)state;
	faketopdaemon_open(&d);
	assert_int_equal(listen(d.listen_fd, 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		toplink_init(&links[i], d.path);
		refused = !toplink_ask(&links[i], "help", 0, &err) || refused;
	}
	assert_true(refused);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		toplink_close(&links[i]);
	faketopdaemon_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_asked_on_one_connection),
		cmocka_unit_test(a_connection_closed_in_between_is_made_anew),
		cmocka_unit_test(an_answer_that_breaks_off_is_a_failure),
		cmocka_unit_test(a_silent_daemon_is_a_failure_in_the_end),
		cmocka_unit_test(no_daemon_is_an_error_with_its_cure),
		cmocka_unit_test(a_daemon_that_does_not_accept_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
