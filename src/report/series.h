/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SERIES_H
#define REPORT_SERIES_H

#include "base/text.h"
#include "report/metric.h"

#include <stdint.h>

/*
 * Lines of the Prometheus text format 0.0.4 and of OpenMetrics 1.0, which differ in the name of a
 * counter's family (without "_total" in OpenMetrics) and in what a counter's name may be.
 */

/* "# HELP" and "# TYPE" of a family; `name` is that of its samples. */
void series_begin(struct text *out, bool openmetrics, const char *name, enum metric_kind kind,
                  const char *help);

/* The name, then labels as pairs of name and value up to a NULL: `name{proxy="a",server="b"} `. */
void series_add_name(struct text *out, const char *name, const char *const labels[]);

/* A whole sample with a whole number. */
void series_add(struct text *out, const char *name, const char *const labels[], int64_t value);

#endif
