/* SPDX-License-Identifier: MIT */
/* WRAP: daemon_snapshot */
#include "httpscene.h"

#include "../../../src/control/live.h"
#include "control/drillbook.h"

#include <unistd.h>

struct snapshot *__wrap_daemon_snapshot(struct daemon *d);

struct snapshot *__wrap_daemon_snapshot(struct daemon *d)
{
	(void)d;
	return scene_snapshot();
}

static void open_live(struct scene *s, const struct settings_admin *settings)
{
	scene_open(s, settings);
	s->daemon.live = live_new(s->loop, &s->daemon);
	s->daemon.drillbook = drillbook_new(s->daemon.topology);
}

static void close_live(struct scene *s)
{
	struct live *live = s->daemon.live;
	struct drillbook *book = s->daemon.drillbook;

	scene_close(s);
	live_free(live);
	drillbook_free(book);
}

/* What a client reads that asks for `target`, up to `until`. */
static int follow(struct scene *s, const char *target, const char *fields, const char *until)
{
	AUTO_TEXT request = { 0 };
	int fd = scene_join(s);

	text_addf(&request, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", target, fields);
	text_clear(&s->answer);
	scene_send(s, fd, request.data, request.len);
	scene_read(s, fd, until);
	return fd;
}

static void add_events(struct scene *s, int count)
{
	for (int i = 0; i < count; i++) {
		struct journal_event e = { .kind = JOURNAL_MARK, .text = "note" };

		journal_append(s->daemon.journal, &e);
	}
}

/* "7 8 9": the ids in an event stream. */
static void expect_ids(const char *answer, const char *want)
{
	AUTO_TEXT got = { 0 };

	for (const char *at = answer; (at = strstr(at, "\nid: ")); at++)
		text_addf(&got, "%s%.*s", got.len ? " " : "", (int)strcspn(at + 5, "\n"), at + 5);
	assert_string_equal(text_str(&got), want);
}

static void hello_tells_who_we_are_and_what_is_missed_follows(void **state)
{
	static const struct {
		const char *target, *fields, *ids;
	} cases[] = {
		{ "/v1/live", "", "5" },
		{ "/v1/live?since=4", "", "3 4 5" },
		{ "/v1/live?since=0", "", "0 1 2 3 4 5" },
		{ "/v1/live?since=6", "", "5" },
		{ "/v1/live?since=nonsense", "", "5" },
		{ "/v1/live", "Last-Event-ID: 3\r\n", "3 4 5" },
		{ "/v1/live?since=1", "Last-Event-ID: 4\r\n", "4 5" },
		/* Of a process before this one. */
		{ "/v1/live", "Last-Event-ID: 12345\r\n", "5" },
		{ "/v1/live?since=18446744073709551615", "", "5" },
		{ "/v1/live", "Last-Event-ID: 18446744073709551615\r\n", "5" },
	};
	struct settings_admin settings = { 0 };
	struct scene s;
	char pid[32];

	(void)state;
	open_live(&s, &settings);
	s.daemon.start_wall_ms = FIXTURE_WALL_MS;
	add_events(&s, 5);
	snprintf(pid, sizeof(pid), "\"pid\":%d,", getpid());
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = follow(&s, cases[i].target, cases[i].fields, "event: hello\n");
		const char *answer;

		live_tick(s.daemon.live);
		answer = scene_read(&s, fd, "event: sample\n");
		scene_expect(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
		scene_expect(answer, "Connection: close\r\n\r\nretry: 1000\nid: ");
		scene_expect(answer, "event: hello\ndata: {\"seq\":5,");
		scene_expect(answer, pid);
		scene_expect(answer, "\"start_time\":\"2026-11-20T12:12:01.095Z\",\"version\":\"");
		expect_ids(answer, cases[i].ids);
		sock_close(fd);
	}
	close_live(&s);
}

static void followers_leave_when_they_go(void **state)
{
	struct settings_admin settings = { 0 };
	struct journal_event e = fixture_event();
	struct scene s;
	int fd[2];

	(void)state;
	open_live(&s, &settings);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		fd[i] = follow(&s, "/v1/live", "", "event: hello\n");
	daemon_publish(&s.daemon, &e);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
		text_clear(&s.answer);
		scene_expect(scene_read(&s, fd[i], "id: 17\n"), "id: 17\n");
		sock_close(fd[i]);
	}
	for (int i = 0; i < 1000 && !TAILQ_EMPTY(&s.daemon.followers); i++)
		scene_turn(&s, -1, 0);
	assert_true(TAILQ_EMPTY(&s.daemon.followers));
	close_live(&s);
}

static void the_end_of_the_endpoint_is_the_end_of_the_stream(void **state)
{
	struct settings_admin settings = { 0 };
	struct scene s;
	int fd;

	(void)state;
	open_live(&s, &settings);
	fd = follow(&s, "/v1/live", "", "}\n\n");
	stream_server_close(s.server);
	s.server = NULL;
	assert_true(TAILQ_EMPTY(&s.daemon.followers));
	scene_read(&s, fd, NULL);
	assert_non_null(strstr(text_str(&s.answer), "event: hello\n"));
	sock_close(fd);
	close_live(&s);
}

static void head_is_answered_without_following(void **state)
{
	struct settings_admin settings = { 0 };
	struct scene s;

	(void)state;
	open_live(&s, &settings);
	scene_expect(scene_ask(&s, "HEAD", "/v1/live", "", NULL), "text/event-stream");
	assert_null(strstr(text_str(&s.answer), "hello"));
	assert_true(TAILQ_EMPTY(&s.daemon.followers));
	close_live(&s);
}

static void histories_have_what_is_asked_for(void **state)
{
	static const struct {
		const char *target, *status, *has;
	} cases[] = {
		{ "/v1/history", "200 OK", "\"every_ms\":5000,\"points\":180,\"services\":{" },
		{ "/v1/history?last=60&points=60", "200 OK", "\"every_ms\":1000,\"points\":60," },
		{ "/v1/history?last=1800&points=1800", "200 OK", "\"points\":1800," },
		{ "/v1/history", "200 OK", "\"both\":{\"connected\":[null," },
		{ "/v1/history", "200 OK", "\"drills\":[{\"name\":\"d2\",\"from\":" },
		{ "/v1/history?last=0", "400 Bad request",
		  "{\"error\":\"last= takes seconds from 1 to 1800: "
		  "/v1/history?last=900&points=180\"}" },
		{ "/v1/history?last=1801", "400 Bad request", "seconds from 1 to 1800" },
		{ "/v1/history?last=-5", "400 Bad request", "seconds from 1 to 1800" },
		{ "/v1/history?last=", "400 Bad request", "seconds from 1 to 1800" },
		{ "/v1/history?last=15m", "400 Bad request", "seconds from 1 to 1800" },
		{ "/v1/history?points=0", "400 Bad request",
		  "points= takes a number from 1 to 1800" },
		{ "/v1/history?points=99999999999999999999", "400 Bad request", "points=" },
	};
	struct settings_admin settings = { 0 };
	struct scene s;
	struct error err;

	(void)state;
	open_live(&s, &settings);
	assert_true(drillbook_start(s.daemon.drillbook, "d2", &err));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		scene_get(&s, cases[i].target);
		scene_expect(text_str(&s.answer), cases[i].status);
		scene_expect(text_str(&s.answer), "Content-Type: application/json\r\n");
		scene_expect(text_str(&s.answer), cases[i].has);
	}
	close_live(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_tells_who_we_are_and_what_is_missed_follows),
		cmocka_unit_test(followers_leave_when_they_go),
		cmocka_unit_test(the_end_of_the_endpoint_is_the_end_of_the_stream),
		cmocka_unit_test(head_is_answered_without_following),
		cmocka_unit_test(histories_have_what_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
