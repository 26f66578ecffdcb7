/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMSTMT_H
#define SIM_SIMSTMT_H

#include <stddef.h>
#include <stdint.h>

/*
 * The few SQL statements that a simulated node knows.  Words in any case; white space, `--` and
 * block comments count as space; a ';' in quotes ends nothing.
 */
enum simstmt_kind {
	SIMSTMT_EMPTY,
	SIMSTMT_INT,      /* SELECT <int>: `value` */
	SIMSTMT_NODE_ID,  /* SHOW node_id */
	SIMSTMT_SLEEP,    /* SELECT pg_sleep(<seconds>): `sleep_ms` */
	SIMSTMT_BEGIN,    /* BEGIN …, START TRANSACTION … */
	SIMSTMT_COMMIT,   /* COMMIT, END */
	SIMSTMT_ROLLBACK, /* ROLLBACK, ABORT */
	SIMSTMT_SET,      /* SET …: drivers send it when they connect; taken and forgotten */
	SIMSTMT_UNKNOWN
};

struct simstmt {
	enum simstmt_kind kind;
	int64_t value;
	uint64_t sleep_ms;
};

/* Reads the first statement of `sql`; returns the bytes up to and with its ';'. */
size_t simstmt_next(const char *sql, struct simstmt *ret);

#endif
