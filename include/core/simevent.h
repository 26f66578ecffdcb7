/* SPDX-License-Identifier: MIT */
#ifndef CORE_SIMEVENT_H
#define CORE_SIMEVENT_H

#include "core/simarrival.h"

#include <stddef.h>

/*
 * What happens in a simulation, in the words of whoever asks for it:
 *
 *   n2 dies at 10s, returns at 60s      what becomes of a node; the second is of n2, too
 *   region=eu-west vanishes at 20s      all nodes whose locality has that part, or those parts
 *   drain psql/n2 at 20s                what a person orders, as after `sluice`
 *   weight n2 50% at 30s
 *   burst 500 at 40s                    what clients do
 *   rate 100/s at 50s
 *
 * Events end with ";", with the line, or with a comma and a space; "#" begins a comment.  "at" may
 * be left out, and the unit of a time may stand for itself ("10 s").  A server is "n2", in every
 * service, or "psql/n2"; "all" is all.
 *
 *   EVENT(NAME, word, form, value, explanation)
 *     form: NODE "SUBJECT word [VALUE]", ORDER "word SUBJECT [VALUE]", CLIENTS "word VALUE"
 *     value: how one is written; "": it takes none
 */
#define SIMEVENT_TABLE(X)                                                                          \
	X(DIES, "dies", NODE, "", "its process ends: connections are refused, sessions are cut")   \
	X(VANISHES, "vanishes", NODE, "", "its host or the network to it is gone: all is silent")  \
	X(HANGS, "hangs", NODE, "",                                                                \
	  "its process stands still; the kernel still takes connections")                          \
	X(DRAINS, "drains", NODE, "", "it says 503 to /health?ready=1, and serves on")             \
	X(SLOWS, "slows", NODE, "200ms", "its answers take so long")                               \
	X(RETURNS, "returns", NODE, "", "it is well again")                                        \
	X(DRAIN, "drain", ORDER, "", "it gets no new sessions, as by `sluice drain`")              \
	X(MAINT, "maint", ORDER, "", "it is out of service, as by `sluice maint`")                 \
	X(READY, "ready", ORDER, "", "drain and maintenance are over, as by `sluice ready`")       \
	X(WEIGHT, "weight", ORDER, "50%", "its weight is so much, 0 to 256 or per cent")           \
	X(BURST, "burst", CLIENTS, "500", "so many clients connect at once")                       \
	X(RATE, "rate", CLIENTS, "100/s", "from now on so many come")

enum simevent_kind {
#define X(name, word, form, value, help) SIMEVENT_##name,
	SIMEVENT_TABLE(X)
#undef X
	    SIMEVENT_KINDS
};

enum {
	SIMEVENT_MAX = 1000, /* events of a simulation */
	SIMEVENT_SUBJECT_MAX = 256,
	SIMEVENT_BURST_MAX = 100000
};

/* No event is later than that. */
#define SIMEVENT_LATEST_MS ((int64_t)24 * 3600 * 1000)

struct simevent {
	enum simevent_kind kind;
	int64_t at_ms;
	char subject[SIMEVENT_SUBJECT_MAX]; /* "" of what clients do */
	uint32_t value; /* SLOWS: milliseconds; WEIGHT: 0..256, or per cent; BURST: clients */
	bool percent;
	struct simarrival_rate rate; /* RATE */
};

struct simevent_list {
	struct simevent *at;
	size_t count;
};

/*
 * Adds the events of `text` to the list.  An error names the event's own text, says how it is
 * written right, and sets *ret_line (may be NULL) to its line, 1 for the first; the events before
 * it are in the list then.
 */
bool simevent_parse(struct simevent_list *l, const char *text, unsigned int *ret_line,
                    struct error *err) MUST_CHECK;
/* By time; those of the same time stay as they are. */
void simevent_sort(struct simevent_list *l);
void simevent_release(struct simevent_list *l);

/* "n2 dies", "weight n2 50%", "burst 500": without the time. */
enum { SIMEVENT_TEXT_MAX = SIMEVENT_SUBJECT_MAX + 64 };
const char *simevent_format(const struct simevent *e, char buf[static SIMEVENT_TEXT_MAX]);

const char *simevent_word(enum simevent_kind k);
const char *simevent_help(enum simevent_kind k);
/* Is it about servers?  Otherwise it is about clients. */
bool simevent_has_subject(enum simevent_kind k);

#endif
