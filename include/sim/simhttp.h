/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMHTTP_H
#define SIM_SIMHTTP_H

#include "base/addr.h"
#include "base/error.h"
#include "base/text.h"
#include "sim/simlisten.h"

#include <stdint.h>
#include <sys/queue.h>

/*
 * The HTTP port of a simulated node: HTTP/1.0 and 1.1 with keep-alive, answering as Go's net/http
 * does where a health check can see it (400 for HTTP/1.1 without Host, Date, order of fields).
 * What is answered is the handler's business.
 */
struct simhttp_reply {
	int status; /* 0 from the handler: 404 */
	const char *type;
	bool no_cache;
	uint64_t delay_ms;
	struct text body;
};

struct simhttp_request {
	const char *method;
	const char *path, *query;     /* without, and what follows the '?' ("" if nothing) */
	const char *cookie, *session; /* Cookie and X-Cockroach-API-Session, or NULL */
};

typedef void simhttp_handler(void *ctx, const struct simhttp_request *request,
                             struct simhttp_reply *reply);

LIST_HEAD(simhttp_list, simhttp_conn);

struct simhttp {
	struct simlisten listen;
	struct simhttp_list conns;
	bool paused;
	simhttp_handler *handler;
	void *ctx;
};

void simhttp_init(struct simhttp *h, struct ev_loop *loop, const struct addr *at,
                  simhttp_handler *handler, void *ctx);
void simhttp_release(struct simhttp *h);
bool simhttp_open(struct simhttp *h, struct error *err) MUST_CHECK;
/* The port and its connections; `reset`: these with an RST. */
void simhttp_close(struct simhttp *h, bool reset);
void simhttp_pause(struct simhttp *h, bool paused);

#endif
