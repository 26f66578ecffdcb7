/* SPDX-License-Identifier: MIT */
#include "core/descriptors.h"

enum {
	SPARE = 32,       /* files being read, look-ups, the loops' own */
	OF_A_WORKER = 3,  /* its loop and its mailbox */
	MORE_NODES = 128, /* that discovery may bring, with a check each */
	LOW = 64,         /* more checks and operators at once are rare */
	MANY = 16384,     /* with fewer descriptors no number is worth moving */
	OPERATORS_SHARE = 16,
	PIPES_SHARE = 8, /* pipes are counted up to such a part of all descriptors */
	PIPES_LEAST = 16,
	PIPES_MOST = 256,
	SESSIONS_PER_PIPE = 64
};

uint32_t descriptors_low(uint64_t nofile)
{
	return nofile < MANY ? 0 : LOW;
}

uint32_t descriptors_pipes(uint64_t sessions)
{
	uint64_t most = sessions / SESSIONS_PER_PIPE;

	if (most < PIPES_LEAST)
		return PIPES_LEAST;
	return most < PIPES_MOST ? (uint32_t)most : PIPES_MOST;
}

uint32_t descriptors_operators(uint64_t nofile)
{
	uint64_t share = nofile / OPERATORS_SHARE;

	return share < DESCRIPTORS_OPERATORS_MAX ? (uint32_t)share : DESCRIPTORS_OPERATORS_MAX;
}

/*
 * What is not for sessions: listeners, a check for each target, logs, loops, operators, and the
 * numbers that are held for these, one descriptor more than they are.
 */
static uint64_t others(const struct settings *set, uint32_t threads, uint64_t nofile)
{
	uint32_t low = descriptors_low(nofile);
	uint64_t n = SPARE + (low ? low + 1 : 0) + set->target_count + set->log_count +
	             (uint64_t)OF_A_WORKER * threads + (set->discover ? MORE_NODES : 0);

	for (size_t i = 0; i < set->service_count; i++) {
		n += set->services[i].bind_count + settings_warm_most(&set->services[i], threads);
		for (size_t k = 0; k < set->services[i].frontend_count; k++)
			n += set->services[i].frontends[k].bind_count;
	}
	return n + (set->admin_count + set->socket_count) * (descriptors_operators(nofile) + 1UL);
}

/*
 * What the workers' pipes take, if there are many descriptors: a transfer that gets no pipe goes on
 * without.
 */
static uint64_t of_pipes(uint32_t threads, uint64_t nofile, uint64_t sessions)
{
	uint64_t n = 2ULL * threads * descriptors_pipes(sessions);

	return n < nofile / PIPES_SHARE ? n : nofile / PIPES_SHARE;
}

static uint64_t reserved(const struct settings *set, uint32_t threads, uint64_t nofile)
{
	uint64_t n = others(set, threads, nofile);
	uint64_t left = nofile > n ? nofile - n : 0;

	return n + of_pipes(threads, nofile, left / DESCRIPTORS_PER_SESSION);
}

uint32_t descriptors_sessions(const struct settings *set, uint32_t threads, uint64_t nofile)
{
	uint64_t other = reserved(set, threads, nofile);
	uint64_t room = nofile > other ? (nofile - other) / DESCRIPTORS_PER_SESSION : 0;

	if (room < 1)
		return 1;
	return room < DESCRIPTORS_SESSIONS_MAX ? (uint32_t)room : DESCRIPTORS_SESSIONS_MAX;
}

/* What is reserved has an upper limit, so this ends. */
uint64_t descriptors_needed(const struct settings *set, uint32_t threads, uint32_t sessions,
                            uint64_t nofile)
{
	uint64_t own = (uint64_t)sessions * DESCRIPTORS_PER_SESSION;

	for (;;) {
		uint64_t need = own + reserved(set, threads, nofile);

		if (need <= nofile)
			return nofile;
		nofile = need;
	}
}
