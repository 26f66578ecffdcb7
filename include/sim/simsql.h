/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMSQL_H
#define SIM_SIMSQL_H

#include "base/addr.h"
#include "base/error.h"
#include "sim/simlisten.h"
#include "sim/simsession.h"

#include <stdint.h>

/* The SQL port of a simulated node: its listener, its sessions, its counts. */
struct simsql {
	struct simlisten listen;
	struct simsession_host host;
	struct simsession_list sessions;
	bool paused;
	uint32_t now;       /* sessions past start-up */
	uint64_t accepted;  /* sessions that got past start-up, ever */
	uint64_t rejected;  /* refused after their start-up packet */
	uint64_t connected; /* TCP connections, ever */

	void (*changed)(struct simsql *s); /* a session began or ended */
	void *cancel_ctx;
	void (*cancel)(void *ctx, uint64_t key); /* a CancelRequest came, for any node */
};

/* Closed, with its callbacks still to be set. */
void simsql_init(struct simsql *s, struct ev_loop *loop, uint32_t node_id, const struct addr *at);
void simsql_release(struct simsql *s);

bool simsql_open(struct simsql *s, struct error *err) MUST_CHECK;
void simsql_close(struct simsql *s); /* the port; sessions stay */
/* `reject_code`: the SQLSTATE for SIMSESSION_REJECT, else ignored. */
void simsql_set_gate(struct simsql *s, enum simsession_gate gate, const char *reject_code);
/* Ends idle sessions with FATAL 57P01 now and the others when they become idle; false: no more. */
void simsql_set_leaving(struct simsql *s, bool leaving);
void simsql_expel(struct simsql *s); /* FATAL 57P01 to all */
void simsql_abort(struct simsql *s); /* RST to all, at once */
void simsql_pause(struct simsql *s, bool paused);
bool simsql_cancel(struct simsql *s, uint64_t key); /* false: no such session */

#endif
