/* SPDX-License-Identifier: MIT */
#include "sim/simsql.h"

#include "base/cleanup.h"

#include <stdio.h>

static struct simsql *owner(struct simsession_host *h)
{
	return container_of(h, struct simsql, host);
}

static void take_client(struct simlisten *l, int fd)
{
	struct simsql *s = container_of(l, struct simsql, listen);
	struct simsession *session = simsession_new(&s->host, fd);

	s->connected++;
	LIST_INSERT_HEAD(&s->sessions, session, link);
}

static void note_started(struct simsession *session)
{
	struct simsql *s = owner(session->host);

	s->now++;
	s->accepted++;
	s->changed(s);
}

static void note_rejected(struct simsession *session)
{
	owner(session->host)->rejected++;
}

static void note_gone(struct simsession *session)
{
	struct simsql *s = owner(session->host);

	LIST_REMOVE(session, link);
	if (session->started)
		s->now--;
	s->changed(s);
}

static void pass_cancel(struct simsession_host *h, uint64_t key)
{
	struct simsql *s = owner(h);

	s->cancel(s->cancel_ctx, key);
}

void simsql_init(struct simsql *s, struct ev_loop *loop, uint32_t node_id, const struct addr *at)
{
	*s = (struct simsql){ .host = { .loop = loop,
		                        .node_id = node_id,
		                        .started = note_started,
		                        .rejected = note_rejected,
		                        .gone = note_gone,
		                        .cancel = pass_cancel } };
	LIST_INIT(&s->sessions);
	rng_seed(&s->host.rng);
	simlisten_init(&s->listen, loop, at, take_client);
}

void simsql_release(struct simsql *s)
{
	simsql_close(s);
	simsql_abort(s);
}

bool simsql_open(struct simsql *s, struct error *err)
{
	return simlisten_open(&s->listen, err);
}

void simsql_close(struct simsql *s)
{
	simlisten_close(&s->listen);
}

void simsql_set_gate(struct simsql *s, enum simsession_gate gate, const char *reject_code)
{
	struct simsession *session;

	s->host.gate = gate;
	if (gate == SIMSESSION_REJECT)
		snprintf(s->host.reject_code, sizeof(s->host.reject_code), "%s", reject_code);
	LIST_FOREACH(session, &s->sessions, link) {
		simsession_wake(session);
	}
}

void simsql_set_leaving(struct simsql *s, bool leaving)
{
	struct simsession *session;

	s->host.leaving = leaving;
	if (!leaving)
		return;
	LIST_FOREACH(session, &s->sessions, link) {
		simsession_leave(session);
	}
}

void simsql_expel(struct simsql *s)
{
	struct simsession *session;

	LIST_FOREACH(session, &s->sessions, link) {
		simsession_expel(session);
	}
}

void simsql_abort(struct simsql *s)
{
	while (!LIST_EMPTY(&s->sessions)) {
		struct simsession *session = LIST_FIRST(&s->sessions);

		LIST_REMOVE(session, link);
		simsession_free(session, true);
	}
	s->now = 0;
}

void simsql_pause(struct simsql *s, bool paused)
{
	struct simsession *session;

	s->paused = paused;
	simlisten_pause(&s->listen, paused);
	LIST_FOREACH(session, &s->sessions, link) {
		simconn_pause(&session->conn, paused);
	}
}

bool simsql_cancel(struct simsql *s, uint64_t key)
{
	struct simsession *session;

	LIST_FOREACH(session, &s->sessions, link)
		if (session->started && session->key == key)
			return simsession_cancel(session);
	return false;
}
