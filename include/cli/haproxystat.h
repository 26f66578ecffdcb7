/* SPDX-License-Identifier: MIT */
#ifndef CLI_HAPROXYSTAT_H
#define CLI_HAPROXYSTAT_H

#include "base/error.h"
#include "core/drill.h"

/*
 * What a recorder needs of HAProxy's `show info` and `show stat` (management manual 9.1).  Columns
 * are found by their names, so that those of any version will do.
 */
enum { HAPROXYSTAT_NAME_MAX = 128 };

/* A server, or a backend: `server` is "". */
struct haproxystat_row {
	char service[HAPROXYSTAT_NAME_MAX], server[HAPROXYSTAT_NAME_MAX];
	enum drill_state state;
	/*
	 * Of a server that is checked: "UP 2/3" and "DOWN 1/2" are 2 and 1, on the way to the other
	 * state; 0: it is not.
	 */
	uint32_t step;
	uint64_t scur, stot, econ, wretr, wredis, srv_abrt;
};

struct haproxystat {
	struct haproxystat_row *rows;
	size_t count;
};

/* From the header line on; what stands before it is skipped.  False: it is no such table. */
bool haproxystat_read(const char *csv, struct haproxystat *ret, struct error *err) MUST_CHECK;
void haproxystat_release(struct haproxystat *s);

/* "UP 2/3", "MAINT (via be/srv)", "no check", ...; `weight` 0 takes no sessions. */
enum drill_state haproxystat_state(const char *status, uint64_t weight, uint32_t *ret_step);

/* The value of "Key: value" in `show info`, up to the end of its line; false: it is not there. */
bool haproxystat_info(const char *info, const char *key, char *ret, size_t size);

#endif
