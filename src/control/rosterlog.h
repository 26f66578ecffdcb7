/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ROSTERLOG_H
#define CONTROL_ROSTERLOG_H

#include "rosterparts.h"

/* What the roster has to tell: into the journal, then to whoever listens. */

/* An entry that is complete but for its times. */
void rosterlog_write(struct roster *r, struct journal_event *e);

/* Something worth a line in a drill's report; cut to fit. */
void rosterlog_mark(struct roster *r, int level, const char *text);

#endif
