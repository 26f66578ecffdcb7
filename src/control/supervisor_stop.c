/* SPDX-License-Identifier: MIT */
#include "supervising.h"

#include "base/log.h"
#include "base/number.h"
#include "net/notify.h"
#include "net/sock.h"

#include <inttypes.h>
#include <signal.h>

enum { DEFAULT_HARD_STOP_MS = 30000 };

static void finish(struct supervisor *s)
{
	uint32_t left = crew_connections(s->daemon.crew);

	if (s->finished)
		return;
	s->finished = true;
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
	if (s->daemon.stopping && crew_connections(s->daemon.crew) == 0)
		finish(s);
}

void supervisor_stop_overdue(struct supervisor *s)
{
	finish(s);
}

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

static void stop(struct supervisor *s, uint32_t limit_ms)
{
	uint32_t left;

	if (s->daemon.stopping) {
		finish(s);
		return;
	}
	s->daemon.stopping = true;
	if (!s->options.under_master)
		notify_send("STOPPING=1");
	ev_timer_stop(s->loop, &s->start);
	crew_stop_listening(s->daemon.crew);
	left = crew_connections(s->daemon.crew);
	if (left)
		say_stopping(s, left, limit_ms);
	if (left && limit_ms) {
		ev_timer_set(&s->hard_stop, limit_ms / 1000., 0.);
		ev_timer_start(s->loop, &s->hard_stop);
	}
	supervisor_stop_if_empty(s);
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
		logger_reopen(s->daemon.logger);
		if (!s->settings->haproxy)
			roster_say(s->daemon.roster, LOG_LEVEL_NOTICE, "log files reopened");
		break;
	case SIGTTOU:
	case SIGTTIN:
		if (s->settings->haproxy)
			pause_all(s, signum == SIGTTOU);
		break;
	case SIGUSR2:
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

void supervisor_stop_on_signals(struct supervisor *s)
{
	static const int signums[SUPERVISING_SIGNALS] = { SIGTERM, SIGINT,  SIGUSR1, SIGUSR2,
		                                          SIGHUP,  SIGTTOU, SIGTTIN };

	for (size_t i = 0; i < SUPERVISING_SIGNALS; i++)
		catch_signal(s, &s->signals[i], signums[i]);
}
