/* SPDX-License-Identifier: MIT */
/*
 * What is asked of the workers about their sessions, and done to them.
 */
#include "crewparts.h"

#include "base/mem.h"
#include "engine/account.h"
#include "follow.h"
#include "replay.h"

#include <stdlib.h>

/* A question to one worker about its sessions. */
struct inquiry {
	struct worker *worker;
	const struct crew_wish *wish;
	uint64_t id;
	uint64_t after, upto; /* of a wish: sessions with these ids */
	struct record *list;
	uint64_t *ids;
	size_t count;
	uint32_t done;
};

/* Ids are listed, and asked in batches, so often; then the order of workers has to do. */
enum { BATCHES_MAX = 8 };

static void list_sessions(void *arg)
{
	struct inquiry *q = arg;
	size_t n;
	struct session **all = session_all(&q->worker->host, &n);

	if (n)
		q->list = mem_resize(q->list, q->count + n, sizeof(q->list[0]));
	for (size_t i = 0; i < n; i++)
		q->list[q->count++] = account_record(all[i]);
	free(all);
}

static int by_id(const void *a, const void *b)
{
	const struct record *x = a;
	const struct record *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

struct record *crew_sessions(struct crew *c, size_t *ret_count)
{
	struct inquiry q = { 0 };

	for (uint32_t i = 0; i < c->options.threads; i++) {
		q.worker = c->workers[i];
		worker_call(q.worker, list_sessions, &q);
	}
	if (q.count)
		qsort(q.list, q.count, sizeof(q.list[0]), by_id);
	*ret_count = q.count;
	return q.list;
}

/* Silence is a hint, for sessions of which nothing better is known. */
static bool is_silent(const struct session *s, uint32_t silent_ms)
{
	return s->phase == SESSION_RELAYING && !follow_sees(s) &&
	       s->host->now_ms - s->last_active_ms >= (int64_t)silent_ms;
}

/* On its way there; or its first words, which do no harm twice, had no answer. */
static bool is_unanswered(const struct session *s)
{
	if (s->phase == SESSION_DIALING)
		return session_service(s)->settings->redispatch;
	return follow_sees(s) && replay_is_possible(s, REASON_SERVER_DOWN);
}

static bool is_meant(const struct session *s, const struct crew_wish *w)
{
	if (w->server && (s->server != w->server || !s->claimed))
		return false;
	switch (w->manner) {
	case CREW_UNANSWERED:
		return is_unanswered(s);
	case CREW_BETWEEN_TRANSACTIONS:
		return !s->leaving && follow_sees(s);
	case CREW_AT_ONCE:
		break;
	}
	return !w->silent_ms || is_silent(s, w->silent_ms);
}

static void move_on(struct session *s, enum reason reason)
{
	if (s->phase == SESSION_DIALING)
		s->host->again(s, REASON_CONNECT_TIMEOUT);
	else
		session_lose_server(s, reason);
}

static void carry_out(struct inquiry *q, struct session *s)
{
	const struct crew_wish *w = q->wish;

	switch (w->manner) {
	case CREW_AT_ONCE:
		session_close(s, w->reason);
		break;
	case CREW_UNANSWERED:
		move_on(s, w->reason);
		break;
	case CREW_BETWEEN_TRANSACTIONS:
		if (session_leave(s, w->reason) == SESSION_STAYS)
			return;
		break;
	}
	q->done++;
}

static void wish(void *arg)
{
	struct inquiry *q = arg;
	const struct crew_wish *w = q->wish;
	size_t n;
	struct session **all = session_all(&q->worker->host, &n);

	for (size_t i = 0; i < n && (!w->most || q->done < w->most); i++)
		if (all[i]->id > q->after && all[i]->id <= q->upto && is_meant(all[i], w))
			carry_out(q, all[i]);
	free(all);
}

static void ask_all(struct crew *c, struct inquiry *q, void (*job)(void *arg))
{
	for (uint32_t i = 0; i < c->options.threads; i++) {
		q->worker = c->workers[i];
		worker_call(q->worker, job, q);
	}
}

static void list_meant(void *arg)
{
	struct inquiry *q = arg;
	size_t n;
	struct session **all = session_all(&q->worker->host, &n);

	if (n)
		q->ids = mem_resize(q->ids, q->count + n, sizeof(q->ids[0]));
	for (size_t i = 0; i < n; i++)
		if (is_meant(all[i], q->wish))
			q->ids[q->count++] = all[i]->id;
	free(all);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The oldest of all workers first: ids are given in the order in which clients came. */
static void ask_oldest(struct crew *c, struct inquiry *q)
{
	uint32_t most = q->wish->most;
	size_t at = 0;

	ask_all(c, q, list_meant);
	if (q->count)
		qsort(q->ids, q->count, sizeof(q->ids[0]), by_number);
	for (int i = 0; at < q->count && q->done < most; i++) {
		size_t n = most - q->done;

		if (n > q->count - at || i == BATCHES_MAX)
			n = q->count - at;
		at += n;
		q->upto = q->ids[at - 1];
		ask_all(c, q, wish);
		q->after = q->upto;
	}
	free(q->ids);
}

uint32_t crew_wish(struct crew *c, const struct crew_wish *w)
{
	struct inquiry q = { .wish = w, .upto = UINT64_MAX };

	if (w->most)
		ask_oldest(c, &q);
	else
		ask_all(c, &q, wish);
	return q.done;
}

static void kill_one(void *arg)
{
	struct inquiry *q = arg;
	size_t n;
	struct session **all = session_all(&q->worker->host, &n);

	for (size_t i = 0; i < n && !q->done; i++) {
		if (all[i]->id != q->id)
			continue;
		session_close(all[i], REASON_KILLED);
		q->done++;
	}
	free(all);
}

bool crew_kill(struct crew *c, uint64_t id)
{
	struct inquiry q = { .id = id };

	for (uint32_t i = 0; i < c->options.threads && !q.done; i++) {
		q.worker = c->workers[i];
		worker_call(q.worker, kill_one, &q);
	}
	return q.done > 0;
}

uint32_t crew_end_sessions(struct crew *c, const struct topology_server *server, enum reason reason)
{
	return crew_wish(c, &(struct crew_wish){ .server = server, .reason = reason });
}
