/* SPDX-License-Identifier: MIT */
#include "report/metric.h"

#include <stddef.h>

static const struct metric_info table[METRIC_COUNT] = {
#define METRIC(name, column_, family_, kind_, unit_, scopes_, tags_, type_, help_)                 \
	[METRIC_##name] = { .column = (column_),                                                   \
		            .family = (family_),                                                   \
		            .kind = METRIC_KIND_##kind_,                                           \
		            .unit = METRIC_UNIT_##unit_,                                           \
		            .scopes = METRIC_##scopes_,                                            \
		            .tags = (tags_),                                                       \
		            .type = (type_),                                                       \
		            .help = (help_) },
#include "report/metrics.def"
};

const struct metric_info *metric_get(enum metric m)
{
	return &table[m];
}

const char *metric_tags(enum metric m, enum metric_scope scope)
{
	if (scope == METRIC_B &&
	    (m == METRIC_ACT || m == METRIC_BCK || m == METRIC_RATE || m == METRIC_RATE_MAX))
		return "MGP";
	return table[m].tags;
}
