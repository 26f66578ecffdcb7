/* SPDX-License-Identifier: MIT */
#ifndef REPORT_INFO_H
#define REPORT_INFO_H

#include "base/text.h"
#include "report/snapshot.h"

/*
 * `show info` as HAProxy 2.6 writes it (management manual 9.3 "show info").  The name is
 * "HAProxy", since clients refuse the socket otherwise, and the version begins as HAProxy's does:
 * "2.6.0-sluice-0.1.0".  No line has a second colon: clients split at ": " or at each ":".
 * What a TCP balancer does not have (TLS, compression, pipes) is 0.
 */
enum info_kind {
	INFO_PLAIN, /* "Name: HAProxy" */
	INFO_TYPED, /* "0.Name.1:POS:str:HAProxy" */
	INFO_JSON   /* an array of objects on one line */
};

/* How it is written, and limits that are not in a snapshot. */
struct info_form {
	enum info_kind kind;
	bool described;        /* each line is followed by :"what it is"; not in JSON */
	bool floats;           /* rates and times with digits behind the point */
	uint32_t hard_maxconn; /* 0: the same as `maxconn` */
	uint32_t conn_rate_limit, session_rate_limit;
};

void info_write_form(const struct snapshot *s, const struct info_form *form, struct text *out);

/* The process's families (haproxy_process_*) of /metrics come from the same table. */
void info_write_prometheus(const struct snapshot *s, bool openmetrics, struct text *out);

/* "2.6.0-sluice-0.1.0" */
void info_add_version(const struct snapshot *s, struct text *out);
/* "0d 0h18m53s" */
void info_add_uptime(const struct snapshot *s, struct text *out);

#endif
