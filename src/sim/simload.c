/* SPDX-License-Identifier: MIT */
#include "sim/simload.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/rng.h"
#include "net/sock.h"
#include "sim/simconn.h"
#include "sim/simwire.h"

#include <stdlib.h>

enum phase {
	PHASE_AWAY,     /* no connection; the timer connects */
	PHASE_STARTING, /* connecting and start-up; the timer is a time-out */
	PHASE_IDLE,     /* the timer sends the next query */
	PHASE_QUERY,    /* the timer is a time-out */
	PHASE_ENDING    /* Terminate is on its way */
};

struct client {
	struct simload *load;
	struct simconn conn;
	ev_timer timer;
	enum phase phase;
	bool short_lived;
	bool erred; /* the running query got an ErrorResponse */
	uint32_t queries;
};

struct simload {
	struct ev_loop *loop;
	struct simload_options o;
	struct simload_counts counts;
	struct rng rng;
	struct client *clients;
};

static void wait_ms(struct client *c, uint64_t ms)
{
	ev_timer_stop(c->load->loop, &c->timer);
	ev_timer_set(&c->timer, (double)ms / 1000., 0.);
	ev_timer_start(c->load->loop, &c->timer);
}

static void enter(struct client *c, enum phase phase, uint64_t ms)
{
	c->phase = phase;
	wait_ms(c, ms);
}

/* The connection is gone: counts what that means and comes back later. */
static void lose(struct client *c)
{
	struct simload *l = c->load;

	switch (c->phase) {
	case PHASE_STARTING:
		l->counts.failed++;
		break;
	case PHASE_IDLE:
	case PHASE_QUERY:
		l->counts.cut++;
		l->counts.now--;
		break;
	case PHASE_ENDING:
		l->counts.now--;
		break;
	case PHASE_AWAY:
		return;
	}
	enter(c, PHASE_AWAY, l->o.retry_ms);
}

static void start_session(struct simconn *conn)
{
	simwire_add_startup(&conn->out, "demo", "defaultdb");
}

static void idle(struct client *c)
{
	struct simload *l = c->load;

	if (c->short_lived && c->queries >= l->o.queries) {
		simwire_add_bare(&c->conn.out, 'X');
		enter(c, PHASE_ENDING, l->o.timeout_ms);
		simconn_finish(&c->conn);
		return;
	}
	enter(c, PHASE_IDLE, rng_jitter(&l->rng, l->o.interval_ms, 50));
}

static void take_ready(struct client *c)
{
	struct simload *l = c->load;

	if (c->phase == PHASE_STARTING) {
		l->counts.now++;
		l->counts.sessions++;
		c->queries = 0;
		idle(c);
	} else if (c->phase == PHASE_QUERY) {
		if (c->erred)
			l->counts.errors++;
		else
			l->counts.ok++;
		c->queries++;
		idle(c);
	}
}

static void take_bytes(struct simconn *conn)
{
	struct client *c = container_of(conn, struct client, conn);
	struct simwire_message m;
	enum simwire_status status;

	while ((status = simwire_read(text_str(&conn->in), conn->in.len, false, &m)) ==
	       SIMWIRE_OK) {
		if (m.type == 'E')
			c->erred = true;
		else if (m.type == 'Z')
			take_ready(c);
		text_consume(&conn->in, m.total);
	}
	if (status == SIMWIRE_BAD)
		simconn_finish(conn);
}

static void take_end(struct simconn *conn, enum simconn_end end)
{
	(void)end;
	lose(container_of(conn, struct client, conn));
}

static void dial(struct client *c)
{
	static const struct simconn_calls calls = { .opened = start_session,
		                                    .bytes = take_bytes,
		                                    .gone = take_end };
	struct simload *l = c->load;
	struct sock_options options = { .nodelay = true };
	bool connected;
	int fd = sock_connect(&l->o.to, &options, &connected);

	enter(c, PHASE_STARTING, l->o.timeout_ms);
	if (fd < 0)
		lose(c);
	else
		simconn_open(&c->conn, l->loop, fd, true, &calls);
}

static void ask(struct client *c)
{
	c->erred = false;
	simwire_add_query(&c->conn.out, "SELECT 1");
	enter(c, PHASE_QUERY, c->load->o.timeout_ms);
	simconn_kick(&c->conn);
}

static void act(struct client *c)
{
	switch (c->phase) {
	case PHASE_AWAY:
		dial(c);
		break;
	case PHASE_IDLE:
		ask(c);
		break;
	case PHASE_STARTING:
	case PHASE_QUERY:
	case PHASE_ENDING:
		simconn_release(&c->conn, true);
		lose(c);
		break;
	}
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	act(container_of(w, struct client, timer));
}

struct simload *simload_new(struct ev_loop *loop, const struct simload_options *o)
{
	struct simload *l = mem_zalloc(sizeof(*l));

	l->loop = loop;
	l->o = *o;
	rng_seed(&l->rng);
	l->clients = mem_zalloc(o->clients * sizeof(l->clients[0]));
	for (uint32_t i = 0; i < o->clients; i++) {
		struct client *c = &l->clients[i];

		c->load = l;
		c->conn.fd = -1;
		c->short_lived = i < o->short_lived;
		ev_init(&c->timer, on_timer);
		enter(c, PHASE_AWAY, rng_below(&l->rng, o->interval_ms + 1));
	}
	return l;
}

void simload_free(struct simload *l)
{
	if (!l)
		return;
	for (uint32_t i = 0; i < l->o.clients; i++) {
		ev_timer_stop(l->loop, &l->clients[i].timer);
		simconn_release(&l->clients[i].conn, false);
	}
	free(l->clients);
	free(l);
}

struct simload_counts simload_counts(const struct simload *l)
{
	return l->counts;
}
