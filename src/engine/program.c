/* SPDX-License-Identifier: MIT */
/*
 * One process at a time.  Its end shows on its pidfd; kill() by process id is safe as long as it
 * has not been waited for.
 */
#include "engine/program.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "base/tick.h"
#include "net/lowfd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	GRACE_MS = 1000, /* between SIGTERM and SIGKILL */
	FAREWELL_MS = 50 /* a killed process is gone in far less, unless a disk holds it */
};

#define UNUSED_ARGUMENT "NOT_USED"

/* Strings one after the other, and the vector that points at them. */
struct words {
	struct text text;
	size_t offset[16];
	size_t count;
	char *vector[17];
};

static void add_word(struct words *w, const char *name, const char *value)
{
	w->offset[w->count++] = w->text.len;
	if (name)
		text_addf(&w->text, "%s=", name);
	text_add(&w->text, value);
	text_addc(&w->text, '\0');
}

static void add_number(struct words *w, const char *name, uint32_t n)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", n);
	add_word(w, name, digits);
}

static char **vector_of(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		w->vector[i] = w->text.data + w->offset[i];
	w->vector[w->count] = NULL;
	return w->vector;
}

void program_take_facts(struct program_facts *to, const struct program_facts *from)
{
	if (from->proxy_name) {
		*to = *from;
		return;
	}
	if (to->proxy_id != from->proxy_id || to->server_id != from->server_id)
		return;
	to->maxconn = from->maxconn;
	to->curconn = from->curconn;
	to->server_port = from->server_port;
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static const char *or_unused(const char *s)
{
	return s ? s : UNUSED_ARGUMENT;
}

/* The server's address and port as the program sees them. */
struct place {
	char addr[ADDR_TEXT_MAX];
	char port[16];
};

static void find_place(struct place *place, const struct program_facts *facts,
                       const struct addr *to)
{
	unsigned int port;

	if (to->sa.sa_family == AF_UNIX) {
		snprintf(place->addr, sizeof(place->addr), "%s", to->un.sun_path);
		snprintf(place->port, sizeof(place->port), UNUSED_ARGUMENT);
		return;
	}
	addr_format_host(to, place->addr);
	port = facts->server_port ? facts->server_port : addr_port(to);
	snprintf(place->port, sizeof(place->port), "%u", port);
}

static void add_arguments(struct words *w, const char *command, const struct program_facts *facts,
                          const struct place *server)
{
	add_word(w, NULL, command);
	add_word(w, NULL, or_unused(facts->proxy_addr));
	add_word(w, NULL, or_unused(facts->proxy_port));
	add_word(w, NULL, server->addr);
	add_word(w, NULL, server->port);
}

static void add_environment(struct words *w, const struct settings_check *check,
                            const struct program_facts *facts, const struct place *server)
{
	bool has_port = strcmp(server->port, UNUSED_ARGUMENT) != 0;

	add_word(w, "PATH", or_empty(check->search_path));
	add_word(w, "HAPROXY_PROXY_NAME", or_empty(facts->proxy_name));
	add_number(w, "HAPROXY_PROXY_ID", facts->proxy_id);
	add_word(w, "HAPROXY_PROXY_ADDR", or_empty(facts->proxy_addr));
	add_word(w, "HAPROXY_PROXY_PORT", or_empty(facts->proxy_port));
	add_word(w, "HAPROXY_SERVER_NAME", or_empty(facts->server_name));
	add_number(w, "HAPROXY_SERVER_ID", facts->server_id);
	add_word(w, "HAPROXY_SERVER_ADDR", server->addr);
	add_word(w, "HAPROXY_SERVER_PORT", has_port ? server->port : "");
	add_number(w, "HAPROXY_SERVER_MAXCONN", facts->maxconn);
	add_number(w, "HAPROXY_SERVER_CURCONN", facts->curconn);
	add_word(w, "HAPROXY_SERVER_SSL", "0");
	add_word(w, "HAPROXY_SERVER_PROTO", "tcp");
}

static int set_attributes(posix_spawnattr_t *a)
{
	sigset_t all;
	sigset_t none;
	int failed;

	sigfillset(&all);
	sigemptyset(&none);
	failed = posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
	                                         POSIX_SPAWN_SETPGROUP);
	if (!failed)
		failed = posix_spawnattr_setsigdefault(a, &all);
	if (!failed)
		failed = posix_spawnattr_setsigmask(a, &none);
	return failed;
}

static int set_files(posix_spawn_file_actions_t *f)
{
	int failed = posix_spawn_file_actions_addopen(f, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	return failed ? failed : posix_spawn_file_actions_addclosefrom_np(f, STDERR_FILENO + 1);
}

/* 0, or an errno. */
static int spawn(struct program *p, char **argv, char **envp)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int failed = posix_spawn_file_actions_init(&files);

	if (failed)
		return failed;
	failed = posix_spawnattr_init(&attributes);
	if (!failed) {
		failed = set_files(&files);
		if (!failed)
			failed = set_attributes(&attributes);
		if (!failed)
			failed = posix_spawn(&p->pid, p->check->command, &files, &attributes, argv,
			                     envp);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return failed;
}

/* False if it is still there.  `status` as of waitpid(); -1 if somebody else took it. */
static bool reap(struct program *p, int *status)
{
	pid_t got;

	do {
		got = waitpid(p->pid, status, WNOHANG);
	} while (got == -1 && errno == EINTR);
	if (got == 0)
		return false;
	if (got == -1)
		*status = -1;
	ev_io_stop(p->loop, &p->exited);
	lowfd_close(p->exited.fd);
	ev_io_set(&p->exited, -1, EV_READ);
	return true;
}

static void signal_group(const struct program *p, int number)
{
	if (kill(-p->pid, number) == -1)
		kill(p->pid, number);
}

static void arm(struct program *p, uint32_t ms)
{
	ev_timer_stop(p->loop, &p->deadline);
	ev_now_update(p->loop);
	ev_timer_set(&p->deadline, ms / 1000., 0.);
	ev_timer_start(p->loop, &p->deadline);
}

/* Tells the verdict, last: the owner may start the next one. */
static void tell(struct program *p, struct probe_result *result)
{
	result->duration_ms = (uint32_t)((tick_us() - p->started_us) / 1000);
	p->done(p->ctx, result);
}

static void judge(struct program *p, int status)
{
	struct probe_result r = { .code = PROBE_PROCERR, .status = PROBE_KILLED };

	if (status != -1 && WIFEXITED(status)) {
		r.status = (uint16_t)WEXITSTATUS(status);
		r.code = r.status ? PROBE_PROCERR : PROBE_PROCOK;
	}
	tell(p, &r);
}

/* It has ended, expected or not. */
static void notice_end(struct program *p)
{
	enum program_phase phase = p->phase;
	int status = -1;

	if (!reap(p, &status))
		return;
	/* The verdict on a stuck one is on its way. */
	if (phase == PROGRAM_STUCK) {
		p->phase = PROGRAM_UNSTARTED;
		return;
	}
	ev_timer_stop(p->loop, &p->deadline);
	p->phase = PROGRAM_IDLE;
	if (phase == PROGRAM_RUNNING)
		judge(p, status);
}

static void time_out(struct program *p)
{
	struct probe_result r = { .code = PROBE_PROCTOUT };

	signal_group(p, SIGTERM);
	p->phase = PROGRAM_DYING;
	arm(p, GRACE_MS);
	tell(p, &r);
}

static void notice_time(struct program *p)
{
	struct probe_result r = p->result;

	switch (p->phase) {
	case PROGRAM_IDLE:
		break;
	case PROGRAM_RUNNING:
		time_out(p);
		break;
	case PROGRAM_DYING:
		signal_group(p, SIGKILL);
		break;
	case PROGRAM_UNSTARTED:
		p->phase = PROGRAM_IDLE;
		tell(p, &r);
		break;
	case PROGRAM_STUCK:
		p->phase = PROGRAM_DYING;
		tell(p, &r);
		break;
	}
}

/* A lack of our own resources says nothing about the server; the rest is about the program. */
static struct probe_result unstarted(int errnum)
{
	bool ours = errnum == EAGAIN || errnum == ENOMEM || errnum == EMFILE || errnum == ENFILE;
	struct probe_result r = probe_failed(ours ? PROBE_UNKNOWN : PROBE_PROCERR, errnum);

	if (!ours)
		r.status = 255;
	return r;
}

/* The kernel does not watch it, for want of memory.  It is buried before the next one starts. */
static void give_up(struct program *p)
{
	struct probe_result r = unstarted(ENOMEM);

	signal_group(p, SIGKILL);
	if (p->phase != PROGRAM_RUNNING)
		return;
	ev_timer_stop(p->loop, &p->deadline);
	p->phase = PROGRAM_DYING;
	tell(p, &r);
}

static void on_exited(struct ev_loop *loop, ev_io *w, int revents)
{
	struct program *p = container_of(w, struct program, exited);

	(void)loop;
	if (revents & EV_ERROR)
		give_up(p);
	else
		notice_end(p);
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	notice_time(container_of(w, struct program, deadline));
}

void program_init(struct program *p, struct ev_loop *loop, const struct settings_check *check,
                  program_done *done, void *ctx)
{
	*p = (struct program){ .loop = loop, .check = check, .done = done, .ctx = ctx };
	ev_io_init(&p->exited, on_exited, -1, EV_READ);
	ev_timer_init(&p->deadline, on_deadline, 0., 0.);
	/* As in a check over the network: an end that has come beats the clock. */
	ev_set_priority(&p->deadline, EV_MINPRI);
}

/* Told from the loop. */
static void fail(struct program *p, struct probe_result result)
{
	p->result = result;
	p->phase = PROGRAM_UNSTARTED;
	arm(p, 0);
}

static void watch(struct program *p)
{
	uint32_t timeout_ms = p->check->timeout_ms ? p->check->timeout_ms : p->check->inter_ms;
	int fd = lowfd_move(pidfd_open(p->pid, 0));
	int status;

	if (fd == -1) {
		int errnum = errno;

		signal_group(p, SIGKILL);
		waitpid(p->pid, &status, 0);
		fail(p, unstarted(errnum));
		return;
	}
	p->phase = PROGRAM_RUNNING;
	ev_io_set(&p->exited, fd, EV_READ);
	ev_io_start(p->loop, &p->exited);
	arm(p, timeout_ms);
}

/* Waits for the end of a killed one, which is a matter of microseconds; false if it does not come.
 */
static bool bury(struct program *p)
{
	struct pollfd gone = { .fd = p->exited.fd, .events = POLLIN };
	int status;

	signal_group(p, SIGKILL);
	(void)poll(&gone, 1, FAREWELL_MS);
	if (!reap(p, &status))
		return false;
	ev_timer_stop(p->loop, &p->deadline);
	p->phase = PROGRAM_IDLE;
	return true;
}

void program_start(struct program *p, const struct program_facts *facts, const struct addr *to)
{
	struct words argv = { 0 };
	struct words envp = { 0 };
	struct place server;
	int failed;

	assert(p->phase == PROGRAM_IDLE || p->phase == PROGRAM_DYING);
	p->started_us = tick_us();
	if (p->phase == PROGRAM_DYING && !bury(p)) {
		fail(p, (struct probe_result){ .code = PROBE_PROCTOUT });
		p->phase = PROGRAM_STUCK;
		return;
	}
	find_place(&server, facts, to);
	add_arguments(&argv, p->check->command, facts, &server);
	add_environment(&envp, p->check, facts, &server);
	failed = spawn(p, vector_of(&argv), vector_of(&envp));
	text_release(&argv.text);
	text_release(&envp.text);
	if (failed)
		fail(p, unstarted(failed));
	else
		watch(p);
}

void program_cancel(struct program *p)
{
	switch (p->phase) {
	case PROGRAM_IDLE:
	case PROGRAM_DYING:
		return;
	case PROGRAM_UNSTARTED:
		ev_timer_stop(p->loop, &p->deadline);
		p->phase = PROGRAM_IDLE;
		return;
	case PROGRAM_RUNNING:
	case PROGRAM_STUCK:
		ev_timer_stop(p->loop, &p->deadline);
		signal_group(p, SIGKILL);
		p->phase = PROGRAM_DYING;
		return;
	}
}

void program_release(struct program *p)
{
	program_cancel(p);
	ev_timer_stop(p->loop, &p->deadline);
	if (p->phase != PROGRAM_DYING || bury(p))
		return;
	ev_io_stop(p->loop, &p->exited);
	lowfd_close(p->exited.fd);
	p->phase = PROGRAM_IDLE;
}
