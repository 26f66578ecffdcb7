/* SPDX-License-Identifier: MIT */
#include "supervising.h"

#include "control/drillbook.h"

static void take_entry(void *ctx, const struct outbox_entry *e)
{
	struct supervisor *s = ctx;

	switch (e->kind) {
	case OUTBOX_BEGUN:
	case OUTBOX_ENDED:
		logger_record(s->daemon.logger, &e->record);
		break;
	case OUTBOX_CONNECT_FAILED:
		if (s->daemon.drillbook)
			drillbook_connect_failed(s->daemon.drillbook, e->record.server);
		roster_connect_failed(s->daemon.roster, e->record.server, e->record.reason);
		break;
	case OUTBOX_SERVER_SILENT:
		roster_server_silent(s->daemon.roster, e->record.server);
		break;
	case OUTBOX_SERVER_ERROR:
		roster_server_error(s->daemon.roster, e->record.server);
		break;
	}
}

void supervisor_records_take(struct supervisor *s)
{
	crew_drain(s->daemon.crew, take_entry, s);
}
