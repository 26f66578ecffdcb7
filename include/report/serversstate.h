/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SERVERSSTATE_H
#define REPORT_SERVERSSTATE_H

#include "base/text.h"
#include "report/snapshot.h"

/*
 * `show servers state` and `show servers conn` as HAProxy 2.6 writes them (management manual 9.3).
 * `t`: what the snapshot was taken of, now.  `service`: only that one; NULL: all.  False if there
 * is no such service ("Can't find backend.").
 */
bool serversstate_write(const struct snapshot *s, const struct topology *t, const char *service,
                        struct text *out);
bool serversstate_write_conn(const struct snapshot *s, const struct topology *t,
                             const char *service, struct text *out);

/* HAProxy's srv_op_state: 0 stopped, 2 running, 3 stopping (NOLB). */
int serversstate_op(const struct state *s);

#endif
