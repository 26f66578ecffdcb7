/* SPDX-License-Identifier: MIT */
#include "supervising.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tick.h"
#include "control/drillbook.h"
#include "control/faults.h"
#include "net/notify.h"
#include "net/sock.h"
#include "reload.h"
#include "successor.h"
#include "upgrade.h"

#include <inttypes.h>
#include <signal.h>

enum { DEFAULT_HARD_STOP_MS = 30000 };

/* How often sessions are asked to leave. */
#define STEP_S .1

static void finish(struct supervisor *s)
{
	uint32_t left = crew_connections(s->daemon.crew);

	if (s->finished)
		return;
	s->finished = true;
	successor_dismiss(s->successor, 0);
	if (left) {
		roster_say(s->daemon.roster, LOG_LEVEL_WARN, "closing %u sessions that are left",
		           left);
		crew_end_sessions(s->daemon.crew, NULL, REASON_STOPPING);
	}
	supervisor_records_take(s);
	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE, "stopped");
	ev_break(s->loop, EVBREAK_ALL);
}

void supervisor_stop_if_empty(struct supervisor *s)
{
	size_t before;

	successor_sessions(s->successor, &before);
	if (s->leave.begun && crew_connections(s->daemon.crew) == 0 && !before)
		finish(s);
}

void supervisor_stop_overdue(struct supervisor *s)
{
	finish(s);
}

/* --- what is left ------------------------------------------------------------------------- */

static bool has_pgwire(const struct topology *t)
{
	for (size_t i = 0; i < t->service_count; i++) {
		const struct settings_service *set = t->services[i]->settings;

		if (set->protocol == SETTINGS_PROTOCOL_PGWIRE)
			return true;
	}
	return false;
}

/* As many as should have been asked by now; when the time is over all that can be. */
static void ask(struct supervisor *s, int64_t now_ms)
{
	struct supervising_leave *l = &s->leave;
	uint64_t span = (uint64_t)(l->asked_ms - l->begun_ms);
	uint64_t left = l->asked_ms > now_ms ? (uint64_t)(l->asked_ms - now_ms) : 0;
	uint32_t due = left ? (uint32_t)(l->total - (l->total * left + span - 1) / span) : 0;
	struct crew_wish w = { .reason = REASON_STOPPING, .manner = CREW_BETWEEN_TRANSACTIONS };

	if (left && due <= l->asked)
		return;
	w.most = left ? due - l->asked : 0;
	l->asked += crew_wish(s->daemon.crew, &w);
}

static void on_ask(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	ask(container_of(w, struct supervisor, leave.ask), tick_ms());
}

/* Sessions that can be followed end between transactions, and not with the hard stop. */
static void begin_asking(struct supervisor *s, uint32_t limit_ms)
{
	struct supervising_leave *l = &s->leave;

	if (s->settings->haproxy || !has_pgwire(s->daemon.topology))
		return;
	l->begun_ms = tick_ms();
	l->asked_ms = l->begun_ms + (int64_t)limit_ms * 3 / 4 + 1;
	l->total = crew_connections(s->daemon.crew);
	l->asked = 0;
	ev_timer_stop(s->loop, &l->ask);
	ev_timer_set(&l->ask, STEP_S, STEP_S);
	ev_timer_start(s->loop, &l->ask);
}

/* --- stopping ----------------------------------------------------------------------------- */

static void say_stopping(struct supervisor *s, uint32_t left, uint32_t limit_ms)
{
	char limit[32];

	number_format_duration(limit_ms, limit, sizeof(limit));
	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE,
	           "stopping: accepting no more, waiting %s%s for %u session%s",
	           limit_ms ? "up to " : "", limit_ms ? limit : "without a limit", left,
	           left == 1 ? "" : "s");
}

/* What its successor answers now on the same sockets. */
static void leave_doors(struct supervisor *s)
{
	for (size_t i = 0; i < s->door_count; i++)
		stream_server_leave(s->doors[i]);
	s->door_count = 0;
}

/* Sessions have so long from now on, 0: as long as they want. */
static void limit_sessions(struct supervisor *s, uint32_t limit_ms)
{
	if (!limit_ms)
		return;
	ev_timer_stop(s->loop, &s->hard_stop);
	ev_timer_set(&s->hard_stop, limit_ms / 1000., 0.);
	ev_timer_start(s->loop, &s->hard_stop);
	begin_asking(s, limit_ms);
	successor_dismiss(s->successor, limit_ms);
}

static void wait_for_sessions(struct supervisor *s)
{
	size_t before;
	uint32_t left = successor_sessions(s->successor, &before);

	s->leave.begun = true;
	logger_ask(s->daemon.logger, s->daemon.topology, true);
	left += crew_connections(s->daemon.crew);
	if (left)
		say_stopping(s, left, s->leave.limit_ms);
	if (left || before)
		limit_sessions(s, s->leave.limit_ms);
	supervisor_stop_if_empty(s);
}

static void stop_listening(struct supervisor *s)
{
	crew_stop_listening(s->daemon.crew);
	reload_stop(s->reload);
	wait_for_sessions(s);
}

static void on_delay(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	stop_listening(container_of(w, struct supervisor, leave.delay));
}

/* Who asks /readyz stops sending clients before they would be refused. */
static void delay_stop(struct supervisor *s, uint32_t delay_ms)
{
	char delay[32];

	number_format_duration(delay_ms, delay, sizeof(delay));
	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE,
	           "stopping: not ready any more, accepting for another %s", delay);
	ev_timer_set(&s->leave.delay, delay_ms / 1000., 0.);
	ev_timer_start(s->loop, &s->leave.delay);
}

static void stop(struct supervisor *s, uint32_t limit_ms)
{
	if (s->leave.asked_for) {
		finish(s);
		return;
	}
	s->leave.asked_for = true;
	s->leave.limit_ms = limit_ms;
	upgrade_cancel(s->upgrade);
	if (upgrade_is_done(s->upgrade)) {
		limit_sessions(s, limit_ms);
		return;
	}
	s->daemon.stopping = true;
	if (!s->options.under_master)
		notify_send("STOPPING=1");
	ev_timer_stop(s->loop, &s->start);
	if (s->settings->stop_delay_ms && s->daemon.accepting)
		delay_stop(s, s->settings->stop_delay_ms);
	else
		stop_listening(s);
}

/* Who wants its record has to ask before; the one that serves begins a new one. */
static void end_drill(struct supervisor *s)
{
	const struct drillbook_drill *d = drillbook_stop(s->daemon.drillbook);

	if (d)
		roster_say(s->daemon.roster, LOG_LEVEL_WARN,
		           "drill %s ends here: the new process has no record of it", d->name);
}

static void follow_up(struct supervisor *s)
{
	leave_doors(s);
	end_drill(s);
	s->daemon.stopping = true;
	reload_stop(s->reload);
	faults_end(s->daemon.faults);
	if (reload_is_wanted(s->reload))
		upgrade_signal(s->upgrade, SIGHUP);
	s->leave.limit_ms = s->settings->hard_stop_after_ms;
	wait_for_sessions(s);
}

static void leave_within(struct supervisor *s, uint32_t limit_ms)
{
	if (limit_ms)
		limit_sessions(s, limit_ms);
	else
		finish(s);
}

const struct upgrade_hooks *supervisor_stop_hooks(void)
{
	static const struct upgrade_hooks hooks = { .done = follow_up, .leave = leave_within };

	return &hooks;
}

static uint32_t polite_limit(const struct supervisor *s)
{
	return s->settings->hard_stop_after_ms ? s->settings->hard_stop_after_ms
	                                       : DEFAULT_HARD_STOP_MS;
}

void supervisor_stop(struct supervisor *s)
{
	stop(s, polite_limit(s));
}

static void say_stopped(struct supervisor *s, const char *proxy, uint64_t front, uint64_t back)
{
	roster_say(s->daemon.roster, LOG_LEVEL_WARN,
	           "Proxy %s stopped (cumulated conns: FE: %" PRIu64 ", BE: %" PRIu64 ").", proxy,
	           front, back);
}

/* HAProxy's lines of a soft stop, one for each section. */
static void say_proxies_stopped(struct supervisor *s)
{
	const struct topology *t = s->daemon.topology;

	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *service = t->services[i];
		uint64_t own = 0;

		for (size_t k = 0; k < service->frontend_count; k++) {
			struct topology_frontend *f = service->frontends[k];
			uint64_t n = counter_get(&f->count, COUNTER_CONNECTIONS);

			if (f->id == service->id)
				own = n;
			else
				say_stopped(s, f->settings->name, n, 0);
		}
		say_stopped(s, service->settings->name, own,
		            counter_get(&service->count, COUNTER_SESSIONS));
	}
}

/* SIGUSR1: without a limit unless one was configured. */
static void stop_softly(struct supervisor *s)
{
	if (s->daemon.stopping)
		return;
	if (s->settings->haproxy)
		say_proxies_stopped(s);
	if (s->options.under_master)
		leave_doors(s);
	stop(s, s->settings->hard_stop_after_ms);
}

static void pause_all(struct supervisor *s, bool pause)
{
	const struct topology *t = s->daemon.topology;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->frontend_count; k++)
			crew_pause_frontend(s->daemon.crew, t->services[i]->frontends[k], pause);
}

/* In HAProxy's place TERM does not wait (management manual, chapter 4). */
static void leave(struct supervisor *s)
{
	if (!s->settings->haproxy) {
		stop(s, polite_limit(s));
		return;
	}
	sock_share(&(struct sock_sharing){ 0 }); /* nobody follows */
	finish(s);
}

static void obey(struct supervisor *s, int signum)
{
	switch (signum) {
	case SIGUSR1:
		stop_softly(s);
		break;
	case SIGHUP:
		reload_now(s);
		break;
	case SIGTTOU:
	case SIGTTIN:
		if (s->settings->haproxy)
			pause_all(s, signum == SIGTTOU);
		break;
	case SIGUSR2:
		supervisor_upgrade_now(s);
		break;
	default:
		leave(s);
		break;
	}
}

static void on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	obey(w->data, w->signum);
}

static void catch_signal(struct supervisor *s, ev_signal *w, int signum)
{
	ev_signal_init(w, on_signal, signum);
	w->data = s;
	ev_signal_start(s->loop, w);
}

void supervisor_stop_init(struct supervisor *s)
{
	ev_timer_init(&s->leave.delay, on_delay, 0., 0.);
	ev_timer_init(&s->leave.ask, on_ask, 0., 0.);
}

void supervisor_stop_free(struct supervisor *s)
{
	ev_timer_stop(s->loop, &s->leave.delay);
	ev_timer_stop(s->loop, &s->leave.ask);
}

void supervisor_stop_on_signals(struct supervisor *s)
{
	static const int signums[SUPERVISING_SIGNALS] = { SIGTERM, SIGINT,  SIGUSR1, SIGUSR2,
		                                          SIGHUP,  SIGTTOU, SIGTTIN };

	for (size_t i = 0; i < SUPERVISING_SIGNALS; i++)
		catch_signal(s, &s->signals[i], signums[i]);
}
