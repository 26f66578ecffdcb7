/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMLISTEN_H
#define SIM_SIMLISTEN_H

#include "base/addr.h"
#include "base/error.h"

#include <ev.h>
#include <stdbool.h>

/*
 * A listening port that can be closed and opened again at the same place.  Port 0 means one that
 * is free, taken below the kernel's ephemeral range: no client gets it as its own port while the
 * node is down.
 */
struct simlisten {
	struct ev_loop *loop;
	struct addr at; /* with the real port once it was open */
	int fd;         /* -1: closed */
	bool paused;
	ev_io io;
	ev_timer again;                                /* pause after running out of descriptors */
	void (*accepted)(struct simlisten *l, int fd); /* the descriptor is the callee's */
};

void simlisten_init(struct simlisten *l, struct ev_loop *loop, const struct addr *at,
                    void (*accepted)(struct simlisten *l, int fd));
bool simlisten_open(struct simlisten *l, struct error *err) MUST_CHECK; /* true if it is open */
void simlisten_close(struct simlisten *l);

/* A paused port lets the kernel accept into the backlog and answers nobody. */
void simlisten_pause(struct simlisten *l, bool paused);

#endif
