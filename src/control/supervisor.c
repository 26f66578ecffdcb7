/* SPDX-License-Identifier: MIT */
#include "supervising.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "control/drillbook.h"
#include "control/faults.h"
#include "control/predecessor.h"
#include "control/privileges.h"
#include "core/descriptors.h"
#include "discovery.h"
#include "engine/eventloop.h"
#include "engine/listener.h"
#include "live.h"
#include "net/inherit.h"
#include "net/lowfd.h"
#include "net/sock.h"
#include "opening.h"
#include "reload.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	JOURNAL_SIZE = 2048,
	START_WAIT_MS = 3000,
};

/* --- what happens ------------------------------------------------------------------------- */

static void on_journal(void *ctx, const struct journal_event *e)
{
	struct supervisor *s = ctx;

	if (!supervisor_upgrade_is_told(s, e->kind))
		logger_event(s->daemon.logger, e);
	daemon_publish(&s->daemon, e);
	if (s->daemon.drillbook)
		drillbook_event(s->daemon.drillbook, e);
	if (s->options.on_event)
		s->options.on_event(s->options.ctx, e);
}

static void begin_accepting(struct supervisor *s)
{
	s->daemon.accepting = true;
	ev_timer_stop(s->loop, &s->start);
	crew_listen(s->daemon.crew, s->listeners, s->listener_count);
	s->listener_count = 0;
	roster_judge(s->daemon.roster);
	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE, "accepting connections");
	supervisor_upgrade_accepting(s);
}

/* With only the first server known to be up, all clients that wait would land on it. */
static void accept_if_ready(struct supervisor *s, bool overdue)
{
	if (!s->daemon.accepting && !s->daemon.stopping &&
	    (overdue || roster_settled(s->daemon.roster)))
		begin_accepting(s);
}

static void on_check(void *ctx, size_t target, const struct probe_result *result)
{
	struct supervisor *s = ctx;

	roster_check_result(s->daemon.roster, target, result);
	if (!result)
		return;
	accept_if_ready(s, false);
	reload_settle(s->reload);
}

static void on_records(struct ev_loop *loop, ev_async *w, int revents)
{
	struct supervisor *s = container_of(w, struct supervisor, records);

	(void)loop;
	(void)revents;
	supervisor_records_take(s);
	supervisor_stop_if_empty(s);
}

/* A worker's thread. */
static void wake(void *ctx)
{
	struct supervisor *s = ctx;

	ev_async_send(s->loop, &s->records);
}

static void on_second(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct supervisor *s = container_of(w, struct supervisor, second);

	(void)loop;
	(void)revents;
	roster_sample(s->daemon.roster);
	if (!s->daemon.stopping)
		roster_balance(s->daemon.roster);
	daemon_sample(&s->daemon);
	live_tick(s->daemon.live);
	reload_tend(s->reload);
	discovery_tend(s->discovery);
	supervisor_upgrade_tell(s);
	supervisor_stop_if_empty(s);
}

static void on_sample(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct supervisor *s = container_of(w, struct supervisor, sample);

	(void)loop;
	(void)revents;
	drillbook_sample(s->daemon.drillbook);
}

static void on_start(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	accept_if_ready(container_of(w, struct supervisor, start), true);
}

static void on_hard_stop(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	supervisor_stop_overdue(container_of(w, struct supervisor, hard_stop));
}

/* --- starting ----------------------------------------------------------------------------- */

static bool start_crew(struct supervisor *s, struct error *err)
{
	struct crew_options o = { .threads = opening_threads(s->settings),
		                  .maxconn = s->daemon.maxconn,
		                  .spin_us = s->settings->spin_us,
		                  .on_record = wake,
		                  .ctx = s };

	ev_async_start(s->loop, &s->records);
	if (!crew_start(&o, &s->daemon.crew, err))
		return false;
	crew_set_rate_limits(s->daemon.crew, s->settings->conn_rate_limit,
	                     s->settings->session_rate_limit);
	return true;
}

/* on_marked_down, on_marked_up. */
static void end_sessions(void *ctx, struct topology_server *server, enum reason reason)
{
	const struct supervisor *s = ctx;

	crew_end_sessions(s->daemon.crew, server, reason);
}

static uint32_t wish(void *ctx, const struct crew_wish *w)
{
	const struct supervisor *s = ctx;

	return crew_wish(s->daemon.crew, w);
}

/* After this nobody but us knows a server that was taken away. */
static void quiesce(void *ctx)
{
	struct supervisor *s = ctx;

	crew_barrier(s->daemon.crew);
	supervisor_records_take(s);
}

static enum discovery_verdict take_nodes(struct supervisor *s, const struct loader_nodes *told,
                                         struct error *err)
{
	return reload_nodes(s->reload, told, err);
}

static bool start_checks(struct supervisor *s, struct error *err)
{
	struct roster_options o = { .topology = s->daemon.topology,
		                    .journal = s->daemon.journal,
		                    .on_event = on_journal,
		                    .end_sessions = end_sessions,
		                    .wish = wish,
		                    .quiesce = quiesce,
		                    .on_order = supervisor_upgrade_pass_on,
		                    .ctx = s,
		                    .loop = s->loop };

	s->resolver = resolver_new(s->loop, &s->settings->resolver, err);
	if (!s->resolver ||
	    !(s->checker = checker_new(s->loop, s->settings->targets, s->settings->target_count,
	                               on_check, s, err)))
		return false;
	if (!checker_prepare(s->checker, s->settings->found_check, err))
		return error_wrap(err, "cluster.check");
	o.checker = s->checker;
	s->daemon.roster = roster_new(&o);
	s->daemon.faults = faults_new(s->loop, s->daemon.roster, s->daemon.topology);
	return discovery_new(s, take_nodes, &s->discovery, err);
}

static void announce(struct supervisor *s)
{
	const struct topology *t = s->daemon.topology;

	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE,
	           "sluice %s started, pid %d, %u workers, maxconn %u", SLUICE_VERSION, getpid(),
	           crew_threads(s->daemon.crew), s->daemon.maxconn);
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->frontend_count; k++)
			opening_announce(s, t->services[i]->frontends[k]);
	for (size_t i = 0; i < s->settings->admin_count; i++) {
		char buf[ADDR_TEXT_MAX];

		roster_say(s->daemon.roster, LOG_LEVEL_INFO, "dashboard at http://%s/",
		           addr_format(&s->settings->admins[i].addr, buf));
	}
}

static bool start_all(struct supervisor *s, struct error *err)
{
	/* A log pipe or a client may go away while it is written to. */
	signal(SIGPIPE, SIG_IGN);
	if (s->options.catch_signals)
		supervisor_stop_on_signals(s);
	sock_share(&(struct sock_sharing){ .heir = s->options.heir,
	                                   .generous = s->settings->haproxy,
	                                   .keep_files =
	                                       s->options.under_master || s->options.predecessor });
	inherit_take();
	s->daemon.nofile = sock_set_nofile(s->settings->nofile);
	lowfd_hold(descriptors_low(s->daemon.nofile));
	s->daemon.maxconn = opening_maxconn(s, s->settings);
	topology_set_maxconn(s->daemon.topology, s->daemon.maxconn);
	if (!start_crew(s, err) || !opening_listeners(s, err) || !opening_admin(s, err) ||
	    !start_checks(s, err))
		return false;
	s->has_pidfile = s->settings->pidfile && !s->options.predecessor;
	if (s->has_pidfile && !privileges_write_pidfile(s->settings->pidfile, err))
		return false;
	if (!privileges_drop(s->settings, err))
		return false;
	inherit_close_rest();
	if (!supervisor_upgrade_take_over(s, err))
		return false;
	/* With the counters of a predecessor, which are not of now. */
	s->daemon.drillbook = drillbook_new(s->daemon.topology);
	announce(s);
	roster_start(s->daemon.roster);
	s->names = names_new(&(struct names_options){ .topology = s->daemon.topology,
	                                              .roster = s->daemon.roster,
	                                              .checker = s->checker,
	                                              .resolver = s->resolver });
	s->reload = reload_new(s);
	checker_start(s->checker);
	ev_timer_start(s->loop, &s->sample);
	ev_timer_start(s->loop, &s->second);
	ev_timer_start(s->loop, &s->start);
	accept_if_ready(s, s->options.predecessor != 0);
	discovery_start(s->discovery);
	return true;
}

bool supervisor_start(struct ev_loop *loop, struct settings *settings,
                      const struct supervisor_options *o, struct supervisor **ret,
                      struct error *err)
{
	struct supervisor *s;

	if (!loop) {
		settings_free(settings);
		return error_set(err, "no event loop can be made: too few file descriptors?");
	}
	if (o->catch_signals && !eventloop_wakes(loop, err)) {
		settings_free(settings);
		return false;
	}
	s = mem_zalloc(sizeof(*s));
	s->loop = loop;
	s->options = *o;
	s->settings = settings;
	s->daemon.trusted = o->trusted;
	s->daemon.start_ms = tick_ms();
	s->daemon.start_wall_ms = tick_wall_ms();
	TAILQ_INIT(&s->daemon.followers);
	if (settings->node)
		snprintf(s->daemon.node, sizeof(s->daemon.node), "%s", settings->node);
	else
		gethostname(s->daemon.node, sizeof(s->daemon.node) - 1);
	ev_async_init(&s->records, on_records);
	ev_timer_init(&s->sample, on_sample, DRILLBOOK_EVERY_MS / 1000.,
	              DRILLBOOK_EVERY_MS / 1000.);
	ev_timer_init(&s->second, on_second, 1., 1.);
	ev_timer_init(&s->start, on_start, START_WAIT_MS / 1000., 0.);
	ev_timer_init(&s->hard_stop, on_hard_stop, 0., 0.);
	supervisor_stop_init(s);
	s->daemon.topology = topology_new(settings);
	s->daemon.journal = journal_new(JOURNAL_SIZE);
	s->daemon.live = live_new(loop, &s->daemon);
	if (logger_new(settings, &s->daemon.logger, err))
		logger_ask(s->daemon.logger, s->daemon.topology, false);
	if (!s->daemon.logger || !start_all(s, err)) {
		predecessor_refuse(s->options.predecessor, err ? err->text : "it cannot start");
		supervisor_free(s);
		return false;
	}
	*ret = s;
	return true;
}

void supervisor_free(struct supervisor *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->door_count; i++)
		stream_server_close(s->doors[i]);
	free(s->doors);
	crew_stop(s->daemon.crew);
	reload_free(s->reload);
	for (size_t i = 0; i < s->listener_count; i++)
		listener_free(s->listeners[i]);
	free(s->listeners);
	supervisor_upgrade_free(s);
	discovery_free(s->discovery);
	names_free(s->names);
	faults_free(s->daemon.faults);
	roster_free(s->daemon.roster);
	checker_free(s->checker);
	resolver_free(s->resolver);
	ev_async_stop(s->loop, &s->records);
	ev_timer_stop(s->loop, &s->sample);
	ev_timer_stop(s->loop, &s->second);
	ev_timer_stop(s->loop, &s->start);
	ev_timer_stop(s->loop, &s->hard_stop);
	supervisor_stop_free(s);
	for (size_t i = 0; i < ARRAY_LEN(s->signals); i++)
		if (ev_is_active(&s->signals[i]))
			ev_signal_stop(s->loop, &s->signals[i]);
	if (s->has_pidfile)
		privileges_remove_pidfile(s->settings->pidfile);
	logger_free(s->daemon.logger);
	drillbook_free(s->daemon.drillbook);
	live_free(s->daemon.live);
	journal_free(s->daemon.journal);
	topology_free(s->daemon.topology);
	lowfd_release();
	free(s);
}
