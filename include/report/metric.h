/* SPDX-License-Identifier: MIT */
#ifndef REPORT_METRIC_H
#define REPORT_METRIC_H

/*
 * The columns of `show stat` and the families of /metrics, from one table (report/metrics.def).
 * A row of a snapshot is an array indexed by enum metric.
 */
enum metric {
#define METRIC(name, column, family, kind, unit, scopes, tags, type, help) METRIC_##name,
#include "report/metrics.def"
	METRIC_COUNT
};

enum metric_kind {
	METRIC_KIND_GAUGE,
	METRIC_KIND_COUNTER,
	METRIC_KIND_HTTP, /* a counter that has series for proxies of mode http alone */
	METRIC_KIND_HTTP_GAUGE,
	METRIC_KIND_STATE, /* words: one series for each of them */
	METRIC_KIND_TEXT   /* words: never a series */
};

enum metric_unit {
	METRIC_UNIT_PLAIN,
	METRIC_UNIT_MS /* milliseconds in the CSV, seconds in /metrics */
};

/* Rows that a family has series for. */
enum metric_scope {
	METRIC_NONE = 0,
	METRIC_F = 1,
	METRIC_B = 2,
	METRIC_S = 4,
	METRIC_L = 8,
	METRIC_FB = METRIC_F | METRIC_B,
	METRIC_FL = METRIC_F | METRIC_L,
	METRIC_FBL = METRIC_F | METRIC_B | METRIC_L,
	METRIC_BS = METRIC_B | METRIC_S,
	METRIC_FBS = METRIC_F | METRIC_B | METRIC_S,
	METRIC_FBSL = METRIC_F | METRIC_B | METRIC_S | METRIC_L
};

struct metric_info {
	const char *column; /* "qcur" */
	const char *family; /* "current_queue", after "haproxy_<scope>_"; NULL: not in /metrics */
	const char *help;
	const char *tags; /* origin, nature, scope of HAProxy's typed output: "MGP" */
	const char *type; /* of HAProxy's typed output: "u32" */
	enum metric_kind kind;
	enum metric_unit unit;
	unsigned int scopes; /* enum metric_scope */
};

const struct metric_info *metric_get(enum metric m);

/*
 * The tags of HAProxy's typed output for a row of that scope: some columns mean another thing in a
 * BACKEND, and HAProxy says so.
 */
const char *metric_tags(enum metric m, enum metric_scope scope);

#endif
