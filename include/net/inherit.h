/* SPDX-License-Identifier: MIT */
#ifndef NET_INHERIT_H
#define NET_INHERIT_H

#include "base/addr.h"
#include "base/error.h"

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Listening sockets that this process was started with: by systemd (sd_listen_fds(3): LISTEN_PID,
 * LISTEN_FDS, descriptors from 3 on), or by the process that it replaces.  sock_listen() looks here
 * before it binds, so whoever holds an address keeps it without a moment in which nobody listens.
 * Main thread, before others start, unless said otherwise.
 */

/* Takes over what the environment announces and forgets the announcement.  Returns how many. */
size_t inherit_take(void);

/* One more; owned by this module until it is found. */
void inherit_add(int fd);

/*
 * The socket that listens on `at`, which is the caller's from now on; -1 if there is none.  For an
 * IPv4 address that is also an IPv6 socket that takes IPv4 clients of the same address or of all.
 */
int inherit_find(const struct addr *at);

/*
 * The descriptor that a configuration calls `number`, which is the caller's from now on: it may
 * have another number here if a process before this one was started with it.
 */
int inherit_find_number(int number);

/* Closes those that nobody wanted. */
void inherit_close_rest(void);

/* Leaves them open, and to somebody else. */
void inherit_forget(void);

/* All sockets of this process that listen; the array is the caller's to free(). */
size_t inherit_collect(int **ret);

/*
 * Announces `fds` to the program that this process is about to execute: copies them to 3, 4, ...
 * and sets the environment.  What has those numbers is out of reach until inherit_take_back(), for
 * which it is kept; without success nothing has changed.
 */
bool inherit_hand_over(const int *fds, size_t count, struct error *err) MUST_CHECK;

/*
 * After inherit_hand_over(), when the program could not be executed: every descriptor has its
 * number again, to an epoll, too, and nothing is announced.
 */
void inherit_take_back(void);

/*
 * Starts a program that gets copies of `fds`, announced as above and with the numbers by which they
 * were found here; of the rest only what is open beyond an exec().  `channel` becomes a descriptor
 * whose number is in the environment's `variable`.  Returns its process id when it has been
 * executed, or -1.  Control thread, other threads may run.
 */
struct inherit_program {
	const char *path;
	char *const *argv;
	const int *fds;
	size_t count;
	int channel;
	const char *variable;
	const sigset_t *blocked; /* signals that wait until the program unblocks them */
};

pid_t inherit_start(const struct inherit_program *p, struct error *err);

#endif
