/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_CARRIED_H
#define CONTROL_CARRIED_H

#include "base/text.h"
#include "control/roster.h"
#include "core/topology.h"

/*
 * The sessions that a process carries on after another one has taken its place: how it tells how
 * many there are on each server, and what the other one orders of them.  Lines of text as those of
 * control/legacy.h, so that another version leaves out what it does not know: a process tells
 * nothing before it is asked to report, and one that does not report is not known to have obeyed.
 * Servers are matched by name.  Control thread only.
 *
 *   the one that carries on            the one that serves
 *                                 <-   "report seq=N": all, and from then on what changes
 *   "carried service=S name=S sessions=N"
 *   "carrier pid=N since=MS seen=N sessions=N", after them
 *                                 <-   "order seq=N service=S name=S state=WORD"
 *                                 <-   "drain seq=N service=S name=S deadline=MS"
 *                                 <-   "end seq=N service=S name=S"
 *                                 <-   "kill seq=N session=ID"
 */

/* --- the one that carries on -------------------------------------------------------------- */

struct carried_process {
	int pid;               /* 0: not known */
	int64_t since_wall_ms; /* that another one serves; 0: not known */
	uint64_t seen;         /* the last `seq` that it has obeyed, 0: none */
	uint32_t sessions;     /* in all, those without a server included */
};

void carried_process_write(const struct carried_process *p, struct text *out);

/* What was told of each server.  None may come or go meanwhile. */
struct carried_tally;

struct carried_tally *carried_tally_new(const struct topology *t);
void carried_tally_free(struct carried_tally *t); /* NULL is fine */
/* The other one knows nothing (any more). */
void carried_tally_forget(struct carried_tally *t);
/* Adds a line for each server whose number of sessions was told otherwise.  False: none was. */
bool carried_tally_write(struct carried_tally *t, struct text *out);

/* --- the one that serves ------------------------------------------------------------------ */

/* What one process has told. */
struct carried_book;

struct carried_book *carried_book_new(void);
void carried_book_free(struct carried_book *b); /* NULL is fine */
/* Takes one line, without its newline, which is changed.  False, and not changed: it is none. */
bool carried_book_take(struct carried_book *b, char *line);
const struct carried_process *carried_book_process(const struct carried_book *b);
/* Sessions on `s`, or that wait for it. */
uint32_t carried_book_sessions(const struct carried_book *b, const struct topology_server *s);

/* --- orders ------------------------------------------------------------------------------- */

enum carried_kind {
	CARRIED_REPORT,
	CARRIED_ORDER, /* roster_order() */
	CARRIED_DRAIN, /* roster_drain() */
	CARRIED_END,   /* all sessions of the server */
	CARRIED_KILL   /* one session */
};

struct carried_order {
	enum carried_kind kind;
	uint64_t seq;
	const char *service, *server; /* of ORDER, DRAIN, END */
	enum roster_order order;
	uint32_t deadline_ms;
	uint64_t session;
};

void carried_order_write(const struct carried_order *o, struct text *out);
/*
 * `line`, without its newline, is changed, and must outlive `ret`.  False: it is none, or something
 * is missing in it.
 */
bool carried_order_read(char *line, struct carried_order *ret);
/* The server that is meant; NULL: it is not there. */
struct topology_server *carried_order_server(const struct carried_order *o,
                                             const struct topology *t);

#endif
