/* SPDX-License-Identifier: MIT */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include "base/error.h"
#include "base/text.h"
#include "core/settings.h"

/*
 * What a configuration will do, in plain words and with its own numbers, for people: how long
 * checks take to find what, who gets which share, who serves when, and what becomes of a node that
 * drains.  Lines fit 80 columns unless a name or a number is long.
 *
 *   EXPLAIN(TOPIC, word, summary)
 */
#define EXPLAIN_TABLE(X)                                                                           \
	X(DETECTION, "detection", "how long checks take to find a server that drains or fails")    \
	X(BALANCE, "balance", "which share of the sessions each server gets")                      \
	X(TIERS, "tiers", "which servers serve when")                                              \
	X(DRAIN, "drain", "what sluice does while a node drains, phase by phase")

enum explain_topic {
#define X(name, word, summary) EXPLAIN_##name,
	EXPLAIN_TABLE(X)
#undef X
	    EXPLAIN_TOPICS
};

/* What the file cannot tell. */
struct explain_facts {
	bool initial_wait_given;
	uint64_t initial_wait_ms; /* server.shutdown.initial_wait of the cluster */
};

/* By its word; the error names the nearest one, or all. */
bool explain_find(const char *word, enum explain_topic *ret, struct error *err) MUST_CHECK;

void explain_write(enum explain_topic topic, const struct settings *s,
                   const struct explain_facts *facts, struct text *out);

#endif
