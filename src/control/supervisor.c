/* SPDX-License-Identifier: MIT */
#include "supervising.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "control/ctlsocket.h"
#include "control/httpadmin.h"
#include "control/privileges.h"
#include "engine/listener.h"
#include "net/inherit.h"
#include "net/sock.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	JOURNAL_SIZE = 2048,
	SPARE_FDS = 32, /* files being read, look-ups, the loops' own */
	START_WAIT_MS = 3000,
};

/* --- what happens ------------------------------------------------------------------------- */

static void on_journal(void *ctx, const struct journal_event *e)
{
	struct supervisor *s = ctx;

	logger_event(s->daemon.logger, e);
	daemon_publish(&s->daemon, e);
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
	if (result)
		accept_if_ready(s, false);
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
	daemon_sample(&s->daemon);
	supervisor_stop_if_empty(s);
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

static uint32_t count_threads(const struct settings *s)
{
	cpu_set_t set;

	if (s->threads)
		return s->threads;
	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 1;
	return (uint32_t)CPU_COUNT(&set);
}

/* Operators' connections, of each of the two servers. */
static uint32_t most_operators(uint64_t nofile)
{
	return nofile / 16 < STREAM_CLIENTS_MAX ? (uint32_t)nofile / 16 : STREAM_CLIENTS_MAX;
}

/* What is not for sessions: listeners, a check for each target, logs, loops, operators. */
static uint64_t reserved_fds(const struct settings *set, uint64_t nofile)
{
	uint64_t n = SPARE_FDS + set->target_count + set->log_count + 3UL * count_threads(set);

	for (size_t i = 0; i < set->service_count; i++) {
		n += set->services[i].bind_count;
		for (size_t k = 0; k < set->services[i].frontend_count; k++)
			n += set->services[i].frontends[k].bind_count;
	}
	return n + (set->admin_count + set->socket_count) * (most_operators(nofile) + 1UL);
}

/* Two descriptors a session; what the limit does not allow is said, not silently taken away. */
static void set_limits(struct supervisor *s)
{
	uint64_t nofile = sock_set_nofile(s->settings->nofile);
	uint64_t reserved = reserved_fds(s->settings, nofile);
	uint64_t room = nofile > reserved + 2 ? (nofile - reserved) / 2 : 1;
	uint32_t most = room > 1048576 ? 1048576 : (uint32_t)room;

	s->daemon.nofile = nofile;
	s->daemon.maxconn = s->settings->maxconn ? s->settings->maxconn : most;
	if (s->daemon.maxconn <= most)
		return;
	log_warn(
	    "maxconn %u needs %llu file descriptors, there are %llu: %u is used (raise nofile, or "
	    "LimitNOFILE in the unit)",
	    s->daemon.maxconn, (unsigned long long)(s->daemon.maxconn * 2ULL + reserved),
	    (unsigned long long)nofile, most);
	s->daemon.maxconn = most;
}

static bool open_frontend(struct supervisor *s, struct topology_frontend *f, struct error *err)
{
	struct listener_limits limits = { .connections = crew_counter(s->daemon.crew),
		                          .max = s->daemon.maxconn };
	const struct settings_frontend *set = f->settings;

	f->stopped = set->disabled;
	for (size_t i = 0; i < set->bind_count && !set->disabled; i++) {
		if (!listener_open(f, &set->binds[i], limits, &s->listeners[s->listener_count],
		                   err))
			return false;
		s->listener_count++;
	}
	return true;
}

static bool open_listeners(struct supervisor *s, struct error *err)
{
	const struct topology *t = s->daemon.topology;
	size_t count = 0;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->frontend_count; k++)
			count += t->services[i]->frontends[k]->settings->bind_count;
	s->listeners = mem_zalloc(count * sizeof(struct listener *));
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->frontend_count; k++)
			if (!open_frontend(s, t->services[i]->frontends[k], err))
				return false;
	return true;
}

static struct stream_server **next_door(struct supervisor *s)
{
	return &s->doors[s->door_count++];
}

/* The first doors are the HTTP endpoints, in the order of the settings. */
static bool report_page(void *ctx, size_t i, struct snapshot_http *ret)
{
	const struct supervisor *s = ctx;

	return i < s->door_count && httpadmin_report(s->doors[i], ret);
}

static bool open_admin(struct supervisor *s, struct error *err)
{
	size_t most = most_operators(s->daemon.nofile);

	const struct settings *set = s->settings;

	s->doors =
	    mem_zalloc((set->admin_count + set->socket_count) * sizeof(struct stream_server *));
	for (size_t i = 0; i < set->admin_count; i++)
		if (!httpadmin_open(s->loop, &set->admins[i], &s->daemon, next_door(s), err))
			return false;
	for (size_t i = 0; i < set->socket_count; i++)
		if (!ctlsocket_open(s->loop, &set->sockets[i], &s->daemon, next_door(s), err))
			return false;
	for (size_t i = 0; i < s->door_count; i++)
		stream_server_limit(s->doors[i], most);
	s->daemon.pages = (struct daemon_pages){ set->admin_count, report_page, s };
	return true;
}

static bool start_crew(struct supervisor *s, struct error *err)
{
	struct crew_options o = { .threads = count_threads(s->settings),
		                  .maxconn = s->daemon.maxconn,
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

/* After this nobody but us knows a server that was taken away. */
static void quiesce(void *ctx)
{
	struct supervisor *s = ctx;

	crew_barrier(s->daemon.crew);
	supervisor_records_take(s);
}

static bool start_checks(struct supervisor *s, struct error *err)
{
	struct roster_options o = { .topology = s->daemon.topology,
		                    .journal = s->daemon.journal,
		                    .on_event = on_journal,
		                    .end_sessions = end_sessions,
		                    .quiesce = quiesce,
		                    .ctx = s };

	s->resolver = resolver_new(s->loop, &s->settings->resolver, err);
	if (!s->resolver ||
	    !(s->checker = checker_new(s->loop, s->settings->targets, s->settings->target_count,
	                               on_check, s, err)))
		return false;
	o.checker = s->checker;
	s->daemon.roster = roster_new(&o);
	return true;
}

static void announce_frontend(struct supervisor *s, const struct topology_frontend *f)
{
	const struct settings_service *set = f->service->settings;

	for (size_t i = 0; i < f->settings->bind_count; i++)
		roster_say(s->daemon.roster, LOG_LEVEL_INFO,
		           "service %s listens on %s, %s over %zu server%s", f->settings->name,
		           f->settings->binds[i].text, settings_balance_name(set->balance),
		           set->server_count, set->server_count == 1 ? "" : "s");
}

static void announce(struct supervisor *s)
{
	const struct topology *t = s->daemon.topology;

	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE,
	           "sluice %s started, pid %d, %u workers, maxconn %u", SLUICE_VERSION, getpid(),
	           crew_threads(s->daemon.crew), s->daemon.maxconn);
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->frontend_count; k++)
			announce_frontend(s, t->services[i]->frontends[k]);
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
	                                   .keep_files = s->options.under_master });
	inherit_take();
	set_limits(s);
	topology_set_maxconn(s->daemon.topology, s->daemon.maxconn);
	if (!start_crew(s, err) || !open_listeners(s, err) || !open_admin(s, err) ||
	    !start_checks(s, err))
		return false;
	if (s->settings->pidfile && !privileges_write_pidfile(s->settings->pidfile, err))
		return false;
	s->has_pidfile = s->settings->pidfile != NULL;
	if (!privileges_drop(s->settings, err))
		return false;
	inherit_close_rest();
	announce(s);
	roster_start(s->daemon.roster);
	s->names = names_new(&(struct names_options){ .topology = s->daemon.topology,
	                                              .roster = s->daemon.roster,
	                                              .checker = s->checker,
	                                              .resolver = s->resolver });
	checker_start(s->checker);
	ev_timer_start(s->loop, &s->second);
	ev_timer_start(s->loop, &s->start);
	accept_if_ready(s, false);
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
	s = mem_zalloc(sizeof(*s));
	s->loop = loop;
	s->options = *o;
	s->settings = settings;
	s->daemon.start_ms = tick_ms();
	s->daemon.start_wall_ms = tick_wall_ms();
	TAILQ_INIT(&s->daemon.followers);
	if (settings->node)
		snprintf(s->daemon.node, sizeof(s->daemon.node), "%s", settings->node);
	else
		gethostname(s->daemon.node, sizeof(s->daemon.node) - 1);
	ev_async_init(&s->records, on_records);
	ev_timer_init(&s->second, on_second, 1., 1.);
	ev_timer_init(&s->start, on_start, START_WAIT_MS / 1000., 0.);
	ev_timer_init(&s->hard_stop, on_hard_stop, 0., 0.);
	s->daemon.topology = topology_new(settings);
	s->daemon.journal = journal_new(JOURNAL_SIZE);
	if (!logger_new(settings, &s->daemon.logger, err) || !start_all(s, err)) {
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
	for (size_t i = 0; i < s->listener_count; i++)
		listener_free(s->listeners[i]);
	free(s->listeners);
	names_free(s->names);
	roster_free(s->daemon.roster);
	checker_free(s->checker);
	resolver_free(s->resolver);
	ev_async_stop(s->loop, &s->records);
	ev_timer_stop(s->loop, &s->second);
	ev_timer_stop(s->loop, &s->start);
	ev_timer_stop(s->loop, &s->hard_stop);
	for (size_t i = 0; i < ARRAY_LEN(s->signals); i++)
		if (ev_is_active(&s->signals[i]))
			ev_signal_stop(s->loop, &s->signals[i]);
	if (s->has_pidfile)
		privileges_remove_pidfile(s->settings->pidfile);
	logger_free(s->daemon.logger);
	journal_free(s->daemon.journal);
	topology_free(s->daemon.topology);
	free(s);
}
