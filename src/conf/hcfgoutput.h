/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGOUTPUT_H
#define CONF_HCFGOUTPUT_H

#include "conf/hcfgconvert.h"
#include "hcfgpair.h"

/*
 * Where lines go: the process's targets, and those of services and frontends that log elsewhere.
 * `services` are those of the pairs, in their order, and `s` has them.
 */
void hcfgoutput_set(const struct hcfgmodel *m, const struct hcfgconvert_options *o,
                    struct hcfgnote_list *notes, const struct hcfgpair *pairs,
                    struct settings_service *services, struct settings *s);

#endif
