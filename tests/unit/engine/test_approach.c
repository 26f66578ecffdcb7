/* SPDX-License-Identifier: MIT */
/* Attempts that fail for want of something of our own: no server is blamed for that. */
#include "crew_fixture.h"

/* A source address with one port, which somebody listens on. */
static int take_the_only_port(struct settings_server *server)
{
	struct addr at;
	int fd = rig_listen(&at);

	assert_true(addr_parse_ip("127.0.0.1", 0, &server->source.addr));
	server->source.port_low = server->source.port_high = addr_port(&at);
	return fd;
}

static void without_a_port_another_server_is_tried_and_none_is_blamed(void **state)
{
	struct rig r;
	int client;
	int server;
	int taken;

	(void)state;
	rig_init(&r, 2);
	r.service.replay = false;
	taken = take_the_only_port(&r.servers[0]);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	server = rig_accept(&r, 1);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	assert_true(r.ended[0].redispatched);
	assert_int_equal(r.connect_failures, 0);
	assert_int_equal(rig_service(&r)->servers[0]->errors, 0);
	close(taken);
	rig_stop(&r, 2);
}

static void without_any_port_it_ends_for_want_of_resources(void **state)
{
	struct rig r;
	int client;
	int taken;
	char got;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.retries = 0;
	taken = take_the_only_port(&r.servers[0]);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	assert_int_equal(rig_end(&r)->reason, REASON_RESOURCES);
	assert_int_equal(r.connect_failures, 0);
	assert_int_equal(rig_service(&r)->servers[0]->errors, 0);
	assert_int_equal(rig_service(&r)->servers[0]->active, 0);
	close(client);
	close(taken);
	rig_stop(&r, 1);
}

static void without_redispatch_a_port_is_waited_for(void **state)
{
	struct rig r;
	int client;
	int server;
	int taken;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.redispatch = false;
	taken = take_the_only_port(&r.servers[0]);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->servers[0]->active, 1);
	close(taken);
	server = rig_accept(&r, 0);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	assert_int_equal(r.connect_failures, 0);
	rig_stop(&r, 1);
}

static void one_that_refuses_is_blamed(void **state)
{
	struct rig r;
	int client;
	char got;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.retries = 0;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	assert_int_equal(rig_end(&r)->reason, REASON_CONNECT_REFUSED);
	assert_int_equal(r.connect_failures, 1);
	assert_int_equal(rig_service(&r)->servers[0]->errors, 1);
	close(client);
	rig_stop(&r, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_port_another_server_is_tried_and_none_is_blamed),
		cmocka_unit_test(without_any_port_it_ends_for_want_of_resources),
		cmocka_unit_test(without_redispatch_a_port_is_waited_for),
		cmocka_unit_test(one_that_refuses_is_blamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
