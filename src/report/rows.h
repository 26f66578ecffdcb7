/* SPDX-License-Identifier: MIT */
#ifndef REPORT_ROWS_H
#define REPORT_ROWS_H

#include "report/snapshot.h"

/*
 * Fills the rows of a service whose other members stand already: what HAProxy 2.6 shows for a
 * frontend, a server and a backend in mode tcp, field by field (management manual 9.1).  Texts go
 * to the arena.
 */
void rows_fill(struct snapshot *s, struct snapshot_service *service);

#endif
