/* SPDX-License-Identifier: MIT */
#ifndef CORE_CHECKLOG_H
#define CORE_CHECKLOG_H

#include "core/journal.h"

#include <stddef.h>

/*
 * The last checks of a server and what made its health what it is, for whoever asks why.  A ring:
 * its memory is taken with the first entry and given back with free(), no check takes more.  Pure,
 * without a clock; of one thread (control).
 */
enum { CHECKLOG_SIZE = 16 };

/* What is to be remembered. */
struct checklog_moment {
	int64_t wall_ms, ms;    /* when it was: since the epoch, and tick_ms() */
	enum state_event event; /* what it was taken for; STATE_EVENT_COUNT: for nothing */
	enum journal_cause cause;
	const struct probe_result *check; /* NULL: none was behind it */
	struct state before, after;
};

struct checklog_entry {
	int64_t wall_ms, ms;    /* ms 0: there is none */
	uint64_t before, after; /* state_pack() */
	uint32_t duration_ms;
	uint32_t run;    /* so many good or bad ones in a row, with this one; 0: it was neither */
	uint16_t status; /* as the rest, of the check's probe_result */
	uint8_t code;    /* enum probe_code; UNKNOWN: no check */
	uint8_t event;   /* enum state_event */
	uint8_t cause;   /* enum journal_cause */
	bool draining;
	char info[sizeof(((struct probe_result *)0)->info)]; /* or an agent's line */
};

struct checklog {
	uint32_t count; /* that were added, ever */
	struct checklog_entry at[CHECKLOG_SIZE];
	struct checklog_entry decided; /* what changed its health last */
};

/* A check has ended (`check` is not NULL).  *log may be NULL before the first. */
void checklog_add(struct checklog **log, const struct checklog_moment *m);

/* Its health has changed; before the check behind it, if there is one, is added. */
void checklog_decide(struct checklog **log, const struct checklog_moment *m);

/* The newest (0), the one before (1) ...; NULL if there are not as many. */
const struct checklog_entry *checklog_at(const struct checklog *log, size_t i);
/* What changed its health last, if that led to `health`; otherwise NULL. */
const struct checklog_entry *checklog_decided(const struct checklog *log, enum state_health health);

/* The check's result again. */
struct probe_result checklog_result(const struct checklog_entry *e);

#endif
