/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_HTTPADMIN_H
#define CONTROL_HTTPADMIN_H

#include "base/error.h"
#include "control/daemon.h"
#include "control/stream.h"

/*
 * An HTTP endpoint: the dashboard, HAProxy's statistics (page, CSV, JSON), JSON, events (also as a
 * live stream, WHATWG HTML "server-sent events"), Prometheus, /healthz and /readyz; the paths are
 * in routes.def and in the settings.  HTTP/1.1 with keep-alive, one request at a time, over TLS if
 * the settings have a certificate.  With users, all but the health checks need one of them (Basic,
 * RFC 7617).  State is changed by HAProxy's form and by /v1/act alone, if the settings allow it,
 * and never on behalf of another site.  `settings` and `daemon` must outlive the server.
 */
bool httpadmin_open(struct ev_loop *loop, const struct settings_admin *settings,
                    struct daemon *daemon, struct stream_server **ret,
                    struct error *err) MUST_CHECK;

/*
 * The row that HAProxy would show for it, for snapshot_process.https; false if it has no name.
 * `server` is one that httpadmin_open() made.
 */
bool httpadmin_report(const struct stream_server *server, struct snapshot_http *ret);

#endif
