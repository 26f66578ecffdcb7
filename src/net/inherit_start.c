/* SPDX-License-Identifier: MIT */
/*
 * A program that is started with copies of this process's listening sockets.  Everything is
 * prepared before the fork: what runs between it and the exec() takes no lock and no memory, since
 * other threads may have held them.
 */
#include "inherits.h"
#include "net/inherit.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { PID_DIGITS = 11 };

struct start {
	const struct inherit_program *p;
	int *copies; /* above the range that they are to end in; the last one is the channel */
	char **env;
	size_t env_count;
	char *pids[2]; /* where the child's process id goes in `env` */
	size_t pid_count;
	int report[2]; /* why it could not be executed; closed by an exec() */
};

/* --- before the fork ---------------------------------------------------------------------- */

static bool copy_all(struct start *s, struct error *err)
{
	size_t count = s->p->count + 1;
	int above = INHERITS_FIRST_FD + (int)count;

	s->copies = mem_zalloc(count * sizeof(int));
	for (size_t i = 0; i < count; i++)
		s->copies[i] = -1;
	for (size_t i = 0; i < count; i++) {
		int fd = i < s->p->count ? s->p->fds[i] : s->p->channel;

		s->copies[i] = fcntl(fd, F_DUPFD_CLOEXEC, above);
		if (s->copies[i] == -1)
			return error_sys(err, errno, "sockets cannot be handed over");
	}
	return true;
}

static bool has_name(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static void put(struct start *s, char *entry)
{
	s->env[s->env_count++] = entry;
}

static void put_pid(struct start *s, const char *name)
{
	size_t len = strlen(name) + 1;
	char *entry = mem_zalloc(len + PID_DIGITS + 1);

	snprintf(entry, len + 1, "%s=", name);
	s->pids[s->pid_count++] = entry + len;
	put(s, entry);
}

static char *name_all(const struct inherit_program *p)
{
	struct text names = { 0 };

	text_add(&names, "LISTEN_FDNAMES=");
	for (size_t i = 0; i < p->count; i++) {
		int number = inherit_number(p->fds[i]);

		text_add(&names, i ? ":" : "");
		if (number == INHERITS_BY_ADDRESS)
			text_add(&names, INHERITS_UNNUMBERED);
		else
			text_addf(&names, "fd%d", number);
	}
	return text_take(&names);
}

static char *number_entry(const char *name, size_t number)
{
	struct text entry = { 0 };

	text_addf(&entry, "%s=%zu", name, number);
	return text_take(&entry);
}

/* A watchdog that is meant for this process is the other one's, too. */
static bool is_watched(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment */
	const char *value = getenv("WATCHDOG_PID");
	uint64_t pid;

	return value && number_parse(value, INT32_MAX, &pid) && pid == (uint64_t)getpid();
}

static void make_environment(struct start *s)
{
	static const char *const replaced[] = { "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES" };
	bool watched = is_watched();
	size_t count = 0;

	while (environ[count])
		count++;
	s->env = mem_zalloc((count + 6) * sizeof(char *));
	for (size_t i = 0; i < count; i++) {
		bool kept = !has_name(environ[i], s->p->variable) &&
		            !(watched && has_name(environ[i], "WATCHDOG_PID"));

		for (size_t k = 0; k < ARRAY_LEN(replaced); k++)
			kept = kept && !has_name(environ[i], replaced[k]);
		if (kept)
			put(s, mem_strdup(environ[i]));
	}
	put_pid(s, "LISTEN_PID");
	put(s, number_entry("LISTEN_FDS", s->p->count));
	put(s, name_all(s->p));
	put(s, number_entry(s->p->variable, (size_t)s->copies[s->p->count]));
	if (watched)
		put_pid(s, "WATCHDOG_PID");
}

/* --- between fork and exec ---------------------------------------------------------------- */

static void write_pid(char *to, pid_t pid)
{
	char digits[PID_DIGITS];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + pid % 10);
	while (pid /= 10);
	while (count)
		*to++ = digits[--count];
}

static void reset_signals(const sigset_t *blocked)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };

	for (int i = 1; i < NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP)
			sigaction(i, &usual, NULL);
	pthread_sigmask(SIG_SETMASK, blocked, NULL);
}

_Noreturn static void become(const struct start *s)
{
	const struct inherit_program *p = s->p;
	bool done = true;
	int errnum;

	reset_signals(p->blocked);
	for (size_t i = 0; i < s->pid_count; i++)
		write_pid(s->pids[i], getpid());
	/* dup2() leaves the copy without CLOEXEC, as it is to be. */
	for (size_t i = 0; done && i < p->count; i++)
		done = dup2(s->copies[i], INHERITS_FIRST_FD + (int)i) != -1;
	if (done && fcntl(s->copies[p->count], F_SETFD, 0) != -1)
		execve(p->path, p->argv, s->env);
	errnum = errno;
	(void)!write(s->report[1], &errnum, sizeof(errnum));
	_exit(EXIT_FAILURE);
}

/* --- the whole ---------------------------------------------------------------------------- */

/* Waits until it has been executed, or could not be. */
static pid_t see(const struct start *s, pid_t pid, struct error *err)
{
	int errnum = 0;
	ssize_t n;

	do
		n = read(s->report[0], &errnum, sizeof(errnum));
	while (n == -1 && errno == EINTR);
	if (n != sizeof(errnum))
		return pid;
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
	error_sys(err, errnum, "cannot execute %s", s->p->path);
	return -1;
}

/* The end that the child writes must not be in the way of the sockets. */
static bool open_report(struct start *s, struct error *err)
{
	int above = INHERITS_FIRST_FD + (int)s->p->count;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return error_sys(err, errno, "cannot make a pipe");
	s->report[0] = ends[0];
	s->report[1] = fcntl(ends[1], F_DUPFD_CLOEXEC, above);
	close(ends[1]);
	if (s->report[1] != -1)
		return true;
	close(ends[0]);
	return error_sys(err, errno, "cannot make a pipe");
}

static pid_t start(struct start *s, struct error *err)
{
	sigset_t all;
	sigset_t before;
	pid_t pid;

	if (!open_report(s, err))
		return -1;
	/* A signal for the child before it has its own handlers is not for ours. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(s->report[1]);
	if (pid == -1)
		error_sys(err, errno, "cannot start a process");
	else
		pid = see(s, pid, err);
	close(s->report[0]);
	return pid;
}

pid_t inherit_start(const struct inherit_program *p, struct error *err)
{
	struct start s = { .p = p };
	pid_t pid = -1;

	if (p->count > INHERITS_MOST_FDS)
		error_set(err, "%zu sockets are more than can be handed over", p->count);
	else if (copy_all(&s, err)) {
		make_environment(&s);
		pid = start(&s, err);
	}
	for (size_t i = 0; s.copies && i < p->count + 1; i++)
		if (s.copies[i] != -1)
			close(s.copies[i]);
	for (size_t i = 0; i < s.env_count; i++)
		free(s.env[i]);
	free(s.env);
	free(s.copies);
	return pid;
}
