/* SPDX-License-Identifier: MIT */
#include "sim/simcluster.h"

#include "peer.h"

static int events;

static void note_event(void *ctx, const struct simnode *n, const char *what)
{
	(void)ctx;
	(void)n;
	(void)what;
	events++;
}

static struct simcluster *setup(struct ev_loop **loop)
{
	static const char *const localities[] = { "region=a", "region=b" };
	struct simcluster_options o = {
		.nodes = 3, .localities = localities, .locality_count = 2, .event = note_event
	};
	struct simcluster *c;
	struct error err;

	events = 0;
	*loop = ev_loop_new(EVFLAG_NOENV);
	c = simcluster_new(*loop, &o, &err);
	assert_non_null(c);
	return c;
}

static void teardown(struct simcluster *c, struct ev_loop *loop)
{
	simcluster_free(c);
	ev_loop_destroy(loop);
}

static void every_node_lists_all_nodes(void **state)
{
	static const char request[] = "GET /_status/nodes HTTP/1.0\r\n\r\n";
	struct ev_loop *loop;
	struct simcluster *c = setup(&loop);

	(void)state;
	assert_int_equal(simcluster_count(c), 3);
	for (uint32_t id = 1; id <= 3; id++) {
		struct peer p;

		peer_open(&p, loop, simnode_http_addr(simcluster_node(c, id)));
		peer_say(&p, request, strlen(request));
		PEER_UNTIL(&p, p.eof);
		assert_true(peer_has(&p, "{\"1\":3,\"2\":3,\"3\":3}"));
		assert_true(peer_has(&p, "\"value\":\"b\""));
		peer_close(&p);
	}
	assert_null(simcluster_node(c, 0));
	assert_null(simcluster_node(c, 4));
	teardown(c, loop);
}

static void commands_reach_one_node_or_all(void **state)
{
	static const struct {
		const char *line;
		bool good;
		const char *answer;
	} cases[] = {
		{ "2 kill", true, "stopped" },
		{ "all kill", false, "stopped; the node is stopped; stopped" },
		{ "all reset", true, "live; live; live" },
		{ "4 kill", false, "\"4\" is neither \"all\" nor a node from 1 to 3" },
		{ "x", false, "\"x\" is neither \"all\" nor a node from 1 to 3" },
		{ "", false, "\"\" is neither \"all\" nor a node from 1 to 3" },
		{ "1", false, "no command" },
	};
	struct ev_loop *loop;
	struct simcluster *c = setup(&loop);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT answer = { 0 };

		assert_int_equal(simcluster_command(c, cases[i].line, &answer), cases[i].good);
		assert_string_equal(text_str(&answer), cases[i].answer);
	}
	assert_true(events > 0);
	teardown(c, loop);
}

static void a_cancel_through_any_node_finds_the_session(void **state)
{
	struct ev_loop *loop;
	struct simcluster *c = setup(&loop);
	char request[12] = "\x04\xd2\x16\x2e";
	struct peer worker, canceller;
	uint8_t key[8];

	(void)state;
	peer_open(&worker, loop, simnode_sql_addr(simcluster_node(c, 3)));
	peer_login(&worker, key);
	peer_query(&worker, "select pg_sleep(60)");
	PEER_UNTIL(&worker, peer_has(&worker, "pg_sleep"));
	memcpy(request + 4, key, sizeof(key));
	peer_open(&canceller, loop, simnode_sql_addr(simcluster_node(c, 1)));
	peer_frame(&canceller, 0, request, sizeof(request));
	peer_expect(&worker, "TEZ", "57014");
	peer_close(&worker);
	peer_close(&canceller);
	teardown(c, loop);
}

static void what_cannot_be_is_refused(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct simcluster_options o = { 0 };
	struct error err;

	(void)state;
	assert_null(simcluster_new(loop, &o, &err));
	o.nodes = 65;
	assert_null(simcluster_new(loop, &o, &err));
	assert_string_equal(err.text, "a cluster has 1 to 64 nodes");
	o.nodes = 2;
	o.host = "localhost";
	assert_null(simcluster_new(loop, &o, &err));
	assert_string_equal(err.text, "\"localhost\" is not an IP address");
	ev_loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_node_lists_all_nodes),
		cmocka_unit_test(commands_reach_one_node_or_all),
		cmocka_unit_test(a_cancel_through_any_node_finds_the_session),
		cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
