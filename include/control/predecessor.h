/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_PREDECESSOR_H
#define CONTROL_PREDECESSOR_H

/*
 * For a process that has just been started and may be meant to take the place of another one
 * (SIGUSR2 there, control/supervisor.h).  Main thread, before others start.
 */

/* The descriptor over which they talk, for supervisor_options; 0: there is no such process. */
int predecessor_find(void);

/* Tells that process why this one will not take its place; it goes on.  0 is fine. */
void predecessor_refuse(int channel, const char *why);

#endif
