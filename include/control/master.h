/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_MASTER_H
#define CONTROL_MASTER_H

#include "base/error.h"
#include "core/settings.h"

/*
 * HAProxy's master-worker mode (management manual, 3 "-W"): a process that only starts others.  It
 * reads the configuration, forks a worker that serves it, and keeps the listening sockets.
 *
 *   SIGUSR2, SIGHUP   reload: executes itself again; the new worker gets the same sockets, then
 *                     the old ones finish their sessions.  If anything is wrong, all stays as it
 * is. SIGTERM, SIGINT   passed on; leaves when all workers have SIGUSR1           the same,
 * politely
 *
 * A worker that dies takes all with it: the service manager starts afresh.
 */
struct master_options {
	/* The configuration, or NULL after it was said what is wrong with it. */
	struct settings *(*load)(void *ctx);
	/*
	 * Serves it and returns the exit status; runs in the worker.  Calls `started(arg)` when it
	 * listens on everything.
	 */
	int (*serve)(void *ctx, struct settings *settings, void (*started)(void *arg), void *arg);
	/* In the master, each time a new worker serves. */
	void (*ready)(void *ctx);
	/* A line of the master's own, for its terminal. */
	void (*say)(void *ctx, const char *kind, const char *text);
	void *ctx;
	char **argv;         /* to execute again, NULL at its end */
	const char *pidfile; /* instead of the configuration's, or NULL */
};

/* A master has executed this program as itself: a reload.  To be asked before master_run(). */
bool master_is_executed_again(void);

/* Returns the exit status of the process. */
int master_run(const struct master_options *o);

#endif
