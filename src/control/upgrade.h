/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_UPGRADE_H
#define CONTROL_UPGRADE_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The side of the process that is replaced (succession.h).  Control thread only.
 */
struct upgrade;
struct supervisor;

/* What the rest of the process is to do. */
struct upgrade_hooks {
	/* The successor serves: control sockets are its own, sessions are to end in their time. */
	void (*done)(struct supervisor *s);
	/* It is to stop, and so is this process: within so many milliseconds, 0: at once. */
	void (*leave)(struct supervisor *s, uint32_t limit_ms);
};

/* `argv` is how this process was started; it must outlive it. */
struct upgrade *upgrade_new(struct supervisor *s, char *const *argv,
                            const struct upgrade_hooks *hooks);
/* Tells the last of what was counted: after crew_stop(), before the topology goes.  NULL is fine.
 */
void upgrade_free(struct upgrade *u);

/* The file as it was called, so that one that has replaced it is taken; the caller frees it. */
char *upgrade_find_program(const char *name);

/* SIGUSR2, `upgrade`: starts the successor, or says why not. */
void upgrade_begin(struct upgrade *u, struct text *answer);
/* This process is to stop: a successor that does not serve yet is ended.  NULL is fine. */
void upgrade_cancel(struct upgrade *u);

/* Has a successor been started that does not serve yet?  NULL is fine. */
bool upgrade_is_under_way(const struct upgrade *u);
/* Passes a signal on to it, or to the one that serves. */
void upgrade_signal(const struct upgrade *u, int signum);

/* Has a successor taken its place?  NULL is fine. */
bool upgrade_is_done(const struct upgrade *u);
/* ... and is that one there to be told, and to speak?  NULL is fine. */
bool upgrade_is_heard(const struct upgrade *u);
/* Once a second: what has been counted since.  NULL is fine. */
void upgrade_tell(struct upgrade *u);

#endif
