/* SPDX-License-Identifier: MIT */
/*
 * A supervisor and those before and after it, and what the service manager is told.
 */
#include "supervising.h"

#include "base/cleanup.h"
#include "control/condition.h"
#include "control/watchdog.h"
#include "net/notify.h"
#include "net/sock.h"
#include "opening.h"
#include "successor.h"
#include "upgrade.h"

/* --- processes before this one ------------------------------------------------------------ */

static size_t list(void *ctx, struct snapshot_predecessor *ret, size_t most)
{
	return successor_list(ctx, ret, most);
}

static void end_sessions(void *ctx, const struct topology_server *s)
{
	successor_end_sessions(ctx, s);
}

static bool end_session(void *ctx, uint64_t id)
{
	return successor_kill(ctx, id);
}

void supervisor_upgrade_pass_on(void *ctx, const struct topology_server *s, enum roster_order order,
                                int64_t deadline_ms)
{
	const struct supervisor *supervisor = ctx;

	if (deadline_ms >= 0)
		successor_drain(supervisor->successor, s, (uint32_t)deadline_ms);
	else
		successor_order(supervisor->successor, s, order);
}

/* --- its life ----------------------------------------------------------------------------- */

bool supervisor_upgrade_take_over(struct supervisor *s, struct error *err)
{
	if (!s->options.predecessor)
		return true;
	s->successor = successor_new(s, s->options.predecessor);
	s->daemon.predecessors =
	    (struct daemon_predecessors){ list, end_sessions, end_session, s->successor };
	if (!successor_take_over(s->successor, err))
		return false;
	opening_close_stopped(s);
	return true;
}

void supervisor_upgrade_accepting(struct supervisor *s)
{
	if (s->successor)
		successor_accepting(s->successor);
	if (s->options.argv)
		s->upgrade = upgrade_new(s, s->options.argv, supervisor_stop_hooks());
	if (!s->options.catch_signals || s->options.under_master)
		return;
	notify_send("READY=1");
	s->watchdog = watchdog_new(s->loop, s->daemon.crew);
}

bool supervisor_upgrade_is_told(const struct supervisor *s, enum journal_kind kind)
{
	switch (kind) {
	case JOURNAL_SERVER:
	case JOURNAL_CHECK:
	case JOURNAL_SERVICE_DOWN:
	case JOURNAL_SERVICE_UP:
	case JOURNAL_PANIC:
		return upgrade_is_heard(s->upgrade);
	case JOURNAL_FAULT:
	case JOURNAL_MARK:
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		break;
	}
	return false;
}

void supervisor_upgrade_now(struct supervisor *s)
{
	AUTO_TEXT answer = { 0 };

	if (s->upgrade)
		upgrade_begin(s->upgrade, &answer);
}

void supervisor_upgrade_tell(struct supervisor *s)
{
	struct condition c = { .topology = s->daemon.topology,
		               .sessions = crew_connections(s->daemon.crew),
		               .accepting = s->daemon.accepting,
		               .stopping = s->daemon.stopping };
	size_t before;

	upgrade_tell(s->upgrade);
	successor_tend(s->successor);
	c.left = successor_sessions(s->successor, &before);
	/* A process that was followed is silent: its successor speaks. */
	if (s->options.catch_signals && !s->options.under_master && !upgrade_is_done(s->upgrade))
		condition_tell(&c, &s->condition);
}

void supervisor_upgrade_free(struct supervisor *s)
{
	upgrade_free(s->upgrade);
	successor_free(s->successor);
	watchdog_free(s->watchdog);
	text_release(&s->condition);
}
