/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/statusjson.h"
#include "report/statuspatch.h"

#include <jansson.h>

/* A topology, what is told of it, and a dashboard that has a status and applies the patches. */
struct scene {
	struct fixture fixture;
	struct topology_server **servers;
	struct statuspatch *patch;
	json_t *shown;
	struct text told; /* the last patch */
};

static struct snapshot *look(struct scene *s)
{
	return snapshot_take(s->fixture.topology, &s->fixture.process);
}

/* --- a dashboard -------------------------------------------------------------------------- */

/* What is another every second is not patched. */
static void drop_ages(json_t *o)
{
	static const char *const keys[] = { "uptime_s", "since_s", "last_session_s", "age_s",
		                            "running",  "left_ms", "last_session_s", "name" };
	const char *key;
	json_t *value;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		json_object_del(o, keys[i]);
	json_object_foreach(o, key, value)
	{
		size_t i;
		json_t *each;

		if (json_is_object(value))
			drop_ages(value);
		json_array_foreach(value, i, each)
		{
			if (json_is_object(each))
				drop_ages(each);
		}
	}
}

/* The array as an object by the names of its elements. */
static void name_elements(json_t *o, const char *key)
{
	json_t *named = json_object();
	json_t *list = json_object_get(o, key);
	json_t *each;
	size_t i;

	json_array_foreach(list, i, each)
	{
		json_object_set(named, json_string_value(json_object_get(each, "name")), each);
	}
	json_object_set_new(o, key, named);
}

static json_t *fetch(struct scene *s)
{
	struct snapshot *snap = look(s);
	struct text out = { 0 };
	const char *name;
	json_t *service;
	json_t *o;

	statusjson_write(snap, &out);
	snapshot_free(snap);
	o = json_loads(out.data, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	text_release(&out);
	name_elements(o, "services");
	json_object_foreach(json_object_get(o, "services"), name, service)
	{
		name_elements(service, "servers");
	}
	drop_ages(o);
	return o;
}

/* Tells, and applies it: the parsed patch, to be freed. */
static json_t *tell(struct scene *s, bool moved)
{
	struct snapshot *snap = look(s);
	json_t *o;

	text_clear(&s->told);
	assert_int_equal(statuspatch_write(s->patch, snap, &s->told), moved);
	snapshot_free(snap);
	assert_null(strchr(s->told.data, '\n'));
	o = json_loads(s->told.data, JSON_REJECT_DUPLICATES, NULL);
	if (!o)
		fail_msg("no JSON: %s", s->told.data);
	json_object_update_recursive(s->shown, o);
	drop_ages(s->shown);
	return o;
}

static void expect_same(struct scene *s)
{
	json_t *now = fetch(s);

	if (!json_equal(now, s->shown)) {
		char *want = json_dumps(now, JSON_SORT_KEYS | JSON_INDENT(1));
		char *have = json_dumps(s->shown, JSON_SORT_KEYS | JSON_INDENT(1));

		fail_msg("after %s\nthe status is\n%s\nand not\n%s", text_str(&s->told), want,
		         have);
	}
	json_decref(now);
}

static void open_scene(struct scene *s, const char *first_name)
{
	struct snapshot *snap;

	memset(s, 0, sizeof(*s));
	fixture_init_named(&s->fixture, first_name);
	s->servers = s->fixture.topology->services[0]->servers;
	snap = look(s);
	s->patch = statuspatch_new(snap);
	snapshot_free(snap);
	s->shown = fetch(s);
}

static void close_scene(struct scene *s)
{
	statuspatch_free(s->patch);
	json_decref(s->shown);
	text_release(&s->told);
	fixture_release(&s->fixture);
}

/* --- what is told ------------------------------------------------------------------------- */

#define NOW       "{\"now\":\"2026-11-20T12:12:01.095Z\""
#define OF_PSQL   NOW ",\"services\":{\"psql\":{"
#define OF_N1     OF_PSQL "\"servers\":{\"n1\":{"
#define END_OF_N1 "}}}}}"

static void more_sessions(struct scene *s)
{
	atomic_store(&s->servers[0]->active, 6);
}

static void a_rate_of_two_servers(struct scene *s)
{
	s->servers[0]->rate = 9;
	s->servers[2]->rate = 1;
}

static void of_the_process(struct scene *s)
{
	s->fixture.process.conn_rate = 5;
	s->fixture.process.stopping = true;
	s->fixture.process.node = NULL;
	s->fixture.workers[1] = 8;
}

static void of_both_services(struct scene *s)
{
	s->fixture.topology->services[0]->rate = 0;
	s->fixture.topology->services[1]->rate = 7;
}

static void an_end(struct scene *s)
{
	atomic_store(&s->fixture.topology->services[0]->ended[REASON_SERVER_RESET], 2);
}

static void a_check(struct scene *s)
{
	s->servers[0]->check_wall_ms += 1000;
	s->servers[0]->check.duration_ms = 3;
}

static void a_check_that_runs(struct scene *s)
{
	s->servers[0]->check_running = true;
}

static void an_average(struct scene *s)
{
	atomic_store(&s->servers[0]->connect_time.max, 12);
}

static void no_check_any_more(struct scene *s)
{
	s->servers[0]->check_wall_ms = 0;
}

static void a_fault(struct scene *s)
{
	s->servers[0]->fault = fault_pack((struct fault){ FAULT_DELAY, 200 });
	s->servers[0]->fault_until_ms = s->fixture.process.now_ms + 5000;
}

static void another_address(struct scene *s)
{
	struct addr a;

	assert_true(addr_parse_ip("10.0.0.7", 26257, &a));
	topology_set_address(s->servers[0], &a);
}

static void a_drain(struct scene *s)
{
	topology_set_state(s->servers[0], fixture_state(STATE_UP, 4, STATE_DRAIN_COMMAND));
	s->servers[0]->since_wall_ms = FIXTURE_WALL_MS - 1;
	snprintf(s->servers[0]->cause, sizeof(s->servers[0]->cause), "set to drain by a \"man\"");
}

static void a_predecessor(struct scene *s)
{
	static const struct snapshot_predecessor before[] = { { .pid = 815,
		                                                .since_wall_ms =
		                                                    FIXTURE_WALL_MS - 9500,
		                                                .sessions = 4,
		                                                .known = true } };

	s->fixture.process.predecessors = before;
	s->fixture.process.predecessor_count = 1;
}

static void time_goes_by(struct scene *s)
{
	s->fixture.process.now_wall_ms += 1000;
	s->fixture.process.now_ms += 1000;
}

static void only_what_has_changed_is_told(void **state)
{
	static const struct {
		void (*change)(struct scene *s);
		const char *patch;
	} cases[] = {
		{ more_sessions, OF_N1 "\"sessions\":6" END_OF_N1 },
		{ a_rate_of_two_servers, OF_N1 "\"rate\":9},\"n3\":{\"rate\":1" END_OF_N1 },
		{ of_the_process, NOW ",\"node\":null,\"session_rate\":5,\"stopping\":true,"
		                      "\"workers\":[4,8]}" },
		{ of_both_services, OF_PSQL "\"rate\":0},\"web\":{\"rate\":7}}}" },
		{ an_end, OF_PSQL "\"ended\":{\"server_reset\":2}}}}" },
		{ a_check,
		  OF_N1 "\"check\":{\"duration_ms\":3,\"time\":\"2026-11-20T12:12:00.595Z\""
		        "}" END_OF_N1 },
		{ a_check_that_runs, NOW "}" },
		{ an_average, OF_N1 "\"connect_ms\":{\"max\":12}" END_OF_N1 },
		{ no_check_any_more, OF_N1 "\"check\":null" END_OF_N1 },
		{ another_address, OF_N1 "\"address\":\"10.0.0.7:26257\"" END_OF_N1 },
		{ a_drain, OF_PSQL "\"on_backup\":true,\"usable\":0,\"tier_percent\":[0],"
		                   "\"servers\":{\"n1\":{\"state\":\"DRAIN\","
		                   "\"admin\":[\"drain\"],\"usable\":false,"
		                   "\"since\":\"2026-11-20T12:12:01.094Z\","
		                   "\"cause\":\"set to drain by a \\\"man\\\"\"" END_OF_N1 },
		{ a_predecessor,
		  NOW ",\"predecessors\":[{\"known\":true,\"pid\":815,\"sessions\":4,"
		      "\"since\":\"2026-11-20T12:11:51.595Z\",\"since_s\":9}]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scene s;

		open_scene(&s, "n1");
		cases[i].change(&s);
		json_decref(tell(&s, false));
		assert_string_equal(s.told.data, cases[i].patch);
		json_decref(tell(&s, false));
		assert_string_equal(s.told.data, NOW "}");
		close_scene(&s);
	}
}

static void time_alone_changes_nothing_but_the_time(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, "n1");
	a_fault(&s);
	json_decref(tell(&s, false));
	/* A server that is down counts the seconds of that. */
	topology_set_state(s.servers[2], fixture_state(STATE_UP, 4, 0));
	json_decref(tell(&s, false));
	time_goes_by(&s);
	json_decref(tell(&s, false));
	assert_string_equal(s.told.data, "{\"now\":\"2026-11-20T12:12:02.095Z\"}");
	close_scene(&s);
}

static void patches_make_one_status_into_the_next(void **state)
{
	static void (*const changes[])(struct scene * s) = {
		more_sessions,
		a_rate_of_two_servers,
		of_the_process,
		of_both_services,
		an_end,
		a_check,
		a_check_that_runs,
		an_average,
		a_fault,
		another_address,
		a_drain,
		a_predecessor,
		no_check_any_more,
		time_goes_by,
	};
	struct scene s;

	(void)state;
	open_scene(&s, "n1");
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		changes[i](&s);
		json_decref(tell(&s, false));
		expect_same(&s);
	}
	/* A check is there again: all of it is told, also what is as it was before. */
	s.servers[0]->check_wall_ms = FIXTURE_WALL_MS;
	json_decref(tell(&s, false));
	assert_non_null(strstr(s.told.data, "\"words\":"));
	expect_same(&s);
	close_scene(&s);
}

static void names_may_be_anything(void **state)
{
	static const char name[] = "<n>\"\\\n\033[31m\xff&'{";
	struct scene s;

	(void)state;
	open_scene(&s, name);
	more_sessions(&s);
	json_decref(tell(&s, false));
	assert_non_null(strstr(s.told.data, "{\"<n>\\\"\\\\\\n\\u001b[31m\\ufffd&'{\":{"));
	expect_same(&s);
	close_scene(&s);
}

/* --- those who begin later ---------------------------------------------------------------- */

static void a_status_that_said_otherwise_is_corrected(void **state)
{
	struct snapshot *snap;
	struct scene s;

	(void)state;
	open_scene(&s, "n1");
	atomic_store(&s.servers[0]->active, 99);
	no_check_any_more(&s);
	snap = look(&s);
	statuspatch_shown(s.patch, snap);
	snapshot_free(snap);
	json_decref(s.shown);
	s.shown = fetch(&s);
	/* As it was at the last patch: without the status there would be nothing to tell. */
	atomic_store(&s.servers[0]->active, 5);
	s.servers[0]->check_wall_ms = FIXTURE_WALL_MS - 1500;
	json_decref(tell(&s, false));
	assert_non_null(strstr(s.told.data, "\"sessions\":5,\"check\":{\"type\":\"http\","));
	expect_same(&s);
	json_decref(tell(&s, false));
	assert_string_equal(s.told.data, NOW "}");
	close_scene(&s);
}

/* --- rows that come and go ---------------------------------------------------------------- */

static void servers_that_come_and_go_are_not_told_but_that_they_did(void **state)
{
	struct fixture other;
	struct topology *before;
	struct scene s;

	(void)state;
	open_scene(&s, "n1");
	fixture_init_named(&other, "n9");
	before = s.fixture.topology;
	s.fixture.topology = other.topology;
	atomic_store(&other.topology->services[0]->servers[0]->active, 77);
	atomic_store(&other.topology->services[0]->servers[1]->active, 3);
	json_decref(tell(&s, true));
	assert_string_equal(s.told.data, OF_PSQL "\"servers\":{\"n2\":{\"sessions\":3}}}}}");
	json_decref(s.shown);
	s.shown = fetch(&s);
	atomic_store(&other.topology->services[0]->servers[0]->active, 78);
	json_decref(tell(&s, false));
	assert_string_equal(s.told.data, OF_PSQL "\"servers\":{\"n9\":{\"sessions\":78}}}}}");
	expect_same(&s);
	topology_free(before);
	close_scene(&s);
}

static void services_that_come_and_go_take_their_servers_along(void **state)
{
	struct topology_service *web;
	struct snapshot *snap;
	struct topology *t;
	struct scene s;

	(void)state;
	open_scene(&s, "n1");
	t = s.fixture.topology;
	web = t->services[1];
	t->service_count = 1;
	more_sessions(&s);
	snap = look(&s);
	statuspatch_shown(s.patch, snap);
	snapshot_free(snap);
	json_decref(tell(&s, true));
	assert_string_equal(s.told.data, OF_N1 "\"sessions\":6" END_OF_N1);
	t->services[1] = t->services[0];
	t->services[0] = web;
	t->service_count = 2;
	s.servers = t->services[1]->servers;
	atomic_store(&s.servers[0]->active, 7);
	json_decref(tell(&s, true));
	assert_string_equal(s.told.data, OF_N1 "\"sessions\":7" END_OF_N1);
	web->rate = 3;
	json_decref(tell(&s, false));
	assert_string_equal(s.told.data, NOW ",\"services\":{\"web\":{\"rate\":3}}}");
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_has_changed_is_told),
		cmocka_unit_test(time_alone_changes_nothing_but_the_time),
		cmocka_unit_test(patches_make_one_status_into_the_next),
		cmocka_unit_test(names_may_be_anything),
		cmocka_unit_test(a_status_that_said_otherwise_is_corrected),
		cmocka_unit_test(servers_that_come_and_go_are_not_told_but_that_they_did),
		cmocka_unit_test(services_that_come_and_go_take_their_servers_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
