/* SPDX-License-Identifier: MIT */
#ifndef CORE_DRILLFACTS_H
#define CORE_DRILLFACTS_H

#include "core/drill.h"

/*
 * What a drill's record says about each outage and each service, in numbers.  Pure; any thread.
 *
 * Times of events are exact to the millisecond, counts are as fine as the record's intervals: an
 * interval that only partly lies in a span belongs to it as a whole.  What the record cannot tell
 * is DRILLFACTS_UNKNOWN, never 0.
 */
enum {
	DRILLFACTS_UNKNOWN = -1,
	DRILLFACTS_MARK_MS = 60000, /* a mark this long before an outage may be what began it */
	DRILLFACTS_LOOK_BACK_MS = 3000,
	DRILLFACTS_EVEN_PERCENT = 15
};

/*
 * A span in which a server is not usable, begun by DOWN, NOLB, DRAIN or MAINT.  A server that waits
 * for its first check has no outage; one that is out already when the record begins has one with
 * `early`.
 */
struct drillfacts_outage {
	size_t service, server;
	enum drill_state state;   /* that began it; of an early one: the state at the beginning */
	enum drill_state gravest; /* DOWN if it ever was, else `state` */
	const char *cause;        /* of that state, in words; "" if nobody said */
	bool early;               /* it began before the record */
	bool ordered;             /* by a person: DRAIN or MAINT */
	bool idle;                /* it is back, and its service has no session from then on */

	int64_t out_ms;  /* wall clock: not usable from here; of an early one: the record's begin */
	int64_t back_ms; /* wall clock: usable again; unknown: not before the record's end */

	/*
	 * Wall clock: the first of the row of failed checks that led to it, a row that no good
	 * check interrupts.  The answer itself if that was a request for no new sessions; `out_ms`
	 * of an ordered one.  Unknown of an early one, and if the record has no failed check.
	 */
	int64_t first_bad_ms;
	/*
	 * Wall clock: the fault behind it: the last FAULT that began on this server, on its service
	 * or on all since its outage before, and was not over; else the last MARK of the
	 * DRILLFACTS_MARK_MS before it that is of this server or has its name as a word.  Of an
	 * ordered one unknown.  Neither is looked for before its outage before was over.
	 */
	int64_t fault_ms;
	const char *fault; /* what that was; "" if unknown */

	/*
	 * Wall clock, where its counts begin: the fault, or the first failed check, or else out_ms.
	 * Without a fault, clients may have felt it before the checks: it is moved back to the
	 * first interval of the DRILLFACTS_LOOK_BACK_MS before in which a connect to the server
	 * failed or a session on it was cut.
	 */
	int64_t began_ms;

	int64_t detect_ms;  /* first_bad_ms .. out_ms; unknown of one that was ordered */
	int64_t noticed_ms; /* fault_ms .. out_ms */
	/*
	 * From first_bad_ms to the end of the last interval in which the server got a session, of
	 * those that lie wholly between first_bad_ms and back_ms.  0: none.
	 */
	int64_t last_new_ms;

	/*
	 * Sums of the server's series from began_ms until it is back.  Cut and asked of an ordered
	 * or polite outage are what the balancer or the node ended in it.
	 */
	int64_t failed, cut, asked, moved;
	/*
	 * On the server at began_ms: at the end of the last interval before it, or at the record's
	 * beginning; if it began at out_ms, or neither is recorded, what its state said.  Never
	 * less than cut and asked.
	 */
	int64_t sessions;
	/* sessions - cut - asked: they ended by themselves or are still there.  Asked that was not
	 * recorded counts as none here. */
	int64_t survived;
	int64_t held; /* clients of the service that were held, at most at a time */

	int64_t recover_ms; /* out_ms .. back_ms; unknown of an early one */
	/*
	 * From back_ms to the end of the first interval at which its sessions are even: they differ
	 * from the mean of the usable servers of its service by at most DRILLFACTS_EVEN_PERCENT, or
	 * by less than one session.  Weights are not in a record: servers are taken as equal.
	 * Unknown if that is not reached before its next outage or the end, or there is no session.
	 */
	int64_t rebalanced_ms;
	/* How far its sessions are from that mean at the end, in percent of it, rounded up; unknown
	 * if it is not usable then or there is no session. */
	int64_t share_percent;
};

struct drillfacts_service {
	/*
	 * The longest time without an established connection while clients came: the greatest value
	 * of the series GAP, or if that was not recorded the longest row of intervals without one.
	 * A gap counts if a connection ends it and clients come all the time (at least every second
	 * interval between the first connection and the last has one), or if clients suffered in
	 * it: one was turned away or held, a connect failed or moved.  Time before the record does
	 * not count.  Unknown if too few clients came.
	 */
	int64_t gap_ms;
	int64_t gap_end_ms; /* wall clock: when it ended, as fine as an interval; or unknown */

	int64_t failed; /* clients turned away */
	/* Of the service if it was recorded there, else of its servers together. */
	int64_t connected, cut, asked, moved;
	int64_t held;     /* clients held, at most at a time */
	int64_t connects; /* connects to its servers that failed */
	/* Time in which none of its servers was usable; not that of a start, in which none has been
	 * usable yet and one waits for its first check. */
	int64_t no_server_ms;
};

struct drillfacts {
	struct mem_arena arena;
	const struct drill *drill;
	struct drillfacts_outage *outages; /* as they began */
	size_t outage_count;
	struct drillfacts_service *services; /* one for each of the record */
};

/* `d` has to outlive the result; give that back with drillfacts_release(). */
void drillfacts_find(const struct drill *d, struct drillfacts *ret);
void drillfacts_release(struct drillfacts *f);

/* Names of what an outage is of, from the record. */
const char *drillfacts_server(const struct drillfacts *f, const struct drillfacts_outage *o);
const char *drillfacts_service(const struct drillfacts *f, const struct drillfacts_outage *o);

#endif
