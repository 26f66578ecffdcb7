/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_HTTPADMIN_H
#define CONTROL_HTTPADMIN_H

#include "control/daemon.h"
#include "control/stream.h"

/*
 * The HTTP endpoint (sluice(8), "admin endpoint"): the page, HAProxy's CSV, JSON, events (also as a
 * live stream, WHATWG HTML "server-sent events"), Prometheus, /healthz and /readyz.  Read-only: GET
 * and HEAD. HTTP/1.1 with keep-alive, one request at a time.
 */
bool httpadmin_open(struct ev_loop *loop, const struct addr *at, struct daemon *daemon,
                    struct stream_server **ret, struct error *err) MUST_CHECK;

#endif
