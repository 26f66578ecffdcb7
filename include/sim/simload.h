/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMLOAD_H
#define SIM_SIMLOAD_H

#include "base/addr.h"

#include <ev.h>
#include <stdint.h>

/*
 * The clients of a demo: each keeps one SQL session open, runs SELECT 1 every so often, and
 * connects again when its session was lost.  The first `short_lived` of them also leave and come
 * back by themselves, as a pool with a maximum lifetime does.  One loop, one thread.
 */
struct simload;

struct simload_options {
	struct addr to;
	uint32_t clients;
	uint32_t short_lived; /* how many of them */
	uint32_t queries;     /* of a short-lived session */
	uint64_t interval_ms; /* between two queries of a client, ±50 % */
	uint64_t retry_ms;    /* before a client that lost its session connects again */
	uint64_t timeout_ms;  /* of a connect and of a query */
};

struct simload_counts {
	uint32_t now;      /* sessions open */
	uint64_t sessions; /* opened, ever */
	uint64_t ok;       /* queries answered */
	uint64_t errors;   /* queries answered with an error */
	uint64_t failed;   /* connects that led to no session: refused, FATAL, closed, time-out */
	uint64_t cut;      /* sessions that the other side ended, or that stopped answering */
};

struct simload *simload_new(struct ev_loop *loop, const struct simload_options *o);
void simload_free(struct simload *l);
struct simload_counts simload_counts(const struct simload *l);

#endif
