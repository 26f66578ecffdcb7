/* SPDX-License-Identifier: MIT */
#ifndef CLI_HAPROXYREC_H
#define CLI_HAPROXYREC_H

#include "base/error.h"
#include "core/drill.h"

/*
 * Builds the record of a drill (core/drill.h) from what HAProxy's socket and its log say, so that
 * it can be compared with one of this daemon.  One poll is one interval; it is told the time and
 * reads none.  What the series are made of, from `show stat`:
 *
 *   SESSIONS   scur of the server; of a service the sum of its servers
 *   CONNECTED  stot - econ - wretr - wredis of the server: stot counts every server that was
 *              chosen, the others those that then could not be connected; never below 0
 *   FAILED     econ: of a server connects that were the last try of their client; of a service its
 *              BACKEND's, clients turned away
 *   MOVED      wredis of the server: connects that went on to another one
 *   CUT        srv_abrt of the server, and what only the log knows: sessions that HAProxy ended
 *              itself (termination states D, U, K) or by its server time-out
 *   GAP        intervals in a row without a connection of the service, noted where one ends it
 *
 * All but the first and the last are what came since the poll before; counters of a process that
 * has started since begin with 0, those that were cleared give nothing once.  ASKED and HELD do not
 * exist in HAProxy and are not recorded.
 *
 * States are those of the log, by its time stamps; the polled ones fill in what it does not say
 * within HAPROXYREC_LOG_LATE_MS.  Without a log they are all there is, as fine as the polls.
 */
enum { HAPROXYREC_LOG_LATE_MS = 2000 };

struct haproxyrec;

struct haproxyrec_options {
	const char *name;  /* of the drill, or "" */
	const char *where; /* of the socket, for the first mark */
	uint32_t every_ms;
	int64_t from_ms; /* wall clock: now */
	bool has_log;
};

/* Strings of the options are copied. */
struct haproxyrec *haproxyrec_new(const struct haproxyrec_options *o);
void haproxyrec_free(struct haproxyrec *r); /* NULL is fine */

/* The answer to "show info;show stat" that counting begins with. */
bool haproxyrec_first(struct haproxyrec *r, const char *answer, struct error *err) MUST_CHECK;

/*
 * The same at the end of an interval, NULL: HAProxy did not give one.  Intervals for which no poll
 * came in time repeat the sessions of the one before.  An answer that is not understood counts as
 * none: false.
 */
bool haproxyrec_poll(struct haproxyrec *r, int64_t wall_ms, const char *answer,
                     struct error *err) MUST_CHECK;

/* A line of the log. */
void haproxyrec_line(struct haproxyrec *r, int64_t seen_ms, const char *line);

/* The record until `to_ms`.  The caller frees it with drill_free(); `r` is to be freed then. */
struct drill *haproxyrec_finish(struct haproxyrec *r, int64_t to_ms);

#endif
