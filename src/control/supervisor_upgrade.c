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
#include "successor.h"
#include "upgrade.h"

bool supervisor_upgrade_take_over(struct supervisor *s, struct error *err)
{
	if (!s->options.predecessor)
		return true;
	s->successor = successor_new(s, s->options.predecessor);
	return successor_take_over(s->successor, err);
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
