/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_ATTEMPT_H
#define ENGINE_ATTEMPT_H

#include "base/addr.h"
#include "core/probe.h"
#include "core/settings.h"
#include "net/tls.h"

#include <ev.h>

/*
 * One check of one target, once: whatever its rules want (core/probe.h), all under one deadline.
 * Embedded in what runs checks on time (the checker) and used again for every check.
 * Its fd is closed before the verdict is told.  Control thread only.
 */

/* Called once for each attempt_start(), from the loop, after everything else: it may start again.
 */
typedef void attempt_done(void *ctx, const struct probe_result *result);

enum attempt_phase {
	ATTEMPT_OPENING, /* a connection is wanted */
	ATTEMPT_CONNECTING,
	ATTEMPT_ANNOUNCING, /* the PROXY header goes out */
	ATTEMPT_HANDSHAKING,
	ATTEMPT_SENDING,
	ATTEMPT_RECEIVING,
	ATTEMPT_DONE
};

struct attempt {
	struct ev_loop *loop;
	const struct settings_check *check;
	const struct probe_plan *plan;
	struct tls_context *context;          /* NULL: nothing goes over TLS */
	const char *peer;                     /* what the certificate must be for; NULL: any name */
	const struct settings_source *source; /* where it comes from; NULL: anywhere */
	const char *authority;                /* "host:port" for the Host header */
	const char *agent_send;               /* instead of the check's; NULL: the check's */
	attempt_done *done;
	void *ctx;

	bool running;
	enum attempt_phase phase;
	uint64_t turn;  /* of its ports, if they are given */
	struct addr to; /* where a connect goes that names no other place */
	ev_io io;       /* fd -1: not even the socket could be had */
	ev_timer deadline;
	struct tls *tls;
	struct probe probe;
	bool lingers;     /* the connection ends with a FIN */
	bool silent;      /* the server has not even accepted it */
	bool spoke;       /* something was sent over it */
	uint8_t far;      /* so many connects will not be complete at once */
	struct text head; /* the PROXY header */
	size_t sent, received;
	int64_t started_us;
};

/* Every pointer must outlive the attempt. */
void attempt_init(struct attempt *a, struct ev_loop *loop, const struct settings_check *check,
                  attempt_done *done, void *ctx);

/* Begins.  A failure at once is told from the loop like any other. */
void attempt_start(struct attempt *a, const struct addr *to);

/* Ends it without a verdict; fine if none runs. */
void attempt_cancel(struct attempt *a);

#endif
