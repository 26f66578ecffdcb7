/* SPDX-License-Identifier: MIT */
#ifndef REPORT_EDGEROWS_H
#define REPORT_EDGEROWS_H

#include "report/snapshot.h"

/* The rows that are not of a service's own: listening sockets, and HTTP endpoints as proxies. */

/* LISTENER rows of a frontend, from snapshot_process.listening. */
void edgerows_fill_listeners(struct snapshot *s, struct snapshot_frontend *f);

/* FRONTEND and, if there is one, BACKEND of mode http. */
void edgerows_fill_frontend(struct snapshot_row *r, const struct snapshot *s,
                            const struct snapshot_http *h);
void edgerows_fill_backend(struct snapshot_row *r, const struct snapshot *s,
                           const struct snapshot_http *h);

#endif
