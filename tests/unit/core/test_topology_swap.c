/* SPDX-License-Identifier: MIT */
#include "core/topology_gone.h"
#include "core/topology_swap.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct sample_server abc[] = {
	{ "a", NULL, 1, false, false, 10 },
	{ "b", NULL, 2, false, false, 0 },
	{ "c", NULL, 3, false, false, 0 },
};

/* Settings of one service of that name with these checked servers. */
static struct settings *make(const char *name, const struct sample_server *servers, size_t count)
{
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));

	*service = settings_service_default();
	service->name = name;
	sample_fill(s, service, SETTINGS_CHECK_TCP, servers, count);
	s->services = service;
	s->service_count = 1;
	return s;
}

static struct settings_service *service_of(struct settings *s)
{
	return (struct settings_service *)(void *)(uintptr_t)s->services;
}

static struct settings_server *server_of(struct settings *s, size_t i)
{
	return (struct settings_server *)(void *)(uintptr_t)&s->services[0].servers[i];
}

static void fill_slots(struct topology_swap *w, size_t first)
{
	for (size_t i = 0; i < w->after->target_count; i++)
		w->slots[i] = first + i;
}

/* What has gone is freed with the rest; who counts on more looks before. */
static void end(struct topology_swap *w)
{
	for (size_t i = 0; i < w->gone_server_count; i++)
		topology_free_server(w->gone_servers[i]);
	for (size_t i = 0; i < w->gone_frontend_count; i++)
		topology_free_frontend(w->gone_frontends[i]);
	for (size_t i = 0; i < w->gone_service_count; i++)
		topology_free_service(w->gone_services[i]);
	topology_swap_free(w);
}

static struct topology_swap *swap(struct topology *t, struct settings *after)
{
	struct topology_swap *w = topology_swap_new(t, after);

	fill_slots(w, 20);
	topology_swap_commit(w, 100, 100);
	return w;
}

/* What it shows as the sum over its servers, and their connection attempts. */
static void assert_sums(const struct topology_service *service, uint64_t bytes, uint64_t attempts)
{
	struct topology_service *s = (struct topology_service *)(uintptr_t)service;
	uint64_t n = counter_get(&s->count, COUNTER_BYTES_OUT);
	uint64_t k = counter_get(&s->count, COUNTER_GONE_ATTEMPTS);

	for (size_t i = 0; i < s->server_count; i++) {
		n += counter_get(&s->servers[i]->count, COUNTER_BYTES_OUT);
		k += counter_get(&s->servers[i]->count, COUNTER_SESSIONS);
	}
	assert_int_equal(n, bytes);
	assert_int_equal(k, attempts);
}

static void no_sum_goes_back_with_what_goes(void **state)
{
	struct topology *t = topology_new(make("psql", abc, 3));
	struct topology_service *psql = t->services[0];
	struct topology_server *c = psql->servers[2];
	struct topology_swap *w;

	(void)state;
	counter_add(&psql->count, COUNTER_SESSIONS, 5);
	counter_add(&psql->servers[0]->count, COUNTER_BYTES_OUT, 10);
	counter_add(&psql->servers[0]->count, COUNTER_SESSIONS, 2);
	counter_add(&c->count, COUNTER_BYTES_OUT, 100);
	counter_add(&c->count, COUNTER_SESSIONS, 4);
	w = swap(t, make("psql", abc, 2));
	assert_sums(psql, 110, 6);
	/* Its last sessions go on. */
	counter_add(&c->count, COUNTER_BYTES_OUT, 1);
	topology_gone_server(c);
	topology_gone_server(c);
	assert_sums(psql, 111, 6);
	assert_int_equal(counter_get(&psql->count, COUNTER_SESSIONS), 5);
	assert_int_equal(topology_gone_bytes_out(t), 111);
	end(w);
	w = swap(t, make("other", abc, 1));
	assert_int_equal(topology_gone_bytes_out(t), 111);
	counter_add(&psql->servers[0]->count, COUNTER_BYTES_OUT, 1000);
	topology_gone_service(t, psql);
	assert_int_equal(topology_gone_bytes_out(t), 1111);
	end(w);
	topology_free(t);
}

static void connections_of_a_frontend_that_goes_stay_the_service_s(void **state)
{
	struct settings_frontend fronts[2] = { { .name = "psql" }, { .name = "fe2" } };
	struct settings *before = make("psql", abc, 1);
	struct topology_service *service;
	struct topology_swap *w;
	struct topology *t;

	(void)state;
	service_of(before)->frontends = fronts;
	service_of(before)->frontend_count = 2;
	t = topology_new(before);
	service = t->services[0];
	counter_add(&service->frontends[1]->count, COUNTER_CONNECTIONS, 3);
	counter_add(&service->frontends[1]->count, COUNTER_SESSIONS, 3);
	w = swap(t, make("psql", abc, 1));
	assert_int_equal(counter_get(&service->count, COUNTER_CONNECTIONS), 3);
	/* The service counts them itself. */
	assert_int_equal(counter_get(&service->count, COUNTER_SESSIONS), 0);
	end(w);
	topology_free(t);
}

static void what_is_kept_keeps_its_object_and_gets_other_settings(void **state)
{
	struct topology *t = topology_new(make("psql", abc, 3));
	struct topology_service *service = t->services[0];
	struct topology_server *b = service->servers[1];
	struct topology_frontend *front = service->frontends[0];
	struct settings *after = make("psql", abc, 3);
	struct topology_swap *w;

	(void)state;
	topology_set_maxconn(t, 100);
	counter_add(&b->count, COUNTER_SESSIONS, 7);
	atomic_store(&b->weight, 9);
	server_of(after, 1)->maxqueue = 77;
	service_of(after)->retries = 9;
	w = swap(t, after);
	assert_ptr_equal(t->services[0], service);
	assert_ptr_equal(service->servers[1], b);
	assert_ptr_equal(service->frontends[0], front);
	assert_int_equal(counter_get(&b->count, COUNTER_SESSIONS), 7);
	/* What people set is the caller's business. */
	assert_int_equal(b->weight, 9);
	assert_int_equal(b->settings->maxqueue, 77);
	assert_int_equal(service->settings->retries, 9);
	assert_ptr_equal(front->settings, front->own);
	assert_int_equal(b->check_slot, 21);
	assert_ptr_equal(b->target, &after->targets[1]);
	assert_int_equal(w->gone_server_count + w->gone_service_count + w->gone_frontend_count, 0);
	assert_ptr_equal(t->settings, after);
	end(w);
	topology_free(t);
}

static void servers_come_and_go_in_the_order_of_the_file(void **state)
{
	static const struct sample_server cda[] = {
		{ "c", NULL, 3, false, false, 0 },
		{ "d", NULL, 4, false, true, 0 },
		{ "a", NULL, 1, false, false, 10 },
	};
	struct topology *t = topology_new(make("psql", abc, 3));
	struct topology_service *service = t->services[0];
	struct topology_server *a = service->servers[0];
	struct topology_server *b = service->servers[1];
	struct topology_server *c = service->servers[2];
	struct topology_swap *w = swap(t, make("psql", cda, 3));
	const struct topology_roll *roll = atomic_load(&service->roll);
	struct topology_server *d = service->servers[1];
	struct state state_of_d = topology_state(d);

	(void)state;
	assert_int_equal(service->server_count, 3);
	assert_ptr_equal(service->servers[0], c);
	assert_ptr_equal(service->servers[2], a);
	assert_string_equal(d->settings->name, "d");
	/* Numbers stay; a new one has the first that is free from its place on. */
	assert_int_equal(c->id, 3);
	assert_int_equal(d->id, 2);
	assert_true(state_in_maint(&state_of_d));
	assert_true(state_of_d.health == STATE_CHECKING);
	assert_int_equal(roll->count, 3);
	assert_ptr_equal(roll->at[1], d);
	assert_int_equal(w->gone_server_count, 1);
	assert_ptr_equal(w->gone_servers[0], b);
	assert_int_equal(b->check_slot, SIZE_MAX);
	assert_string_equal(b->settings->name, "b");
	end(w);
	topology_free(t);
}

static void nothing_is_seen_of_a_swap_that_is_given_up(void **state)
{
	static const struct sample_server ad[] = { { "a", NULL, 9, false, false, 1 },
		                                   { "d", NULL, 4, false, false, 0 } };
	struct settings *before = make("psql", abc, 3);
	struct settings *after = make("psql", ad, 2);
	struct settings *other = make("other", ad, 2);
	struct topology *t = topology_new(before);
	const struct topology_roll *roll = atomic_load(&t->services[0]->roll);
	struct topology_swap *w = topology_swap_new(t, after);

	(void)state;
	topology_swap_free(w);
	settings_free(after);
	w = topology_swap_new(t, other);
	topology_swap_free(w);
	settings_free(other);
	assert_ptr_equal(t->settings, before);
	assert_int_equal(t->service_count, 1);
	assert_int_equal(t->services[0]->server_count, 3);
	assert_ptr_equal(atomic_load(&t->services[0]->roll), roll);
	assert_int_equal(t->services[0]->servers[0]->settings->weight, 1);
	topology_free(t);
}

static void services_are_matched_by_name(void **state)
{
	struct topology *t = topology_new(make("psql", abc, 2));
	struct topology_service *psql = t->services[0];
	struct topology_swap *w = swap(t, make("other", abc, 3));

	(void)state;
	assert_int_equal(t->service_count, 1);
	assert_string_equal(t->services[0]->settings->name, "other");
	assert_int_equal(t->services[0]->server_count, 3);
	assert_int_equal(t->services[0]->servers[2]->check_slot, 22);
	assert_true(t->services[0]->id >= 2);
	assert_int_equal(w->gone_service_count, 1);
	assert_ptr_equal(w->gone_services[0], psql);
	/* Its sessions still find its servers. */
	assert_int_equal(atomic_load(&psql->roll)->count, 2);
	assert_string_equal(psql->settings->name, "psql");
	end(w);
	topology_free(t);
}

static void frontends_come_and_go(void **state)
{
	struct settings_frontend fronts[2] = { { .name = "psql", .maxconn = 5 },
		                               { .name = "fe2", .id = 9 } };
	struct topology *t = topology_new(make("psql", abc, 1));
	struct topology_service *service = t->services[0];
	struct topology_frontend *first = service->frontends[0];
	struct settings *after = make("psql", abc, 1);
	struct topology_frontend *second;
	struct topology_swap *w;

	(void)state;
	topology_set_maxconn(t, 100);
	service_of(after)->frontends = fronts;
	service_of(after)->frontend_count = 2;
	w = swap(t, after);
	assert_int_equal(service->frontend_count, 2);
	assert_ptr_equal(service->frontends[0], first);
	assert_ptr_equal(first->settings, &fronts[0]);
	assert_null(first->own);
	assert_int_equal(first->maxconn, 5);
	second = service->frontends[1];
	assert_int_equal(second->id, 9);
	assert_int_equal(second->maxconn, 100);
	assert_int_equal(service->fullconn, 11); /* (5 + 100) / 10, rounded up */
	end(w);
	/* And back: a service that is its own frontend. */
	atomic_store(&first->maxconn, 6); /* by a person */
	w = swap(t, make("psql", abc, 1));
	assert_int_equal(service->frontend_count, 1);
	assert_ptr_equal(service->frontends[0], first);
	assert_non_null(first->own);
	assert_int_equal(w->gone_frontend_count, 1);
	assert_ptr_equal(w->gone_frontends[0], second);
	end(w);
	topology_free(t);
}

static void a_limit_that_a_person_set_stays_unless_the_file_changes_it(void **state)
{
	static const struct {
		uint32_t before, after, process_before, process_after, set, wanted;
	} cases[] = {
		{ 0, 0, 100, 100, 7, 7 }, { 0, 0, 100, 200, 7, 200 }, { 5, 5, 100, 200, 7, 7 },
		{ 5, 6, 100, 100, 7, 6 }, { 5, 0, 100, 100, 7, 100 }, { 0, 8, 100, 100, 7, 8 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings *before = make("psql", abc, 1);
		struct settings *after = make("psql", abc, 1);
		struct topology_swap *w;
		struct topology *t;

		service_of(before)->maxconn = cases[i].before;
		service_of(after)->maxconn = cases[i].after;
		t = topology_new(before);
		topology_set_maxconn(t, cases[i].process_before);
		atomic_store(&t->services[0]->frontends[0]->maxconn, cases[i].set);
		w = topology_swap_new(t, after);
		fill_slots(w, 0);
		topology_swap_commit(w, cases[i].process_before, cases[i].process_after);
		assert_int_equal(t->services[0]->frontends[0]->maxconn, cases[i].wanted);
		end(w);
		topology_free(t);
	}
}

static void a_server_that_cannot_stay_goes_and_comes_anew(void **state)
{
	static const struct {
		const char *before, *after;
		uint32_t id;
		bool counted, stays;
	} cases[] = {
		{ "10.0.0.1", "10.0.0.2", 0, false, true },
		{ "10.0.0.1", "unix:/s", 0, false, false },
		{ "unix:/s", "10.0.0.1", 0, false, false },
		{ "unix:/s", "unix:/t", 0, false, false },
		{ "unix:/s", "unix:/s", 0, false, true },
		{ "10.0.0.1", "10.0.0.1", 1, false, true },
		{ "10.0.0.1", "10.0.0.1", 5, false, false },
		{ "10.0.0.1", "10.0.0.1", 5, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct sample_server before = { "a", cases[i].before, 1, false, false, 0 };
		const struct sample_server late = { "a", cases[i].after, 1, false, false, 0 };
		struct topology *t = topology_new(make("psql", &before, 1));
		struct topology_server *a = t->services[0]->servers[0];
		struct settings *after = make("psql", &late, 1);
		struct topology_swap *w;

		server_of(after, 0)->id = cases[i].id;
		server_of(after, 0)->id_counted = cases[i].counted;
		w = swap(t, after);
		assert_int_equal(t->services[0]->servers[0] == a, cases[i].stays);
		assert_int_equal(w->gone_server_count, !cases[i].stays);
		assert_int_equal(t->services[0]->server_count, 1);
		end(w);
		topology_free(t);
	}
}

static struct topology_server *add_dynamic(struct topology *t, const char *name)
{
	const struct sample_server from = { name, "10.9.9.9", 5, false, false, 7 };
	struct topology_server *s = topology_add_server(t->services[0], make("own", &from, 1));

	s->base = settings_ref(t->owned);
	s->check_slot = 99;
	free(topology_publish(t->services[0]));
	return s;
}

static void a_server_that_came_at_run_time_stays_or_becomes_one_of_the_file(void **state)
{
	static const struct sample_server ax[] = { { "a", NULL, 1, false, false, 0 },
		                                   { "x", NULL, 6, false, false, 0 } };
	struct topology *t = topology_new(make("psql", abc, 1));
	struct topology_server *x = add_dynamic(t, "x");
	struct topology_server *y = add_dynamic(t, "y");
	struct topology_swap *w = swap(t, make("psql", ax, 2));

	(void)state;
	assert_int_equal(t->services[0]->server_count, 3);
	assert_ptr_equal(t->services[0]->servers[1], x);
	assert_null(x->own);
	assert_null(x->base);
	assert_int_equal(x->check_slot, 21);
	assert_true(w->services[0].servers[1].adopted);
	assert_int_equal(w->services[0].servers[1].before->weight, 5);
	assert_ptr_equal(t->services[0]->servers[2], y);
	assert_non_null(y->own);
	assert_int_equal(y->check_slot, 99);
	end(w);
	/* With its service it goes, too. */
	w = swap(t, make("other", ax, 1));
	assert_int_equal(w->gone_services[0]->server_count, 3);
	end(w);
	topology_free(t);
}

static void who_is_tracked_is_found_anew(void **state)
{
	struct settings *before = make("psql", abc, 2);
	struct settings *after = make("psql", &abc[1], 2);
	struct topology_swap *w;
	struct topology *t;

	(void)state;
	server_of(before, 1)->track = "psql/a";
	server_of(after, 0)->track = "psql/c";
	t = topology_new(before);
	assert_ptr_equal(t->services[0]->servers[1]->tracked, t->services[0]->servers[0]);
	w = swap(t, after);
	assert_ptr_equal(t->services[0]->servers[0]->tracked, t->services[0]->servers[1]);
	end(w);
	w = swap(t, make("psql", &abc[1], 2));
	assert_null(t->services[0]->servers[0]->tracked);
	end(w);
	topology_free(t);
}

static void a_hash_has_its_wheel_when_the_settings_say_so(void **state)
{
	struct settings *after = make("psql", abc, 3);
	struct topology *t = topology_new(make("psql", abc, 3));
	struct topology_swap *w;

	(void)state;
	assert_null(atomic_load(&t->services[0]->roll)->wheel);
	service_of(after)->balance = SETTINGS_SOURCE;
	w = swap(t, after);
	assert_non_null(atomic_load(&t->services[0]->roll)->wheel);
	end(w);
	w = swap(t, make("psql", abc, 3));
	assert_null(atomic_load(&t->services[0]->roll)->wheel);
	end(w);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_sum_goes_back_with_what_goes),
		cmocka_unit_test(connections_of_a_frontend_that_goes_stay_the_service_s),
		cmocka_unit_test(what_is_kept_keeps_its_object_and_gets_other_settings),
		cmocka_unit_test(servers_come_and_go_in_the_order_of_the_file),
		cmocka_unit_test(nothing_is_seen_of_a_swap_that_is_given_up),
		cmocka_unit_test(services_are_matched_by_name),
		cmocka_unit_test(frontends_come_and_go),
		cmocka_unit_test(a_limit_that_a_person_set_stays_unless_the_file_changes_it),
		cmocka_unit_test(a_server_that_cannot_stay_goes_and_comes_anew),
		cmocka_unit_test(a_server_that_came_at_run_time_stays_or_becomes_one_of_the_file),
		cmocka_unit_test(who_is_tracked_is_found_anew),
		cmocka_unit_test(a_hash_has_its_wheel_when_the_settings_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
