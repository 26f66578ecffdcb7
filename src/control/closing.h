/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_CLOSING_H
#define CONTROL_CLOSING_H

#include "rosterparts.h"

/*
 * Sessions that end because of what became of their server, in their own time: those of a server
 * that is gone (on_marked_down, down_grace, close_spread), and those of one that is drained until a
 * deadline.  Orders name their server by its path, so that it may go in a reload; they are looked
 * at ten times a second while there are any.  In a panic nothing ends that is not proven dead; what
 * is still gone afterwards does.  Control thread.
 */
void closing_init(struct roster *r);
void closing_release(struct roster *r);

/*
 * `s`, whose sessions end with it (shutdown_on_down), is gone.  `proven`: beyond doubt, by what a
 * person or its agent said or because nobody listens there, so that nothing is waited for.
 */
void closing_server_gone(struct roster *r, struct topology_server *s, bool proven);
/* It is there again: what is left stays. */
void closing_server_back(struct roster *r, const struct topology_server *s);

/*
 * `s` drains: for three quarters of the time its sessions are asked, one after another, to end
 * between two transactions; what is there at the end of the time is ended.  0: there is no hurry
 * (any more).
 */
void closing_drain(struct roster *r, struct topology_server *s, uint32_t deadline_ms);

/* What is due at `now_ms` (tick_ms()): the timer's. */
void closing_step(struct roster *r, int64_t now_ms);

#endif
