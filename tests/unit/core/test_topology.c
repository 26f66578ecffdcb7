/* SPDX-License-Identifier: MIT */
#include "core/topology.h"

#include "sample.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct sample_server three[] = {
	{ "n1", "10.0.0.1", 1, false, false, 0 },
	{ "n2", "fd00::2", 7, true, false, 3 },
	{ "n3", "db.example", 0, false, true, 0 },
};

/* Services "psql" and "psql2" share the servers above; their checks are of type http. */
static struct topology *make_two(void)
{
	struct settings *s = settings_new();
	struct settings_service *services = mem_arena_zalloc(&s->arena, 2 * sizeof(*services));

	services[0] = settings_service_default();
	services[0].name = "psql";
	services[1] = services[0];
	services[1].name = "psql2";
	sample_fill(s, &services[0], SETTINGS_CHECK_HTTP, three, 3);
	services[1].servers = services[0].servers;
	services[1].server_count = 2;
	s->services = services;
	s->service_count = 2;
	return topology_new(s);
}

static void servers_start_as_the_settings_say(void **unused)
{
	struct topology *t = make_two();
	struct topology_server **s = t->services[0]->servers;
	struct state first = topology_state(s[0]);
	struct state disabled = topology_state(s[2]);

	(void)unused;
	assert_int_equal(first.health, STATE_CHECKING);
	assert_int_equal(first.admin, 0);
	assert_int_equal(disabled.admin, STATE_MAINT_CONFIG);
	assert_int_equal(s[0]->limits.rise, 2);
	assert_int_equal(s[0]->limits.fall, 3);
	assert_true(s[0]->limits.checked);
	assert_false(s[0]->limits.start_up);
	assert_int_equal(s[0]->weight, 1);
	assert_int_equal(s[1]->weight, 7);
	assert_int_equal(s[2]->weight, 0);
	assert_int_equal(s[0]->check.code, PROBE_INIT);
	assert_int_equal(s[0]->since_ms, 0);
	assert_string_equal(s[1]->settings->name, "n2");
	assert_string_equal(s[1]->target->name, "n2");
	assert_ptr_equal(s[1]->service, t->services[0]);
	assert_false(t->services[0]->has_server);
	topology_free(t);
}

static void unchecked_servers_are_usable_from_the_start(void **unused)
{
	struct topology *t = sample_pool(SETTINGS_LEASTCONN, false, three, 3);

	(void)unused;
	assert_int_equal(topology_state(t->services[0]->servers[0]).health, STATE_NOCHECK);
	assert_true(t->services[0]->has_server);
	topology_free(t);
	topology_free(NULL);
}

static void init_state_up_is_up_before_the_first_check(void **unused)
{
	struct settings *s = settings_new();
	struct settings_service service = settings_service_default();
	struct settings_target *targets;
	struct topology *t;

	(void)unused;
	service.name = "psql";
	sample_fill(s, &service, SETTINGS_CHECK_TCP, three, 1);
	targets = mem_arena_zalloc(&s->arena, sizeof(*targets));
	targets[0] = s->targets[0];
	targets[0].check.init_state = SETTINGS_INIT_UP;
	s->targets = targets;
	s->services = &service;
	s->service_count = 1;
	t = topology_new(s);
	assert_int_equal(topology_state(t->services[0]->servers[0]).health, STATE_UP);
	assert_true(t->services[0]->has_server);
	topology_free(t);
}

static void identifiers_are_haproxys(void **unused)
{
	struct topology *t = make_two();

	(void)unused;
	assert_int_equal(t->services[0]->id, 2);
	assert_int_equal(t->services[1]->id, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(t->services[0]->servers[i]->id, i + 1);
	assert_int_equal(t->services[1]->servers[0]->id, 1);
	topology_free(t);
}

static void what_different_threads_write_is_on_different_cache_lines(void **unused)
{
	struct topology *t = make_two();
	const struct topology_service *service = t->services[0];

	(void)unused;
	assert_int_equal((uintptr_t)&service->clock % TOPOLOGY_LINE, 0);
	assert_int_equal((uintptr_t)&service->count % TOPOLOGY_LINE, 0);
	for (size_t i = 0; i < service->server_count; i++) {
		assert_int_equal((uintptr_t)&service->servers[i]->state % TOPOLOGY_LINE, 0);
		assert_int_equal((uintptr_t)&service->servers[i]->turn % TOPOLOGY_LINE, 0);
		assert_int_equal((uintptr_t)&service->servers[i]->count % TOPOLOGY_LINE, 0);
	}
	topology_free(t);
}

static void things_are_found_by_their_whole_name(void **unused)
{
	static const char *const wrong[] = { "",    "psql",   "psql/",    "psql/n",    "psql/n11",
		                             "/n1", "psq/n1", "psql2/n3", "psql/n1/x", "psql3/n1" };
	struct topology *t = make_two();

	(void)unused;
	assert_ptr_equal(topology_find_service(t, "psql"), t->services[0]);
	assert_ptr_equal(topology_find_service(t, "psql2"), t->services[1]);
	assert_null(topology_find_service(t, "psq"));
	assert_ptr_equal(topology_find_server(t, "psql/n3"), t->services[0]->servers[2]);
	assert_ptr_equal(topology_find_server(t, "psql2/n2"), t->services[1]->servers[1]);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_null(topology_find_server(t, wrong[i]));
	topology_free(t);
}

static void expect_address(struct topology_server *s, const char *want)
{
	char buf[ADDR_TEXT_MAX];
	struct addr a;

	if (!want) {
		assert_false(topology_address(s, &a));
		return;
	}
	assert_true(topology_address(s, &a));
	assert_string_equal(addr_format(&a, buf), want);
}

static void numeric_addresses_are_there_at_once(void **unused)
{
	struct topology *t = make_two();
	struct topology_server **s = t->services[0]->servers;
	struct addr a;

	(void)unused;
	expect_address(s[0], "10.0.0.1:26257");
	expect_address(s[1], "[fd00::2]:26257");
	expect_address(s[2], NULL);
	assert_true(addr_parse_ip("192.0.2.9", 1234, &a));
	topology_set_address(s[2], &a);
	expect_address(s[2], "192.0.2.9:1234");
	topology_set_address(s[2], NULL);
	expect_address(s[2], NULL);
	topology_free(t);
}

static void unix_servers_have_their_path(void **unused)
{
	char host[200] = "unix:/";
	struct sample_server servers[] = { { "a", "unix:/run/db.sock", 1, false, false, 0 },
		                           { "b", host, 1, false, false, 0 } };
	struct topology *t;

	(void)unused;
	memset(host + 6, 'x', 150);
	t = sample_pool(SETTINGS_ROUNDROBIN, false, servers, 2);
	expect_address(t->services[0]->servers[0], "unix:/run/db.sock");
	expect_address(t->services[0]->servers[1], NULL);
	topology_free(t);
}

static void usable_servers_are_counted_by_kind(void **unused)
{
	static const struct sample_server servers[] = {
		{ "a", NULL, 1, false, false, 0 }, { "b", NULL, 1, false, false, 0 },
		{ "c", NULL, 0, false, false, 0 }, { "d", NULL, 1, true, false, 0 },
		{ "e", NULL, 1, true, true, 0 },
	};
	struct topology *t = sample_pool(SETTINGS_ROUNDROBIN, false, servers, 5);
	uint32_t active;
	uint32_t backup;

	(void)unused;
	topology_count_usable(t->services[0], &active, &backup);
	assert_int_equal(active, 2);
	assert_int_equal(backup, 1);
	topology_set_state(t->services[0]->servers[0], (struct state){ .health = STATE_NOLB });
	topology_set_state(t->services[0]->servers[4], (struct state){ .health = STATE_UP });
	topology_count_usable(t->services[0], &active, &backup);
	assert_int_equal(active, 1);
	assert_int_equal(backup, 2);
	topology_free(t);
}

static void the_average_of_equal_times_is_that_time(void **unused)
{
	static const uint32_t times[] = { 0, 1, 3, 250, 60000, 86400000 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct topology_time t = { 0 };

		assert_int_equal(topology_time_average(&t, 0), 0);
		for (uint64_t n = 1; n <= 3000; n++) {
			topology_time_add(&t, times[i]);
			assert_in_range(topology_time_average(&t, n), times[i] - times[i] / 1000000,
			                times[i]);
		}
		assert_int_equal(t.max, times[i]);
	}
}

static void old_times_fade_away(void **unused)
{
	struct topology_time t = { 0 };

	(void)unused;
	for (int i = 0; i < 5000; i++)
		topology_time_add(&t, 1000);
	for (int i = 0; i < 512; i++)
		topology_time_add(&t, 0);
	/* 1/e of it is left after one window. */
	assert_in_range(topology_time_average(&t, 5512), 360, 375);
	assert_int_equal(t.max, 1000);
}

enum { READERS = 3, WRITES = 200000 };

struct race {
	struct topology_server *server;
	_Atomic bool done;
};

/* Every byte of such an address and every member of such a state says the same number. */
static void write_number(struct topology_server *s, unsigned int n)
{
	struct addr_ip ip = { .family = n % 2 ? AF_INET : AF_INET6, .port = (uint16_t)n };
	struct state state = { .health = STATE_NOLB,
		               .counter = (uint16_t)n,
		               .recovered = (uint16_t)n };
	struct addr a;

	memset(ip.bytes, (int)(n & 0xff), n % 2 ? 4 : 16);
	a = addr_unpack(&ip);
	topology_set_address(s, n % 16 ? &a : NULL);
	topology_set_state(s, state);
}

static bool is_whole(struct topology_server *s)
{
	struct state state = topology_state(s);
	struct addr_ip ip;
	struct addr a;
	size_t len;

	if (state.counter != state.recovered || state.health != STATE_NOLB || state.admin)
		return false;
	if (!topology_address(s, &a))
		return true;
	ip = addr_pack(&a);
	if (ip.family != (ip.port % 2 ? AF_INET : AF_INET6))
		return false;
	len = ip.port % 2 ? 4 : 16;
	for (size_t i = 0; i < len; i++)
		if (ip.bytes[i] != (ip.port & 0xff))
			return false;
	return true;
}

static void *read_on(void *arg)
{
	struct race *race = arg;
	bool torn = false;

	while (!race->done)
		torn |= !is_whole(race->server);
	return torn ? arg : NULL;
}

static void readers_never_see_a_torn_address_or_state(void **unused)
{
	struct topology *t = make_two();
	struct race race = { .server = t->services[0]->servers[0] };
	pthread_t readers[READERS];
	void *torn;

	(void)unused;
	write_number(race.server, 1);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &race), 0);
	for (unsigned int n = 1; n <= WRITES; n++)
		write_number(race.server, n);
	race.done = true;
	for (size_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(readers[i], &torn), 0);
		assert_null(torn);
	}
	topology_free(t);
}

static void *read_once(void *arg)
{
	struct race *race = arg;

	race->done = true;
	return is_whole(race->server) ? NULL : arg;
}

/* Half of an address is there for as long as the reader may need to run into it. */
static void a_reader_waits_for_the_end_of_a_change(void **unused)
{
	struct topology *t = make_two();
	struct race race = { .server = t->services[0]->servers[0] };
	uint64_t word;
	pthread_t reader;
	void *torn;

	(void)unused;
	write_number(race.server, 2);
	word = race.server->addr_words[1];
	race.server->addr_version++;
	race.server->addr_words[1] = 0;
	assert_int_equal(pthread_create(&reader, NULL, read_once, &race), 0);
	while (!race.done)
		sched_yield();
	for (int i = 0; i < 1000; i++)
		sched_yield();
	race.server->addr_words[1] = word;
	race.server->addr_version++;
	assert_int_equal(pthread_join(reader, &torn), 0);
	assert_null(torn);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_start_as_the_settings_say),
		cmocka_unit_test(unchecked_servers_are_usable_from_the_start),
		cmocka_unit_test(init_state_up_is_up_before_the_first_check),
		cmocka_unit_test(identifiers_are_haproxys),
		cmocka_unit_test(what_different_threads_write_is_on_different_cache_lines),
		cmocka_unit_test(things_are_found_by_their_whole_name),
		cmocka_unit_test(numeric_addresses_are_there_at_once),
		cmocka_unit_test(unix_servers_have_their_path),
		cmocka_unit_test(usable_servers_are_counted_by_kind),
		cmocka_unit_test(the_average_of_equal_times_is_that_time),
		cmocka_unit_test(old_times_fade_away),
		cmocka_unit_test(readers_never_see_a_torn_address_or_state),
		cmocka_unit_test(a_reader_waits_for_the_end_of_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
