/* SPDX-License-Identifier: MIT */
#ifndef CORE_SIMULATION_H
#define CORE_SIMULATION_H

#include "core/journal.h"
#include "core/settings.h"
#include "core/simevent.h"

/*
 * A service of a configuration under simulated clients and nodes, in simulated time: no network, no
 * clock, no threads.  Servers are chosen by core/pool.h and core/balance.h, their states move by
 * core/state.h, slowstart.h, testimony.h and quorum.h, sessions are moved by core/rebalance.h: what
 * the running program uses.  What the simulation has of its own is what there is outside of it:
 * nodes that answer or do not, clients that come and go, and the waiting in between.  The same
 * options give the same result on every machine.
 *
 * It begins when each server has had its first checks, without a session.  Checks begin their
 * interval after the last one ended, give or take a tenth.  A connection takes no time unless
 * nobody answers.  Clients of a pool connect within its first second; one that is cut, or whose
 * session ends, connects again after a tenth of a second, one that is refused after a second, more
 * or less the half.  A client that waits in vain for a node that is silent gives up when its
 * session was to end, and counts as cut.  All sessions can be ended between two transactions.
 *
 * Left out are the limits of process, service and rate (what is beyond them waits in the kernel),
 * maxqueue, max_connecting, `observe`, agents, and traffic.
 */
enum {
	SIMULATION_STEPS_MAX = 2000,
	SIMULATION_CELLS_MAX = 4000000,    /* steps times servers */
	SIMULATION_SESSIONS_MAX = 500000,  /* at once, those that wait included */
	SIMULATION_ARRIVALS_MAX = 5000000, /* in all */
	SIMULATION_NOTES_MAX = 2000,       /* further ones are only counted */
	SIMULATION_RECONNECT_MS = 100,
	SIMULATION_REFUSED_MS = 1000
};

/* Looks at a server: of each choice, check result and measurement.  Some seconds of a computer. */
#define SIMULATION_WORK_MAX 500000000ULL

struct simulation_options {
	const char *service; /* NULL: the first of the file */
	int64_t for_ms, step_ms;
	struct simarrival_rate rate; /* of single sessions */
	struct simarrival_session session;
	uint32_t pool; /* so many connections that come again when they end */
	uint64_t seed;
	const struct simevent_list *events; /* sorted; must outlive the result */
};

/* MARK(NAME, letter, key): how a server stands; the letter is shown beside its sessions. */
#define SIMULATION_MARK_TABLE(X)                                                                   \
	X(UP, ' ', "up")                                                                           \
	X(STARTING, '+', "starting") /* slowstart */                                               \
	X(NOLB, 'n', "nolb")         /* its node drains */                                         \
	X(DRAIN, 'd', "drain")       /* by order */                                                \
	X(PRESSED, 'p', "panic")     /* takes sessions because of a panic */                       \
	X(DOWN, 'x', "down")                                                                       \
	X(MAINT, 'm', "maint")                                                                     \
	X(CHECKING, '?', "checking")

enum simulation_mark {
#define X(name, letter, key) SIMULATION_##name,
	SIMULATION_MARK_TABLE(X)
#undef X
	    SIMULATION_MARKS
};

struct simulation_cell {
	uint32_t sessions; /* on the server at that moment */
	uint32_t news;     /* that came to it since the row before */
	enum simulation_mark mark;
};

/* Each session that came is in exactly one of these. */
struct simulation_counts {
	uint64_t arrived;
	uint64_t ended;   /* at its own time */
	uint64_t cut;     /* by its node's end, by on_marked_down, or it waited for a dead one */
	uint64_t moved;   /* ended between transactions: rebalance, max_session_age, a drain */
	uint64_t refused; /* found no server in time */
	uint32_t live;    /* connected */
	uint32_t waiting; /* on the way, held or queued */
};

struct simulation_row {
	int64_t ms;
	struct simulation_counts counts; /* since the beginning */
	uint32_t uneven;                 /* per cent: see struct simulation_result */
	const struct simulation_cell *cells;
};

enum simulation_kind { SIMULATION_EVENT, SIMULATION_CHANGE };

/* Something happened. */
struct simulation_note {
	int64_t ms;
	enum simulation_kind kind;
	size_t event;           /* EVENT: its place in the list */
	struct journal_event e; /* CHANGE: as the running program would write it */
};

/* What an event about servers led to; times are counted from it. */
struct simulation_effect {
	size_t event;              /* its place in the list */
	uint32_t servers;          /* of the service that it concerns and that were not so before */
	uint32_t seen;             /* ... that have stopped, or begun, to get new sessions since */
	int64_t first_ms, last_ms; /* the first and the last of these; -1: none yet */
	uint64_t cut;              /* sessions on them, until the next event about them */
	uint64_t vain;             /* attempts to connect to them that failed */
	int64_t even_ms; /* until the sessions were even again; -1: not, or it does not matter */
};

struct simulation_result {
	struct settings *settings; /* a reference */
	const struct settings_service *service;
	struct simulation_row *rows;
	size_t row_count;
	struct simulation_note *notes;
	size_t note_count;
	uint64_t notes_left_out;
	struct simulation_effect *effects; /* one for each event about servers, by time */
	size_t effect_count;
	struct simulation_counts counts;
	uint64_t waited;        /* sessions that stood in line for a time */
	int64_t longest_ms;     /* ... and how long the one that waited longest did */
	uint64_t vain;          /* attempts to connect that failed */
	uint32_t most_sessions; /* of a server in a row */
	/*
	 * How far the sessions of a server that may be chosen are from its share by weight, among
	 * those of its tier, in per cent of that; less than a whole session does not count.  The
	 * largest one, of whom and when, looked at each second.
	 */
	uint32_t uneven, uneven_end;
	int64_t uneven_ms;
	size_t uneven_server;
	struct simulation_cell *cells;
};

/*
 * Fails if there is no such service or server, or a limit above is met.  `settings` is shared
 * (settings_ref()).  simulation_release() in both cases.
 */
bool simulation_run(struct settings *settings, const struct simulation_options *o,
                    struct simulation_result *ret, struct error *err) MUST_CHECK;
void simulation_release(struct simulation_result *r);

char simulation_mark_letter(enum simulation_mark m);
const char *simulation_mark_key(enum simulation_mark m);

#endif
