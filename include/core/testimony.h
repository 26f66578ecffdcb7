/* SPDX-License-Identifier: MIT */
#ifndef CORE_TESTIMONY_H
#define CORE_TESTIMONY_H

#include "core/topology.h"

/*
 * What clients met at a server, remembered for the check that it hurries: a process that is gone
 * refuses both, one that is frozen, or a host that has vanished, answers neither.  `now_ms`:
 * tick_ms(), or the time that is simulated.  Control thread.
 */
enum testimony_kind {
	TESTIMONY_NONE,
	TESTIMONY_REFUSED, /* nobody listens there */
	TESTIMONY_SILENT   /* no connection, or no answer to the first words, in time */
};

enum { TESTIMONY_ROOM = 32, TESTIMONY_FRESH_MS = 1000 };

struct testimony {
	size_t slot; /* of the checker */
	int64_t ms;
	enum testimony_kind kind;
	uint32_t valid_ms; /* so long after `ms` */
};

struct testimony_list {
	struct testimony at[TESTIMONY_ROOM];
	uint32_t next; /* the oldest, which is overwritten */
};

/* Does that result say that nobody listens there? */
bool testimony_refused(const struct probe_result *result);

/* A client met that at `s`. */
void testimony_note(struct testimony_list *l, const struct topology_server *s,
                    enum testimony_kind kind, int64_t now_ms);

/*
 * Does that result of its check confirm what a client met: is it dead beyond doubt?  In HAProxy's
 * place (`haproxy`) failures are counted as HAProxy does, unless the server is observed.
 */
enum testimony_kind testimony_confirms(const struct testimony_list *l,
                                       const struct topology_server *s,
                                       const struct probe_result *result, bool haproxy,
                                       int64_t now_ms);

#endif
