/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMEXEC_H
#define SIM_SIMEXEC_H

#include "base/text.h"
#include "sim/simstmt.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Executing a statement: the transaction status of one session and the messages that answer.
 * SQLSTATEs are those of CockroachDB.  Writes into a text; waits for nothing.
 */
struct simexec {
	uint32_t node_id;
	char status; /* as in ReadyForQuery: 'I' idle, 'T' in a transaction, 'E' in a failed one */
};

enum simexec_result {
	SIMEXEC_DONE,
	SIMEXEC_SLEEP, /* answer with simexec_finish_sleep() after `sleep_ms` */
	SIMEXEC_FAILED /* the ErrorResponse is written */
};

enum { SIMEXEC_DESCRIBE = 1, SIMEXEC_BINARY = 2 };

/* RowDescription before the rows with SIMEXEC_DESCRIBE; values in binary with SIMEXEC_BINARY. */
enum simexec_result simexec_run(struct simexec *x, const struct simstmt *s, unsigned int flags,
                                struct text *out);

/* RowDescription, or NoData for a statement without rows. */
void simexec_describe(const struct simstmt *s, bool binary, struct text *out);

/* The row of pg_sleep() and its CommandComplete. */
void simexec_finish_sleep(bool binary, struct text *out);

/* An ErrorResponse; a transaction fails with it. */
void simexec_fail(struct simexec *x, const char *sqlstate, const char *message, struct text *out);

#endif
