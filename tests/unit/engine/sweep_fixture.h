/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SWEEP_FIXTURE_H
#define TESTS_SWEEP_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

/* For sweeps over the calls of workers, in which the k-th fails: what wraps a call asks here. */
static _Atomic int sweep_left; /* the call that brings this to zero fails */
static pthread_t sweep_main;   /* the test's own calls never do */

static inline bool sweep_fails(int errnum)
{
	if (pthread_equal(pthread_self(), sweep_main) || atomic_load(&sweep_left) <= 0 ||
	    atomic_fetch_sub(&sweep_left, 1) != 1)
		return false;
	errno = errnum;
	return true;
}

/* The descriptors of this process. */
static inline int sweep_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

#endif
