/* SPDX-License-Identifier: MIT */
#include "core/topology.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* "psql" (iid 2) with n1, n2, n3, and "psql2" (iid 5) with n1, n2 and frontends f1 (3), f2 (4). */
static struct topology *make_two(void)
{
	static const struct settings_frontend frontends[] = { { .name = "f1" }, { .name = "f2" } };
	static const struct sample_server three[] = { { "n1", NULL, 1, false, false, 0 },
		                                      { "n2", NULL, 1, false, false, 0 },
		                                      { "n3", NULL, 1, false, false, 0 } };
	struct settings *s = settings_new();
	struct settings_service *services = mem_arena_zalloc(&s->arena, 2 * sizeof(*services));

	services[0] = settings_service_default();
	services[0].name = "psql";
	services[1] = services[0];
	services[1].name = "psql2";
	sample_fill(s, &services[0], SETTINGS_CHECK_NONE, three, 3);
	services[1].servers = services[0].servers;
	services[1].server_count = 2;
	services[1].frontends = frontends;
	services[1].frontend_count = 2;
	s->services = services;
	s->service_count = 2;
	return topology_new(s);
}

static void servers_are_found_by_name_and_by_number(void **unused)
{
	static const char *const n3[] = { "psql/n3", "#2/n3", "psql/#3", "#2/#3", "#02/#3" };
	static const char *const wrong[] = { "",
		                             "psql",
		                             "psql/",
		                             "psql/n",
		                             "/n1",
		                             "psql/n11",
		                             "psq/n1",
		                             "psql2/n3",
		                             "#2",
		                             "psql/n1/x",
		                             "psql3/n1",
		                             "#2/#4",
		                             "#3/#1",
		                             "2/3",
		                             "#/#1",
		                             "#2/#",
		                             "#2/#3x",
		                             "#-2/#3",
		                             "#2/#99999999999999999999" };
	struct topology *t = make_two();

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(n3); i++)
		assert_ptr_equal(topology_find_server(t, n3[i]), t->services[0]->servers[2]);
	assert_ptr_equal(topology_find_server(t, "psql2/n2"), t->services[1]->servers[1]);
	assert_ptr_equal(topology_find_server(t, "#5/#2"), t->services[1]->servers[1]);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_null(topology_find_server(t, wrong[i]));
	topology_free(t);
}

static void services_are_found_by_name_and_by_number(void **unused)
{
	struct topology *t = make_two();

	(void)unused;
	assert_ptr_equal(topology_find_service(t, "psql"), t->services[0]);
	assert_ptr_equal(topology_find_service(t, "psql2"), t->services[1]);
	assert_ptr_equal(topology_find_service(t, "#2"), t->services[0]);
	assert_ptr_equal(topology_find_service(t, "#5"), t->services[1]);
	assert_null(topology_find_service(t, "psq"));
	assert_null(topology_find_service(t, "#3"));
	assert_null(topology_find_service(t, "f1"));
	topology_free(t);
}

static void frontends_are_found_by_name_and_by_number(void **unused)
{
	struct topology *t = make_two();

	(void)unused;
	assert_ptr_equal(topology_find_frontend(t, "psql"), t->services[0]->frontends[0]);
	assert_ptr_equal(topology_find_frontend(t, "#2"), t->services[0]->frontends[0]);
	assert_ptr_equal(topology_find_frontend(t, "f1"), t->services[1]->frontends[0]);
	assert_ptr_equal(topology_find_frontend(t, "#4"), t->services[1]->frontends[1]);
	assert_null(topology_find_frontend(t, "psql2"));
	assert_null(topology_find_frontend(t, "#5"));
	assert_null(topology_find_frontend(t, ""));
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_found_by_name_and_by_number),
		cmocka_unit_test(services_are_found_by_name_and_by_number),
		cmocka_unit_test(frontends_are_found_by_name_and_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
