/* SPDX-License-Identifier: MIT */
#include "control/supervisor.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/tick.h"
#include "control/ctlsocket.h"
#include "control/daemon.h"
#include "control/httpadmin.h"
#include "control/names.h"
#include "control/privileges.h"
#include "engine/listener.h"
#include "net/sock.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	JOURNAL_SIZE = 2048,
	SPARE_FDS = 32, /* files being read, look-ups, the loops' own */
	DEFAULT_HARD_STOP_MS = 30000,
	START_WAIT_MS = 3000,
};

struct supervisor {
	struct ev_loop *loop;
	struct supervisor_options options;
	struct daemon daemon;
	struct settings *settings; /* the topology's */
	struct checker *checker;
	struct resolver *resolver;
	struct names *names;
	struct stream_server *http, *socket;
	struct listener **listeners; /* until the crew has them */
	size_t listener_count;
	ev_async records;
	ev_timer second, start, hard_stop;
	ev_signal signals[4];
	bool finished;
	bool has_pidfile;
};

/* --- what happens ------------------------------------------------------------------------- */

static void finish(struct supervisor *s);

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

static void take_entry(void *ctx, const struct outbox_entry *e)
{
	struct supervisor *s = ctx;

	switch (e->kind) {
	case OUTBOX_ENDED:
		logger_record(s->daemon.logger, &e->record);
		break;
	case OUTBOX_CONNECT_FAILED:
		roster_connect_failed(s->daemon.roster, e->record.server);
		break;
	}
}

static void leave_if_empty(struct supervisor *s)
{
	if (s->daemon.stopping && crew_connections(s->daemon.crew) == 0)
		finish(s);
}

static void on_records(struct ev_loop *loop, ev_async *w, int revents)
{
	struct supervisor *s = container_of(w, struct supervisor, records);

	(void)loop;
	(void)revents;
	crew_drain(s->daemon.crew, take_entry, s);
	leave_if_empty(s);
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
	leave_if_empty(s);
}

static void on_start(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	accept_if_ready(container_of(w, struct supervisor, start), true);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* --- stopping ----------------------------------------------------------------------------- */

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
	crew_drain(s->daemon.crew, take_entry, s);
	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE, "stopped");
	ev_break(s->loop, EVBREAK_ALL);
}

static void say_stopping(struct supervisor *s, uint32_t left, uint32_t limit_ms)
{
	char limit[32];

	number_format_duration(limit_ms, limit, sizeof(limit));
	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE,
	           "stopping: accepting no more, waiting %s%s for %u session%s",
	           limit_ms ? "up to " : "", limit_ms ? limit : "without a limit", left,
	           plural(left));
}

static void stop(struct supervisor *s, uint32_t limit_ms)
{
	uint32_t left;

	if (s->daemon.stopping) {
		finish(s);
		return;
	}
	s->daemon.stopping = true;
	ev_timer_stop(s->loop, &s->start);
	crew_stop_listening(s->daemon.crew);
	left = crew_connections(s->daemon.crew);
	if (left)
		say_stopping(s, left, limit_ms);
	if (left && limit_ms) {
		ev_timer_set(&s->hard_stop, limit_ms / 1000., 0.);
		ev_timer_start(s->loop, &s->hard_stop);
	}
	leave_if_empty(s);
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

static void on_hard_stop(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	finish(container_of(w, struct supervisor, hard_stop));
}

static void on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct supervisor *s = w->data;

	(void)loop;
	(void)revents;
	switch (w->signum) {
	case SIGUSR1:
		if (!s->daemon.stopping)
			stop(s, s->settings->hard_stop_after_ms);
		break;
	case SIGHUP:
		logger_reopen(s->daemon.logger);
		roster_say(s->daemon.roster, LOG_LEVEL_NOTICE, "log files reopened");
		break;
	default:
		stop(s, polite_limit(s));
		break;
	}
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

	for (size_t i = 0; i < set->service_count; i++)
		n += set->services[i].bind_count;
	return n + 2UL * most_operators(nofile);
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

static bool open_listeners(struct supervisor *s, struct error *err)
{
	const struct topology *t = s->daemon.topology;
	struct listener_limits limits = { .connections = crew_counter(s->daemon.crew),
		                          .max = s->daemon.maxconn };
	size_t count = 0;

	for (size_t i = 0; i < t->service_count; i++)
		count += t->services[i]->settings->bind_count;
	s->listeners = mem_zalloc(count * sizeof(struct listener *));
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->settings->bind_count; k++) {
			if (!listener_open(t->services[i], &t->services[i]->settings->binds[k],
			                   limits, &s->listeners[s->listener_count], err))
				return false;
			s->listener_count++;
		}
	return true;
}

static bool open_admin(struct supervisor *s, struct error *err)
{
	size_t most = most_operators(s->daemon.nofile);

	if (s->settings->admin_bind) {
		if (!httpadmin_open(s->loop, &s->settings->admin_addr, &s->daemon, &s->http, err))
			return false;
		stream_server_limit(s->http, most);
	}
	if (s->settings->admin_socket) {
		if (!ctlsocket_open(s->loop, s->settings->admin_socket, &s->daemon, &s->socket,
		                    err))
			return false;
		stream_server_limit(s->socket, most);
	}
	return true;
}

static bool start_crew(struct supervisor *s, struct error *err)
{
	struct crew_options o = { .threads = count_threads(s->settings),
		                  .maxconn = s->daemon.maxconn,
		                  .on_record = wake,
		                  .ctx = s };

	ev_async_start(s->loop, &s->records);
	return crew_start(&o, &s->daemon.crew, err);
}

static bool start_checks(struct supervisor *s, struct error *err)
{
	struct roster_options o = { .topology = s->daemon.topology,
		                    .journal = s->daemon.journal,
		                    .on_event = on_journal,
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

static void catch_signal(struct supervisor *s, ev_signal *w, int signum)
{
	ev_signal_init(w, on_signal, signum);
	w->data = s;
	ev_signal_start(s->loop, w);
}

static void catch_signals(struct supervisor *s)
{
	catch_signal(s, &s->signals[0], SIGTERM);
	catch_signal(s, &s->signals[1], SIGINT);
	catch_signal(s, &s->signals[2], SIGUSR1);
	catch_signal(s, &s->signals[3], SIGHUP);
}

static void announce(struct supervisor *s)
{
	const struct topology *t = s->daemon.topology;

	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE,
	           "sluice %s started, pid %d, %u workers, maxconn %u", SLUICE_VERSION, getpid(),
	           crew_threads(s->daemon.crew), s->daemon.maxconn);
	for (size_t i = 0; i < t->service_count; i++) {
		const struct settings_service *set = t->services[i]->settings;

		for (size_t k = 0; k < set->bind_count; k++)
			roster_say(s->daemon.roster, LOG_LEVEL_INFO,
			           "service %s listens on %s, %s over %zu server%s", set->name,
			           set->binds[k].text, settings_balance_name(set->balance),
			           set->server_count, plural(set->server_count));
	}
	if (s->settings->admin_bind) {
		char buf[ADDR_TEXT_MAX];

		roster_say(s->daemon.roster, LOG_LEVEL_INFO, "dashboard at http://%s/",
		           addr_format(&s->settings->admin_addr, buf));
	}
}

static bool start_all(struct supervisor *s, struct error *err)
{
	/* A log pipe or a client may go away while it is written to. */
	signal(SIGPIPE, SIG_IGN);
	if (s->options.catch_signals)
		catch_signals(s);
	set_limits(s);
	if (!start_crew(s, err) || !open_listeners(s, err) || !open_admin(s, err) ||
	    !start_checks(s, err))
		return false;
	if (s->settings->pidfile && !privileges_write_pidfile(s->settings->pidfile, err))
		return false;
	s->has_pidfile = s->settings->pidfile != NULL;
	if (!privileges_drop(s->settings, err))
		return false;
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
	stream_server_close(s->http);
	stream_server_close(s->socket);
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
