/* SPDX-License-Identifier: MIT */
/* WRAP: daemon_snapshot */
#include "../../../src/control/live.h"

#include "../report/fixture.h"
#include "base/cleanup.h"
#include "base/tick.h"

struct snapshot *__wrap_daemon_snapshot(struct daemon *d);

/* What a dashboard gets, and when it has enough. */
struct viewer {
	struct live_follower follower;
	struct live *live;
	struct text got;
	int texts, leaves_after;
};

static struct scene {
	struct fixture fixture;
	struct daemon daemon;
	struct ev_loop *loop;
	struct live *live;
	struct viewer a, b;
	int snapshots;
} scene;

struct snapshot *__wrap_daemon_snapshot(struct daemon *d)
{
	assert_ptr_equal(d, &scene.daemon);
	scene.snapshots++;
	return snapshot_take(scene.fixture.topology, &scene.fixture.process);
}

static void on_text(struct live_follower *f, const struct text *t)
{
	struct viewer *v = container_of(f, struct viewer, follower);

	text_addn(&v->got, t->data, t->len);
	if (++v->texts == v->leaves_after)
		live_leave(v->live, f);
}

static int open_scene(void **state)
{
	(void)state;
	memset(&scene, 0, sizeof(scene));
	fixture_init(&scene.fixture);
	TAILQ_INIT(&scene.daemon.followers);
	scene.loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	scene.live = live_new(scene.loop, &scene.daemon);
	scene.a.live = scene.b.live = scene.live;
	scene.a.follower.on_text = scene.b.follower.on_text = on_text;
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	live_free(scene.live);
	live_free(NULL);
	ev_loop_destroy(scene.loop);
	text_release(&scene.a.got);
	text_release(&scene.b.got);
	fixture_release(&scene.fixture);
	return 0;
}

static void join(struct viewer *v)
{
	live_join(scene.live, &v->follower);
}

static void leave(struct viewer *v)
{
	live_leave(scene.live, &v->follower);
}

static void expect(struct viewer *v, const char *want)
{
	assert_string_equal(text_str(&v->got), want);
	text_clear(&v->got);
}

/* True if a timer of it is still to come. */
static bool turn(void)
{
	return ev_run(scene.loop, EVRUN_ONCE);
}

#define SAMPLE "event: sample\ndata: {\"now\":\"2026-11-20T12:12:01.095Z\""

static void each_second_all_get_the_same_sample(void **state)
{
	struct topology_server *n1 = scene.fixture.topology->services[0]->servers[0];

	(void)state;
	join(&scene.a);
	join(&scene.b);
	live_tick(scene.live);
	expect(&scene.a, SAMPLE "}\n\n");
	expect(&scene.b, SAMPLE "}\n\n");
	atomic_store(&n1->active, 17);
	live_tick(scene.live);
	expect(&scene.a, SAMPLE ",\"services\":{\"psql\":{\"servers\":{\"n1\":{\"sessions\":17}}}}"
	                        "}\n\n");
	assert_string_equal(text_str(&scene.b.got) + strlen(SAMPLE),
	                    ",\"services\":{\"psql\":{\"servers\":{\"n1\":{\"sessions\":17}}}}"
	                    "}\n\n");
	/* One to begin with, and one for each sample, whoever follows. */
	assert_int_equal(scene.snapshots, 3);
	leave(&scene.a);
	leave(&scene.b);
}

static void nothing_is_made_for_nobody(void **state)
{
	struct journal_event e = fixture_event();
	struct snapshot *s = snapshot_take(scene.fixture.topology, &scene.fixture.process);

	(void)state;
	live_tick(scene.live);
	live_shown(scene.live, s);
	live_shown(NULL, s);
	daemon_publish(&scene.daemon, &e);
	join(&scene.a);
	daemon_publish(&scene.daemon, &e);
	leave(&scene.a);
	assert_int_equal(scene.snapshots, 1);
	live_tick(scene.live);
	daemon_publish(&scene.daemon, &e);
	assert_false(turn());
	assert_true(TAILQ_EMPTY(&scene.daemon.followers));
	assert_int_equal(scene.snapshots, 1);
	snapshot_free(s);
}

static void who_comes_back_begins_anew(void **state)
{
	struct topology_server *n1 = scene.fixture.topology->services[0]->servers[0];

	(void)state;
	join(&scene.a);
	leave(&scene.a);
	atomic_store(&n1->active, 17);
	join(&scene.a);
	live_tick(scene.live);
	expect(&scene.a, SAMPLE "}\n\n");
	leave(&scene.a);
}

static void events_come_at_once_and_changes_of_states_soon(void **state)
{
	struct journal_event e = fixture_event();
	struct journal_event mark = { .seq = 18, .kind = JOURNAL_MARK, .text = "note" };

	(void)state;
	join(&scene.a);
	daemon_publish(&scene.daemon, &mark);
	assert_non_null(strstr(text_str(&scene.a.got), "id: 18\nevent: mark\ndata: {\"seq\":18,"));
	text_clear(&scene.a.got);
	assert_false(turn());
	for (int i = 0; i < 100; i++)
		daemon_publish(&scene.daemon, &e);
	assert_int_equal(strncmp(text_str(&scene.a.got), "id: 17\nevent: server\n", 21), 0);
	assert_int_equal(scene.a.texts, 101);
	text_clear(&scene.a.got);
	assert_false(turn());
	expect(&scene.a, SAMPLE "}\n\n");
	/* A storm does not make more of them than a few a second. */
	ev_now_update(scene.loop);
	daemon_publish(&scene.daemon, &e);
	{
		int64_t began = tick_ms();

		assert_false(turn());
		assert_true(tick_ms() - began >= 100);
	}
	/* The second comes first: there is nothing more to hurry for. */
	daemon_publish(&scene.daemon, &e);
	live_tick(scene.live);
	assert_false(turn());
	leave(&scene.a);
}

static void who_leaves_while_told_is_told_no_more(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	join(&scene.a);
	join(&scene.b);
	scene.a.leaves_after = 1;
	scene.b.leaves_after = 2;
	daemon_publish(&scene.daemon, &e);
	live_tick(scene.live);
	live_tick(scene.live);
	assert_int_equal(scene.a.texts, 1);
	assert_int_equal(scene.b.texts, 2);
	join(&scene.a);
	scene.a.leaves_after = 2;
	daemon_publish(&scene.daemon, &e);
	assert_false(turn());
	assert_int_equal(scene.a.texts, 2);
}

static void another_topology_is_told_before_its_sample(void **state)
{
	struct topology_service *psql = scene.fixture.topology->services[0];

	(void)state;
	join(&scene.a);
	psql->server_count--;
	live_tick(scene.live);
	psql->server_count++;
	assert_int_equal(strncmp(text_str(&scene.a.got), "event: topology\ndata: {}\n\n" SAMPLE,
	                         sizeof("event: topology\ndata: {}\n\n" SAMPLE) - 1),
	                 0);
	text_clear(&scene.a.got);
	/* The only one leaves when it hears of that: the sample is nobody's. */
	scene.a.leaves_after = scene.a.texts + 1;
	live_tick(scene.live);
	expect(&scene.a, "event: topology\ndata: {}\n\n");
}

static void what_a_status_said_is_corrected(void **state)
{
	struct topology_server *n1 = scene.fixture.topology->services[0]->servers[0];
	struct snapshot *s;

	(void)state;
	join(&scene.a);
	atomic_store(&n1->active, 6);
	s = snapshot_take(scene.fixture.topology, &scene.fixture.process);
	live_shown(scene.live, s);
	snapshot_free(s);
	atomic_store(&n1->active, 5);
	live_tick(scene.live);
	expect(&scene.a, SAMPLE ",\"services\":{\"psql\":{\"servers\":{\"n1\":{\"sessions\":5}}}}"
	                        "}\n\n");
	leave(&scene.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_scene, close_scene)
		TEST(each_second_all_get_the_same_sample),
		TEST(nothing_is_made_for_nobody),
		TEST(who_comes_back_begins_anew),
		TEST(events_come_at_once_and_changes_of_states_soon),
		TEST(who_leaves_while_told_is_told_no_more),
		TEST(another_topology_is_told_before_its_sample),
		TEST(what_a_status_said_is_corrected),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
