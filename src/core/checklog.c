/* SPDX-License-Identifier: MIT */
#include "core/checklog.h"

#include "base/mem.h"

#include <stdio.h>

static bool is_good(enum state_event e)
{
	return e == STATE_CHECK_PASSED || e == STATE_CHECK_CONDPASS || e == STATE_AGENT_UP;
}

/* Checks that were of no use, for want of a descriptor, neither end a run nor belong to it. */
static uint32_t run_with(const struct checklog *log, const struct checklog_moment *m)
{
	const struct checklog_entry *e;

	if (m->event == STATE_EVENT_COUNT || !m->check)
		return 0;
	for (size_t i = 0; (e = checklog_at(log, i)); i++) {
		bool same = is_good((enum state_event)e->event) == is_good(m->event);

		if (e->run)
			return same && m->before.health != STATE_CHECKING ? e->run + 1 : 1;
	}
	return 1;
}

static struct checklog_entry entry_of(const struct checklog *log, const struct checklog_moment *m)
{
	struct checklog_entry e = {
		.wall_ms = m->wall_ms,
		.ms = m->ms,
		.before = state_pack(&m->before),
		.after = state_pack(&m->after),
		.run = run_with(log, m),
		.event = (uint8_t)m->event,
		.cause = (uint8_t)m->cause,
	};
	const struct probe_result *r = m->check;

	if (!r)
		return e;
	e.duration_ms = r->duration_ms;
	e.status = r->status;
	e.code = (uint8_t)r->code;
	e.draining = r->draining;
	snprintf(e.info, sizeof(e.info), "%s", r->info[0] ? r->info : r->agent);
	return e;
}

static struct checklog *get(struct checklog **log)
{
	if (!*log)
		*log = mem_zalloc(sizeof(**log));
	return *log;
}

void checklog_add(struct checklog **log, const struct checklog_moment *m)
{
	struct checklog *l = get(log);

	l->at[l->count % CHECKLOG_SIZE] = entry_of(l, m);
	l->count++;
}

void checklog_decide(struct checklog **log, const struct checklog_moment *m)
{
	struct checklog *l = get(log);

	l->decided = entry_of(l, m);
}

const struct checklog_entry *checklog_at(const struct checklog *log, size_t i)
{
	if (!log || i >= log->count || i >= CHECKLOG_SIZE)
		return NULL;
	return &log->at[(log->count - 1 - i) % CHECKLOG_SIZE];
}

const struct checklog_entry *checklog_decided(const struct checklog *log, enum state_health health)
{
	if (!log || !log->decided.ms || state_unpack(log->decided.after).health != health)
		return NULL;
	return &log->decided;
}

struct probe_result checklog_result(const struct checklog_entry *e)
{
	struct probe_result r = { .code = (enum probe_code)e->code,
		                  .draining = e->draining,
		                  .conditional = e->code == PROBE_L7OKC,
		                  .status = e->status,
		                  .duration_ms = e->duration_ms };

	snprintf(r.info, sizeof(r.info), "%s", e->info);
	return r;
}
