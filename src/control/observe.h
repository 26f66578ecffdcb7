/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_OBSERVE_H
#define CONTROL_OBSERVE_H

#include "rosterparts.h"

/*
 * Ordinary traffic as a check (HAProxy configuration manual 5.2, "observe", "error-limit",
 * "on-error"): a session of an observed server failed, `what` in HAProxy's words.  When
 * error_limit failures came in a row, on_error is done and the count begins again.
 */
void observe_failure(struct roster *r, struct topology_server *s, const char *what);

#endif
