/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLTABLES_H
#define REPORT_DRILLTABLES_H

#include "core/drillfacts.h"
#include "core/expectation.h"
#include "drillgrid.h"

/*
 * The tables of a report, filled.  What the record cannot tell is "-".  The grid is the caller's,
 * {0} before and to be released afterwards.
 */
void drilltables_outages(const struct drillfacts *f, struct drillgrid *g);
void drilltables_services(const struct drillfacts *f, struct drillgrid *g);
void drilltables_expectations(const struct expectation_verdict *v, struct drillgrid *g);
void drilltables_timeline(const struct drill *d, struct drillgrid *g);

/* The numbers of two drills beside each other, if that is wanted with what each means. */
void drilltables_compare(const struct drillfacts *a, const struct drillfacts *b, bool meanings,
                         struct drillgrid *g);

/*
 * Is the number of `b` better (1), worse (-1) or neither (0)?  Times that differ by less than the
 * coarser record can tell are neither: what was only asked once an interval is as fine as that, and
 * a gap of n empty intervals of it may have been two longer.
 */
int drilltables_judge(enum expectation_name n, const struct drillfacts *a,
                      const struct drillfacts *b);

#endif
