/* SPDX-License-Identifier: MIT */
#ifndef REPORT_OWNSERIES_H
#define REPORT_OWNSERIES_H

#include "base/text.h"
#include "report/snapshot.h"

/* The families of /metrics that HAProxy lacks: sluice_*. */
struct ownseries {
	const struct snapshot *s;
	struct text *out;
	bool openmetrics;
	bool no_maint; /* without servers in maintenance */
};

void ownseries_add_process(const struct ownseries *w);
void ownseries_add_services(const struct ownseries *w);
void ownseries_add_servers(const struct ownseries *w);

#endif
