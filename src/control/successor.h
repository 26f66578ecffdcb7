/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SUCCESSOR_H
#define CONTROL_SUCCESSOR_H

#include "base/error.h"
#include "base/text.h"
#include "control/roster.h"
#include "report/snapshot.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The side of the process that takes another one's place (succession.h), and afterwards that one
 * which hears what its predecessors still count.  Control thread only.
 */
struct successor;
struct supervisor;

/* `channel` is taken over, as it came (supervisor_options.predecessor). */
struct successor *successor_new(struct supervisor *s, int channel);
void successor_free(struct successor *h); /* NULL is fine */

/*
 * Everything is open: says so, waits for the predecessor's state and puts it in force.  If that one
 * is gone meanwhile this process goes on without its state.  False: it says nothing.
 */
bool successor_take_over(struct successor *h, struct error *err) MUST_CHECK;

/* Clients are served now. */
void successor_accepting(struct successor *h);

/* Sessions that predecessors still have; `ret_left` the number of these processes; NULL is fine. */
uint32_t successor_sessions(const struct successor *h, size_t *ret_count);

/*
 * What people order of a server, or of a session, concerns their sessions, too (control/carried.h).
 * NULL is fine.
 */
void successor_order(struct successor *h, const struct topology_server *s, enum roster_order state);
void successor_drain(struct successor *h, const struct topology_server *s, uint32_t deadline_ms);
void successor_end_sessions(struct successor *h, const struct topology_server *s);
/* False: the session cannot be one of theirs. */
bool successor_kill(struct successor *h, uint64_t id);
/* At most `most` of them; returns how many. */
size_t successor_list(const struct successor *h, struct snapshot_predecessor *ret, size_t most);
/* Once a second.  NULL is fine. */
void successor_tend(struct successor *h);

/* Predecessors are to leave within so many milliseconds, 0: at once.  NULL is fine. */
void successor_dismiss(struct successor *h, uint32_t limit_ms);

/*
 * This process is about to be followed itself: what predecessors tell is not read any more, so that
 * the next one hears it; or it is read again.  NULL is fine.
 */
void successor_listen(struct successor *h, bool on);
/* Descriptors of what they tell: at most `most`, still this module's. */
size_t successor_streams(const struct successor *h, int *ret, size_t most);

#endif
