/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGADMIN_H
#define CONF_HCFGADMIN_H

#include "conf/hcfgconvert.h"

/*
 * What operators use: pages of statistics, metrics and monitors as admin endpoints, one for each
 * address of such a section, and control sockets.  The services of `s` are set before.
 */
void hcfgadmin_set(const struct hcfgmodel *m, const struct hcfgconvert_options *o,
                   struct hcfgnote_list *notes, struct settings *s);

#endif
