/* SPDX-License-Identifier: MIT */
#include "upgrade.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/tick.h"
#include "control/legacy.h"
#include "control/recall.h"
#include "control/watchdog.h"
#include "engine/listener.h"
#include "engine/worker.h"
#include "followed.h"
#include "legacyline.h"
#include "net/inherit.h"
#include "net/notify.h"
#include "net/sock.h"
#include "succession.h"
#include "successor.h"
#include "supervising.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LIMIT_MS = 30000, /* from the start of the successor until it serves */
	ROOM_MS = 1000,   /* it must take what it is told in that time */
	STREAMS_MAX = 64, /* processes before this one that still have sessions */
};

/* How often the successor is told of sessions that have ended. */
#define TELL_S .1

enum phase {
	UPGRADE_NOT,
	UPGRADE_STARTING, /* the successor opens what it needs */
	UPGRADE_HANDING,  /* it has our state; we accept no more */
	UPGRADE_DONE      /* it serves */
};

struct upgrade {
	struct supervisor *s;
	struct upgrade_hooks hooks;
	char *const *argv;
	char *path;
	enum phase phase;
	pid_t child; /* 0: none that is not reaped */
	int channel; /* -1: none */
	ev_io io;
	ev_timer limit;
	char reason[256]; /* the successor's */
	struct legacy_gains *gains;
	struct text unsent;        /* what the successor did not take yet */
	struct followed *followed; /* NULL: it has no successor yet */
	ev_timer tell;
};

/* --- the end of an attempt ---------------------------------------------------------------- */

static void hang_up(struct upgrade *u)
{
	ev_io_stop(u->s->loop, &u->io);
	ev_timer_stop(u->s->loop, &u->limit);
	ev_timer_stop(u->s->loop, &u->tell);
	if (u->channel != -1)
		close(u->channel);
	u->channel = -1;
}

/* How it ended; it is ended if it has not. */
static int reap(struct upgrade *u)
{
	int status = 0;

	if (!u->child)
		return 0;
	kill(u->child, SIGKILL);
	while (waitpid(u->child, &status, 0) == -1 && errno == EINTR)
		;
	u->child = 0;
	return status;
}

/* It may have ended by itself: then how counts, and not that it is ended here. */
static int see_end(struct upgrade *u)
{
	int status = 0;

	for (int64_t until = tick_ms() + ROOM_MS; tick_ms() < until; usleep(1000)) {
		if (waitpid(u->child, &status, WNOHANG) != u->child)
			continue;
		u->child = 0;
		return status;
	}
	return reap(u);
}

static void give_up(struct upgrade *u, const char *why)
{
	bool was_handing = u->phase == UPGRADE_HANDING;

	/* One that only sees us go would take our place. */
	reap(u);
	hang_up(u);
	u->phase = UPGRADE_NOT;
	legacy_gains_free(u->gains);
	u->gains = NULL;
	if (was_handing)
		crew_resume(u->s->daemon.crew);
	successor_listen(u->s->successor, true);
	roster_say(u->s->daemon.roster, LOG_LEVEL_ERROR, "not upgraded: %s; this process goes on",
	           why);
}

static void successor_ended(struct upgrade *u)
{
	AUTO_TEXT why = { 0 };
	int status = see_end(u);

	if (u->reason[0])
		text_add(&why, u->reason);
	else if (WIFSIGNALED(status))
		text_addf(&why, "the new process was ended by signal %d", WTERMSIG(status));
	else
		text_addf(&why, "the new process ended with status %d before it served",
		          WEXITSTATUS(status));
	give_up(u, text_str(&why));
}

/* --- handing over ------------------------------------------------------------------------- */

static void write_process(const struct upgrade *u, struct text *out)
{
	const struct daemon *d = &u->s->daemon;

	legacyline_begin(out, "process");
	legacyline_number(out, "next_session", worker_next_session(0));
	legacyline_number(out, "conn_rate_max", d->conn_rate_max);
	legacyline_end(out);
}

static void write_listeners(const struct upgrade *u, struct text *out)
{
	const struct crew *crew = u->s->daemon.crew;

	for (size_t i = 0; i < crew_listener_count(crew); i++) {
		const struct listener *l = crew_listener(crew, i);

		legacyline_begin(out, "listener");
		legacyline_word(out, "frontend", l->frontend->settings->name);
		legacyline_word(out, "bind", l->bind->text);
		legacyline_number(out, "accepted",
		                  atomic_load_explicit(&l->accepted, memory_order_relaxed));
		legacyline_end(out);
	}
}

static bool send_streams(const struct upgrade *u)
{
	int streams[STREAMS_MAX];
	size_t count = successor_streams(u->s->successor, streams, ARRAY_LEN(streams));

	for (size_t i = 0; i < count; i++)
		if (!succession_say(u->channel, "stream", streams[i]))
			return false;
	return true;
}

/* From here on clients wait in the kernel's queues until the successor accepts. */
static void hand_over(struct upgrade *u)
{
	const struct topology *t = u->s->daemon.topology;
	AUTO_TEXT lines = { 0 };

	u->phase = UPGRADE_HANDING;
	successor_listen(u->s->successor, false);
	crew_yield(u->s->daemon.crew);
	write_process(u, &lines);
	write_listeners(u, &lines);
	legacy_write(t, &lines);
	u->gains = legacy_gains_new(t);
	legacy_gains_write(u->gains, &lines);
	if (succession_send(u->channel, lines.data, lines.len, -1, ROOM_MS) != lines.len ||
	    !send_streams(u) || !succession_say(u->channel, "go", -1))
		give_up(u, "the new process does not take its state");
}

static void complete(struct upgrade *u)
{
	struct supervisor *s = u->s;

	u->phase = UPGRADE_DONE;
	ev_timer_stop(s->loop, &u->limit);
	crew_abandon(s->daemon.crew);
	sock_share(&(struct sock_sharing){ .keep_files = true });
	s->has_pidfile = false;
	watchdog_stop(s->watchdog);
	notify_send("MAINPID=%d", u->child);
	succession_say(u->channel, "yours", -1);
	successor_free(s->successor);
	s->successor = NULL;
	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE, "upgraded: process %d serves from now on",
	           u->child);
	upgrade_tell(u);
	u->followed = followed_new(s);
	ev_timer_start(s->loop, &u->tell);
	u->hooks.done(s);
}

/* --- what the successor says -------------------------------------------------------------- */

static void obey(struct upgrade *u, char *line)
{
	uint64_t limit_ms;

	if (u->phase == UPGRADE_STARTING && strcmp(line, "ready") == 0)
		hand_over(u);
	else if (u->phase == UPGRADE_HANDING && strcmp(line, "accepting") == 0)
		complete(u);
	else if (u->phase != UPGRADE_DONE && strncmp(line, "error ", 6) == 0)
		snprintf(u->reason, sizeof(u->reason), "%s", line + 6);
	else if (u->phase == UPGRADE_DONE && strncmp(line, "leave ", 6) == 0 &&
	         number_parse(line + 6, UINT32_MAX, &limit_ms))
		u->hooks.leave(u->s, (uint32_t)limit_ms);
	else if (u->phase == UPGRADE_DONE)
		followed_hear(u->followed, line);
}

static void flush(struct upgrade *u)
{
	text_consume(&u->unsent, succession_send(u->channel, u->unsent.data, u->unsent.len, -1, 0));
}

/* How many sessions are left where. */
static void tell_sessions(struct upgrade *u)
{
	if (u->channel != -1 && u->followed && followed_tell(u->followed, &u->unsent))
		flush(u);
}

static void on_tell(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	tell_sessions(container_of(w, struct upgrade, tell));
}

static void lost(struct upgrade *u)
{
	if (u->phase != UPGRADE_DONE) {
		successor_ended(u);
		return;
	}
	/* Nobody is left to tell; sessions go on. */
	hang_up(u);
}

static void on_word(struct ev_loop *loop, ev_io *w, int revents)
{
	struct upgrade *u = container_of(w, struct upgrade, io);
	char *lines = mem_zalloc(SUCCESSION_MESSAGE_MAX + 1);
	char *rest = lines;
	char *line;
	int fd;

	(void)loop;
	(void)revents;
	switch (succession_receive(u->channel, 0, lines, &fd)) {
	case SUCCESSION_MESSAGE:
		if (fd != -1)
			close(fd);
		while ((line = succession_line(&rest)))
			obey(u, line);
		tell_sessions(u);
		break;
	case SUCCESSION_NOTHING:
		break;
	case SUCCESSION_GONE:
		lost(u);
		break;
	}
	free(lines);
}

static void on_limit(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct upgrade *u = container_of(w, struct upgrade, limit);

	(void)loop;
	(void)revents;
	give_up(u, u->phase == UPGRADE_STARTING ? "the new process was not ready within 30 s"
	                                        : "the new process did not accept within 30 s");
}

/* --- the beginning ------------------------------------------------------------------------ */

static const char *obstacle(const struct upgrade *u)
{
	const struct supervisor *s = u->s;

	switch (u->phase) {
	case UPGRADE_STARTING:
	case UPGRADE_HANDING:
		return "one is under way";
	case UPGRADE_DONE:
		return "a successor serves already";
	case UPGRADE_NOT:
		break;
	}
	if (s->daemon.stopping)
		return "this process is stopping";
	if (!s->daemon.accepting)
		return "its first checks are not over yet";
	if (s->settings->chroot)
		return "after a chroot the program cannot be found: restart it";
	/* Where the sockets are to be in the new process. */
	for (size_t i = 0; i < s->settings->log_count; i++)
		if (s->settings->logs[i].kind == SETTINGS_LOG_FD && s->settings->logs[i].fd > 2)
			return "a log at a file descriptor cannot be handed over: restart it";
	return NULL;
}

static pid_t start(struct upgrade *u, int channel, struct error *err)
{
	sigset_t blocked;
	int *fds;
	size_t count = inherit_collect(&fds);
	pid_t pid;

	/* One that comes before it can obey waits. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGUSR2);
	pid = inherit_start(&(struct inherit_program){ .path = u->path,
	                                               .argv = u->argv,
	                                               .fds = fds,
	                                               .count = count,
	                                               .channel = channel,
	                                               .variable = SUCCESSION_VARIABLE,
	                                               .blocked = &blocked },
	                    err);
	free(fds);
	return pid;
}

static bool begin(struct upgrade *u, struct error *err)
{
	int ends[2];

	if (!succession_pair(ends))
		return error_sys(err, errno, "cannot make a socket pair");
	recall_hand_over(ends[0], u->s->settings);
	u->child = start(u, ends[1], err);
	close(ends[1]);
	if (u->child == -1) {
		u->child = 0;
		close(ends[0]);
		return false;
	}
	u->channel = ends[0];
	u->phase = UPGRADE_STARTING;
	u->reason[0] = '\0';
	ev_io_set(&u->io, u->channel, EV_READ);
	ev_io_start(u->s->loop, &u->io);
	ev_timer_set(&u->limit, LIMIT_MS / 1000., 0.);
	ev_timer_start(u->s->loop, &u->limit);
	return true;
}

static void refuse(struct upgrade *u, const char *why, struct text *answer)
{
	roster_say(u->s->daemon.roster, LOG_LEVEL_ERROR, "not upgraded: %s", why);
	text_addf(answer, "not upgraded: %s\n", why);
}

void upgrade_begin(struct upgrade *u, struct text *answer)
{
	const char *why = obstacle(u);
	struct error err;

	if (why || !begin(u, &err)) {
		refuse(u, why ? why : err.text, answer);
		return;
	}
	roster_say(u->s->daemon.roster, LOG_LEVEL_NOTICE, "upgrading: %s starts as process %d",
	           u->path, u->child);
	text_addf(answer, "%s starts as process %d; it serves when it is ready\n", u->path,
	          u->child);
}

bool upgrade_is_under_way(const struct upgrade *u)
{
	return u && (u->phase == UPGRADE_STARTING || u->phase == UPGRADE_HANDING);
}

void upgrade_cancel(struct upgrade *u)
{
	if (upgrade_is_under_way(u))
		give_up(u, "this process is stopping");
}

void upgrade_signal(const struct upgrade *u, int signum)
{
	if (u->child)
		kill(u->child, signum);
}

bool upgrade_is_done(const struct upgrade *u)
{
	return u && u->phase == UPGRADE_DONE;
}

bool upgrade_is_heard(const struct upgrade *u)
{
	return upgrade_is_done(u) && u->channel != -1;
}

static void tell(struct upgrade *u, uint32_t left)
{
	if (!upgrade_is_done(u) || u->channel == -1)
		return;
	legacy_gains_write(u->gains, &u->unsent);
	text_addf(&u->unsent, "left %u\n", left);
	flush(u);
}

void upgrade_tell(struct upgrade *u)
{
	if (!u)
		return;
	tell(u, crew_connections(u->s->daemon.crew));
	if (upgrade_is_done(u) && u->child && waitpid(u->child, NULL, WNOHANG) == u->child)
		u->child = 0;
}

/* --- life --------------------------------------------------------------------------------- */

static void run(void *ctx, struct text *answer)
{
	upgrade_begin(ctx, answer);
}

static bool has_handed_over(void *ctx)
{
	const struct upgrade *u = ctx;

	return u->phase == UPGRADE_HANDING || u->phase == UPGRADE_DONE;
}

struct upgrade *upgrade_new(struct supervisor *s, char *const *argv,
                            const struct upgrade_hooks *hooks)
{
	struct upgrade *u = mem_zalloc(sizeof(*u));

	u->s = s;
	u->argv = argv;
	u->hooks = *hooks;
	u->path = upgrade_find_program(argv[0]);
	u->channel = -1;
	ev_io_init(&u->io, on_word, -1, EV_READ);
	ev_timer_init(&u->limit, on_limit, 0., 0.);
	ev_timer_init(&u->tell, on_tell, TELL_S, TELL_S);
	s->daemon.upgrade = (struct daemon_upgrade){ run, has_handed_over, u };
	return u;
}

void upgrade_free(struct upgrade *u)
{
	if (!u)
		return;
	tell(u, 0);
	if (u->phase != UPGRADE_DONE)
		reap(u);
	hang_up(u);
	followed_free(u->followed);
	legacy_gains_free(u->gains);
	text_release(&u->unsent);
	free(u->path);
	free(u);
}
