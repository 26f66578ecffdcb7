/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_DRILLBOOKPARTS_H
#define CONTROL_DRILLBOOKPARTS_H

#include "base/mem.h"
#include "control/drillbook.h"

/* What the files of the drill book share. */
enum { DRILLBOOK_EVENTS = 4096, DRILLBOOK_TEXT_MAX = 160 };

/* A service, or a server of one; it stays when its server has gone. */
struct drillbook_row {
	char service[JOURNAL_NAME_MAX], server[JOURNAL_NAME_MAX]; /* server "": the service */
	uint32_t *at[DRILL_SERIES_COUNT];  /* rings; NULL: not of such a row */
	uint64_t seen[DRILL_SERIES_COUNT]; /* counters, as they were last */
	uint64_t connects_failed;          /* of a server: noted so far */
	enum drill_state state;
	int64_t checked_ms; /* when the failed check was noted that began a row of them; 0: none */
	bool passed;        /* a good check was noted since the state, or a failed one */
	uint64_t gone;      /* samples since it was last there; 0: it is */
	uint64_t begun;     /* the first sample of it */
	uint32_t *bins;     /* drillbook_history.c's */
};

struct drillbook_note {
	int64_t ms;
	size_t row; /* of the server or service; SIZE_MAX: of none */
	enum drill_kind kind;
	enum drill_state before, state;
	bool good;
	uint32_t sessions;
	char text[DRILLBOOK_TEXT_MAX];
};

struct drillbook {
	const struct topology *topology;
	struct drillbook_row **rows;
	size_t row_count, row_limit;
	size_t found;      /* the row that was asked for last */
	size_t capacity;   /* samples of a ring */
	uint64_t taken;    /* samples so far */
	uint64_t woke;     /* the first one after a sleep that was too long for the rings */
	uint64_t binned;   /* bins so far: drillbook_history.c */
	int64_t begin_ms;  /* when the first interval began */
	int64_t offset_ms; /* from the monotonic clock to the wall clock */
	struct drillbook_note *notes;
	uint64_t noted;
	struct drillbook_drill drills[DRILLBOOK_DRILLS];
	size_t drill_count;
};

/* The row of that name, made if there is none; `server` NULL: of the service. */
size_t drillbook_series_row(struct drillbook *b, const char *service, const char *server);
/* Rows for all that the topology has now. */
void drillbook_series_prepare(struct drillbook *b);

/* Begins the curves of a row: it has its names. */
void drillbook_history_begin_row(const struct drillbook *b, struct drillbook_row *r);
/* After each sample. */
void drillbook_history_tend(struct drillbook *b);

/* The number of the oldest note that is remembered. */
uint64_t drillbook_notes_first(const struct drillbook *b);
/* What was noted of that row is told no more: it is another's now. */
void drillbook_notes_forget(struct drillbook *b, size_t row);

enum drill_state drillbook_notes_state(const struct state *s);

#endif
