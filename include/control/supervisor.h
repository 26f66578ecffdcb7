/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SUPERVISOR_H
#define CONTROL_SUPERVISOR_H

#include "base/error.h"
#include "core/journal.h"
#include "core/settings.h"

#include <stdbool.h>

struct ev_loop;

/*
 * A running sluice: everything is bound, opened and loaded first, so that what can fail fails
 * before a client is accepted; then checks begin, and accepting begins when all first
 * checks are over, or after 3 s: clients wait in the kernel's queue until then.
 *
 *   SIGTERM, SIGINT   /readyz says no at once, accepting ends after stop_delay; waits for sessions
 *                     (hard_stop_after, 30 s if not set; those of pgwire that can be followed are
 *                     asked to leave between transactions), leaves; a second one ends at once
 *   SIGUSR1           the same without a limit of time unless hard_stop_after is set
 *   SIGHUP            reopen log files, read the configuration again
 *
 *   SIGUSR2           start the program again, as it was started: it gets the listening sockets
 *                     and what this process knows, and serves when it is ready; this one ends with
 *                     its last session (hard_stop_after, if set).  Else this one goes on as it was
 *
 * In HAProxy's place (settings.haproxy) TERM and INT do not wait, TTOU and TTIN pause and resume.
 */
struct supervisor;

struct supervisor_options {
	void (*on_event)(void *ctx, const struct journal_event *e); /* or NULL */
	void *ctx;
	bool catch_signals;
	bool trusted; /* only this host reaches it: the dashboard may act without a password */
	bool heir;    /* follows another process, which has the same addresses and will leave */
	bool under_master; /* a worker of control/master.h: its sockets outlive it */
	int predecessor;   /* whose place it takes: predecessor_find(); 0: nobody's */
	char *const *argv; /* how it was started, for SIGUSR2; NULL: it cannot do that again */
};

/*
 * Takes over `settings`, also on failure.  The loop is the caller's, and runs after this; NULL (it
 * could not be made) is an error.
 */
bool supervisor_start(struct ev_loop *loop, struct settings *settings,
                      const struct supervisor_options *o, struct supervisor **ret,
                      struct error *err) MUST_CHECK;

/* As SIGTERM: polite; then the loop is broken out of (ev_break). */
void supervisor_stop(struct supervisor *s);

/* Ends what is left and frees everything.  NULL is fine. */
void supervisor_free(struct supervisor *s);

#endif
