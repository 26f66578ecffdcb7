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

static void a_service_without_frontends_is_one_itself(void **unused)
{
	static const struct settings_bind binds[2];
	static const struct addr_net nets[3];
	static const struct settings_log logs[1];
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));
	const struct settings_frontend *f;
	struct topology *t;

	(void)unused;
	*service = settings_service_default();
	service->name = "psql";
	service->binds = binds;
	service->bind_count = 2;
	service->maxconn = 77;
	service->timeout.client_ms = 1;
	service->timeout.client_fin_ms = 2;
	service->rate_limit = 3;
	service->conn_rate_limit = (struct settings_rate_limit){ 4, 5, 6 };
	service->keepalive = (struct settings_keepalive){ .client = true, .idle_s = 7 };
	service->tcp_user_timeout_ms = 8;
	service->allow = nets;
	service->allow_count = 2;
	service->deny = nets + 2;
	service->deny_count = 1;
	service->dontlognull = service->dontlog_normal = service->logasap = true;
	service->log_separate_errors = service->socket_stats = service->disabled = true;
	service->session_log = SETTINGS_SESSION_CLF;
	service->log_format = "%ci";
	service->own_logs = true;
	service->logs = logs;
	service->log_count = 1;
	service->description = "words";
	service->line = 9;
	sample_fill(s, service, SETTINGS_CHECK_NONE, three, 3);
	s->services = service;
	s->service_count = 1;
	t = topology_new(s);
	assert_int_equal(t->services[0]->frontend_count, 1);
	assert_ptr_equal(t->services[0]->frontends[0]->service, t->services[0]);
	assert_int_equal(t->services[0]->frontends[0]->maxconn, 77);
	assert_int_equal(t->services[0]->frontends[0]->id, t->services[0]->id);
	f = t->services[0]->frontends[0]->settings;
	assert_string_equal(f->name, "psql");
	assert_true(f->binds == binds && f->bind_count == 2 && f->maxconn == 77);
	assert_true(f->client_ms == 1 && f->client_fin_ms == 2 && f->rate_limit == 3);
	assert_true(f->conn_rate_limit.count == 4 && f->conn_rate_limit.size == 6);
	assert_true(f->keepalive.client && f->keepalive.idle_s == 7);
	assert_int_equal(f->tcp_user_timeout_ms, 8);
	assert_true(f->allow == nets && f->allow_count == 2);
	assert_true(f->deny == nets + 2 && f->deny_count == 1);
	assert_true(f->dontlognull && f->dontlog_normal && f->logasap && f->log_separate_errors);
	assert_true(f->socket_stats && f->disabled && f->own_logs);
	assert_true(f->logs == logs && f->log_count == 1);
	assert_int_equal(f->session_log, SETTINGS_SESSION_CLF);
	assert_string_equal(f->log_format, "%ci");
	assert_string_equal(f->description, "words");
	assert_int_equal(f->line, 9);
	topology_free(t);
}

static void written_frontends_are_used_as_they_are(void **unused)
{
	static const struct settings_frontend frontends[] = { { .name = "f1", .maxconn = 10 },
		                                              { .name = "f2" } };
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));
	struct topology *t;

	(void)unused;
	*service = settings_service_default();
	service->name = "psql";
	service->maxconn = 5;
	service->frontends = frontends;
	service->frontend_count = 2;
	sample_fill(s, service, SETTINGS_CHECK_NONE, three, 1);
	s->services = service;
	s->service_count = 1;
	t = topology_new(s);
	assert_int_equal(t->services[0]->frontend_count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_ptr_equal(t->services[0]->frontends[i]->settings, &frontends[i]);
	assert_int_equal(t->services[0]->frontends[0]->maxconn, 10);
	assert_int_equal(t->services[0]->frontends[1]->maxconn, 0);
	topology_set_maxconn(t, 101);
	assert_int_equal(t->services[0]->fullconn, 12); /* (10 + 101) / 10, rounded up */
	topology_free(t);
}

struct limited {
	uint32_t maxconn, minconn, fullconn, ramp;
	uint32_t active; /* of the service */
	uint32_t want;
};

/* HAProxy configuration manual 5.2, "minconn" and "slowstart". */
static void the_limit_follows_load_and_slowstart(void **unused)
{
	static const struct limited cases[] = {
		{ 0, 0, 0, 100, 0, 0 },
		{ 0, 0, 0, 50, 1000, 0 },
		{ 100, 0, 0, 100, 0, 100 },
		{ 100, 0, 1000, 100, 1, 100 },
		{ 100, 10, 1000, 100, 0, 10 },
		{ 100, 10, 1000, 100, 100, 10 },
		{ 100, 10, 1000, 100, 110, 11 },
		{ 100, 10, 1000, 100, 500, 50 },
		{ 100, 10, 1000, 100, 999, 99 },
		{ 100, 10, 1000, 100, 1000, 100 },
		{ 100, 10, 1000, 100, 5000, 100 },
		{ 100, 100, 1000, 100, 5, 100 },
		{ 3, 5, 1000, 100, 0, 5 },
		{ 0, 5, 1000, 100, 0, 5 },
		{ 100, 0, 0, 50, 0, 50 },
		{ 100, 0, 0, 1, 0, 1 },
		{ 10, 0, 0, 1, 0, 1 },
		{ 10, 0, 0, 0, 0, 1 },
		{ 100, 10, 1000, 50, 500, 25 },
		{ UINT32_MAX, 1, 10, 100, 9, 3865470565 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct limited *c = &cases[i];
		struct settings *s = settings_new();
		struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));
		struct settings_server *server = mem_arena_zalloc(&s->arena, sizeof(*server));
		struct topology *t;

		*service = settings_service_default();
		service->name = "psql";
		service->fullconn = c->fullconn;
		sample_fill(s, service, SETTINGS_CHECK_NONE, three, 1);
		*server = service->servers[0];
		server->maxconn = c->maxconn;
		server->minconn = c->minconn;
		service->servers = server;
		s->services = service;
		s->service_count = 1;
		t = topology_new(s);
		topology_set_maxconn(t, 0);
		assert_int_equal(t->services[0]->fullconn, c->fullconn ? c->fullconn : 1);
		t->services[0]->active = c->active;
		t->services[0]->servers[0]->ramp = c->ramp;
		assert_int_equal(topology_maxconn(t->services[0]->servers[0]), c->want);
		topology_free(t);
	}
}

struct ramped {
	uint32_t weight, ramp, share, shown;
};

static void slowstart_raises_the_share_in_sixteenths(void **unused)
{
	static const struct ramped cases[] = {
		{ 1, 100, 16, 1 },   { 1, 50, 8, 1 },        { 1, 1, 1, 1 },
		{ 1, 0, 1, 1 },      { 0, 50, 0, 0 },        { 0, 100, 0, 0 },
		{ 10, 50, 80, 5 },   { 10, 51, 90, 6 },      { 256, 100, 4096, 256 },
		{ 256, 1, 256, 16 }, { 256, 99, 4096, 256 },
	};
	static const enum settings_balance fixed[] = { SETTINGS_STATIC_RR, SETTINGS_SOURCE,
		                                       SETTINGS_HASH };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct topology *t = sample_pool(SETTINGS_LEASTCONN, false, three, 1);
		struct topology_server *s = t->services[0]->servers[0];

		s->weight = cases[i].weight;
		s->ramp = cases[i].ramp;
		assert_int_equal(topology_share(s), cases[i].share);
		assert_int_equal(topology_weight(s), cases[i].shown);
		topology_free(t);
		t = sample_pool(fixed[i % ARRAY_LEN(fixed)], false, three, 1);
		s = t->services[0]->servers[0];
		s->weight = cases[i].weight;
		s->ramp = cases[i].ramp;
		assert_int_equal(topology_share(s), 16 * cases[i].weight);
		assert_int_equal(topology_weight(s), cases[i].weight);
		topology_free(t);
	}
}

static void servers_know_whom_they_track(void **unused)
{
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));
	struct settings_server *servers = mem_arena_zalloc(&s->arena, 3 * sizeof(*servers));
	struct topology *t;

	(void)unused;
	*service = settings_service_default();
	service->name = "psql";
	sample_fill(s, service, SETTINGS_CHECK_TCP, three, 3);
	memcpy(servers, service->servers, 3 * sizeof(*servers));
	servers[0].track = "psql/n3";
	servers[1].track = "psql/none";
	service->servers = servers;
	s->services = service;
	s->service_count = 1;
	t = topology_new(s);
	assert_ptr_equal(t->services[0]->servers[0]->tracked, t->services[0]->servers[2]);
	assert_null(t->services[0]->servers[1]->tracked);
	assert_null(t->services[0]->servers[2]->tracked);
	topology_free(t);
}

static void the_quick_answer_is_the_states(void **unused)
{
	struct topology *t = make_two();
	struct topology_server *s = t->services[0]->servers[0];

	(void)unused;
	for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++)
		for (unsigned int n = 0; n < 0x40; n++) {
			struct state state = { .health = h,
				               .admin = n & 0x1f,
				               .agent_down = n >= 0x20 };

			topology_set_state(s, state);
			assert_int_equal(topology_is_usable(s), state_is_usable(&state));
		}
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
		cmocka_unit_test(a_service_without_frontends_is_one_itself),
		cmocka_unit_test(written_frontends_are_used_as_they_are),
		cmocka_unit_test(the_limit_follows_load_and_slowstart),
		cmocka_unit_test(slowstart_raises_the_share_in_sixteenths),
		cmocka_unit_test(servers_know_whom_they_track),
		cmocka_unit_test(the_quick_answer_is_the_states),
		cmocka_unit_test(what_different_threads_write_is_on_different_cache_lines),
		cmocka_unit_test(numeric_addresses_are_there_at_once),
		cmocka_unit_test(unix_servers_have_their_path),
		cmocka_unit_test(usable_servers_are_counted_by_kind),
		cmocka_unit_test(readers_never_see_a_torn_address_or_state),
		cmocka_unit_test(a_reader_waits_for_the_end_of_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
