/* SPDX-License-Identifier: MIT */
#ifndef REPORT_PROMETHEUS_H
#define REPORT_PROMETHEUS_H

#include "base/text.h"
#include "report/snapshot.h"

/*
 * /metrics: HAProxy's families, labels and types for what a TCP balancer has, then sluice_* for
 * what HAProxy lacks.  Content types: "text/plain; version=0.0.4", and for OpenMetrics
 * "application/openmetrics-text; version=1.0.0; charset=utf-8".
 */
enum prometheus_scope {
	PROMETHEUS_GLOBAL = 1,
	PROMETHEUS_FRONTEND = 2,
	PROMETHEUS_BACKEND = 4,
	PROMETHEUS_SERVER = 8,
	PROMETHEUS_ALL = 15
};

void prometheus_write(const struct snapshot *s, bool openmetrics, struct text *out);

/* As `?scope=server&no-maint`: only those families, without servers in maintenance. */
void prometheus_write_scoped(const struct snapshot *s, bool openmetrics, unsigned int scopes,
                             bool no_maint, struct text *out);

#endif
