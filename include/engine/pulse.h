/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_PULSE_H
#define ENGINE_PULSE_H

#include "engine/crew.h"

/*
 * Do all workers turn?  Each is asked by its mailbox and answers on its next turn; nobody waits for
 * the answers.  Control thread.
 */
struct pulse;

/* Asks them for the first time.  `c` must outlive the calls. */
struct pulse *pulse_new(struct crew *c);

/* Has every worker answered since the last call?  Asks again those that have. */
bool pulse_feel(struct pulse *p);

/* After crew_stop(): a question may still be in a mailbox.  NULL is fine. */
void pulse_free(struct pulse *p);

#endif
