/* SPDX-License-Identifier: MIT */
#include "engine/mishap.h"

#include "base/cleanup.h"
#include "core/fault.h"
#include "lane.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* So often it is looked whether a fault is over. */
enum { LOOK_MS = 100 };

struct mishap {
	struct session *session;
	struct fault fault;         /* that it was made for */
	struct lane lanes[2];       /* by source, as session.ends.flow */
	struct relay_gate gates[2]; /* of these; session.ends.gates */
	ev_timer tick;
	int64_t connect_ms; /* when a connect that is held is complete; 0: not known yet */
	bool connected;     /* that time has come */
};

static struct fault fault_of(const struct session *s)
{
	return fault_unpack(atomic_load_explicit(&s->server->fault, memory_order_relaxed));
}

static bool is_over(const struct mishap *m)
{
	return fault_pack(fault_of(m->session)) != fault_pack(m->fault);
}

/* Does it concern bytes? */
static bool holds_bytes(enum fault_kind kind)
{
	return kind == FAULT_BLACKHOLE || kind == FAULT_DELAY || kind == FAULT_THROTTLE;
}

static void tick_in(struct mishap *m, int64_t ms)
{
	struct ev_loop *loop = m->session->host->loop;

	ev_timer_stop(loop, &m->tick);
	ev_timer_set(&m->tick, (double)ms / 1000., 0.);
	ev_timer_start(loop, &m->tick);
}

/* --- the way there ------------------------------------------------------------------------ */

/* Milliseconds; a connect is a way there and one back. */
static int64_t connect_left(struct mishap *m)
{
	struct fault f = fault_of(m->session);
	int64_t now = m->session->host->now_ms;

	if (f.kind == FAULT_BLACKHOLE)
		return LOOK_MS;
	if (f.kind != FAULT_DELAY)
		return 0;
	if (!m->connect_ms)
		m->connect_ms = now + 2 * (int64_t)f.amount;
	return m->connect_ms - now;
}

/* Last, ready(): it may end the mishap. */
static void tick_connect(struct mishap *m)
{
	struct session *s = m->session;
	bool tried = s->ends.io[DUPLEX_SERVER].fd != -1;
	int64_t left = tried || fault_of(s).kind == FAULT_BLACKHOLE ? connect_left(m) : 0;

	if (left > 0) {
		tick_in(m, left < LOOK_MS ? left : LOOK_MS);
		return;
	}
	m->connected = tried;
	s->errand->stage->ready(s);
}

/* --- relaying ----------------------------------------------------------------------------- */

static struct lane_source look_at(const struct session *s, enum duplex_end end)
{
	struct lane_source ret = { .bytes = s->ends.flow[end].bytes };
	struct pollfd p = { .fd = s->ends.io[end].fd, .events = POLLRDHUP };
	int unread = 0;

	if (ioctl(p.fd, FIONREAD, &unread) == 0 && unread > 0)
		ret.unread = (uint64_t)unread;
	if (poll(&p, 1, 0) == 1)
		ret.unread++;
	return ret;
}

static void tick_bytes(struct mishap *m)
{
	struct session *s = m->session;
	int64_t next = 0;

	for (int end = DUPLEX_CLIENT; end <= DUPLEX_SERVER; end++) {
		struct lane_source source = look_at(s, (enum duplex_end)end);
		int64_t ms = lane_tick(&m->lanes[end], &m->fault, &source, s->host->now_ms);

		if (ms && (!next || ms < next))
			next = ms;
	}
	duplex_wait(&s->ends, s->host->loop);
	if (next)
		tick_in(m, next);
}

/* Nothing is held any more; a new fault begins with what comes next. */
static void let_go(struct session *s)
{
	mishap_forget(s);
	duplex_wait(&s->ends, s->host->loop);
}

static void on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct mishap *m = container_of(w, struct mishap, tick);
	struct session *s = m->session;

	(void)loop;
	(void)revents;
	if (s->phase == SESSION_DIALING)
		tick_connect(m);
	else if (s->phase == SESSION_RELAYING && is_over(m))
		let_go(s);
	else if (s->phase == SESSION_RELAYING)
		tick_bytes(m);
}

static struct mishap *make(struct session *s)
{
	struct mishap *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->session = s;
	m->fault = fault_of(s);
	ev_timer_init(&m->tick, on_tick, 0., 0.);
	s->mishap = m;
	s->plain = false;
	return m;
}

/* The lanes are laid; `preface`: the client's begins with something that was said already. */
static struct mishap *begin(struct session *s, bool preface)
{
	struct mishap *m = make(s);

	if (!m)
		return NULL;
	for (int end = DUPLEX_CLIENT; end <= DUPLEX_SERVER; end++) {
		lane_begin(&m->lanes[end], &m->gates[end], &m->fault, s->ends.flow[end].bytes,
		           preface && end == DUPLEX_CLIENT, s->host->now_ms);
	}
	s->ends.gates = m->gates;
	if (m->fault.kind == FAULT_BLACKHOLE || preface)
		tick_in(m,
		        LOOK_MS < m->fault.amount || !m->fault.amount ? LOOK_MS : m->fault.amount);
	return m;
}

enum mishap_verdict mishap_on_connect(struct session *s)
{
	struct fault f = fault_of(s);

	mishap_forget(s);
	if (f.kind == FAULT_REFUSE)
		return MISHAP_REFUSED;
	if (f.kind != FAULT_BLACKHOLE || !make(s))
		return MISHAP_NONE;
	tick_in(s->mishap, LOOK_MS);
	return MISHAP_HELD;
}

enum mishap_verdict mishap_on_connected(struct session *s)
{
	enum fault_kind kind = fault_of(s).kind;
	int64_t left;

	if (s->mishap && s->mishap->connected)
		return MISHAP_NONE;
	if (kind != FAULT_BLACKHOLE && kind != FAULT_DELAY)
		return MISHAP_NONE;
	if (!s->mishap && !make(s))
		return MISHAP_NONE;
	/* It is writable all the time now. */
	ev_io_stop(s->host->loop, &s->ends.io[DUPLEX_SERVER]);
	left = connect_left(s->mishap);
	tick_in(s->mishap, left < LOOK_MS ? left : LOOK_MS);
	return MISHAP_HELD;
}

void mishap_on_start(struct session *s, bool preface)
{
	mishap_forget(s);
	if (holds_bytes(fault_of(s).kind))
		begin(s, preface);
}

static enum mishap_verdict ready(struct mishap *m, enum duplex_end end, int revents)
{
	struct session *s = m->session;
	struct lane_source source;
	enum mishap_verdict verdict = MISHAP_HELD;

	if (m->fault.kind != FAULT_BLACKHOLE) {
		if (!(revents & EV_READ))
			return MISHAP_NONE;
		source = look_at(s, end);
		if (lane_may_read(&m->lanes[end], &m->fault, &source, s->host->now_ms))
			verdict = MISHAP_NONE;
	}
	if (verdict == MISHAP_HELD)
		tick_bytes(m);
	return verdict;
}

enum mishap_verdict mishap_on_ready(struct session *s, enum duplex_end end, int revents)
{
	struct fault f = fault_of(s);

	if (s->mishap && is_over(s->mishap))
		let_go(s);
	if (f.kind == FAULT_RESET)
		return MISHAP_REFUSED;
	if (!holds_bytes(f.kind) || (!s->mishap && !begin(s, false)))
		return MISHAP_NONE;
	return ready(s->mishap, end, revents);
}

bool mishap_hides(const struct session *s, enum duplex_end end)
{
	return s->mishap && s->mishap->gates[end].blind;
}

void mishap_forget(struct session *s)
{
	struct mishap *m = s->mishap;

	if (!m)
		return;
	ev_timer_stop(s->host->loop, &m->tick);
	s->ends.gates = NULL;
	s->mishap = NULL;
	free(m);
}
