/* SPDX-License-Identifier: MIT */
#ifndef NET_INHERIT_H
#define NET_INHERIT_H

#include "base/addr.h"
#include "base/error.h"

#include <stddef.h>

/*
 * Listening sockets that this process was started with: by systemd (sd_listen_fds(3): LISTEN_PID,
 * LISTEN_FDS, descriptors from 3 on), or by the process that it replaces.  sock_listen() looks here
 * before it binds, so whoever holds an address keeps it without a moment in which nobody listens.
 * Main thread, before others start.
 */

/* Takes over what the environment announces and forgets the announcement.  Returns how many. */
size_t inherit_take(void);

/* One more; owned by this module until it is found. */
void inherit_add(int fd);

/* The socket that listens on `at`, which is the caller's from now on; -1 if there is none. */
int inherit_find(const struct addr *at);

/* Closes those that nobody wanted. */
void inherit_close_rest(void);

/* Leaves them open, and to somebody else. */
void inherit_forget(void);

/* All sockets of this process that listen; the array is the caller's to free(). */
size_t inherit_collect(int **ret);

/*
 * Announces `fds` to the program that this process is about to execute: moves them to 3, 4, ... and
 * sets the environment.  Closes nothing else; what is in the way is moved.
 */
bool inherit_hand_over(const int *fds, size_t count, struct error *err) MUST_CHECK;

#endif
