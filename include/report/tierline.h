/* SPDX-License-Identifier: MIT */
#ifndef REPORT_TIERLINE_H
#define REPORT_TIERLINE_H

#include "report/statusjson.h"

/*
 * The tiers of a service (core/tiers.h) in a line for people:
 *
 *   tier 0 eu-west 100 %, tier 1 us-east+us-west 0 %; 12 sessions crossed tiers
 *
 * For each its part of the new sessions at present, and after its number what the localities of its
 * servers have in common, or where they are.  Nothing where there is one tier.
 */
bool tierline_is_needed(const struct statusjson_service *s);

/* In at most `width` columns if that can be: without the places if they do not fit. */
void tierline_write(const struct statusjson_service *s, size_t width, struct text *out);

#endif
