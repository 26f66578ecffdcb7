/* SPDX-License-Identifier: MIT */
#include "control/stream.h"

#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * A protocol of lines: "echo" answers, "follow" makes the client a follower, "flood" follows and
 * answers more than a follower may leave unread, "feed" the same, as what it has missed.  An idle
 * client has one second.
 */
static void on_input(struct stream *s)
{
	char *newline;

	while (s->in.len && (newline = memchr(s->in.data, '\n', s->in.len))) {
		size_t len = (size_t)(newline - s->in.data) + 1;

		s->patient = s->in.data[0] == 'f';
		if (strncmp(s->in.data, "flood", 5) == 0 || strncmp(s->in.data, "feed", 4) == 0)
			for (size_t i = 0; i < 16 * STREAM_FOLLOWER_MAX / 1024; i++)
				text_addf(&s->out, "%1024d", 1);
		else
			text_addn(&s->out, s->in.data, len);
		if (strncmp(s->in.data, "feed", 4) == 0)
			s->granted = s->out.len;
		text_consume(&s->in, len);
	}
}

static const struct stream_protocol protocol = { .on_input = on_input, .idle_s = 1 };

struct scene {
	struct ev_loop *loop;
	struct stream_server *server;
	struct addr at;
	ev_timer end;
};

static void on_end(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static void open_scene(struct scene *s)
{
	struct error err;

	memset(s, 0, sizeof(*s));
	s->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	assert_true(addr_parse_ip("127.0.0.1", 0, &s->at));
	assert_true(stream_server_open(s->loop, &s->at, 0, &protocol, NULL, &s->server, &err));
	assert_true(sock_local(s->server->fd, &s->at));
	ev_timer_init(&s->end, on_end, 0., 0.);
}

static void close_scene(struct scene *s)
{
	stream_server_close(s->server);
	ev_loop_destroy(s->loop);
}

static void run_for(struct scene *s, ev_tstamp seconds)
{
	ev_timer_set(&s->end, seconds, 0.);
	ev_timer_start(s->loop, &s->end);
	ev_run(s->loop, 0);
}

static int join(struct scene *s, const char *line)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, &s->at.sa, s->at.len), 0);
	assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	return fd;
}

static bool is_closed(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		;
	return n == 0 || errno != EAGAIN;
}

static void an_idle_client_is_closed_and_a_follower_is_not(void **state)
{
	struct scene s;
	int idle;
	int follower;

	(void)state;
	open_scene(&s);
	idle = join(&s, "echo\n");
	follower = join(&s, "follow\n");
	run_for(&s, 1.5);
	assert_true(is_closed(idle));
	assert_false(is_closed(follower));
	assert_int_equal(s.server->clients, 1);
	close(idle);
	close(follower);
	close_scene(&s);
}

static void a_request_that_comes_byte_by_byte_has_one_limit(void **state)
{
	struct scene s;
	int slow;

	(void)state;
	open_scene(&s);
	slow = join(&s, "e");
	for (int i = 0; i < 3; i++) {
		run_for(&s, 0.5);
		if (i < 2)
			assert_int_equal(send(slow, "c", 1, MSG_NOSIGNAL), 1);
	}
	assert_true(is_closed(slow));
	close(slow);
	close_scene(&s);
}

static void the_longest_idle_client_makes_room(void **state)
{
	struct scene s;
	int first;
	int second;
	int third;

	(void)state;
	open_scene(&s);
	stream_server_limit(s.server, 2);
	first = join(&s, "echo\n");
	run_for(&s, 0.05);
	second = join(&s, "echo\n");
	run_for(&s, 0.05);
	third = join(&s, "echo\n");
	run_for(&s, 0.05);
	assert_true(is_closed(first));
	assert_false(is_closed(second));
	assert_false(is_closed(third));
	assert_int_equal(s.server->clients, 2);
	close(first);
	close(second);
	close(third);
	close_scene(&s);
}

static void a_follower_that_does_not_read_is_cut_off(void **state)
{
	struct scene s;
	int follower;

	(void)state;
	open_scene(&s);
	follower = join(&s, "flood\n");
	run_for(&s, 0.3);
	assert_int_equal(s.server->clients, 0);
	close(follower);
	close_scene(&s);
}

static void what_a_follower_has_missed_is_not_held_against_it(void **state)
{
	struct scene s;
	int follower;

	(void)state;
	open_scene(&s);
	follower = join(&s, "feed\n");
	run_for(&s, 0.3);
	assert_int_equal(s.server->clients, 1);
	assert_in_range(stream_server_unread(s.server), STREAM_FOLLOWER_MAX,
	                16 * STREAM_FOLLOWER_MAX);
	assert_int_equal(write(follower, "flood\n", 6), 6);
	run_for(&s, 0.3);
	assert_int_equal(s.server->clients, 0);
	assert_int_equal(stream_server_unread(s.server), 0);
	close(follower);
	close_scene(&s);
}

static void a_question_on_its_way_is_answered_before_it_leaves(void **state)
{
	struct scene s;
	char answer[16];
	int asks;
	int silent;

	(void)state;
	open_scene(&s);
	asks = join(&s, "");
	silent = join(&s, "");
	run_for(&s, 0.05);
	assert_int_equal(s.server->clients, 2);
	assert_int_equal(write(asks, "echo\n", 5), 5);
	stream_server_leave(s.server);
	s.server = NULL;
	assert_int_equal(recv(asks, answer, sizeof(answer), MSG_DONTWAIT), 5);
	assert_memory_equal(answer, "echo\n", 5);
	assert_int_equal(recv(asks, answer, sizeof(answer), MSG_DONTWAIT), 0);
	assert_int_equal(recv(silent, answer, sizeof(answer), MSG_DONTWAIT), 0);
	close(asks);
	close(silent);
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_client_is_closed_and_a_follower_is_not),
		cmocka_unit_test(a_request_that_comes_byte_by_byte_has_one_limit),
		cmocka_unit_test(the_longest_idle_client_makes_room),
		cmocka_unit_test(a_follower_that_does_not_read_is_cut_off),
		cmocka_unit_test(what_a_follower_has_missed_is_not_held_against_it),
		cmocka_unit_test(a_question_on_its_way_is_answered_before_it_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
