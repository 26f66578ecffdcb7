/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/statusjson.h"

#include <jansson.h>

static char *status_of(const struct fixture *f)
{
	struct snapshot *s = snapshot_take(f->topology, &f->process);
	struct text out = { 0 };

	statusjson_write(s, &out);
	snapshot_free(s);
	return text_take(&out);
}

static int setup(void **state)
{
	struct fixture f;

	fixture_init(&f);
	*state = status_of(&f);
	fixture_release(&f);
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static const json_t *server_at(const json_t *o, size_t service, size_t server)
{
	const json_t *s = json_array_get(json_object_get(o, "services"), service);

	return json_array_get(json_object_get(s, "servers"), server);
}

static void the_keys_are_the_documented_ones(void **state)
{
	static const char *const of_server[] = {
		"name",           "id",
		"address",        "host",
		"locality",       "node",
		"state",          "health",
		"counter",        "rise",
		"fall",           "checked",
		"admin",          "usable",
		"backup",         "since",
		"since_s",        "cause",
		"weight",         "weight_configured",
		"sessions",       "sessions_max",
		"sessions_limit", "rate",
		"rate_max",       "last_session_s",
		"bytes_in",       "bytes_out",
		"connected",      "connect_errors",
		"retries",        "redispatches",
		"picked",         "client_aborts",
		"server_aborts",  "cut",
		"down_count",     "downtime_s",
		"queue_ms",       "connect_ms",
		"session_ms",     "check",
		"sessions_total", "check_failures",
		"replayed",       "asked",
		"fault",          "sessions_before",
		"tier",           "cross_tier_sessions",
		"warm",           "warm_used",
		"warm_lost",
	};
	json_t *o = json_loads(*state, JSON_REJECT_DUPLICATES, NULL);
	const json_t *n2 = server_at(o, 0, 1);

	assert_non_null(o);
	assert_int_equal(json_object_size(n2), ARRAY_LEN(of_server));
	for (size_t i = 0; i < ARRAY_LEN(of_server); i++)
		assert_non_null(json_object_get(n2, of_server[i]));
	assert_string_equal(json_string_value(json_object_get(n2, "since")),
	                    "2026-11-20T12:10:56.095Z");
	assert_string_equal(json_string_value(json_object_get(n2, "state")), "NOLB 2/3");
	assert_true(json_is_null(json_object_get(n2, "locality")));
	assert_true(json_is_null(json_object_get(server_at(o, 1, 0), "check")));
	assert_int_equal(json_array_size(json_object_get(o, "workers")), 2);
	json_decref(o);
}

static void predecessors_are_written_and_read(void **state)
{
	const struct snapshot_predecessor before[] = {
		{ .pid = 815,
		  .since_wall_ms = FIXTURE_WALL_MS - 9500,
		  .sessions = 4,
		  .known = true },
		{ .sessions = 1 },
	};
	struct statusjson *s;
	struct fixture f;
	char *json;

	(void)state;
	fixture_init(&f);
	f.topology->services[0]->servers[1]->active_before = 3;
	f.process.predecessors = before;
	f.process.predecessor_count = ARRAY_LEN(before);
	json = status_of(&f);
	s = statusjson_read(json, NULL);
	assert_non_null(s);
	assert_int_equal(s->services[0].servers[0].sessions_before, 0);
	assert_int_equal(s->services[0].servers[1].sessions_before, 3);
	assert_int_equal(s->predecessor_count, 2);
	assert_int_equal(s->predecessors[0].pid, 815);
	assert_int_equal(s->predecessors[0].since_s, 9);
	assert_int_equal(s->predecessors[0].sessions, 4);
	assert_true(s->predecessors[0].known);
	assert_int_equal(s->predecessors[1].pid, 0);
	assert_int_equal(s->predecessors[1].since_s, 0);
	assert_false(s->predecessors[1].known);
	statusjson_free(s);
	free(json);
	fixture_release(&f);
}

static void discovery_is_told_where_it_is_on(void **state)
{
	struct snapshot_discovery on = { .on = true,
		                         .known = 5,
		                         .joined = 4,
		                         .elsewhere = 1,
		                         .from = "http://n1:8080",
		                         .last_s = 17,
		                         .failures = 3,
		                         .error = "a \"quoted\" reason" };
	struct fixture f;
	json_t *o;
	struct statusjson *s;
	const json_t *d;
	char *json;

	(void)state;
	fixture_init(&f);
	json = status_of(&f);
	assert_non_null(strstr(json, "\"discovery\":null"));
	s = statusjson_read(json, NULL);
	assert_false(s->discovery.on);
	statusjson_free(s);
	free(json);
	f.process.discovery = on;
	json = status_of(&f);
	o = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	d = json_object_get(o, "discovery");
	assert_int_equal(json_integer_value(json_object_get(d, "known")), 5);
	assert_int_equal(json_integer_value(json_object_get(d, "joined")), 4);
	assert_int_equal(json_integer_value(json_object_get(d, "elsewhere")), 1);
	assert_int_equal(json_integer_value(json_object_get(d, "last_s")), 17);
	assert_int_equal(json_integer_value(json_object_get(d, "failures")), 3);
	assert_string_equal(json_string_value(json_object_get(d, "from")), on.from);
	assert_string_equal(json_string_value(json_object_get(d, "error")), on.error);
	json_decref(o);
	s = statusjson_read(json, NULL);
	assert_true(s->discovery.on);
	assert_int_equal(s->discovery.known, 5);
	assert_int_equal(s->discovery.joined, 4);
	assert_int_equal(s->discovery.last_s, 17);
	assert_int_equal(s->discovery.failures, 3);
	assert_string_equal(s->discovery.from, on.from);
	assert_string_equal(s->discovery.error, on.error);
	statusjson_free(s);
	free(json);
	fixture_release(&f);
}

static void what_was_written_is_read(void **state)
{
	struct error err;
	struct statusjson *s = statusjson_read(*state, &err);

	if (!s)
		fail_msg("%s", err.text);
	assert_string_equal(s->version, "0.1.0");
	assert_string_equal(s->node, "lb1");
	assert_int_equal(s->uptime_s, 7500);
	assert_int_equal(s->session_rate_max, 12);
	assert_int_equal(s->service_count, 2);
	assert_string_equal(s->services[0].name, "psql");
	assert_string_equal(s->services[0].binds[0], ":26257");
	assert_int_equal(s->services[0].denied, 3);
	assert_int_equal(s->services[0].usable, 1);
	assert_int_equal(s->services[0].server_count, 4);
	assert_string_equal(s->services[0].servers[0].locality, "region=eu,zone=a");
	assert_string_equal(s->services[0].servers[1].state, "NOLB 2/3");
	assert_int_equal(s->services[0].servers[1].health, STATE_NOLB);
	assert_int_equal(s->services[0].servers[1].check_status, 503);
	assert_int_equal(s->services[0].servers[1].check_age_s, 1);
	assert_int_equal(s->services[0].servers[1].since_s, 65);
	assert_false(s->services[0].servers[1].usable);
	assert_true(s->services[0].servers[3].backup);
	assert_false(s->services[1].servers[0].has_check);
	statusjson_free(s);
	statusjson_free(NULL);
}

static void what_is_held_and_replayed_is_read(void **state)
{
	struct fixture f;
	struct topology_service *psql;
	struct statusjson *s;
	struct error err;
	char *text;

	(void)state;
	fixture_init(&f);
	psql = f.topology->services[0];
	psql->held = 3;
	psql->held_max = 17;
	psql->panicking = true;
	counter_add(&psql->count, COUNTER_HELD, 21);
	counter_add(&psql->servers[0]->count, COUNTER_REPLAYED, 4);
	counter_add(&psql->servers[1]->count, COUNTER_ASKED, 6);
	text = status_of(&f);
	s = statusjson_read(text, &err);
	assert_non_null(s);
	assert_int_equal(s->services[0].held, 3);
	assert_int_equal(s->services[0].held_max, 17);
	assert_int_equal(s->services[0].held_total, 21);
	assert_int_equal(s->services[0].replayed, 4);
	assert_int_equal(s->services[0].asked, 6);
	assert_true(s->services[0].panicking);
	assert_int_equal(s->services[0].servers[0].replayed, 4);
	assert_int_equal(s->services[0].servers[1].asked, 6);
	assert_false(s->services[1].panicking);
	assert_int_equal(s->services[1].held, 0);
	statusjson_free(s);
	free(text);
	fixture_release(&f);
}

static void a_fault_is_read_with_the_time_that_is_left(void **state)
{
	struct fixture f;
	struct topology_server **servers;
	struct statusjson *s;
	struct error err;
	char *text;

	(void)state;
	fixture_init(&f);
	servers = f.topology->services[0]->servers;
	servers[0]->fault = fault_pack((struct fault){ FAULT_DELAY, 200 });
	servers[0]->fault_until_ms = f.process.now_ms + 12345;
	servers[1]->fault = fault_pack((struct fault){ FAULT_REFUSE, 0 });
	text = status_of(&f);
	s = statusjson_read(text, &err);
	assert_non_null(s);
	assert_string_equal(s->services[0].servers[0].fault, "delay 200ms");
	assert_int_equal(s->services[0].servers[0].fault_left_ms, 12345);
	assert_string_equal(s->services[0].servers[1].fault, "refuse");
	assert_int_equal(s->services[0].servers[1].fault_left_ms, -1);
	assert_null(s->services[0].servers[2].fault);
	statusjson_free(s);
	free(text);
	fixture_release(&f);
}

static void administrative_flags_are_named(void **state)
{
	struct fixture f;
	struct statusjson *s;
	char *text;

	(void)state;
	fixture_init(&f);
	topology_set_state(f.topology->services[0]->servers[0],
	                   (struct state){ .admin = STATE_MAINT_CONFIG | STATE_DRAIN_COMMAND });
	text = status_of(&f);
	assert_non_null(strstr(text, "\"admin\":[\"maint (configuration)\",\"drain\"]"));
	s = statusjson_read(text, NULL);
	assert_non_null(s);
	assert_true(s->services[0].servers[0].maint);
	assert_true(s->services[0].servers[0].drain);
	assert_false(s->services[0].servers[1].maint);
	statusjson_free(s);
	free(text);
	fixture_release(&f);
}

static void hostile_strings_are_harmless_when_read(void **state)
{
	struct fixture f;
	struct statusjson *s;
	char *text;

	(void)state;
	fixture_init_named(&f, "n\"\\\n\033]0;x\a\xff");
	text = status_of(&f);
	s = statusjson_read(text, NULL);
	assert_non_null(s);
	assert_string_equal(s->services[0].servers[0].name, "n\"\\??]0;x?\xef\xbf\xbd");
	statusjson_free(s);
	free(text);
	fixture_release(&f);
}

/* Gives each key of `o` another type; returns how many of them are refused. */
static size_t spoil(json_t *root, json_t *o)
{
	const char *key;
	json_t *value;
	void *next;
	size_t refused = 0;

	json_object_foreach_safe(o, next, key, value)
	{
		char *name = mem_strdup(key);
		json_t *kept = json_incref(value);
		struct statusjson *s;
		char *text;

		json_object_set_new(o, name, json_real(0.5));
		text = json_dumps(root, 0);
		s = statusjson_read(text, NULL);
		refused += s == NULL;
		statusjson_free(s);
		free(text);
		json_object_set_new(o, name, kept);
		free(name);
	}
	return refused;
}

/* Keys that the reader has no use for may be of any type. */
static void wrong_types_are_refused(void **state)
{
	json_t *o = json_loads(*state, 0, NULL);
	json_t *service = json_array_get(json_object_get(o, "services"), 0);
	json_t *server = json_array_get(json_object_get(service, "servers"), 1);

	assert_int_equal(spoil(o, o), json_object_size(o) - 3);
	assert_int_equal(spoil(o, service), json_object_size(service) - 7);
	assert_int_equal(spoil(o, server), json_object_size(server) - 19);
	assert_int_equal(spoil(o, json_object_get(server, "check")), 8);
	json_decref(o);
}

static void what_is_missing_is_named(void **state)
{
	static const struct {
		const char *json, *words;
	} cases[] = {
		{ "", "not JSON" },
		{ "{\"services\":1}", "\"services\" is not a list" },
		{ "{\"services\":[]}", "\"version\" is missing" },
		{ "{\"version\":\"1\",\"now\":\"\",\"stopping\":false,\"pid\":1.5,\"services\":[]}",
		  "\"pid\" is not a whole number" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err;

		assert_null(statusjson_read(cases[i].json, &err));
		if (strncmp(err.text, cases[i].words, strlen(cases[i].words)) != 0)
			fail_msg("\"%s\" instead of \"%s\"", err.text, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_keys_are_the_documented_ones),
		cmocka_unit_test(predecessors_are_written_and_read),
		cmocka_unit_test(discovery_is_told_where_it_is_on),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(what_is_held_and_replayed_is_read),
		cmocka_unit_test(a_fault_is_read_with_the_time_that_is_left),
		cmocka_unit_test(administrative_flags_are_named),
		cmocka_unit_test(hostile_strings_are_harmless_when_read),
		cmocka_unit_test(wrong_types_are_refused),
		cmocka_unit_test(what_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
