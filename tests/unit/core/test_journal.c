/* SPDX-License-Identifier: MIT */
#include "core/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void append(struct journal *j, int64_t wall_ms)
{
	struct journal_event e = { .wall_ms = wall_ms, .seq = 99, .kind = JOURNAL_SERVER };

	snprintf(e.server, sizeof(e.server), "n%d", (int)wall_ms);
	(void)journal_append(j, &e);
}

static void an_empty_journal_has_nothing(void **unused)
{
	struct journal *j = journal_new(4);

	(void)unused;
	assert_int_equal(journal_last(j), 0);
	assert_null(journal_find(j, 0));
	assert_null(journal_find(j, 1));
	journal_free(j);
	journal_free(NULL);
}

static void entries_are_copied_and_numbered_from_one(void **unused)
{
	struct journal *j = journal_new(4);
	struct journal_event e = { .seq = 7, .kind = JOURNAL_PROCESS, .text = "ready" };
	const struct journal_event *stored = journal_append(j, &e);

	(void)unused;
	assert_int_equal(e.seq, 7);
	assert_int_equal(stored->seq, 1);
	assert_int_equal(stored->kind, JOURNAL_PROCESS);
	assert_string_equal(stored->text, "ready");
	assert_ptr_equal(journal_find(j, 1), stored);
	assert_int_equal(journal_append(j, stored)->seq, 2);
	assert_int_equal(journal_last(j), 2);
	journal_free(j);
}

/* All numbers that can be asked for, when `last` entries have been appended. */
static void ask_all(const struct journal *j, uint64_t last, uint64_t oldest)
{
	for (uint64_t seq = 0; seq <= last + 2; seq++) {
		const struct journal_event *e = journal_find(j, seq);

		if (seq > last) {
			assert_null(e);
			continue;
		}
		assert_non_null(e);
		assert_int_equal(e->seq, seq > oldest ? seq : oldest);
		assert_int_equal(e->wall_ms, e->seq);
	}
	assert_null(journal_find(j, UINT64_MAX));
}

/* For capacities and fillings around each wrap. */
static void the_ring_forgets_the_oldest_and_finds_the_rest(void **unused)
{
	(void)unused;
	for (size_t capacity = 1; capacity <= 5; capacity++) {
		struct journal *j = journal_new(capacity);

		for (uint64_t n = 1; n <= 17; n++) {
			append(j, (int64_t)n);
			assert_int_equal(journal_last(j), n);
			ask_all(j, n, n > capacity ? n - capacity + 1 : 1);
		}
		journal_free(j);
	}
}

static void walking_with_the_next_number_visits_all_in_order(void **unused)
{
	struct journal *j = journal_new(8);
	const struct journal_event *e;
	uint64_t next = 1;
	int64_t want = 13;

	(void)unused;
	for (int64_t i = 1; i <= 20; i++)
		append(j, i);
	while ((e = journal_find(j, next))) {
		assert_int_equal(e->wall_ms, want++);
		next = e->seq + 1;
	}
	assert_int_equal(want, 21);
	journal_free(j);
}

static void every_kind_has_its_own_key(void **unused)
{
	(void)unused;
	for (enum journal_kind a = 0; a < JOURNAL_KIND_COUNT; a++) {
		assert_true(strlen(journal_kind_key(a)) > 0);
		for (enum journal_kind b = 0; b < a; b++)
			assert_string_not_equal(journal_kind_key(a), journal_kind_key(b));
	}
	assert_string_equal(journal_kind_key(JOURNAL_SERVICE_DOWN), "service_down");
}

static void every_cause_has_a_key_of_its_own(void **state)
{
	(void)state;
	for (enum journal_cause a = 0; a < JOURNAL_CAUSE_COUNT; a++) {
		assert_true(strlen(journal_cause_key(a)) > 0);
		for (enum journal_cause b = 0; b < a; b++)
			assert_string_not_equal(journal_cause_key(a), journal_cause_key(b));
	}
	assert_string_equal(journal_cause_key(JOURNAL_BY_TRAFFIC), "traffic");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_journal_has_nothing),
		cmocka_unit_test(entries_are_copied_and_numbered_from_one),
		cmocka_unit_test(the_ring_forgets_the_oldest_and_finds_the_rest),
		cmocka_unit_test(walking_with_the_next_number_visits_all_in_order),
		cmocka_unit_test(every_kind_has_its_own_key),
		cmocka_unit_test(every_cause_has_a_key_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
