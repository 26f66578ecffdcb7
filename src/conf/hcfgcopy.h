/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGCOPY_H
#define CONF_HCFGCOPY_H

#include "hcfgservice.h"

/*
 * From the model, which goes, into the settings, which stay.
 */

/* NULL stays NULL. */
const char *hcfgcopy_text(struct hcfgservice *c, const char *s);

/* At most what settings take; a longer time is a loss. */
uint32_t hcfgcopy_time(struct hcfgservice *c, const struct hcfgmodel_value *v);

/* The same for times of TCP keep-alive, in seconds. */
uint32_t hcfgcopy_seconds(struct hcfgservice *c, const struct hcfgmodel_value *v);

#endif
