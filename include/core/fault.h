/* SPDX-License-Identifier: MIT */
#ifndef CORE_FAULT_H
#define CORE_FAULT_H

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

/*
 * A fault that is put on sluice's own way to a server, for drills that kill no node.
 *   FAULT(name, word, unit, meaning)
 * unit: of its amount: NONE, MS, RATE (bytes per second, "1M" is 1,048,576), STATUS.
 */
#define FAULT_TABLE(X)                                                                             \
	X(REFUSE, "refuse", NONE, "connects are refused")                                          \
	X(BLACKHOLE, "blackhole", NONE, "nothing comes back: connects and sessions hang")          \
	X(RESET, "reset", NONE, "sessions are reset, and connects when the first byte is sent")    \
	X(DELAY, "delay", MS, "connects and bytes are late by so much in each direction")          \
	X(THROTTLE, "throttle", RATE, "so many bytes a second in each direction of a session")     \
	X(STATUS, "status", STATUS, "checks over HTTP get that status")

enum fault_kind {
	FAULT_NONE,
#define X(name, word, unit, meaning) FAULT_##name,
	FAULT_TABLE(X)
#undef X
	    FAULT_KIND_COUNT
};

struct fault {
	enum fault_kind kind;
	uint32_t amount;
};

/* "refuse", "delay 200ms", "throttle 1M", "status 503"; "none" ends it.  Says what is allowed. */
bool fault_parse(const char *kind, const char *amount, struct fault *ret,
                 struct error *err) MUST_CHECK;
/* The same words again. */
void fault_describe(const struct fault *f, struct text *out);
/* A sentence for the journal and the status: what it does. */
const char *fault_meaning(enum fault_kind kind);

/* In one word for an _Atomic, and back; FAULT_NONE is 0. */
uint64_t fault_pack(struct fault f);
struct fault fault_unpack(uint64_t word);

#endif
