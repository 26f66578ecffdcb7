/* SPDX-License-Identifier: MIT */
#ifndef TEST_CHECKER_FIXTURE_H
#define TEST_CHECKER_FIXTURE_H

#include "engine/checker.h"

#include "base/cleanup.h"
#include "base/tick.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * A loop with one peer to check, and what the checker says, for test_checker.c and test_attempt.c.
 * The peer uses read() and write() only: faults are injected into send() and recv().
 */

enum { TARGETS_MAX = 4, HEARD_MAX = 64, CONNECTIONS_MAX = 64 };

enum manner {
	PEER_ANSWERS,          /* `answer` when something was received */
	PEER_ANSWERS_AND_ENDS, /* the same, and ends its side */
	PEER_ANSWERS_UNREAD,   /* `answer` at once, then a FIN */
	PEER_DRIPS,            /* one byte of `answer` each 20 ms */
	PEER_STALLS,           /* answers, and then keeps the loop busy */
	PEER_IS_SILENT,
	PEER_CLOSES, /* when something was received */
	PEER_RESETS, /* when something was received */
};

struct connection {
	struct fixture *f;
	ev_io io;
	ev_timer drip;
	const char *answer; /* what was the fixture's when it began: it may outlive a case */
	size_t dripped;
};

struct heard {
	int begun, ended;
	int64_t begun_ms[HEARD_MAX], ended_ms[HEARD_MAX];
	struct probe_result result[HEARD_MAX];
};

struct fixture {
	struct ev_loop *loop;
	int fds; /* open before anything else was */
	ev_timer guard;
	ev_io accepting;
	struct addr addr; /* of the peer */
	enum manner manner;
	const char *answer;
	size_t answer_len; /* 0: a string */
	unsigned int stall_ms;
	struct connection connections[CONNECTIONS_MAX];
	int accepted, open, most_open;
	char request[512]; /* what was received last */
	char log[1024];    /* all of it; '|' is the end of a connection by FIN, '!' by RST */
	int ended_with;    /* errno of the read that ended the last connection, 0: FIN */

	struct settings_target targets[TARGETS_MAX];
	size_t count;
	struct checker *checker;
	bool in_call; /* of a checker_*() function */
	struct heard heard[TARGETS_MAX];
	size_t wanted_target;
	int wanted_begun, wanted_ended, wanted_closed; /* end the loop; 0: never */
	int closed;
	bool free_on_call;  /* the checker, from inside note_result() */
	int pace_on_result; /* enum checker_pace to answer results with, or -1 */
};

static inline int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void end_connection(struct connection *c, bool reset)
{
	struct linger now = { .l_onoff = reset };

	ev_io_stop(c->f->loop, &c->io);
	ev_timer_stop(c->f->loop, &c->drip);
	if (reset)
		setsockopt(c->io.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->io.fd);
	c->io.fd = -1;
	c->f->open--;
	c->f->closed++;
	if (c->f->wanted_closed && c->f->closed >= c->f->wanted_closed)
		ev_break(c->f->loop, EVBREAK_ALL);
}

static void give_answer(struct connection *c)
{
	size_t len = c->f->answer_len ? c->f->answer_len : strlen(c->f->answer);

	assert_int_equal(write(c->io.fd, c->f->answer, len), len);
}

static void note(struct fixture *f, const char *bytes)
{
	size_t len = strlen(f->log);

	snprintf(f->log + len, sizeof(f->log) - len, "%s", bytes);
}

static void receive_request(struct connection *c)
{
	struct fixture *f = c->f;
	char buf[sizeof(f->request)];
	ssize_t n = read(c->io.fd, buf, sizeof(buf) - 1);

	if (n <= 0) {
		f->ended_with = n == 0 ? 0 : errno;
		note(f, n == 0 ? "|" : "!");
		end_connection(c, false);
		return;
	}
	buf[n] = '\0';
	memcpy(f->request, buf, (size_t)n + 1);
	note(f, buf);
	if (f->manner == PEER_ANSWERS || f->manner == PEER_ANSWERS_AND_ENDS ||
	    f->manner == PEER_STALLS)
		give_answer(c);
	if (f->manner == PEER_ANSWERS_AND_ENDS)
		shutdown(c->io.fd, SHUT_WR);
	if (f->manner == PEER_STALLS)
		usleep(f->stall_ms * 1000);
	if (f->manner == PEER_DRIPS)
		ev_timer_again(f->loop, &c->drip);
	if (f->manner == PEER_CLOSES || f->manner == PEER_RESETS)
		end_connection(c, f->manner == PEER_RESETS);
}

static void on_request(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	receive_request(container_of(w, struct connection, io));
}

static void on_drip(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct connection *c = container_of(w, struct connection, drip);

	(void)loop;
	(void)revents;
	if (c->answer[c->dripped] && write(c->io.fd, c->answer + c->dripped, 1) == 1)
		c->dripped++;
}

static void take_connection(struct fixture *f)
{
	int fd = accept4(f->accepting.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *c = &f->connections[f->accepted];

	if (fd == -1)
		return;
	assert_true(f->accepted < CONNECTIONS_MAX);
	f->accepted++;
	f->open++;
	if (f->open > f->most_open)
		f->most_open = f->open;
	*c = (struct connection){ .f = f, .answer = f->answer };
	ev_io_init(&c->io, on_request, fd, EV_READ);
	ev_timer_init(&c->drip, on_drip, 0., 0.02);
	ev_io_start(f->loop, &c->io);
	if (f->manner != PEER_ANSWERS_UNREAD)
		return;
	give_answer(c);
	end_connection(c, false);
}

static void on_accepting(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	take_connection(container_of(w, struct fixture, accepting));
}

static void on_guard(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	fail_msg("nothing happened for too long");
}

static void on_pause(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static void note_result(void *ctx, size_t target, const struct probe_result *result)
{
	struct fixture *f = ctx;
	struct heard *h = &f->heard[target];

	assert_false(f->in_call);
	assert_true(h->begun < HEARD_MAX);
	if (result) {
		assert_int_equal(h->ended, h->begun - 1);
		h->result[h->ended] = *result;
		h->ended_ms[h->ended++] = tick_ms();
		if (f->pace_on_result >= 0)
			checker_set_pace(f->checker, target, (enum checker_pace)f->pace_on_result);
	} else {
		h->begun_ms[h->begun++] = tick_ms();
	}
	if (f->free_on_call)
		checker_free(TAKE_PTR(f->checker));
	h = &f->heard[f->wanted_target];
	if ((f->wanted_ended && h->ended >= f->wanted_ended) ||
	    (f->wanted_begun && h->begun >= f->wanted_begun))
		ev_break(f->loop, EVBREAK_ALL);
}

/* Runs the loop until that many results of that target have come in all. */
static inline const struct probe_result *run_until_ended(struct fixture *f, size_t target,
                                                         int ended)
{
	f->wanted_target = target;
	f->wanted_ended = ended;
	if (f->heard[target].ended < ended)
		ev_run(f->loop, 0);
	f->wanted_ended = 0;
	assert_true(f->heard[target].ended >= ended);
	return &f->heard[target].result[ended - 1];
}

static inline void run_until_closed(struct fixture *f, int closed)
{
	f->wanted_closed = closed;
	if (f->closed < closed)
		ev_run(f->loop, 0);
	f->wanted_closed = 0;
}

static inline void run_for(struct fixture *f, double seconds)
{
	ev_timer pause;

	ev_timer_init(&pause, on_pause, seconds, 0.);
	ev_now_update(f->loop);
	ev_timer_start(f->loop, &pause);
	ev_run(f->loop, 0);
	ev_timer_stop(f->loop, &pause);
}

/* One more target, which is the peer, to be checked every `inter_ms`. */
static inline struct settings_check *add_target(struct fixture *f, enum settings_check_type type,
                                                uint32_t inter_ms)
{
	struct settings_target *t = &f->targets[f->count++];

	*t = (struct settings_target){
		.name = "n1",
		.host = "localhost",
		.check_port = addr_port(&f->addr),
		.check = settings_check_default(type),
	};
	t->check.inter_ms = inter_ms;
	return &t->check;
}

static inline void set_address(struct fixture *f, size_t target, const struct addr *addr,
                               const char *reason)
{
	f->in_call = true;
	checker_set_address(f->checker, target, addr, reason);
	f->in_call = false;
}

static inline void hurry(struct fixture *f, size_t target)
{
	f->in_call = true;
	checker_hurry(f->checker, target);
	f->in_call = false;
}

static inline void start_without_address(struct fixture *f)
{
	struct error err = { 0 };

	f->in_call = true;
	f->checker = checker_new(f->loop, f->targets, f->count, note_result, f, &err);
	if (!f->checker)
		fail_msg("%s", err.text);
	checker_start(f->checker);
	f->in_call = false;
}

static inline void start(struct fixture *f)
{
	start_without_address(f);
	for (size_t i = 0; i < f->count; i++)
		set_address(f, i, &f->addr, NULL);
}

/* Ends the checker, and forgets targets and results. */
static inline void stop(struct fixture *f)
{
	checker_free(f->checker);
	f->checker = NULL;
	f->count = 0;
	memset(f->heard, 0, sizeof(f->heard));
	f->log[0] = '\0';
}

static inline void assert_verdict(const struct probe_result *r, enum probe_code code,
                                  uint16_t status, const char *info)
{
	assert_string_equal(probe_code_name(r->code), probe_code_name(code));
	assert_int_equal(r->status, status);
	assert_string_equal(r->info, info);
}

static inline int listen_somewhere(struct addr *ret, int backlog)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(addr_parse_ip("127.0.0.1", 0, ret));
	assert_int_equal(bind(fd, &ret->sa, ret->len), 0);
	assert_int_equal(getsockname(fd, &ret->sa, &ret->len), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static inline int set_up(void **state)
{
	static struct fixture f;

	signal(SIGPIPE, SIG_IGN);
	f = (struct fixture){ .pace_on_result = -1, .answer = "", .fds = open_fds() };
	f.loop = ev_loop_new(EVFLAG_NOENV);
	ev_io_init(&f.accepting, on_accepting, listen_somewhere(&f.addr, 64), EV_READ);
	ev_io_start(f.loop, &f.accepting);
	ev_timer_init(&f.guard, on_guard, 20., 0.);
	ev_timer_start(f.loop, &f.guard);
	ev_run(f.loop, EVRUN_NOWAIT);
	*state = &f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	checker_free(f->checker);
	for (int i = 0; i < f->accepted; i++)
		if (f->connections[i].io.fd != -1)
			end_connection(&f->connections[i], false);
	ev_io_stop(f->loop, &f->accepting);
	close(f->accepting.fd);
	ev_loop_destroy(f->loop);
	assert_int_equal(open_fds(), f->fds);
	return 0;
}

#endif
