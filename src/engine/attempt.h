/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_ATTEMPT_H
#define ENGINE_ATTEMPT_H

#include "base/addr.h"
#include "core/probe.h"
#include "core/settings.h"
#include "net/tls.h"

#include <ev.h>

/*
 * One check of one target, once: connect, TLS handshake, send, receive, verdict, all under one
 * deadline.  Embedded in what runs checks on time (the checker) and used again for every check.
 * Its fd is closed before the verdict is told.  Control thread only.
 */

/* Called once for each attempt_start(), from the loop, after everything else: it may start again.
 */
typedef void attempt_done(void *ctx, const struct probe_result *result);

enum attempt_phase { ATTEMPT_CONNECTING, ATTEMPT_HANDSHAKING, ATTEMPT_SENDING, ATTEMPT_RECEIVING };

struct attempt {
	struct ev_loop *loop;
	const struct settings_check *check;
	struct tls_context *context; /* NULL: no TLS */
	const char *peer;            /* what the certificate must be for; NULL: any name */
	const char *authority;       /* "host:port" for the Host header */
	attempt_done *done;
	void *ctx;

	bool running;
	enum attempt_phase phase;
	ev_io io; /* fd -1: not even the socket could be had */
	ev_timer deadline;
	struct tls *tls;
	struct probe probe;
	struct text request;
	size_t sent, received;
	int64_t started_us;
	bool settled;               /* `result` is the verdict */
	struct probe_result result; /* without duration until the end */
};

/* Every pointer must outlive the attempt. */
void attempt_init(struct attempt *a, struct ev_loop *loop, const struct settings_check *check,
                  attempt_done *done, void *ctx);

/* Begins.  A failure at once is told from the loop like any other. */
void attempt_start(struct attempt *a, const struct addr *to);

/* Ends it without a verdict; fine if none runs. */
void attempt_cancel(struct attempt *a);

#endif
