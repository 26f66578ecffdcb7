/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SUPERVISING_H
#define CONTROL_SUPERVISING_H

#include "control/daemon.h"
#include "control/names.h"
#include "control/stream.h"
#include "control/supervisor.h"

#include <ev.h>

/* The daemon and what belongs to its life, for the files that start and stop it. */
enum { SUPERVISING_SIGNALS = 7 };

/* How it stops: supervisor_stop.c. */
struct supervising_leave {
	bool asked_for; /* a second time ends at once */
	bool begun;     /* no more clients: it ends with the last session */
	uint32_t limit_ms;
	ev_timer delay;             /* accepts until it is over */
	ev_timer ask;               /* sessions to leave between transactions */
	int64_t begun_ms, asked_ms; /* ... all of them in that time */
	uint32_t total, asked;
};

struct supervisor {
	struct ev_loop *loop;
	struct supervisor_options options;
	struct daemon daemon;
	struct settings *settings; /* the topology's */
	struct checker *checker;
	struct resolver *resolver;
	struct names *names;
	struct reload *reload;
	struct discovery *discovery;
	struct stream_server **doors; /* HTTP endpoints and control sockets */
	size_t door_count;
	struct listener **listeners; /* until the crew has them */
	size_t listener_count;
	ev_async records;
	ev_timer sample, second, start, hard_stop;
	struct supervising_leave leave;
	struct upgrade *upgrade;     /* NULL: it does not start itself again */
	struct successor *successor; /* of processes before this one; NULL: there are none */
	struct watchdog *watchdog;
	struct text condition; /* as it was told last */
	ev_signal signals[SUPERVISING_SIGNALS];
	bool finished;
	bool has_pidfile;
};

/* Takes what the workers have told: supervisor_records.c. */
void supervisor_records_take(struct supervisor *s);

/* --- supervisor_stop.c -------------------------------------------------------------------- */

/* Leaves if it is stopping and no session is left. */
void supervisor_stop_if_empty(struct supervisor *s);
/* The time of a polite stop is over. */
void supervisor_stop_overdue(struct supervisor *s);
/* Begins to obey signals. */
void supervisor_stop_on_signals(struct supervisor *s);
void supervisor_stop_init(struct supervisor *s);
void supervisor_stop_free(struct supervisor *s);
/* What an upgrade does to the process. */
struct upgrade_hooks;
const struct upgrade_hooks *supervisor_stop_hooks(void);

/* --- supervisor_upgrade.c ----------------------------------------------------------------- */

/*
 * Everything is open and nothing is in use: takes over from the process before, if there is one,
 * and its state.
 */
bool supervisor_upgrade_take_over(struct supervisor *s, struct error *err) MUST_CHECK;
/* Clients are served. */
void supervisor_upgrade_accepting(struct supervisor *s);
/* What a person orders concerns the sessions of processes before this one, too: roster_options. */
void supervisor_upgrade_pass_on(void *ctx, const struct topology_server *s, enum roster_order order,
                                int64_t deadline_ms);
/* Is what happened told by its successor, who sees it as well? */
bool supervisor_upgrade_is_told(const struct supervisor *s, enum journal_kind kind);
/* SIGUSR2 */
void supervisor_upgrade_now(struct supervisor *s);
/* Once a second. */
void supervisor_upgrade_tell(struct supervisor *s);
/* After crew_stop(), before the topology goes. */
void supervisor_upgrade_free(struct supervisor *s);

#endif
