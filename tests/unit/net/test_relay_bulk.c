/* SPDX-License-Identifier: MIT */
#include "bulk_fixture.h"

/* WRAP: splice pipe2 */
enum { MB = 1 << 20, SMALL_RUN = 8 };

static int splice_errno; /* of the calls from the `splice_after`th on; 0: they work */
static int splice_after, splice_times;
static int splices;
static int pipe2_errno;

ssize_t __real_splice(int in, off_t *off_in, int out, off_t *off_out, size_t len, unsigned flags);
ssize_t __wrap_splice(int in, off_t *off_in, int out, off_t *off_out, size_t len, unsigned flags);
int __real_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags);

ssize_t __wrap_splice(int in, off_t *off_in, int out, off_t *off_out, size_t len, unsigned flags)
{
	splices++;
	if (!splice_errno || splice_after-- > 0 || splice_times-- <= 0)
		return __real_splice(in, off_in, out, off_out, len, flags);
	errno = splice_errno;
	return -1;
}

int __wrap_pipe2(int fds[2], int flags)
{
	if (!pipe2_errno)
		return __real_pipe2(fds, flags);
	errno = pipe2_errno;
	return -1;
}

static void fail_splice(int errnum, int after, int times)
{
	splice_errno = errnum;
	splice_after = after;
	splice_times = times;
}

static int no_faults(void **state)
{
	(void)state;
	fail_splice(0, 0, 0);
	splices = 0;
	pipe2_errno = 0;
	return 0;
}

static void look_on(void *ctx, const struct relay *r, const void *bytes, size_t len)
{
	uint64_t *seen = ctx;

	assert_memory_equal(bytes, bulk_pattern + *seen % BULK_PATTERN,
	                    len < BULK_PATTERN ? len : BULK_PATTERN);
	*seen += len;
	assert_int_equal(*seen, r->bytes);
}

static void (*const pairs[])(int fds[2]) = { bulk_pair_unix, bulk_pair_tcp };

#define EACH_PAIR(i) (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)

/* --- bytes -------------------------------------------------------------------------------- */

static void bytes_arrive_in_order_however_they_are_moved(void **state)
{
	static const struct {
		size_t say, hear;
		bool seen, no_pipes, no_large;
		enum relay_gear gear; /* the highest */
	} cases[] = {
		{ .say = 100, .hear = MB, .gear = RELAY_SMALL },
		{ .say = 16383, .hear = MB, .gear = RELAY_SMALL },
		{ .say = 4 * MB, .hear = 4 * MB, .gear = RELAY_SPLICE },
		{ .say = 4 * MB, .hear = 4 * MB, .seen = true, .gear = RELAY_LARGE },
		{ .say = 4 * MB, .hear = 4 * MB, .no_pipes = true, .gear = RELAY_LARGE },
		{ .say = 4 * MB,
		  .hear = 4 * MB,
		  .no_pipes = true,
		  .no_large = true,
		  .gear = RELAY_SMALL },
		{ .say = 4 * MB, .hear = 50000, .gear = RELAY_SPLICE },
		{ .say = 4 * MB, .hear = 50000, .seen = true, .gear = RELAY_LARGE },
		{ .say = 4 * MB, .hear = 50000, .no_large = true, .gear = RELAY_SMALL },
	};

	(void)state;
	for
		EACH_PAIR(k)
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bulk b;
		uint64_t seen = 0;

		bulk_begin(&b, pairs[k]);
		if (cases[i].seen)
			b.space.saw = look_on;
		b.space.ctx = &seen;
		if (cases[i].no_pipes)
			b.space.pipes.max = 0;
		if (cases[i].no_large)
			b.space.large_tails.max = 0;
		bulk_carry(&b, cases[i].say < MB ? MB : 24 * MB, cases[i].say, cases[i].hear);
		assert_int_equal(b.highest_gear, cases[i].gear);
		assert_true(!cases[i].seen || seen == b.said);
		bulk_end(&b);
	}
}

static void random_sizes_and_pauses_lose_nothing(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 24; seed++) {
		struct bulk b;
		uint64_t seen = 0;

		bulk_begin(&b, pairs[seed % 2]);
		b.space.ctx = &seen;
		b.space.pipes.max = seed % 5;
		b.space.large_tails.max = seed % 3;
		srand(seed);
		while (b.said < 12 * MB) {
			size_t most = (size_t)1 << rand() % 22;

			bulk_say(&b, (size_t)rand() % most + 1);
			for (int n = rand() % 3; n && b.flow.bytes < b.said; n--)
				bulk_pump(&b);
			bulk_hear(&b, (size_t)rand() % most + 1);
		}
		bulk_carry(&b, 0, 1, MB);
		assert_int_equal(b.heard, b.said);
		bulk_end(&b);
	}
}

/* --- gears -------------------------------------------------------------------------------- */

static void a_direction_shifts_up_while_it_is_full_and_down_when_it_is_not(void **state)
{
	(void)state;
	for
		EACH_PAIR(k)
		{
			struct bulk b;

			bulk_begin(&b, pairs[k]);
			/* 64 KiB at once are not yet bulk, nor are exchanges of any number. */
			bulk_carry(&b, 3 * BULK_SIZE, 3 * BULK_SIZE, MB);
			for (int i = 0; i < 100; i++)
				bulk_carry(&b, 5000, 5000, MB);
			assert_int_equal(b.flow.gear, RELAY_SMALL);
			while (b.flow.gear < RELAY_SPLICE) {
				bulk_carry(&b, 4 * (uint64_t)MB, MB, MB);
				assert_true(pairs[k] == bulk_pair_tcp ||
				            b.flow.gear == b.highest_gear);
				assert_true(b.said < 256 * (uint64_t)MB);
			}
			for (int i = 0; i < 2 * SMALL_RUN + 2; i++) {
				uint8_t before = b.flow.gear;

				bulk_carry(&b, 100, 100, MB);
				assert_true(b.flow.gear == before || before - b.flow.gear == 1);
				assert_true(i > SMALL_RUN || b.flow.gear > RELAY_SMALL);
			}
			assert_int_equal(b.flow.gear, RELAY_SMALL);
			assert_int_equal(b.space.pipes.spare, b.space.pipes.open);
			bulk_end(&b);
		}
}

static void small_exchanges_have_no_pipe_and_no_large_tail(void **state)
{
	struct bulk b;

	(void)state;
	bulk_begin(&b, bulk_pair_tcp);
	for (int i = 0; i < 1000; i++)
		bulk_carry(&b, 16000, 16000, MB);
	assert_int_equal(splices, 0);
	assert_int_equal(b.space.pipes.open, 0);
	assert_int_equal(b.space.large_tails.made, 0);
	bulk_end(&b);
}

static void a_turn_is_bounded_in_every_gear(void **state)
{
	static const uint64_t most[] = { 4 * BULK_SIZE, 262144, MB };

	(void)state;
	for (enum relay_gear gear = RELAY_SMALL; gear <= RELAY_SPLICE; gear++) {
		struct bulk b;

		bulk_begin(&b, bulk_pair_tcp);
		for (int i = 0; i < 10; i++) {
			uint64_t before = b.flow.bytes;

			b.flow.gear = (uint8_t)gear;
			b.flow.run = 0;
			while (bulk_say(&b, 64 * MB))
				;
			bulk_pump(&b);
			assert_true(b.flow.bytes - before <= most[gear]);
			while (relay_unsent(&b.flow)) {
				bulk_hear(&b, MB);
				before = b.flow.bytes;
				bulk_pump(&b);
				assert_true(b.flow.bytes - before <= most[gear]);
			}
		}
		bulk_end(&b);
	}
}

/* --- back-pressure ------------------------------------------------------------------------ */

static void what_was_not_sent_is_kept_in_every_gear(void **state)
{
	(void)state;
	for
		EACH_PAIR(k)
	for (enum relay_gear gear = RELAY_SMALL; gear <= RELAY_SPLICE; gear++) {
		struct bulk b;
		uint64_t read;
		int calls;

		bulk_begin(&b, pairs[k]);
		b.flow.gear = (uint8_t)gear;
		if (gear < RELAY_SPLICE)
			b.space.pipes.max = 0;
		if (gear < RELAY_LARGE)
			b.space.large_tails.max = 0;
		bulk_block(&b);
		assert_int_equal(b.flow.gear, gear);
		read = b.flow.bytes;
		/* While it is, nothing is read, and a try costs one call. */
		calls = splices;
		for (int i = 0; i < 10; i++)
			assert_int_equal(bulk_pump(&b), RELAY_BLOCKED);
		assert_int_equal(splices - calls, gear == RELAY_SPLICE ? 10 : 0);
		assert_int_equal(b.flow.bytes, read);
		bulk_carry(&b, 4 * (uint64_t)MB, MB, MB);
		assert_int_equal(b.heard, b.said);
		bulk_end(&b);
	}
}

static void the_end_waits_for_what_is_in_the_pipe(void **state)
{
	(void)state;
	for
		EACH_PAIR(k)
	for (enum relay_gear gear = RELAY_SMALL; gear <= RELAY_SPLICE; gear++) {
		struct bulk b;
		enum relay_status status;

		bulk_begin(&b, pairs[k]);
		b.flow.gear = (uint8_t)gear;
		bulk_block(&b);
		shutdown(b.client, SHUT_WR);
		do {
			status = bulk_pump(&b);
			assert_true(status != RELAY_FINISHED || !relay_unsent(&b.flow));
			bulk_hear(&b, 100000);
		} while (status == RELAY_IDLE || status == RELAY_BLOCKED);
		assert_int_equal(status, RELAY_FINISHED);
		bulk_hear(&b, 64 * (size_t)MB);
		assert_int_equal(b.heard, b.said);
		assert_int_equal(b.flow.bytes, b.said);
		assert_true(b.flow.eof && b.flow.shut);
		bulk_end(&b);
	}
}

/* --- failures ----------------------------------------------------------------------------- */

static void reset(int *fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(*fd);
	*fd = -1;
}

static void what_a_source_said_before_its_reset_is_delivered(void **state)
{
	(void)state;
	for (enum relay_gear gear = RELAY_SMALL; gear <= RELAY_SPLICE; gear++) {
		struct bulk b;
		enum relay_status status;

		bulk_begin(&b, bulk_pair_tcp);
		b.flow.gear = (uint8_t)gear;
		bulk_block(&b);
		reset(&b.client);
		do {
			status = bulk_pump(&b);
			bulk_hear(&b, MB);
		} while (status == RELAY_IDLE || status == RELAY_BLOCKED);
		assert_int_equal(status, RELAY_SOURCE_FAILED);
		assert_int_equal(errno, ECONNRESET);
		bulk_hear(&b, 64 * (size_t)MB);
		assert_int_equal(b.heard, b.flow.bytes);
		bulk_end(&b);
	}
}

static void a_destination_that_resets_is_told_from_the_source(void **state)
{
	(void)state;
	for (enum relay_gear gear = RELAY_SMALL; gear <= RELAY_SPLICE; gear++)
		for (int blocked = 0; blocked < 2; blocked++) {
			struct bulk b;
			enum relay_status status;

			bulk_begin(&b, bulk_pair_tcp);
			b.flow.gear = (uint8_t)gear;
			if (blocked)
				bulk_block(&b);
			reset(&b.server);
			bulk_say(&b, MB);
			do {
				status = bulk_pump(&b);
			} while (status == RELAY_IDLE);
			assert_int_equal(status, RELAY_DEST_FAILED);
			assert_true(errno == ECONNRESET || errno == EPIPE);
			relay_drop(&b.flow, &b.space);
			assert_int_equal(relay_unsent(&b.flow), 0);
			bulk_end(&b);
		}
}

static void without_a_pipe_bytes_are_copied(void **state)
{
	struct bulk b;

	(void)state;
	bulk_begin(&b, bulk_pair_tcp);
	pipe2_errno = EMFILE;
	bulk_carry(&b, 24 * (uint64_t)MB, 4 * MB, 4 * MB);
	assert_int_equal(b.highest_gear, RELAY_LARGE);
	assert_int_equal(splices, 0);
	pipe2_errno = 0;
	bulk_carry(&b, 24 * (uint64_t)MB, 4 * MB, 4 * MB);
	assert_int_equal(b.highest_gear, RELAY_SPLICE);
	bulk_end(&b);
}

static void a_splice_that_fails_loses_nothing(void **state)
{
	static const struct {
		int errnum, after, times;
	} cases[] = {
		{ EINVAL, 0, 1000000 }, { EINVAL, 10, 1000000 }, { ENOMEM, 0, 1 },
		{ ENOMEM, 10, 1 },      { ENOSYS, 0, 1000000 },  { EPERM, 0, 1000000 },
		{ EINTR, 0, 3 },        { EINTR, 1, 3 },         { EINTR, 7, 1 },
		{ EAGAIN, 0, 1 },       { EAGAIN, 1, 1 },        { EAGAIN, 6, 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bulk b;

		bulk_begin(&b, bulk_pair_tcp);
		splices = 0;
		fail_splice(cases[i].errnum, cases[i].after, cases[i].times);
		bulk_carry(&b, 24 * (uint64_t)MB, 4 * MB, 4 * MB);
		assert_true(splices > cases[i].after);
		bulk_end(&b);
	}
}

static void a_socket_that_can_not_be_read_fails_in_every_gear(void **state)
{
	(void)state;
	for (enum relay_gear gear = RELAY_SMALL; gear <= RELAY_SPLICE; gear++) {
		struct bulk b;

		bulk_begin(&b, bulk_pair_tcp);
		b.flow.gear = (uint8_t)gear;
		assert_int_equal(relay_pump(&b.flow, -1, b.dest, NULL, &b.space),
		                 RELAY_SOURCE_FAILED);
		assert_int_equal(errno, EBADF);
		bulk_end(&b);
	}
}

/* A splice does not go past it, and the source stays readable. */
static void urgent_data_does_not_keep_the_loop_busy(void **state)
{
	struct bulk b;
	int turns = 0;

	(void)state;
	bulk_begin(&b, bulk_pair_tcp);
	b.flow.gear = RELAY_SPLICE;
	assert_int_equal(send(b.client, "!", 1, MSG_OOB), 1);
	bulk_say(&b, 100000);
	while (b.heard < b.said) {
		assert_int_equal(bulk_pump(&b), RELAY_IDLE);
		bulk_hear(&b, MB);
		assert_true(++turns < 1000);
	}
	bulk_end(&b);
}

/* --- gates and onlookers ------------------------------------------------------------------ */

static void who_begins_to_look_sees_all_that_comes_after(void **state)
{
	struct bulk b;
	uint64_t seen;

	(void)state;
	bulk_begin(&b, bulk_pair_tcp);
	b.flow.gear = RELAY_SPLICE;
	bulk_block(&b);
	seen = b.flow.bytes;
	b.space.saw = look_on;
	b.space.ctx = &seen;
	bulk_carry(&b, 8 * (uint64_t)MB, MB, MB);
	assert_int_equal(seen, b.said);
	assert_in_range(b.flow.gear, RELAY_SMALL, RELAY_LARGE);
	bulk_end(&b);
}

static void a_gate_is_kept_to_the_byte_and_holds_a_pipe(void **state)
{
	(void)state;
	for (enum relay_gear gear = RELAY_SMALL; gear <= RELAY_SPLICE; gear++) {
		struct bulk b;
		struct relay_gate gate = { .closed = true };
		size_t there;

		bulk_begin(&b, bulk_pair_tcp);
		b.flow.gear = (uint8_t)gear;
		bulk_block(&b);
		b.gate = &gate;
		there = bulk_hear(&b, 64 * (size_t)MB);
		assert_true(there > 0);
		assert_int_equal(bulk_pump(&b), RELAY_BLOCKED);
		assert_int_equal(bulk_hear(&b, MB), 0);
		gate.closed = false;
		gate.until = b.flow.bytes + 70001;
		bulk_say(&b, 4 * MB);
		while (b.heard < gate.until) {
			bulk_pump(&b);
			bulk_hear(&b, MB);
		}
		for (int i = 0; i < 10; i++)
			assert_int_equal(bulk_pump(&b), RELAY_IDLE);
		assert_int_equal(b.flow.bytes, gate.until);
		assert_int_equal(bulk_hear(&b, MB), 0);
		b.gate = NULL;
		bulk_carry(&b, 8 * (uint64_t)MB, MB, MB);
		bulk_end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup(f, no_faults)
		TEST(bytes_arrive_in_order_however_they_are_moved),
		TEST(random_sizes_and_pauses_lose_nothing),
		TEST(a_direction_shifts_up_while_it_is_full_and_down_when_it_is_not),
		TEST(small_exchanges_have_no_pipe_and_no_large_tail),
		TEST(a_turn_is_bounded_in_every_gear),
		TEST(what_was_not_sent_is_kept_in_every_gear),
		TEST(the_end_waits_for_what_is_in_the_pipe),
		TEST(what_a_source_said_before_its_reset_is_delivered),
		TEST(a_destination_that_resets_is_told_from_the_source),
		TEST(without_a_pipe_bytes_are_copied),
		TEST(a_splice_that_fails_loses_nothing),
		TEST(a_socket_that_can_not_be_read_fails_in_every_gear),
		TEST(urgent_data_does_not_keep_the_loop_busy),
		TEST(who_begins_to_look_sees_all_that_comes_after),
		TEST(a_gate_is_kept_to_the_byte_and_holds_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
