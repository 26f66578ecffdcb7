/* SPDX-License-Identifier: MIT */
#ifndef NET_LOWFD_H
#define NET_LOWFD_H

#include <stdint.h>

/*
 * Low numbers for the few descriptors of one thread, in a process whose other threads have very
 * many.
 *
 * The kernel gives the lowest number that is free, so while 20,000 connections are open the next
 * health check is number 20,001 or so.  An event loop has room for each number up to the highest
 * that it has ever watched (libev: 16 bytes each): a loop of ten checks would take as much memory
 * as that of the connections.  So some numbers are held from the start, each as a duplicate of
 * something that nobody uses, and a descriptor that comes with a high number takes the place of
 * one.  dup3() puts it there, and the duplicate back, in one step: no other thread can ever be
 * given the number in between, and to give it back needs no descriptor that may not be had.
 *
 * When all are lent, or none could be had, descriptors stay where they are, which costs that
 * memory and nothing else.  The control thread.
 */

enum { LOWFD_MAX = 64 };

/*
 * Holds so many numbers, at most LOWFD_MAX, or as many as can be had; once.  That takes as many
 * descriptors and one more, or none for 0.
 */
void lowfd_hold(uint32_t count);
/* Gives up those that are not lent. */
void lowfd_release(void);

/*
 * Moves a descriptor that nobody watches yet and that is closed on exec: returns its number from
 * now on, which is the same if that is low.  -1 stays -1, with its errno.
 */
int lowfd_move(int fd);
/*
 * The same for a descriptor that somebody else will close by its own number: one more for the same
 * file, or itself.
 */
int lowfd_double(int fd);

/* Closes any descriptor of the thread; a number that was lent is held again. */
void lowfd_close(int fd);

#endif
