/* SPDX-License-Identifier: MIT */
#ifndef CLI_HAPROXYRECPARTS_H
#define CLI_HAPROXYRECPARTS_H

#include "cli/haproxyrec.h"
#include "cli/haproxystat.h"

/* What the files of the recorder share. */

/* A server, or a service (server ""). */
struct haproxyrec_row {
	char service[HAPROXYSTAT_NAME_MAX], server[HAPROXYSTAT_NAME_MAX];
	uint32_t *at[DRILL_SERIES_COUNT];  /* `room` counts each; NULL: not recorded */
	uint64_t seen[DRILL_SERIES_COUNT]; /* counters, as they were last */
	uint64_t killed;                   /* by the log, so far */
	int64_t began_with;                /* of a server: sessions at the beginning; -1: unknown */
	bool is_known;                     /* it was polled: `seen` and `state` are of it */
	enum drill_state first, state;
	uint32_t step;      /* of the last poll, see haproxystat_row */
	bool failing;       /* a failed check was noted since it was good */
	bool passing;       /* a good check was noted since it was DOWN */
	bool without;       /* of a service: no server is left */
	int64_t differs_ms; /* since when the polled state is another; 0: it is not */
};

struct haproxyrec_event {
	size_t row; /* SIZE_MAX: of none */
	struct drill_event event;
};

struct haproxyrec {
	struct drill *drill; /* holds strings */
	bool has_log;
	struct haproxyrec_row **rows;
	size_t row_count;
	size_t samples, room;
	struct haproxyrec_event *events;
	size_t event_count;
	char pid[32];
	bool lost;
};

/* NULL: no such row; `server` "": of the service. */
struct haproxyrec_row *haproxyrec_row(const struct haproxyrec *r, const char *service,
                                      const char *server);

/* An event, to be filled in further; of no row if `row` is NULL. */
struct drill_event *haproxyrec_states_note(struct haproxyrec *r, const struct haproxyrec_row *row,
                                           enum drill_kind kind, int64_t wall_ms, const char *text);
/* What a poll says about a row that is known. */
void haproxyrec_states_poll(struct haproxyrec *r, struct haproxyrec_row *row,
                            const struct haproxystat_row *now, int64_t wall_ms);

#endif
