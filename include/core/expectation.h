/* SPDX-License-Identifier: MIT */
#ifndef CORE_EXPECTATION_H
#define CORE_EXPECTATION_H

#include "base/error.h"
#include "base/text.h"
#include "core/drillfacts.h"

/*
 * What a drill is expected to show: "detect<3s,gap<1s,cut=0".  Each name is one number of the whole
 * drill, made of all its outages (the greatest) or services (the greatest, or their sum).  The
 * same numbers are what two drills are compared by.  Pure; any thread.
 *
 * EXPECTATION(name, key, unit, better, meaning)
 *   unit: MS, NUMBER, PERCENT; better: LESS, MORE, NEITHER
 *
 * An outage that began before the record has none of what its beginning would tell and is left out
 * of detect, noticed, lastnew and recover; one that an operator ordered has no detect and noticed.
 * Services of which a number was not recorded, or for `gap` too few clients came, are left out.
 * So are rebalanced and share of an outage after which its service had no session at all.
 * If another number is unknown, or nothing is left, the whole is unknown: that never holds.
 */
#define EXPECTATION_TABLE(X)                                                                       \
	X(DETECT, "detect", MS, LESS,                                                              \
	  "from the first failed check until the server is not usable")                            \
	X(NOTICED, "noticed", MS, LESS, "from the fault until the server is not usable")           \
	X(LASTNEW, "lastnew", MS, LESS,                                                            \
	  "from the first failed check to the last new session that the server got")               \
	X(RECOVER, "recover", MS, NEITHER, "from not usable until usable again")                   \
	X(REBALANCED, "rebalanced", MS, LESS,                                                      \
	  "from usable again until its sessions are within 15 % of even")                          \
	X(SHARE, "share", PERCENT, LESS,                                                           \
	  "how far the sessions of a server that came back are from even at the end")              \
	X(GAP, "gap", MS, LESS,                                                                    \
	  "longest time without an established connection while clients came")                     \
	X(NOSERVER, "noserver", MS, LESS, "time in which a service had no usable server")          \
	X(FAILED, "failed", NUMBER, LESS, "clients turned away")                                   \
	X(CUT, "cut", NUMBER, LESS, "sessions cut")                                                \
	X(ASKED, "asked", NUMBER, LESS, "sessions closed between transactions")                    \
	X(HELD, "held", NUMBER, NEITHER, "clients that were held, at most at a time")              \
	X(MOVED, "moved", NUMBER, NEITHER, "connects that went on to another server")              \
	X(CONNECTS, "connects", NUMBER, LESS, "connects to servers that failed")                   \
	X(CONNECTED, "connected", NUMBER, NEITHER, "connections that were established")            \
	X(OUTAGES, "outages", NUMBER, NEITHER, "times that a server was not usable")

enum expectation_name {
#define X(name, key, unit, better, meaning) EXPECTATION_##name,
	EXPECTATION_TABLE(X)
#undef X
	    EXPECTATION_COUNT
};

enum expectation_unit { EXPECTATION_MS, EXPECTATION_NUMBER, EXPECTATION_PERCENT };

enum expectation_better { EXPECTATION_LESS, EXPECTATION_MORE, EXPECTATION_NEITHER };

struct expectation_info {
	const char *key, *meaning;
	enum expectation_unit unit;
	enum expectation_better better;
};

enum expectation_op {
	EXPECTATION_LT,
	EXPECTATION_LE,
	EXPECTATION_EQ,
	EXPECTATION_GE,
	EXPECTATION_GT
};

struct expectation {
	enum expectation_name name;
	enum expectation_op op;
	int64_t limit; /* ms, a number, percent */
};

enum { EXPECTATION_MAX = 32, EXPECTATION_WHERE_MAX = 160 };

/* One number of a drill. */
struct expectation_value {
	int64_t value;                     /* DRILLFACTS_UNKNOWN: `where` says why */
	char where[EXPECTATION_WHERE_MAX]; /* of the greatest: "psql/n2", "psql"; "" if of none */
};

struct expectation_verdict {
	struct expectation items[EXPECTATION_MAX];
	struct expectation_value values[EXPECTATION_MAX];
	bool ok[EXPECTATION_MAX];
	size_t count, failed;
};

const struct expectation_info *expectation_get(enum expectation_name n);

/*
 * Reads "name OP value" parts with commas between them; blanks are allowed anywhere between words.
 * A duration has a unit (number_parse_duration()); a percentage may have its sign.  The error
 * names the place and says what there is.
 */
bool expectation_parse(const char *s, struct expectation_verdict *ret,
                       struct error *err) MUST_CHECK;

/* Fills values, ok and failed. */
void expectation_judge(const struct drillfacts *f, struct expectation_verdict *v);

/* Of any drill, judged or not. */
void expectation_find(const struct drillfacts *f, enum expectation_name n,
                      struct expectation_value *ret);

/* "detect < 3 s" */
void expectation_describe(const struct expectation *e, struct text *out);

/* Exactly: "700 ms", "3.250 s", "0", "13 %"; "unknown" */
void expectation_add_value(enum expectation_name n, int64_t value, struct text *out);

#endif
