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
	PROMETHEUS_LISTENER = 16,
	PROMETHEUS_ALL = 31
};

enum { PROMETHEUS_NAMES_MAX = 64 };

/* What of it, as in `?scope=server&no-maint&metrics=haproxy_server_status,-sluice_build_info`. */
struct prometheus_filter {
	unsigned int scopes; /* enum prometheus_scope */
	bool no_maint;       /* without servers in maintenance */
	/* Families of those names alone, unless there are none; never those with a '-' before. */
	const char *names[PROMETHEUS_NAMES_MAX];
	size_t name_count;
};

void prometheus_write(const struct snapshot *s, bool openmetrics, const struct prometheus_filter *f,
                      struct text *out);

#endif
