/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMHEALTH_H
#define SIM_SIMHEALTH_H

#include "sim/simhttp.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What the health endpoints of CockroachDB answer, byte for byte, and the faults that are laid
 * over it: slow, flapping, a fixed status, not ready with a text.  Pure but for `now_ms`.
 */
struct simhealth {
	uint64_t delay_ms; /* answer after this long */
	uint64_t flap_ms;  /* alternate: this long well, this long 503; 0: no flapping */
	int64_t flap_since_ms;
	int status;        /* answer this to every health request; 0: the truth */
	char unready[128]; /* not ready, with this text; "": the truth */
	uint64_t requests; /* ever */
};

/* Is it one of /health, /_admin/v1/health, /api/v2/health/ ? */
bool simhealth_is_path(const char *path);

/*
 * Answers a health request.  `not_ready` is NULL for a node that is ready, else the text that says
 * why; only a request with ready=1|true sees it.
 */
void simhealth_answer(struct simhealth *h, int64_t now_ms, const char *not_ready,
                      const char *method, const char *path, const char *query,
                      struct simhttp_reply *reply);

#endif
