/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CONTROL_HTTPSCENE_H
#define TESTS_UNIT_CONTROL_HTTPSCENE_H

#include "control/httpadmin.h"

#include "../report/edges.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/*
 * An HTTP endpoint in front of the topology of edges.h, in one thread with its client: the loop is
 * turned until the answer is there.  What commands would do is noted in `orders`.
 */
enum { SCENE_PATIENCE_MS = 10000 };

struct scene {
	struct fixture fixture;
	struct daemon daemon;
	struct ev_loop *loop;
	struct settings_admin settings;
	struct stream_server *server;
	struct addr at;
	struct text orders, answer;
};

/* The one that wrapped functions note into. */
static struct scene *scene_now;

static inline struct snapshot *scene_snapshot(void)
{
	return snapshot_take(scene_now->fixture.topology, &scene_now->fixture.process);
}

static inline void scene_note(const char *what, const struct topology_server *s, int detail)
{
	text_addf(&scene_now->orders, "%s %s/%s %d;", what, s->service->settings->name,
	          s->settings->name, detail);
}

static inline bool scene_try(struct scene *s, const struct settings_admin *settings,
                             struct error *err)
{
	memset(s, 0, sizeof(*s));
	scene_now = s;
	edges_init(&s->fixture);
	s->daemon.topology = s->fixture.topology;
	s->daemon.journal = journal_new(16);
	s->daemon.accepting = true;
	TAILQ_INIT(&s->daemon.followers);
	s->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	s->settings = *settings;
	assert_true(addr_parse_ip("127.0.0.1", 0, &s->settings.addr));
	return httpadmin_open(s->loop, &s->settings, &s->daemon, &s->server, err);
}

static inline void scene_open(struct scene *s, const struct settings_admin *settings)
{
	struct error err = { 0 };

	if (!scene_try(s, settings, &err))
		fail_msg("%s", err.text);
	assert_true(sock_local(s->server->fd, &s->at));
}

static inline void scene_close(struct scene *s)
{
	stream_server_close(s->server);
	ev_loop_destroy(s->loop);
	journal_free(s->daemon.journal);
	fixture_release(&s->fixture);
	text_release(&s->orders);
	text_release(&s->answer);
}

static inline int scene_join(const struct scene *s)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (connect(fd, &s->at.sa, s->at.len) == -1)
		assert_int_equal(errno, EINPROGRESS);
	return fd;
}

/* Turns the loop once and waits a moment for the client's side. */
static inline void scene_turn(struct scene *s, int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	ev_run(s->loop, EVRUN_NOWAIT);
	poll(&p, 1, 5);
}

static inline void scene_send(struct scene *s, int fd, const char *bytes, size_t len)
{
	for (int waited = 0; len; waited += 5) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		assert_true(waited < SCENE_PATIENCE_MS);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else {
			scene_turn(s, fd, POLLOUT);
		}
	}
}

/* Reads on until `until` has come (NULL: until the end); into s->answer. */
static inline const char *scene_read(struct scene *s, int fd, const char *until)
{
	char buf[4096];

	for (int waited = 0; !until || !strstr(text_str(&s->answer), until); waited += 5) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		assert_true(waited < SCENE_PATIENCE_MS);
		if (n > 0)
			text_addn(&s->answer, buf, (size_t)n);
		else if (n == 0 || errno == ECONNRESET)
			break;
		else
			scene_turn(s, fd, POLLIN);
	}
	return text_str(&s->answer);
}

/* One request on a connection of its own; the whole answer. */
static inline const char *scene_ask(struct scene *s, const char *method, const char *target,
                                    const char *fields, const char *body)
{
	AUTO_TEXT request = { 0 };
	int fd = scene_join(s);

	text_addf(&request, "%s %s HTTP/1.1\r\nHost: proxy:80\r\nConnection: close\r\n%s", method,
	          target, fields);
	if (body)
		text_addf(&request, "Content-Length: %zu\r\n", strlen(body));
	text_addf(&request, "\r\n%s", body ? body : "");
	text_clear(&s->answer);
	scene_send(s, fd, request.data, request.len);
	scene_read(s, fd, NULL);
	sock_close(fd);
	return text_str(&s->answer);
}

static inline const char *scene_get(struct scene *s, const char *target)
{
	return scene_ask(s, "GET", target, "", NULL);
}

static inline void scene_expect(const char *answer, const char *words)
{
	if (!strstr(answer, words))
		fail_msg("\"%s\" is not in:\n%.600s", words, answer);
}

#endif
