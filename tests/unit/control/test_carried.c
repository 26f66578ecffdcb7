/* SPDX-License-Identifier: MIT */
#include "control/carried.h"

#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct pair {
	struct topology *topology;
	struct carried_tally *tally;
	struct carried_book *book;
	struct topology_server *n1, *n2;
};

static int open_pair(void **state)
{
	static struct pair p;

	p.topology = topology_new(scene_settings());
	p.tally = carried_tally_new(p.topology);
	p.book = carried_book_new();
	p.n1 = topology_find_server(p.topology, "psql/n1");
	p.n2 = topology_find_server(p.topology, "psql/n2");
	*state = &p;
	return 0;
}

static int close_pair(void **state)
{
	struct pair *p = *state;

	carried_tally_free(p->tally);
	carried_book_free(p->book);
	topology_free(p->topology);
	return 0;
}

static bool take(struct carried_book *b, const char *text)
{
	char *line = mem_strdup(text);
	bool taken = carried_book_take(b, line);

	free(line);
	return taken;
}

/* What has changed is told; how many lines it takes. */
static size_t tell(struct pair *p)
{
	AUTO_TEXT lines = { 0 };
	bool any = carried_tally_write(p->tally, &lines);
	char *rest = lines.data;
	size_t count = 0;
	char *line;

	while ((line = strsep(&rest, "\n")) && *line) {
		assert_true(carried_book_take(p->book, line));
		count++;
	}
	assert_int_equal(any, count > 0);
	return count;
}

static void only_what_changes_is_told(void **state)
{
	struct pair *p = *state;

	assert_int_equal(tell(p), 0);
	p->n1->active = 3;
	p->n2->active = 1;
	p->n2->queued = 2;
	assert_int_equal(tell(p), 2);
	assert_int_equal(carried_book_sessions(p->book, p->n1), 3);
	assert_int_equal(carried_book_sessions(p->book, p->n2), 3);
	assert_int_equal(tell(p), 0);
	p->n1->active = 0;
	assert_int_equal(tell(p), 1);
	assert_int_equal(carried_book_sessions(p->book, p->n1), 0);
	assert_int_equal(carried_book_sessions(p->book, p->n2), 3);
}

/* Also that a server has none any more: somebody else may have been told of the last change. */
static void who_asks_anew_is_told_of_all(void **state)
{
	struct pair *p = *state;

	p->n1->active = 3;
	assert_int_equal(tell(p), 1);
	p->n1->active = 0;
	p->n2->active = 4;
	carried_book_free(p->book);
	p->book = carried_book_new();
	assert_true(take(p->book, "carried service=psql name=n1 sessions=3"));
	carried_tally_forget(p->tally);
	assert_int_equal(tell(p), 4);
	assert_int_equal(carried_book_sessions(p->book, p->n1), 0);
	assert_int_equal(carried_book_sessions(p->book, p->n2), 4);
}

static void what_makes_no_sense_changes_nothing(void **state)
{
	static const struct {
		const char *line;
		bool taken;
	} table[] = {
		{ "", false },
		{ "carried", false },
		{ "carriedservice=psql name=n1 sessions=9", false },
		{ "left 5", false },
		{ "server-gain service=psql name=n1", false },
		{ "carried service=psql name=n1", true },
		{ "carried service=psql sessions=9", true },
		{ "carried name=n1 sessions=9", true },
		{ "carried service=psql name=n1 sessions=-1", true },
		{ "carried service=psql name=n1 sessions=4294967296", true },
		{ "carried service=psql name=nobody sessions=9", true },
		{ "carried service=psql name=nobody sessions=0", true },
	};
	struct pair *p = *state;

	assert_true(take(p->book, "carried service=psql name=n1 sessions=2"));
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_int_equal(take(p->book, table[i].line), table[i].taken);
	assert_int_equal(carried_book_sessions(p->book, p->n1), 2);
	assert_int_equal(carried_book_sessions(p->book, p->n2), 0);
	assert_int_equal(carried_book_process(p->book)->seen, 0);
}

static void a_process_says_who_it_is_and_what_it_has_obeyed(void **state)
{
	const struct carried_process want = {
		.pid = 4711, .since_wall_ms = 1700000000000, .seen = UINT64_MAX, .sessions = 12
	};
	const struct carried_process *found;
	struct pair *p = *state;
	AUTO_TEXT line = { 0 };

	carried_process_write(&want, &line);
	line.data[line.len - 1] = '\0';
	assert_true(carried_book_take(p->book, line.data));
	found = carried_book_process(p->book);
	assert_int_equal(found->pid, want.pid);
	assert_int_equal(found->since_wall_ms, want.since_wall_ms);
	assert_true(found->seen == want.seen);
	assert_int_equal(found->sessions, want.sessions);
	assert_true(take(p->book, "carrier pid=99999999999 since=x seen=1"));
	assert_int_equal(found->pid, 0);
	assert_int_equal(found->since_wall_ms, 0);
	assert_int_equal(found->seen, 1);
	assert_int_equal(found->sessions, 0);
}

static void orders_are_read_as_they_were_written(void **state)
{
	static const struct {
		struct carried_order order;
		const char *line;
	} table[] = {
		{ { .kind = CARRIED_REPORT, .seq = 1 }, "report seq=1\n" },
		{ { .kind = CARRIED_ORDER,
		    .seq = 2,
		    .service = "psql",
		    .server = "n1",
		    .order = ROSTER_READY },
		  "order seq=2 service=psql name=n1 state=ready\n" },
		{ { .kind = CARRIED_ORDER,
		    .seq = 3,
		    .service = "psql",
		    .server = "n1",
		    .order = ROSTER_HEALTH_DOWN },
		  "order seq=3 service=psql name=n1 state=down\n" },
		{ { .kind = CARRIED_DRAIN,
		    .seq = 4,
		    .service = "psql",
		    .server = "n1",
		    .deadline_ms = 3000 },
		  "drain seq=4 service=psql name=n1 deadline=3000\n" },
		{ { .kind = CARRIED_END, .seq = 5, .service = "psql", .server = "n1" },
		  "end seq=5 service=psql name=n1\n" },
		{ { .kind = CARRIED_END, .seq = 6, .service = "p q", .server = "n=1%" },
		  "end seq=6 service=p%20q name=n%3D1%25\n" },
		{ { .kind = CARRIED_KILL, .seq = UINT64_MAX, .session = 77 },
		  "kill seq=18446744073709551615 session=77\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct carried_order *want = &table[i].order;
		struct carried_order o;
		AUTO_TEXT line = { 0 };

		carried_order_write(want, &line);
		assert_string_equal(text_str(&line), table[i].line);
		line.data[line.len - 1] = '\0';
		assert_true(carried_order_read(line.data, &o));
		assert_int_equal(o.kind, want->kind);
		assert_true(o.seq == want->seq);
		assert_true(text_same(o.service, want->service));
		assert_true(text_same(o.server, want->server));
		assert_int_equal(o.order, want->order);
		assert_int_equal(o.deadline_ms, want->deadline_ms);
		assert_int_equal(o.session, want->session);
	}
}

static void an_order_that_lacks_something_is_none(void **state)
{
	static const char *const table[] = {
		"",
		"report",
		"report seq=x",
		"leave 500",
		"order seq=1 service=psql name=n1",
		"order seq=1 service=psql name=n1 state=gone",
		"order seq=1 service=psql state=ready",
		"order seq=1 name=n1 state=ready",
		"drain seq=1 service=psql name=n1",
		"drain seq=1 service=psql name=n1 deadline=2147483648",
		"drain seq=1 name=n1 deadline=1",
		"end service=psql name=n1",
		"end seq=1 service=psql",
		"kill seq=1",
		"kill seq=1 session=0x5",
		"dance seq=1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char *line = mem_strdup(table[i]);
		struct carried_order o;

		if (carried_order_read(line, &o))
			fail_msg("\"%s\" is an order", table[i]);
		free(line);
	}
}

static void the_server_that_is_meant_is_found_by_its_name(void **state)
{
	struct pair *p = *state;
	struct carried_order o = { .kind = CARRIED_END, .service = "psql", .server = "n2" };

	assert_ptr_equal(carried_order_server(&o, p->topology), p->n2);
	o.server = "s1";
	assert_null(carried_order_server(&o, p->topology));
	o.service = "web";
	assert_null(carried_order_server(&o, p->topology));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(only_what_changes_is_told),
		TEST(who_asks_anew_is_told_of_all),
		TEST(what_makes_no_sense_changes_nothing),
		TEST(a_process_says_who_it_is_and_what_it_has_obeyed),
		TEST(orders_are_read_as_they_were_written),
		TEST(an_order_that_lacks_something_is_none),
		TEST(the_server_that_is_meant_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
