/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLMARKDOWN_H
#define REPORT_DRILLMARKDOWN_H

#include "base/text.h"
#include "core/expectation.h"

/*
 * The report of a drill as Markdown (GitHub's, for its tables): a sentence, what was expected, a
 * table of outages and one of services, what happened in order, and what the numbers mean.  Names
 * and texts of the record are escaped.  `v`: judged, or NULL.
 */
void drillmarkdown_write(const struct drillfacts *f, const struct expectation_verdict *v,
                         struct text *out);

#endif
