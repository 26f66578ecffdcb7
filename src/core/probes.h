/* SPDX-License-Identifier: MIT */
#ifndef CORE_PROBES_H
#define CORE_PROBES_H

#include "core/probe.h"

/*
 * The protocols behind core/probe.h.  A judge looks at all that has been received; `ended` tells
 * that nothing more will come, and then it never wants more.  A verdict depends on the bytes only,
 * not on how they were split: what would be PROBE_DONE for a part of them stays so.  The info is
 * as the peer sent it; probe.c makes it fit to be shown.
 */

void probe_http_request(const struct settings_check *check, const char *authority,
                        struct text *out);
/* Drops interim (1xx) answers from `in`. */
enum probe_step probe_http_judge(const struct settings_check *check, struct text *in, bool ended,
                                 struct probe_result *ret);

void probe_pgsql_request(const struct settings_check *check, struct text *out);
enum probe_step probe_pgsql_judge(const struct settings_check *check, const struct text *in,
                                  bool ended, struct probe_result *ret);

#endif
