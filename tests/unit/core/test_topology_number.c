/* SPDX-License-Identifier: MIT */
#include "core/topology.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SERVERS = 6, FRONTENDS = 2, SERVICES = 3 };

/* What is written, 0 for nothing, and the numbers that come of it. */
struct servers {
	size_t count;
	uint32_t written[SERVERS], want[SERVERS];
};

static struct topology *make(const struct servers *c)
{
	struct sample_server from[SERVERS] = { 0 };
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));
	struct settings_server *servers;

	for (size_t i = 0; i < c->count; i++)
		from[i].name = "s";
	*service = settings_service_default();
	service->name = "psql";
	sample_fill(s, service, SETTINGS_CHECK_NONE, from, c->count);
	servers = mem_arena_zalloc(&s->arena, c->count * sizeof(*servers));
	for (size_t i = 0; i < c->count; i++) {
		servers[i] = service->servers[i];
		servers[i].id = c->written[i];
	}
	service->servers = servers;
	s->services = service;
	s->service_count = 1;
	return topology_new(s);
}

/* The second and the third are what HAProxy 2.6.12 showed. */
static void servers_are_numbered_as_in_haproxy(void **unused)
{
	static const struct servers cases[] = {
		{ 3, { 0, 0, 0 }, { 1, 2, 3 } },
		{ 6, { 0, 10, 0, 5, 0, 0 }, { 1, 10, 3, 5, 6, 7 } },
		{ 4, { 3, 0, 0, 0 }, { 3, 2, 4, 5 } },
		{ 4, { 2, 0, 0, 0 }, { 2, 3, 4, 5 } },
		{ 3, { 0, 0, 1 }, { 2, 3, 1 } },
		{ 2, { 4000000, 0 }, { 4000000, 2 } },
		{ 0, { 0 }, { 0 } },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct topology *t = make(&cases[i]);

		for (size_t k = 0; k < cases[i].count; k++)
			assert_int_equal(t->services[0]->servers[k]->id, cases[i].want[k]);
		topology_free(t);
	}
}

struct service {
	uint32_t id;                   /* written */
	uint32_t frontends[FRONTENDS]; /* written + 1; 0: no more */
	uint32_t want;
	uint32_t want_frontends[FRONTENDS];
};

struct proxies {
	uint32_t admin;
	struct service services[SERVICES];
};

static struct topology *make_services(const struct proxies *c)
{
	struct settings *s = settings_new();
	struct settings_service *services =
	    mem_arena_zalloc(&s->arena, SERVICES * sizeof(*services));
	struct settings_admin *admin = mem_arena_zalloc(&s->arena, sizeof(*admin));

	admin->id = c->admin;
	s->admins = admin;
	s->admin_count = 1;
	for (size_t i = 0; i < SERVICES; i++) {
		struct settings_frontend *f = mem_arena_zalloc(&s->arena, FRONTENDS * sizeof(*f));
		struct settings_service *to = &services[i];

		*to = settings_service_default();
		to->name = "s";
		to->id = c->services[i].id;
		to->frontends = f;
		for (size_t k = 0; k < FRONTENDS && c->services[i].frontends[k]; k++) {
			f[k].name = "f";
			f[k].id = c->services[i].frontends[k] - 1;
			to->frontend_count++;
		}
	}
	s->services = services;
	s->service_count = SERVICES;
	return topology_new(s);
}

/* A service without frontends is one proxy, otherwise each frontend is one, too. */
static void proxies_are_numbered_as_in_haproxy(void **unused)
{
	static const struct proxies cases[] = {
		{ 0, { { .want = 2 }, { .want = 3 }, { .want = 4 } } },
		{ 0, { { .id = 7, .want = 7 }, { .want = 3 }, { .want = 4 } } },
		{ 0, { { .id = 3, .want = 3 }, { .want = 4 }, { .want = 5 } } },
		{ 0, { { .want = 3 }, { .id = 2, .want = 2 }, { .want = 5 } } },
		{ 3, { { .want = 2 }, { .want = 4 }, { .want = 5 } } },
		{ 0,
		  { { .frontends = { 1 }, .want_frontends = { 2 }, .want = 3 },
		    { .frontends = { 1, 1 }, .want_frontends = { 4, 5 }, .want = 6 },
		    { .want = 7 } } },
		{ 0,
		  { { .frontends = { 9 }, .want_frontends = { 8 }, .want = 3 },
		    { .frontends = { 1, 5 }, .want_frontends = { 5, 4 }, .want = 7 },
		    { .want = 9 } } },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct topology *t = make_services(&cases[i]);

		for (size_t k = 0; k < SERVICES; k++) {
			const struct service *want = &cases[i].services[k];
			const struct topology_service *s = t->services[k];

			assert_int_equal(s->id, want->want);
			if (!want->frontends[0])
				assert_int_equal(s->frontends[0]->id, s->id);
			for (size_t n = 0; n < FRONTENDS && want->frontends[n]; n++)
				assert_int_equal(s->frontends[n]->id, want->want_frontends[n]);
		}
		topology_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_numbered_as_in_haproxy),
		cmocka_unit_test(proxies_are_numbered_as_in_haproxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
