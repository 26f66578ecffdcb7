/* SPDX-License-Identifier: MIT */
#ifndef CORE_DESCRIPTORS_H
#define CORE_DESCRIPTORS_H

#include "core/settings.h"

/*
 * File descriptors: two for each session, and what the process needs besides.  One sum for who
 * opens them (control/opening.h) and for who looks at a configuration beforehand (conf/lint.h).
 * `threads`: how many workers there are, at least 1.  `nofile`: how many descriptors the process
 * may have.
 */
enum {
	DESCRIPTORS_PER_SESSION = 2,
	DESCRIPTORS_SESSIONS_MAX = 1048576, /* however many there are */
	DESCRIPTORS_OPERATORS_MAX = 256
};

/* Low numbers that are held for the control thread's own (net/lowfd.h): 0 where all are low. */
uint32_t descriptors_low(uint64_t nofile);

/*
 * Pipes for large transfers, of two descriptors each, that a worker opens at most when the process
 * may have so many sessions: one for 64, but at least 16 and at most 256.
 */
uint32_t descriptors_pipes(uint64_t sessions);

/* Operators' connections that each admin endpoint and each socket lets in. */
uint32_t descriptors_operators(uint64_t nofile);

/* Sessions that there is room for: from 1 to DESCRIPTORS_SESSIONS_MAX. */
uint32_t descriptors_sessions(const struct settings *set, uint32_t threads, uint64_t nofile);

/* What is enough for so many sessions: `nofile` if that is, else more.  There is no maximum. */
uint64_t descriptors_needed(const struct settings *set, uint32_t threads, uint32_t sessions,
                            uint64_t nofile);

#endif
