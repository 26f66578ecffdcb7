/* SPDX-License-Identifier: MIT */
#include "rosterlog.h"

#include "base/tick.h"

#include <stdio.h>

void rosterlog_write(struct roster *r, struct journal_event *e)
{
	e->wall_ms = tick_wall_ms();
	e->ms = tick_ms();
	r->o.on_event(r->o.ctx, journal_append(r->o.journal, e));
}

void rosterlog_mark(struct roster *r, int level, const char *text)
{
	struct journal_event e = { .kind = JOURNAL_MARK, .level = level };

	snprintf(e.text, sizeof(e.text), "%s", text);
	rosterlog_write(r, &e);
}
