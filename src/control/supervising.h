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

struct supervisor {
	struct ev_loop *loop;
	struct supervisor_options options;
	struct daemon daemon;
	struct settings *settings; /* the topology's */
	struct checker *checker;
	struct resolver *resolver;
	struct names *names;
	struct stream_server **doors; /* HTTP endpoints and control sockets */
	size_t door_count;
	struct listener **listeners; /* until the crew has them */
	size_t listener_count;
	ev_async records;
	ev_timer second, start, hard_stop;
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

#endif
