/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_DRILLBOOK_H
#define CONTROL_DRILLBOOK_H

#include "base/error.h"
#include "core/drill.h"
#include "core/journal.h"
#include "core/topology.h"

/*
 * The record that is always made: what happened to servers, and every 250 ms how many sessions each
 * had, got and lost.  It reaches 30 minutes back, less with very many servers (8 MiB); a drill is
 * only a span of it with a name, so that an outage that nobody planned can be reported on, too.
 * Curves in steps of 5 s always reach 30 minutes back (6 kB for each server and service).
 * Spans are placed by the monotonic clock; a record's times are the wall clock's of now, as long as
 * nobody corrects that the same in each.  No memory is taken for a sample.  Control thread only.
 */
enum {
	DRILLBOOK_EVERY_MS = 250,
	DRILLBOOK_DRILLS = 16,
	DRILLBOOK_NAME_MAX = 64,
	DRILLBOOK_LONGEST_MS = 30 * 60 * 1000
};

struct drillbook;

/* A drill; `to_ms` is 0 while it runs.  Monotonic, as tick_ms(). */
struct drillbook_drill {
	char name[DRILLBOOK_NAME_MAX];
	int64_t from_ms, to_ms;
};

struct drillbook *drillbook_new(const struct topology *topology);
void drillbook_free(struct drillbook *b); /* NULL is fine */

/* Takes the samples that are due: several if the loop was late. */
void drillbook_sample(struct drillbook *b);
/* A new entry of the journal. */
void drillbook_event(struct drillbook *b, const struct journal_event *e);
/* A worker could not connect to `s`. */
void drillbook_connect_failed(struct drillbook *b, const struct topology_server *s);

/*
 * Begins a drill; the one that runs ends.  The name: 1 to 63 letters, digits, '-', '_', '.', the
 * first neither '-' nor '.', not one that is remembered already, and not "last".
 */
bool drillbook_start(struct drillbook *b, const char *name, struct error *err) MUST_CHECK;
/* Ends the one that runs; returns it, or NULL: there is none. */
const struct drillbook_drill *drillbook_stop(struct drillbook *b);

/* The drills that are remembered, oldest first. */
size_t drillbook_count(const struct drillbook *b);
const struct drillbook_drill *drillbook_at(const struct drillbook *b, size_t i);
const struct drillbook_drill *drillbook_find(const struct drillbook *b, const char *name);

/* What makes a time of a drill one of the wall clock. */
int64_t drillbook_offset_ms(const struct drillbook *b);

/* The record of a span; `to_ms` 0: until now.  The caller frees it with drill_free(). */
struct drill *drillbook_record(const struct drillbook *b, const char *name, int64_t from_ms,
                               int64_t to_ms);

/*
 * The last `last_ms` as curves of about so many points, both at least 1: a record with intervals
 * of `every_ms`, as many of them (`samples`) as that needs, the last one not over yet.  They begin
 * at the same times in every history of this length.  Of the series it has SESSIONS, CONNECTED,
 * CUT and, of services, FAILED, with DRILL_NO_COUNT where nothing is known; of the events changes
 * of states and marks.  To be freed as above.
 */
struct drill *drillbook_history(const struct drillbook *b, uint32_t last_ms, uint32_t points);

#endif
