/* SPDX-License-Identifier: MIT */
#include "haproxy.h"

#include "cli/haproxycmd.h"
#include "control/master.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct haproxy {
	const struct console *console;
	struct haproxyargs args;
	int parent; /* of a daemon: the pipe to who waits for it; -1: nobody does */
};

static int fail(const struct haproxy *h, const struct error *err)
{
	haproxycmd_say(h->console, "ALERT", err->text);
	return EXIT_FAILURE;
}

/* --- a daemon ----------------------------------------------------------------------------- */

/* The parent's part: it leaves when its child serves, or with the child's failure. */
_Noreturn static void wait_for_child(int from, pid_t child)
{
	char byte;
	int status;

	if (read(from, &byte, 1) == 1)
		_exit(EXIT_SUCCESS);
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	_exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

static bool go_to_background(struct haproxy *h)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return false;
	fflush(NULL);
	pid = fork();
	if (pid == -1)
		return false;
	if (pid > 0) {
		close(ends[1]);
		wait_for_child(ends[0], pid);
	}
	close(ends[0]);
	setsid();
	h->parent = ends[1];
	return true;
}

/* Nobody reads what a daemon says, and its terminal is not held. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null != -1 && fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

static void let_go(struct haproxy *h)
{
	if (h->parent == -1)
		return;
	leave_terminal();
	(void)!write(h->parent, "", 1);
	close(h->parent);
	h->parent = -1;
}

/* --- serving ------------------------------------------------------------------------------ */

static void end_predecessors(const struct haproxyargs *a)
{
	for (size_t i = 0; i < a->pid_count; i++)
		kill(a->pids[i], a->terminate ? SIGTERM : SIGUSR1);
}

static void on_started(void *arg)
{
	struct haproxy *h = arg;

	end_predecessors(&h->args);
	let_go(h);
}

static int serve_alone(struct haproxy *h)
{
	struct settings *settings = haproxycmd_load(h->console, &h->args);
	struct error err;

	if (!settings)
		return EXIT_FAILURE;
	if (h->args.background && !go_to_background(h)) {
		error_sys(&err, errno, "[haproxy.main()] Cannot fork");
		return fail(h, &err);
	}
	if (!run_serve(settings,
	               &(struct run_options){
	                   .started = on_started, .arg = h, .heir = h->args.pid_count > 0 },
	               &err))
		return fail(h, &err);
	return EXIT_SUCCESS;
}

/* --- master and workers ------------------------------------------------------------------- */

static struct settings *load(void *ctx)
{
	struct haproxy *h = ctx;

	return haproxycmd_load(h->console, &h->args);
}

struct worker {
	const struct haproxy *haproxy;
	void (*started)(void *arg);
	void *arg;
};

/* The master tells who waits for it; its worker only must not hold the terminal. */
static void on_worker_started(void *arg)
{
	const struct worker *w = arg;

	w->started(w->arg);
	if (w->haproxy->parent == -1)
		return;
	leave_terminal();
	close(w->haproxy->parent);
}

static int serve(void *ctx, struct settings *settings, void (*started)(void *arg), void *arg)
{
	const struct haproxy *h = ctx;
	struct worker worker = { h, started, arg };
	struct error err;

	if (!run_serve(settings,
	               &(struct run_options){ .started = on_worker_started,
	                                      .arg = &worker,
	                                      .heir = h->args.pid_count > 0,
	                                      .under_master = true },
	               &err))
		return fail(h, &err);
	return EXIT_SUCCESS;
}

static void say(void *ctx, const char *kind, const char *text)
{
	const struct haproxy *h = ctx;

	if (!h->args.quiet || strcmp(kind, "ALERT") == 0)
		haproxycmd_say(h->console, kind, text);
}

static int serve_by_master(struct haproxy *h, char **again)
{
	struct master_options o = { .load = load,
		                    .serve = serve,
		                    .say = say,
		                    .ready = on_started,
		                    .ctx = h,
		                    .argv = again,
		                    .pidfile = h->args.pidfile };

	struct error err;

	/* What is done once in a daemon's life: those process ids may be somebody else's by now. */
	if (master_is_executed_again()) {
		h->args.pid_count = 0;
	} else if (h->args.background && !h->args.notify && !go_to_background(h)) {
		error_sys(&err, errno, "[haproxy.main()] Cannot fork");
		return fail(h, &err);
	}
	return master_run(&o);
}

int haproxy_main(const struct console *c, int argc, char **argv)
{
	struct haproxy h = { .console = c, .parent = -1 };
	struct error err;

	if (!haproxyargs_parse(&h.args, argc, argv)) {
		haproxyargs_write_version(1, c->out);
		fflush(c->out);
		haproxyargs_write_usage(argv[0], c->err);
		return EXIT_FAILURE;
	}
	if (h.args.version) {
		haproxyargs_write_version(h.args.version, c->out);
		return EXIT_SUCCESS;
	}
	if (h.args.folder && chdir(h.args.folder) == -1) {
		error_sys(&err, errno, "Could not change to directory %s", h.args.folder);
		return fail(&h, &err);
	}
	if (h.args.check)
		return haproxycmd_check(c, &h.args);
	h.args.background = h.args.background && !h.args.foreground;
	return h.args.master ? serve_by_master(&h, c->command ? argv - 1 : argv) : serve_alone(&h);
}
