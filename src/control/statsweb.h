/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_STATSWEB_H
#define CONTROL_STATSWEB_H

#include "exchange.h"

/* HAProxy's statistics over HTTP, as its `stats uri` serves them, and its Prometheus exporter. */

/*
 * Where in the target the options begin if it is the address of the statistics, or NULL:
 * `stats_uri` and anything behind it; without such a setting /stats with an option, and
 * /haproxy?stats.
 */
const char *statsweb_options(const struct exchange *x);

/* The page, CSV, JSON or typed form; `options` from statsweb_options(). */
void statsweb_get(struct exchange *x, const char *options);

/*
 * What HAProxy's form posts: `s` (servers), `action`, and `b` (a proxy's name or #iid).  Answers
 * with a redirection to the page that tells what came of it, or 403.
 */
void statsweb_post(struct exchange *x, const char *options);
/* The same answer for a request that is not looked at: HAProxy's word, as "EXCD". */
void statsweb_redirect(struct exchange *x, const char *options, const char *outcome);

/* Prometheus metrics; ?scope= (several), ?no-maint, ?metrics=NAME,-NAME. */
void statsweb_get_metrics(struct exchange *x);

#endif
