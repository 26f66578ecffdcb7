/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_WATCHDOG_H
#define CONTROL_WATCHDOG_H

struct crew;
struct ev_loop;

/*
 * Tells the service manager that this process works (sd_watchdog_enabled(3), sd_notify(3)):
 * "WATCHDOG=1" at half of $WATCHDOG_USEC, as long as the control thread and all workers turn.
 * Control thread only.
 */
struct watchdog;

/* NULL: nobody watches this process. */
struct watchdog *watchdog_new(struct ev_loop *loop, struct crew *crew);
/* Says no more. */
void watchdog_stop(struct watchdog *w); /* NULL is fine */
/* After crew_stop().  NULL is fine. */
void watchdog_free(struct watchdog *w);

#endif
