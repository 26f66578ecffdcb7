/* SPDX-License-Identifier: MIT */
#include "control/master.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/text.h"
#include "control/privileges.h"
#include "net/inherit.h"
#include "net/notify.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* From one master to the one that it executes: its workers. */
#define WORKERS_VARIABLE "SLUICE_WORKERS"

enum { FDS_A_MESSAGE = 200, SIGNALS = 6 };

struct master {
	const struct master_options *o;
	struct ev_loop *loop;
	ev_signal signals[SIGNALS];
	ev_io report; /* the new worker's: its sockets, or its end */
	pid_t *old;   /* workers that finish what they have */
	size_t old_count;
	pid_t serving; /* the old one that goes on if the current one fails; 0: none */
	pid_t current; /* 0: none */
	bool started;  /* the current one serves */
	int *fds;      /* the listening sockets */
	size_t fd_count;
	char *pidfile; /* or NULL */
	bool leaving;
	int status;
};

static void say(const struct master *m, const char *kind, const char *fmt, ...) PRINTF(3, 4);

static void say(const struct master *m, const char *kind, const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	m->o->say(m->o->ctx, kind, line);
}

/* --- sockets ------------------------------------------------------------------------------ */

static void forget_sockets(struct master *m)
{
	for (size_t i = 0; i < m->fd_count; i++)
		close(m->fds[i]);
	free(m->fds);
	m->fds = NULL;
	m->fd_count = 0;
}

static void keep_socket(struct master *m, int fd)
{
	m->fds = mem_resize(m->fds, m->fd_count + 1, sizeof(int));
	m->fds[m->fd_count++] = fd;
}

/* Sends descriptors with one byte, 'M'ore or the 'L'ast of them. */
static bool send_sockets(int to, const int *fds, size_t count, char mark)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(FDS_A_MESSAGE * sizeof(int))];
	} control = { 0 };
	struct iovec byte = { .iov_base = &mark, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &byte, .msg_iovlen = 1 };

	if (count) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL) == 1;
}

/* The worker's word that it serves. */
static void report_started(void *arg)
{
	int to = *(int *)arg;
	int *fds;
	size_t count = inherit_collect(&fds);
	size_t sent = 0;

	inherit_close_rest();
	while (count - sent > FDS_A_MESSAGE && send_sockets(to, fds + sent, FDS_A_MESSAGE, 'M'))
		sent += FDS_A_MESSAGE;
	(void)!send_sockets(to, fds + sent, count - sent, 'L');
	free(fds);
	close(to);
}

/* 'M', 'L', or '\0' if the worker is gone. */
static char receive_sockets(struct master *m, int from)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(FDS_A_MESSAGE * sizeof(int))];
	} control;
	char mark = '\0';
	struct iovec byte = { .iov_base = &mark, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &byte,
		              .msg_iovlen = 1,
		              .msg_control = &control,
		              .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	size_t count;

	if (recvmsg(from, &msg, MSG_CMSG_CLOEXEC) != 1)
		return '\0';
	c = CMSG_FIRSTHDR(&msg);
	count = c && c->cmsg_type == SCM_RIGHTS ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
		keep_socket(m, fd);
	}
	return mark;
}

/* --- workers ------------------------------------------------------------------------------ */

static void signal_all(const struct master *m, int signum)
{
	if (m->current)
		kill(m->current, signum);
	for (size_t i = 0; i < m->old_count; i++)
		kill(m->old[i], signum);
}

static void add_old(struct master *m, pid_t pid)
{
	m->old = mem_resize(m->old, m->old_count + 1, sizeof(pid_t));
	m->old[m->old_count++] = pid;
}

static void finish_old(const struct master *m)
{
	for (size_t i = 0; i < m->old_count; i++)
		kill(m->old[i], SIGUSR1);
}

static void ready(const char *status)
{
	notify_send("READY=1\nMAINPID=%d\nSTATUS=%s", getpid(), status);
}

static void reload_failed(struct master *m)
{
	say(m, "ALERT", "Reload failed: the workers that run go on.");
	ready("Reload failed!");
}

/* The new worker says that it serves, or it ends: then on_child() decides. */
static void on_report(struct ev_loop *loop, ev_io *w, int revents)
{
	struct master *m = container_of(w, struct master, report);
	struct master before = *m;
	char mark;

	(void)revents;
	m->fds = NULL;
	m->fd_count = 0;
	while ((mark = receive_sockets(m, w->fd)) == 'M')
		;
	ev_io_stop(loop, w);
	close(w->fd);
	m->started = mark == 'L';
	if (!m->started) {
		forget_sockets(m);
		m->fds = before.fds;
		m->fd_count = before.fd_count;
		return;
	}
	forget_sockets(&before);
	finish_old(m);
	say(m, "NOTICE", "Loading success.");
	m->o->ready(m->o->ctx);
	ready("Ready.");
}

_Noreturn static void be_worker(struct master *m, struct settings *settings, int report)
{
	/* A master that was killed must not leave a worker without anyone to stop it. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	for (size_t i = 0; i < SIGNALS; i++)
		ev_signal_stop(m->loop, &m->signals[i]);
	ev_loop_destroy(m->loop);
	for (size_t i = 0; i < m->fd_count; i++)
		inherit_add(m->fds[i]);
	_exit(m->o->serve(m->o->ctx, settings, report_started, &report));
}

static bool start_worker(struct master *m, struct settings *settings)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		return false;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		be_worker(m, settings, ends[1]);
	}
	close(ends[1]);
	settings_free(settings);
	if (pid == -1) {
		close(ends[0]);
		return false;
	}
	m->current = pid;
	say(m, "NOTICE", "New worker (%d) forked", pid);
	ev_io_init(&m->report, on_report, ends[0], EV_READ);
	ev_io_start(m->loop, &m->report);
	return true;
}

static bool take_off(struct master *m, pid_t pid)
{
	if (pid == m->serving)
		m->serving = 0;
	for (size_t i = 0; i < m->old_count; i++)
		if (m->old[i] == pid) {
			m->old[i] = m->old[--m->old_count];
			return true;
		}
	return false;
}

/* The worker that served before the reload is the current one again. */
static void go_back(struct master *m)
{
	m->current = m->serving;
	take_off(m, m->current);
	m->started = true;
	reload_failed(m);
}

/* What a worker that is gone has not said is no news of another one. */
static void stop_report(struct master *m)
{
	if (!ev_is_active(&m->report))
		return;
	ev_io_stop(m->loop, &m->report);
	close(m->report.fd);
}

static int code_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static const char *words_of(int status)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread */
	return WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "Exit";
}

/* The current worker is gone: with a reload that failed its predecessor goes on. */
static void lost_current(struct master *m, pid_t pid, int status)
{
	m->current = 0;
	stop_report(m);
	if (m->leaving)
		return;
	say(m, code_of(status) ? "ALERT" : "WARNING",
	    "Current worker (%d) exited with code %d (%s)", pid, code_of(status), words_of(status));
	if (!m->started && m->serving) {
		go_back(m);
		return;
	}
	/* A worker that somebody told to leave has not failed. */
	if (code_of(status))
		say(m, "ALERT", "exit-on-failure: killing every processes with SIGTERM");
	m->leaving = true;
	m->status = code_of(status);
	signal_all(m, SIGTERM);
}

static void on_child(struct master *m)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == m->current)
			lost_current(m, pid, status);
		else if (take_off(m, pid))
			say(m, "NOTICE", "Former worker (%d) exited with code %d (%s)", pid,
			    code_of(status), words_of(status));
	}
	if (m->leaving && !m->current && !m->old_count)
		ev_break(m->loop, EVBREAK_ALL);
}

/* --- reload ------------------------------------------------------------------------------- */

static void announce_workers(const struct master *m)
{
	AUTO_TEXT pids = { 0 };

	if (m->current)
		text_addf(&pids, "%d", m->current);
	for (size_t i = 0; i < m->old_count; i++)
		text_addf(&pids, " %d", m->old[i]);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread */
	setenv(WORKERS_VARIABLE, text_str(&pids), 1);
}

static void unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* Returns if that is not possible, with all as it was before. */
static void execute_again(struct master *m, struct error *err)
{
	if (!inherit_hand_over(m->fds, m->fd_count, err))
		return;
	announce_workers(m);
	unblock_signals();
	execvp(m->o->argv[0], m->o->argv);
	error_sys(err, errno, "cannot execute %s", m->o->argv[0]);
	inherit_take_back();
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread */
	unsetenv(WORKERS_VARIABLE);
}

static void reload(struct master *m)
{
	struct error err;

	if (m->leaving || (m->current && !m->started))
		return; /* the one that is under way comes first */
	say(m, "WARNING", "Reexecuting Master process");
	notify_send("RELOADING=1");
	execute_again(m, &err);
	say(m, "ALERT", "%s", err.text);
	reload_failed(m);
}

bool master_is_executed_again(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread */
	return getenv(WORKERS_VARIABLE) != NULL;
}

static void take_workers(struct master *m)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread */
	const char *value = getenv(WORKERS_VARIABLE);
	char *list = value ? mem_strdup(value) : NULL;
	char *state = NULL;

	for (char *w = list ? strtok_r(list, " ", &state) : NULL; w;
	     w = strtok_r(NULL, " ", &state)) {
		uint64_t pid;

		if (number_parse(w, INT32_MAX, &pid) && pid)
			add_old(m, (pid_t)pid);
	}
	free(list);
	/* announce_workers() names it first. */
	m->serving = m->old_count ? m->old[0] : 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread */
	unsetenv(WORKERS_VARIABLE);
}

static void on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct master *m = w->data;

	(void)loop;
	(void)revents;
	switch (w->signum) {
	case SIGCHLD:
		on_child(m);
		break;
	case SIGUSR2:
	case SIGHUP:
		reload(m);
		break;
	default:
		say(m, "WARNING", "Exiting Master process...");
		notify_send("STOPPING=1");
		m->leaving = true;
		signal_all(m, w->signum);
		on_child(m);
		break;
	}
}

static void catch_signal(struct master *m, ev_signal *w, int signum)
{
	ev_signal_init(w, on_signal, signum);
	w->data = m;
	ev_signal_start(m->loop, w);
}

static void catch_signals(struct master *m)
{
	static const int signums[SIGNALS] = { SIGCHLD, SIGUSR1, SIGUSR2, SIGHUP, SIGTERM, SIGINT };

	for (size_t i = 0; i < SIGNALS; i++)
		catch_signal(m, &m->signals[i], signums[i]);
}

/* It names the master, so the worker that is to have these settings writes none. */
static void take_pidfile(struct master *m, struct settings *settings)
{
	if (!m->pidfile && settings->pidfile)
		m->pidfile = mem_strdup(settings->pidfile);
	settings->pidfile = NULL;
}

static bool begin(struct master *m)
{
	struct settings *settings = m->o->load(m->o->ctx);
	struct error err;

	if (settings)
		take_pidfile(m, settings);
	if (settings && start_worker(m, settings)) {
		if (m->pidfile && !privileges_write_pidfile(m->pidfile, &err))
			say(m, "WARNING", "%s", err.text);
		return true;
	}
	if (!m->serving)
		return false;
	go_back(m);
	return true;
}

static void take_sockets(struct master *m)
{
	int *fds;
	size_t count;

	if (!inherit_take())
		return;
	count = inherit_collect(&fds);
	for (size_t i = 0; i < count; i++)
		keep_socket(m, fds[i]);
	free(fds);
	inherit_forget();
}

int master_run(const struct master_options *o)
{
	struct master m = { .o = o, .pidfile = o->pidfile ? mem_strdup(o->pidfile) : NULL };

	m.loop = ev_loop_new(EVFLAG_NOENV | EVFLAG_NOSIGMASK);
	if (!m.loop)
		return EXIT_FAILURE;
	take_workers(&m);
	take_sockets(&m);
	catch_signals(&m);
	m.status = EXIT_FAILURE;
	if (begin(&m)) {
		m.status = EXIT_SUCCESS;
		ev_run(m.loop, 0);
		say(&m, "WARNING", "All workers exited. Exiting... (%d)", m.status);
	}
	if (m.pidfile)
		privileges_remove_pidfile(m.pidfile);
	free(m.pidfile);
	for (size_t i = 0; i < SIGNALS; i++)
		ev_signal_stop(m.loop, &m.signals[i]);
	forget_sockets(&m);
	free(m.old);
	ev_loop_destroy(m.loop);
	return m.status;
}
