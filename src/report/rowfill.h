/* SPDX-License-Identifier: MIT */
#ifndef REPORT_ROWFILL_H
#define REPORT_ROWFILL_H

#include "report/snapshot.h"

#include <string.h>

/* How the fields of a row are set, for the files that fill rows. */

/* A field with a number, one with words. */
static inline void rowfill_put(struct snapshot_row *r, enum metric m, uint64_t n)
{
	r->at[m] = (struct snapshot_value){ .present = true, .number = (int64_t)n };
}

static inline void rowfill_say(struct snapshot_row *r, enum metric m, const char *text)
{
	r->at[m] = (struct snapshot_value){ .present = true, .text = text };
}

/* HAProxy tells of a UNIX socket that it is one, not where. */
static inline void rowfill_say_address(struct snapshot_row *r, const char *address)
{
	rowfill_say(r, METRIC_ADDR, strncmp(address, "unix:", 5) == 0 ? "unix" : address);
}

static inline void rowfill_zero(struct snapshot_row *r, const enum metric *m, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rowfill_put(r, m[i], 0);
}

#define ROWFILL_ZERO(row, ...)                                                                     \
	rowfill_zero((row), (const enum metric[]){ __VA_ARGS__ },                                  \
	             sizeof((const enum metric[]){ __VA_ARGS__ }) / sizeof(enum metric))

/* What every row has.  `r` must be all zero. */
static inline void rowfill_begin(struct snapshot_row *r, enum snapshot_kind kind, const char *proxy,
                                 uint32_t proxy_id, const char *name, uint32_t id)
{
	r->kind = kind;
	r->proxy = proxy;
	r->name = name;
	r->proxy_id = proxy_id;
	r->server_id = id;
	rowfill_say(r, METRIC_PXNAME, proxy);
	rowfill_say(r, METRIC_SVNAME, name);
	rowfill_say(r, METRIC_MODE, "tcp");
	rowfill_put(r, METRIC_PID, 1);
	rowfill_put(r, METRIC_IID, proxy_id);
	rowfill_put(r, METRIC_SID, id);
	rowfill_put(r, METRIC_TYPE, (uint64_t)kind);
	ROWFILL_ZERO(r, METRIC_DRESP, METRIC_WREW, METRIC_EINT);
}

#endif
