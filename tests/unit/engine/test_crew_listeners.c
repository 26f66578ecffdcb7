/* SPDX-License-Identifier: MIT */
/* Listeners that come and go under clients, and the moment in which everybody stands still. */
#include "crew_fixture.h"

static struct topology_frontend *front_of(const struct rig *r)
{
	return rig_service(r)->frontends[0];
}

static struct listener_limits limits_of(const struct rig *r)
{
	return (struct listener_limits){ .connections = crew_counter(r->crew), .max = 100 };
}

/* Another address of the service; `bind` is the caller's. */
static struct listener *open_other(const struct rig *r, struct settings_bind *bind)
{
	struct listener *l = NULL;
	struct error err;

	*bind = r->bind;
	assert_true(listener_open_for(front_of(r), front_of(r)->settings, bind, false, limits_of(r),
	                              &l, &err));
	assert_true(sock_local(l->fd, &bind->addr));
	return l;
}

static int connect_to(const struct addr *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	rig_block(fd);
	if (connect(fd, &at->sa, at->len) == 0)
		return fd;
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
	return -1;
}

static bool reaches(int client, int server)
{
	char got = 0;

	return write(client, "x", 1) == 1 && read(server, &got, 1) == 1 && got == 'x';
}

/* As the control thread does it each second. */
static bool free_idle(struct rig *r)
{
	bool any = crew_mark_idle(r->crew);

	crew_barrier(r->crew);
	crew_drain(r->crew, rig_take, r);
	crew_free_idle(r->crew);
	return any;
}

static void a_listener_comes_and_goes_and_its_sessions_stay(void **state)
{
	struct settings_bind bind;
	struct rig r;
	struct listener *l;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 100);
	l = open_other(&r, &bind);
	listener_keep(l, r.settings);
	assert_int_equal(r.settings->refs, 2);
	crew_add_listener(r.crew, l);
	assert_int_equal(crew_listeners(r.crew), 2);
	client = connect_to(&bind.addr);
	assert_true(client >= 0);
	server = rig_accept(&r, 0);
	crew_remove_listener(r.crew, l);
	assert_int_equal(crew_listeners(r.crew), 1);
	assert_int_equal(crew_listener_count(r.crew), 1);
	assert_int_equal(crew_accepted(r.crew), 1);
	assert_int_equal(connect_to(&bind.addr), -1);
	assert_false(free_idle(&r));
	assert_true(crew_serves(r.crew, front_of(&r)));
	assert_true(reaches(client, server));
	assert_int_equal(r.settings->refs, 2);
	close(client);
	close(server);
	rig_wait_ended(&r, 1);
	assert_ptr_equal(r.ended[0].bind, &bind);
	rig_wait_count(&l->active, 0);
	assert_true(free_idle(&r));
	assert_int_equal(r.settings->refs, 1);
	assert_int_equal(crew_accepted(r.crew), 1);
	assert_false(crew_mark_idle(r.crew));
	rig_stop(&r, 1);
}

static void an_heir_takes_the_socket_with_all_who_wait_in_it(void **state)
{
	struct rig r;
	struct settings_bind bind;
	const struct listener *old;
	struct listener *heir;
	int clients[3];
	int servers[3];
	int fd;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 100);
	old = crew_listener(r.crew, 0);
	fd = old->fd;
	rig_join(&r, &clients[0], &servers[0]);
	crew_pause_frontend(r.crew, front_of(&r), true);
	clients[1] = rig_connect(&r);
	bind = r.bind;
	bind.backlog = 7;
	bind.defer_accept = true;
	heir = listener_new_heir(front_of(&r), front_of(&r)->settings, &bind, limits_of(&r));
	assert_int_equal(heir->fd, -1);
	crew_replace_listener(r.crew, old, heir);
	assert_int_equal(crew_listener_count(r.crew), 1);
	assert_ptr_equal(crew_listener(r.crew, 0), heir);
	assert_int_equal(heir->fd, fd);
	assert_int_equal(old->fd, -1);
	assert_int_equal(crew_accepted(r.crew), 1);
	assert_int_equal(heir->accepted, 1);
	crew_pause_frontend(r.crew, front_of(&r), false);
	servers[1] = rig_accept(&r, 0);
	clients[2] = rig_connect(&r);
	assert_int_equal(write(clients[2], "y", 1), 1); /* defer_accept */
	servers[2] = rig_accept(&r, 0);
	assert_int_equal(read(servers[2], &(char){ 0 }, 1), 1);
	assert_false(crew_mark_idle(r.crew)); /* the first session came through the old one */
	for (int i = 0; i < 2; i++)
		assert_true(reaches(clients[i], servers[i]));
	for (int i = 0; i < 3; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 3);
	rig_wait_count(&old->active, 0);
	assert_true(free_idle(&r));
	assert_int_equal(crew_accepted(r.crew), 3);
	assert_int_equal(crew_listeners(r.crew), 1);
	rig_stop(&r, 1);
}

static void the_last_listener_of_a_frontend_takes_its_door_with_it(void **state)
{
	struct rig r;
	struct settings_bind bind;
	struct listener *l;
	int client;

	(void)state;
	rig_init(&r, 1);
	r.service.conn_rate_limit = (struct settings_rate_limit){ 5, 10000, 10 };
	rig_start(&r, 1, 100);
	assert_non_null(crew_lock_rates(r.crew, front_of(&r)));
	crew_unlock_rates(r.crew, front_of(&r));
	crew_remove_listener(r.crew, crew_listener(r.crew, 0));
	assert_true(free_idle(&r));
	assert_false(crew_serves(r.crew, front_of(&r)));
	assert_null(crew_lock_rates(r.crew, front_of(&r)));
	assert_null(rig_service(&r)->queue);
	assert_null(front_of(&r)->rates);
	l = open_other(&r, &bind);
	crew_add_listener(r.crew, l);
	assert_non_null(rig_service(&r)->queue);
	client = connect_to(&bind.addr);
	close(rig_accept(&r, 0));
	close(client);
	rig_wait_ended(&r, 1);
	rig_stop(&r, 1);
}

static void rates_follow_the_settings(void **state)
{
	struct settings_rate_limit none = { 0, 10000, 10 };
	struct settings_rate_limit five = { 5, 10000, 10 };
	struct settings_frontend set;
	struct ratetable *rates;
	struct rig r;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 100);
	set = *front_of(&r)->settings;
	set.conn_rate_limit = five;
	set.rate_limit = 17;
	crew_halt(r.crew);
	front_of(&r)->settings = &set;
	crew_follow(r.crew, front_of(&r), &none);
	crew_go_on(r.crew);
	rates = crew_lock_rates(r.crew, front_of(&r));
	assert_non_null(rates);
	crew_unlock_rates(r.crew, front_of(&r));
	/* Only the number has changed: what is known of clients stays. */
	five.count = 9;
	crew_follow(r.crew, front_of(&r), &five);
	assert_ptr_equal(front_of(&r)->rates, rates);
	set.conn_rate_limit = none;
	crew_follow(r.crew, front_of(&r), &five);
	assert_null(front_of(&r)->rates);
	rig_stop(&r, 1);
}

static void everybody_stands_still_and_goes_on_many_times(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 4, 100);
	rig_join(&r, &client, &server);
	for (int i = 0; i < 200; i++) {
		crew_halt(r.crew);
		rig_service(&r)->fullconn = (uint32_t)i; /* not atomic: nobody reads it now */
		crew_go_on(r.crew);
	}
	assert_true(reaches(client, server));
	crew_halt(r.crew);
	assert_int_equal(write(client, "z", 1), 1);
	assert_int_equal(recv(server, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	crew_go_on(r.crew);
	assert_int_equal(read(server, &(char){ 0 }, 1), 1);
	close(client);
	close(server);
	rig_wait_ended(&r, 1);
	rig_stop(&r, 1);
}

static void binds_are_compared_by_what_a_socket_can_change(void **state)
{
	static const struct {
		struct settings_bind change;
		uint32_t client_idle_s;
		const char *address;
		enum listener_likeness wanted;
	} cases[] = {
		{ { 0 }, 0, NULL, LISTENER_SAME },
		{ { .maxconn = 5, .name = "x" }, 0, NULL, LISTENER_SAME },
		{ { .backlog = 9 }, 0, NULL, LISTENER_SOCKET },
		{ { .defer_accept = true }, 0, NULL, LISTENER_SOCKET },
		{ { .tcp_user_timeout_ms = 9 }, 0, NULL, LISTENER_SOCKET },
		{ { 0 }, 77, NULL, LISTENER_SOCKET },
		{ { .v6only = true }, 0, NULL, LISTENER_OTHER },
		{ { .interface = "lo" }, 0, NULL, LISTENER_OTHER },
		{ { 0 }, 0, "127.0.0.2", LISTENER_OTHER },
		{ { .kind = SETTINGS_BIND_FD, .fd = 3 }, 0, NULL, LISTENER_OTHER },
	};
	struct rig r;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_frontend set = *front_of(&r)->settings;
		struct settings_bind bind = cases[i].change;

		bind.addr = r.bind.addr;
		bind.text = r.bind.text;
		if (cases[i].address)
			assert_true(addr_parse_ip(cases[i].address, 0, &bind.addr));
		if (cases[i].client_idle_s)
			set.keepalive.idle_s = cases[i].client_idle_s;
		assert_int_equal(listener_compare(crew_listener(r.crew, 0), &set, &bind),
		                 cases[i].wanted);
	}
	rig_stop(&r, 1);
}

static void a_port_can_be_shared_while_one_takes_the_place_of_another(void **state)
{
	struct sock_listen_options o = { 0 };
	struct rig r;
	struct addr all;
	int fd = -1;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	assert_true(addr_parse_ip("0.0.0.0", addr_port(&r.front), &all));
	assert_false(sock_listen(&all, &o, &fd, NULL));
	assert_true(listener_share(crew_listener(r.crew, 0), true));
	assert_false(sock_listen(&all, &o, &fd, NULL));
	o.shared = true;
	assert_true(sock_listen(&all, &o, &fd, NULL));
	close(fd);
	o.shared = false;
	assert_true(listener_share(crew_listener(r.crew, 0), false));
	assert_false(sock_listen(&all, &o, &fd, NULL));
	rig_stop(&r, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listener_comes_and_goes_and_its_sessions_stay),
		cmocka_unit_test(an_heir_takes_the_socket_with_all_who_wait_in_it),
		cmocka_unit_test(the_last_listener_of_a_frontend_takes_its_door_with_it),
		cmocka_unit_test(rates_follow_the_settings),
		cmocka_unit_test(everybody_stands_still_and_goes_on_many_times),
		cmocka_unit_test(binds_are_compared_by_what_a_socket_can_change),
		cmocka_unit_test(a_port_can_be_shared_while_one_takes_the_place_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
