/* SPDX-License-Identifier: MIT */
#include "../../../src/control/succession.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void expect(int channel, char *lines, const char *line)
{
	int fd;

	assert_int_equal(succession_receive(channel, 0, lines, &fd), SUCCESSION_MESSAGE);
	assert_string_equal(lines, line);
	assert_int_equal(fd, -1);
}

/* A UNIX socket that is closed with something unread resets its peer. */
static void what_was_said_last_is_heard_although_an_answer_was_not(void **state)
{
	char *lines = malloc(SUCCESSION_MESSAGE_MAX + 1);
	int ends[2];
	int fd;

	(void)state;
	assert_true(succession_pair(ends));
	assert_true(succession_say(ends[0], "left 1", -1));
	assert_true(succession_say(ends[0], "left 0", -1));
	assert_true(succession_say(ends[1], "leave 30000", -1));
	close(ends[0]);
	expect(ends[1], lines, "left 1");
	expect(ends[1], lines, "left 0");
	assert_int_equal(succession_receive(ends[1], 0, lines, &fd), SUCCESSION_GONE);
	close(ends[1]);
	free(lines);
}

static void silence_is_not_an_end(void **state)
{
	char *lines = malloc(SUCCESSION_MESSAGE_MAX + 1);
	int ends[2];
	int fd;

	(void)state;
	assert_true(succession_pair(ends));
	assert_int_equal(succession_receive(ends[1], 0, lines, &fd), SUCCESSION_NOTHING);
	assert_int_equal(succession_receive(ends[1], 1, lines, &fd), SUCCESSION_NOTHING);
	close(ends[0]);
	assert_int_equal(succession_receive(ends[1], 0, lines, &fd), SUCCESSION_GONE);
	close(ends[1]);
	free(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_last_is_heard_although_an_answer_was_not),
		cmocka_unit_test(silence_is_not_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
