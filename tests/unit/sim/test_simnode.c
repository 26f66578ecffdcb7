/* SPDX-License-Identifier: MIT */
#include "sim/simnode.h"

#include "peer.h"

static struct {
	int events;
	uint32_t forwarded_to;
} seen;

static void note_event(void *ctx, const struct simnode *n, const char *what)
{
	(void)ctx;
	assert_int_equal(simnode_id(n), 3);
	assert_true(strlen(what) > 0);
	seen.events++;
}

static void note_forward(void *ctx, uint32_t node_id, uint64_t key)
{
	(void)ctx;
	(void)key;
	seen.forwarded_to = node_id;
}

static struct simnode *setup(struct ev_loop **loop)
{
	struct simnode_options o = { .id = 3,
		                     .sql = peer_loopback(),
		                     .http = peer_loopback(),
		                     .locality = "region=a",
		                     .event = note_event,
		                     .forward_cancel = note_forward };
	struct simnode *n;
	struct error err;

	memset(&seen, 0, sizeof(seen));
	*loop = ev_loop_new(EVFLAG_NOENV);
	n = simnode_new(*loop, &o, &err);
	assert_non_null(n);
	return n;
}

static void teardown(struct simnode *n, struct ev_loop *loop)
{
	simnode_free(n);
	ev_loop_destroy(loop);
}

static void assert_command(struct simnode *n, const char *words, bool good, const char *answer)
{
	AUTO_TEXT got = { 0 };

	assert_int_equal(simnode_command(n, words, &got), good);
	assert_string_equal(text_str(&got), answer);
}

/* The answer to a GET of HTTP/1.0 has this in it. */
static void assert_page(struct simnode *n, struct ev_loop *loop, const char *path, const char *what)
{
	AUTO_TEXT request = { 0 };
	struct peer p;

	text_addf(&request, "GET %s HTTP/1.0\r\n\r\n", path);
	peer_open(&p, loop, simnode_http_addr(n));
	peer_say(&p, request.data, request.len);
	PEER_UNTIL(&p, p.eof);
	assert_true(peer_has(&p, what));
	peer_close(&p);
}

static void commands_move_between_states(void **state)
{
	static const struct {
		const char *words;
		bool good;
		const char *answer;
	} script[] = {
		{ "resume", false, "the node does not hang" },
		{ "start", false, "the node runs" },
		{ "drain 10m", true, "drain-initial-wait" },
		{ "drain", false, "only a live node can drain" },
		{ "reset", true, "live" },
		{ "hang", true, "hung" },
		{ "hang", false, "only a running node can hang" },
		{ "drain", false, "only a live node can drain" },
		{ "resume", true, "live" },
		{ "kill", true, "stopped" },
		{ "kill", false, "the node is stopped" },
		{ "hang", false, "only a running node can hang" },
		{ "start 10m", true, "starting" },
		{ "init-wait", true, "init-wait" },
		{ "reset", true, "live" },
		{ "slow 400ms", true, "live" },
		{ "flap 500ms", true, "live" },
		{ "health 503", true, "live" },
		{ "unready a b c d e", true, "live" },
		{ "refuse", true, "live" },
		{ "reject", true, "live" },
		{ "decommission", true, "live" },
		{ "reset", true, "live" },
		{ " status \n", true,
		  "live sessions=0 accepted=0 rejected=0 connected=0 queries=0 health=0" },
	};
	struct ev_loop *loop;
	struct simnode *n = setup(&loop);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(script); i++)
		assert_command(n, script[i].words, script[i].good, script[i].answer);
	assert_true(seen.events > 10);
	teardown(n, loop);
}

static void wrong_commands_are_explained(void **state)
{
	static const struct {
		const char *words, *answer;
	} cases[] = {
		{ "", "no command" },
		{ "kil", "unknown command \"kil\"; did you mean \"kill\"?" },
		{ "xyzzyxyzzy", "unknown command \"xyzzyxyzzy\"" },
		{ "kill now", "kill takes at most 0 arguments" },
		{ "drain soon", "\"soon\" is not a duration (\"500ms\", \"2s\")" },
		{ "drain 1s 2s never", "\"never\" is not a duration (\"500ms\", \"2s\")" },
		{ "drain 1 2 3 4", "drain takes at most 3 arguments" },
		{ "slow", "slow needs a duration" },
		{ "flap", "flap needs a duration" },
		{ "health", "health needs a status from 200 to 599" },
		{ "health 99", "health needs a status from 200 to 599" },
		{ "health ok", "health needs a status from 200 to 599" },
		{ "reject 1", "an SQLSTATE has five characters" },
		{ "decommission now", "decommission takes nothing or \"done\"" },
	};
	struct ev_loop *loop;
	struct simnode *n = setup(&loop);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_command(n, cases[i].words, false, cases[i].answer);
	teardown(n, loop);
}

static void every_page_is_served(void **state)
{
	struct ev_loop *loop;
	struct simnode *n = setup(&loop);

	(void)state;
	assert_page(n, loop, "/health", "HTTP/1.0 200 OK");
	assert_page(n, loop, "/health?ready=1", "{\n\n}");
	assert_page(n, loop, "/_status/nodes", "\"livenessByNodeId\":{\"3\":3}");
	assert_page(n, loop, "/api/v2/nodes/", "\"liveness_status\":3}]}");
	assert_page(n, loop, "/api/v2/nodes", "404");
	assert_page(n, loop, "/_status/vars", "sql_conns 0");
	assert_page(n, loop, "/_status/load", "sys_cpu_user_ns");
	assert_page(n, loop, "/", "<title>Node 3</title>");
	assert_page(n, loop, "/nothing", "404");
	teardown(n, loop);
}

static void states_and_faults_show_in_the_pages(void **state)
{
	static const struct {
		const char *words, *path, *what;
	} cases[] = {
		{ "drain 10m", "/health?ready=1", "node is shutting down" },
		{ "status", "/health", "200 OK" },
		{ "status", "/_status/nodes", "{\"3\":6}" },
		{ "init-wait", "/health?ready=1", "node is waiting for cluster initialization" },
		{ "status", "/_status/nodes", "{\"3\":7}" },
		{ "reset", "/health?ready=1", "200 OK" },
		{ "unready out of order today", "/health?ready=1", "\"out of order today\"" },
		{ "unready", "/health?ready=1", "node is not healthy" },
		{ "health 500", "/health", "500 Internal" },
		{ "health 200", "/health", "200 OK" },
		{ "decommission", "/_status/nodes", "{\"3\":4}" },
		{ "decommission done", "/api/v2/nodes/", "\"liveness_status\":5}" },
		{ "dead", "/_status/nodes", "{\"3\":1}" },
		{ "unlist", "/_status/nodes", "{\"nodes\":[],\"livenessByNodeId\":{}}" },
		{ "list", "/_status/nodes", "{\"3\":3}" },
		{ "session abc", "/_status/nodes", "401 Unauthorized" },
		{ "session abc", "/api/v2/nodes/", "401 Unauthorized" },
		{ "session", "/api/v2/nodes/", "200 OK" },
		{ "session abc", "/health", "200 OK" },
		{ "reset", "/_status/nodes", "{\"3\":3}" },
	};
	struct ev_loop *loop;
	struct simnode *n = setup(&loop);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT answer = { 0 };

		assert_true(simnode_command(n, cases[i].words, &answer));
		assert_page(n, loop, cases[i].path, cases[i].what);
	}
	teardown(n, loop);
}

static void a_cancel_for_another_node_is_handed_on(void **state)
{
	struct ev_loop *loop;
	struct simnode *n = setup(&loop);
	struct peer p;

	(void)state;
	peer_open(&p, loop, simnode_sql_addr(n));
	PEER_FRAME(&p, 0, "\x04\xd2\x16\x2e\0\220\0\0\0\0\0\1");
	PEER_UNTIL(&p, p.eof);
	assert_int_equal(seen.forwarded_to, 9);
	peer_close(&p);
	teardown(n, loop);
}

static void the_id_must_fit_and_the_ports_be_free(void **state)
{
	struct ev_loop *loop;
	struct simnode *n = setup(&loop);
	struct simnode_options o = { .id = 2048, .sql = peer_loopback(), .http = peer_loopback() };
	struct error err;

	(void)state;
	assert_null(simnode_new(loop, &o, &err));
	assert_string_equal(err.text, "node id 2048 is not within 1..2047");
	o.id = 4;
	o.sql = *simnode_sql_addr(n);
	assert_null(simnode_new(loop, &o, &err));
	assert_non_null(strstr(err.text, "node 4: "));
	teardown(n, loop);
}

static void commands_have_names(void **state)
{
	const char *const *names = simnode_command_names();

	(void)state;
	assert_string_equal(names[0], "drain");
	while (*names)
		names++;
	assert_string_equal(names[-1], "status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_move_between_states),
		cmocka_unit_test(wrong_commands_are_explained),
		cmocka_unit_test(every_page_is_served),
		cmocka_unit_test(states_and_faults_show_in_the_pages),
		cmocka_unit_test(a_cancel_for_another_node_is_handed_on),
		cmocka_unit_test(the_id_must_fit_and_the_ports_be_free),
		cmocka_unit_test(commands_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
