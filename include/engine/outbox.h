/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_OUTBOX_H
#define ENGINE_OUTBOX_H

#include "core/record.h"

#include <stdbool.h>

/*
 * What one worker tells the control thread about sessions: a ring with one writer (the worker) and
 * one reader (control), without locks and without system calls.  When control does not keep up,
 * the newest entries are dropped and counted; a session is never held up by its log line.
 */
enum outbox_kind {
	/* Only if its log asks.  SETTINGS_SESSION_CONNECT: it has its client's address; no server
	   is chosen yet, as in HAProxy.  logasap: its server has accepted. */
	OUTBOX_BEGUN,
	OUTBOX_ENDED, /* `record` of a session that has ended, unless its frontend is `untold` */
	OUTBOX_CONNECT_FAILED, /* `record.server` refused or ignored (`record.reason`) a connect */
	OUTBOX_SERVER_SILENT,  /* `record.server` does not answer a client's first words */
	OUTBOX_SERVER_ERROR    /* an observed `record.server` broke a connection off */
};

struct outbox_entry {
	enum outbox_kind kind;
	struct record record;
};

struct outbox;

struct outbox *outbox_new(unsigned int capacity); /* a power of two; NULL: no memory */
void outbox_free(struct outbox *o);

/* Worker only.  True if the ring was empty before: the reader may need to be woken. */
bool outbox_put(struct outbox *o, const struct outbox_entry *e);
/* Control only. */
bool outbox_take(struct outbox *o, struct outbox_entry *ret);
uint64_t outbox_dropped(struct outbox *o);

#endif
