/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STATUSCELLS_H
#define REPORT_STATUSCELLS_H

#include "report/snapshot.h"

/*
 * The members of /v1/status as a list of cells that can be compared one by one with what they were:
 * of the process, of a service, of a server.  The list of such an object always has the same length
 * and order.  Cells point into the snapshot.
 */
enum { STATUSCELLS_MAX = 128 };

struct statuscell {
	const char *key;
	enum statuscell_kind {
		STATUSCELL_NUMBER,
		STATUSCELL_FLAG,
		STATUSCELL_TIME, /* `number`: milliseconds since the epoch */
		STATUSCELL_TEXT, /* `text`, NULL: null */
		STATUSCELL_OWN,  /* what write(of) adds; `number` is another when that is */
		/* The cells up to the next END are members of it; `number` 0: it is null. */
		STATUSCELL_GROUP,
		STATUSCELL_END
	} kind;
	int64_t number;
	const char *text;
	void (*write)(struct text *out, const void *of);
	const void *of;
};

struct statuscells {
	struct statuscell at[STATUSCELLS_MAX];
	size_t count;
};

void statuscells_of_process(const struct snapshot_process *p, struct statuscells *ret);
void statuscells_of_service(const struct snapshot_service *s, struct statuscells *ret);
/* `p`: of the same snapshot. */
void statuscells_of_server(const struct snapshot_process *p, const struct snapshot_server *s,
                           struct statuscells *ret);

/* Another number when the value is another one. */
uint64_t statuscells_print(const struct statuscell *c);

/* Adds the value; of no GROUP or END. */
void statuscells_write(const struct statuscell *c, struct text *out);

#endif
