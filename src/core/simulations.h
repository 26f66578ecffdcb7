/* SPDX-License-Identifier: MIT */
#ifndef CORE_SIMULATIONS_H
#define CORE_SIMULATIONS_H

#include "core/pool.h"
#include "core/simulation.h"
#include "core/testimony.h"

/* What the files that make up a simulation share. */

#define SIMULATION_NOBODY UINT32_MAX

/* --- what comes ----------------------------------------------------------------------------- */

enum simulation_due {
	SIMULATION_ROW,
	SIMULATION_ACT,       /* id: the event */
	SIMULATION_CHECK,     /* id: the target; it begins */
	SIMULATION_ANSWER,    /* id: the target; it ends */
	SIMULATION_ARRIVAL,   /* turn: of the rate */
	SIMULATION_CLIENT,    /* of the pool */
	SIMULATION_VISIT,     /* id: the visit; what its phase waits for */
	SIMULATION_VISIT_END, /* id: the visit; its session is over */
	SIMULATION_TICK
};

/* `turn`: what is meant is of that turn; if it has had another one since it is out of date. */
struct simulation_item {
	int64_t ms;
	uint64_t seq; /* what is of the same moment comes in the order of its adding */
	uint32_t id, turn;
	enum simulation_due due;
};

struct simulation_agenda {
	struct simulation_item *at; /* a heap */
	size_t count, room;
	uint64_t seq;
};

/* --- nodes and servers ---------------------------------------------------------------------- */

enum simulation_life { SIMULATION_WELL, SIMULATION_DEAD, SIMULATION_GONE, SIMULATION_HUNG };

struct simulation_machine {
	enum simulation_life life;
	bool draining;
	uint32_t slow_ms;
};

enum simulation_pace {
	SIMULATION_PAUSED,
	SIMULATION_SLOW,
	SIMULATION_NORMAL,
	SIMULATION_FAST /* the highest that one of its servers wants counts */
};

struct simulation_target {
	struct simulation_machine machine;
	enum simulation_pace pace;
	bool used, running;
	uint32_t first; /* of the units that it is checked for, or NOBODY */
	int64_t due_ms, ended_ms;
	uint32_t turn;
	struct probe_result answer; /* of the one that runs */
};

/* Sessions of a server that is gone, as control/closing.c ends them. */
struct simulation_closing {
	bool is_due, begun, sure;
	int64_t begin_ms, end_ms;
	uint32_t total, asked;
};

struct simulation_unit {
	struct topology_server *server;
	struct simulation_machine machine;
	uint32_t next;  /* of those with the same check, or NOBODY */
	uint32_t first; /* of its visits, or NOBODY */
	uint32_t news;
	struct simulation_closing closing;
	size_t effect; /* SIZE_MAX: none */
	bool awaits_seen, awaits_usable;
};

/* --- clients -------------------------------------------------------------------------------- */

enum simulation_phase {
	SIMULATION_FREE,
	SIMULATION_LINE,  /* waits for a server */
	SIMULATION_PAUSE, /* until it tries again */
	SIMULATION_DIAL,  /* nobody answers yet */
	SIMULATION_LIVE
};

/* A session from its arrival on. */
struct simulation_visit {
	enum simulation_phase phase;
	uint32_t turn, prev, next; /* of its server's, or of the line */
	uint32_t unit;             /* or NOBODY */
	uint32_t address;          /* of its client, IPv4 */
	struct pool_tried tried;
	uint8_t retries;
	bool pooled;     /* it comes again */
	bool unanswered; /* its first words have had no answer */
	bool held;
	int64_t since_ms; /* when it began to wait; -1: it has not */
	uint32_t hold_ms; /* for how long it may be held from then on */
	int64_t live_ms;  /* since when it has been LIVE */
};

/* --- all of it ------------------------------------------------------------------------------ */

struct simulation {
	const struct simulation_options *o;
	struct simulation_result *r;
	struct topology *topology;
	struct topology_service *service;
	struct journal *journal;
	struct testimony_list testimonies;
	struct rng rng;
	int64_t now_ms, epoch_ms;
	uint64_t work;
	struct error *err;
	bool failed;
	bool begun; /* the first checks are over */
	bool room;  /* who waits is to look again: there may be room */
	bool kick;  /* ... and what it was failed by may be worth another attempt */
	bool has_tracks;
	struct simulation_agenda agenda;
	struct simulation_target *targets;
	struct simulation_unit *units; /* of all services, in the order of their addresses */
	size_t unit_count;
	size_t *place;     /* the unit of each server of the service */
	uint32_t closings; /* units with one that is due */
	struct simulation_visit *visits;
	uint32_t visit_count, live;
	uint32_t free, free_count; /* free: a list by `next` */
	uint32_t line_first, line_last, line_len, held;
	struct simarrival arrival;
	uint32_t arrival_turn;
	int64_t ticks;
	uint32_t tick_turn;
};

/* simulation.c */
void simulation_fail(struct simulation *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* So many looks at a server; false: it has been too much. */
bool simulation_count_work(struct simulation *s, size_t looks);

/* simulation_agenda.c */
void simulation_agenda_add(struct simulation *s, enum simulation_due due, uint32_t id,
                           uint32_t turn, int64_t ms);
bool simulation_agenda_take(struct simulation_agenda *a, struct simulation_item *ret);

/* simulation_clients.c */
void simulation_clients_begin(struct simulation *s);
void simulation_clients_rate(struct simulation *s, const struct simarrival_rate *rate);
void simulation_clients_come(struct simulation *s, bool pooled);
void simulation_clients_arrival(struct simulation *s, uint32_t turn);
void simulation_clients_due(struct simulation *s, const struct simulation_item *item);
/* Those who wait look again; `rested`: those that all servers have failed, too. */
void simulation_clients_serve(struct simulation *s, bool rested);

/* simulation_visits.c: what becomes of sessions that are on a server */
enum simulation_fate {
	SIMULATION_ENDS,
	SIMULATION_IS_CUT,
	SIMULATION_IS_MOVED,
	SIMULATION_IS_REFUSED
};
uint32_t simulation_visits_new(struct simulation *s, bool pooled);
void simulation_visits_over(struct simulation *s, uint32_t id, enum simulation_fate fate);
/* On a server's list, and off it with its claim. */
void simulation_visits_join(struct simulation *s, uint32_t id, uint32_t unit);
void simulation_visits_leave(struct simulation *s, uint32_t id);
/* Of a unit, the oldest last; at most so many.  Returns how many. */
uint32_t simulation_visits_end(struct simulation *s, struct simulation_unit *u, uint32_t most,
                               enum simulation_fate fate);
/* Of a unit, those without an answer go on elsewhere. */
void simulation_visits_release(struct simulation *s, struct simulation_unit *u);
/* The process of the unit has ended; it answers again. */
void simulation_visits_break(struct simulation *s, struct simulation_unit *u);
void simulation_visits_answer(struct simulation *s, struct simulation_unit *u);
/* It looks for a server, or goes on to do so. */
void simulation_clients_go(struct simulation *s, uint32_t id);

/* simulation_checks.c */
void simulation_checks_begin(struct simulation *s);
void simulation_checks_due(struct simulation *s, const struct simulation_item *item);
void simulation_checks_pace(struct simulation *s, size_t target);
void simulation_checks_hurry(struct simulation *s, const struct topology_server *server);

/* simulation_state.c */
struct simulation_cause {
	enum state_event event;
	uint8_t flag;
	enum journal_cause cause;
	const struct probe_result *check; /* or NULL */
	const char *why;
};
void simulation_state_apply(struct simulation *s, struct simulation_unit *u,
                            const struct simulation_cause *c);
/* From time to time: sessions of servers that are gone. */
void simulation_state_close(struct simulation *s);
void simulation_state_note(struct simulation *s, const struct simulation_note *n);

/* simulation_acts.c */
bool simulation_acts_check(struct simulation *s);
void simulation_acts_do(struct simulation *s, uint32_t event);
/* `u` may be, or may not be, chosen from now on. */
void simulation_acts_seen(struct simulation *s, struct simulation_unit *u);
struct simulation_unit *simulation_acts_unit(struct simulation *s,
                                             const struct topology_server *server);

/* simulation_rows.c */
void simulation_rows_add(struct simulation *s);
/* Each tick: is it even again; each second: how uneven is it? */
void simulation_rows_measure(struct simulation *s, bool second);

#endif
