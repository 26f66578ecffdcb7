/* SPDX-License-Identifier: MIT */
#include "core/quorum.h"

#include "sample.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { SERVERS = 5, NOW_MS = 100000 };

/* How a server is: "u" up, "w" up but its last check was in vain, "d" says 503, "s" is silent, "x"
   refuses, "o" went longer ago, "m" is under maintenance, "c" has not been checked yet. */
struct scene {
	struct topology *topology;
	struct topology_service *service;
	struct journal *journal;
};

static struct probe_result check_of(char c)
{
	struct probe_result r = { .code = PROBE_L7OK };

	if (c == 'x')
		return probe_failed(PROBE_L4CON, ECONNREFUSED);
	if (c == 'd' || c == 'o')
		r = (struct probe_result){ .code = PROBE_L7STS, .draining = true };
	if (c == 's' || c == 'w')
		r.code = PROBE_L7TOUT;
	return r;
}

static void open_scene(struct scene *s, const char *how)
{
	static const struct sample_server servers[SERVERS] = {
		{ .name = "a", .weight = 1 }, { .name = "b", .weight = 1 },
		{ .name = "c", .weight = 1 }, { .name = "d", .weight = 1 },
		{ .name = "e", .weight = 1 },
	};
	struct settings_service like = settings_service_default();

	like.panic = SETTINGS_PANIC_ROUTE;
	s->topology = sample_like(&like, servers, strlen(how));
	s->service = s->topology->services[0];
	s->journal = journal_new(64);
	for (size_t i = 0; how[i]; i++) {
		struct topology_server *t = s->service->servers[i];
		struct state after = { .health = strchr("dsxo", how[i]) ? STATE_DOWN
			                         : how[i] == 'c'        ? STATE_CHECKING
			                                                : STATE_UP };
		struct journal_event e = { .kind = JOURNAL_SERVER,
			                   .ms = how[i] == 'o' ? NOW_MS - QUORUM_WINDOW_MS - 1
			                                       : NOW_MS - 1000,
			                   .before = { .health = STATE_UP },
			                   .after = after };

		t->check = e.check = check_of(how[i]);
		after.admin = how[i] == 'm' ? STATE_MAINT_COMMAND : 0;
		topology_set_state(t, after);
		snprintf(e.service, sizeof(e.service), "psql");
		snprintf(e.server, sizeof(e.server), "%s", t->settings->name);
		if (after.health == STATE_DOWN)
			journal_append(s->journal, &e);
	}
}

static void close_scene(struct scene *s)
{
	journal_free(s->journal);
	topology_free(s->topology);
}

static void it_is_lost_when_most_went_at_once_and_live(void **state)
{
	static const struct {
		const char *how;
		bool is_lost, is_near, is_back;
	} cases[] = {
		{ "uuu", false, false, true },  { "duu", false, false, true },
		{ "ddu", true, true, false },   { "sdu", true, true, false },
		{ "dwu", false, true, true },   { "wwu", false, true, true },
		{ "xxu", false, false, true },  { "dxu", false, false, false },
		{ "odu", false, false, false }, { "ddum", true, true, false },
		{ "ddmm", true, true, false },  { "dmmm", false, false, true },
		{ "d", false, false, true },    { "ddccc", false, false, false },
		{ "dddcc", true, true, false }, { "dduuu", false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scene s;
		struct quorum q;

		open_scene(&s, cases[i].how);
		assert_int_equal(quorum_is_lost(s.journal, s.service, NOW_MS, &q),
		                 cases[i].is_lost);
		assert_int_equal(quorum_is_near(s.journal, s.service, NOW_MS), cases[i].is_near);
		assert_int_equal(quorum_is_back(s.service, &q), cases[i].is_back);
		close_scene(&s);
	}
}

static void it_is_counted(void **state)
{
	struct scene s;
	struct quorum q;

	(void)state;
	open_scene(&s, "udsxw");
	assert_false(quorum_is_lost(s.journal, s.service, NOW_MS, &q));
	assert_int_equal(q.all, 5);
	assert_int_equal(q.healthy, 2);
	assert_int_equal(q.wavering, 1);
	assert_int_equal(q.quiet, 2);
	assert_int_equal(q.dead, 1);
	close_scene(&s);
	open_scene(&s, "ddsm");
	assert_true(quorum_is_lost(s.journal, s.service, NOW_MS, &q));
	assert_int_equal(q.all, 3);
	assert_int_equal(q.lost, 3);
	close_scene(&s);
}

static void those_that_live_are_wanted_in_a_panic(void **state)
{
	static const char how[] = "udsxm";
	static const bool wanted[] = { false, true, true, false, false };
	struct scene s;

	(void)state;
	open_scene(&s, how);
	for (size_t i = 0; i < strlen(how); i++)
		assert_false(quorum_wants(s.service->servers[i]));
	atomic_store(&s.service->panicking, true);
	for (size_t i = 0; i < strlen(how); i++)
		assert_int_equal(quorum_wants(s.service->servers[i]), wanted[i]);
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_lost_when_most_went_at_once_and_live),
		cmocka_unit_test(it_is_counted),
		cmocka_unit_test(those_that_live_are_wanted_in_a_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
