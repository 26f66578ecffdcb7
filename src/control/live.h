/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_LIVE_H
#define CONTROL_LIVE_H

#include "control/daemon.h"

#include <ev.h>

/*
 * What a dashboard follows: each entry of the journal as it is written, and once a second what has
 * changed in /v1/status (report/statuspatch.h), and sooner when a server's state has: as
 * server-sent events, `event: sample`, and `event: topology` before one with which services or
 * servers came or went.  A text is made once for all who follow, and none while nobody does.
 * Control thread only.
 */
struct live;

struct live_follower {
	TAILQ_ENTRY(live_follower) link;
	/* Whole events; a follower may leave from inside. */
	void (*on_text)(struct live_follower *f, const struct text *t);
};

struct live *live_new(struct ev_loop *loop, struct daemon *d);
void live_free(struct live *l); /* nobody follows any more; NULL is fine */

void live_join(struct live *l, struct live_follower *f);
void live_leave(struct live *l, struct live_follower *f);

/* Once a second, when the rates are known. */
void live_tick(struct live *l);

/* Somebody was shown `s` as /v1/status, and may go on from there.  NULL is fine. */
void live_shown(struct live *l, const struct snapshot *s);

#endif
