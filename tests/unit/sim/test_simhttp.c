/* SPDX-License-Identifier: MIT */
#include "sim/simhttp.h"

#include "peer.h"

#include <stdio.h>

static char asked[128]; /* the last request, as the handler saw it */

static void handle(void *ctx, const struct simhttp_request *request, struct simhttp_reply *reply)
{
	const char *path = request->path;

	(void)ctx;
	snprintf(asked, sizeof(asked), "%s %s?%s", request->method, path, request->query);
	if (strcmp(path, "/who") == 0) {
		reply->status = 200;
		text_addf(&reply->body, "%s/%s", request->cookie ? request->cookie : "none",
		          request->session ? request->session : "none");
		return;
	}
	if (strcmp(path, "/none") == 0)
		return;
	reply->status = 200;
	reply->no_cache = true;
	reply->type = "application/json";
	reply->delay_ms = strcmp(path, "/slow") == 0 ? 60 : 0;
	text_add(&reply->body, "{\n\n}");
}

static void setup(struct simhttp *h)
{
	struct addr at = peer_loopback();
	struct error err;

	simhttp_init(h, ev_loop_new(EVFLAG_NOENV), &at, handle, NULL);
	assert_true(simhttp_open(h, &err));
}

static void teardown(struct simhttp *h)
{
	struct ev_loop *loop = h->listen.loop;

	simhttp_release(h);
	ev_loop_destroy(loop);
}

static void ask(struct simhttp *h, struct peer *p, const char *request)
{
	peer_open(p, h->listen.loop, &h->listen.at);
	peer_say(p, request, strlen(request));
}

static const struct {
	const char *request;
	bool closes;
	const char *status, *field, *asked;
} requests[] = {
	{ "GET /health?ready=1 HTTP/1.0\r\n\r\n", true, "HTTP/1.0 200 OK\r\n",
	  "\r\nContent-Length: 4\r\n\r\n{\n\n}", "GET /health?ready=1" },
	{ "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", false, "HTTP/1.1 200 OK\r\n",
	  "\r\nCache-Control: no-cache\r\nContent-Type: application/json\r\nDate: ",
	  "GET /health?" },
	{ "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", true, "HTTP/1.1 200 OK\r\n",
	  "\r\nConnection: close\r\n", "GET /?" },
	{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false, "HTTP/1.0 200 OK\r\n",
	  "\r\nConnection: keep-alive\r\n", "GET /?" },
	{ "GET / HTTP/1.1\r\n\r\n", true,
	  "HTTP/1.1 400 Bad Request: missing required Host header\r\n", "Connection: close", "" },
	{ "GET 8080 HTTP/1.0\r\n\r\n", true, "HTTP/1.", NULL, NULL },
	{ "GET /who HTTP/1.0\r\nCookie: session=a\r\nX-Cockroach-API-Session: b\r\n\r\n", true,
	  "HTTP/1.0 200 OK\r\n", "\r\n\r\nsession=a/b", NULL },
	{ "GET /who HTTP/1.0\r\n\r\n", true, "HTTP/1.0 200 OK\r\n", "\r\n\r\nnone/none", NULL },
	{ "hello\r\n\r\n", true, "HTTP/1.1 400 Bad Request\r\n", NULL, "" },
	{ "GET /none HTTP/1.0\r\n\r\n", true, "HTTP/1.0 404 Not Found\r\n", "404 page not found",
	  "GET /none?" },
	{ "POST /x HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", true, "HTTP/1.0 200 OK\r\n", NULL,
	  "POST /x?" },
};

static void every_request_gets_what_net_http_would_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct simhttp h;
		struct peer p;

		asked[0] = '\0';
		setup(&h);
		ask(&h, &p, requests[i].request);
		if (requests[i].closes)
			PEER_UNTIL(&p, p.eof);
		else
			PEER_UNTIL(&p, peer_has(&p, "{\n\n}"));
		assert_false(!requests[i].closes && p.eof);
		assert_memory_equal(p.got.data, requests[i].status, strlen(requests[i].status));
		if (requests[i].field)
			assert_true(peer_has(&p, requests[i].field));
		if (requests[i].asked)
			assert_string_equal(asked, requests[i].asked);
		peer_close(&p);
		teardown(&h);
	}
}

static void requests_can_be_pipelined_and_cut_anywhere(void **state)
{
	static const char two[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.0\r\n\r\n";
	struct simhttp h;
	struct peer p;

	(void)state;
	setup(&h);
	ask(&h, &p, "");
	for (size_t i = 0; i < sizeof(two) - 1; i++) {
		peer_say(&p, &two[i], 1);
		peer_turn(&p);
	}
	PEER_UNTIL(&p, p.eof);
	assert_true(peer_has(&p, "{\n\n}HTTP/1.0 200 OK"));
	peer_close(&p);
	teardown(&h);
}

static void a_head_answer_has_no_body(void **state)
{
	struct simhttp h;
	struct peer p;

	(void)state;
	setup(&h);
	ask(&h, &p, "HEAD / HTTP/1.0\r\n\r\n");
	PEER_UNTIL(&p, p.eof);
	assert_true(peer_has(&p, "Content-Length: 4\r\n"));
	assert_memory_equal(p.got.data + p.got.len - 4, "\r\n\r\n", 4);
	peer_close(&p);
	teardown(&h);
}

static void a_slow_answer_comes_late_even_to_a_half_closed_client(void **state)
{
	struct simhttp h;
	struct peer p;
	int64_t began = tick_ms();

	(void)state;
	setup(&h);
	ask(&h, &p, "GET /slow HTTP/1.0\r\n\r\n");
	shutdown(p.fd, SHUT_WR);
	PEER_UNTIL(&p, p.eof);
	assert_true(tick_ms() - began >= 55);
	assert_true(peer_has(&p, "{\n\n}"));
	peer_close(&p);
	teardown(&h);
}

static void a_head_without_end_is_refused(void **state)
{
	struct simhttp h;
	struct peer p;

	(void)state;
	setup(&h);
	ask(&h, &p, "GET / HTTP/1.1\r\n");
	for (int i = 0; i < 400; i++)
		peer_say(&p, "X-Long: 0123456789012345678901234567890123456789\r\n", 50);
	PEER_UNTIL(&p, p.eof || p.reset);
	peer_close(&p);
	teardown(&h);
}

static void closing_can_reset_what_is_open(void **state)
{
	struct simhttp h;
	struct peer p;

	(void)state;
	setup(&h);
	ask(&h, &p, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
	PEER_UNTIL(&p, !LIST_EMPTY(&h.conns) && strcmp(asked, "GET /slow?") == 0);
	simhttp_close(&h, true);
	PEER_UNTIL(&p, p.reset);
	assert_true(peer_is_refused(&h.listen.at));
	peer_close(&p);
	teardown(&h);
}

static void a_paused_port_answers_later(void **state)
{
	struct simhttp h;
	struct peer p;

	(void)state;
	setup(&h);
	simhttp_pause(&h, true);
	ask(&h, &p, "GET / HTTP/1.0\r\n\r\n");
	peer_hears_nothing(&p, 30);
	simhttp_pause(&h, false);
	PEER_UNTIL(&p, p.eof);
	assert_true(peer_has(&p, "200 OK"));
	peer_close(&p);
	teardown(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_gets_what_net_http_would_say),
		cmocka_unit_test(requests_can_be_pipelined_and_cut_anywhere),
		cmocka_unit_test(a_head_answer_has_no_body),
		cmocka_unit_test(a_slow_answer_comes_late_even_to_a_half_closed_client),
		cmocka_unit_test(a_head_without_end_is_refused),
		cmocka_unit_test(closing_can_reset_what_is_open),
		cmocka_unit_test(a_paused_port_answers_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
