/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_NODEASKER_H
#define CONTROL_NODEASKER_H

#include "base/text.h"
#include "engine/resolver.h"
#include "net/tls.h"

/*
 * Asks one node for something over HTTP or HTTPS (net/webget.h), on a loop: its name is looked up
 * and everything is read within one deadline.  Control thread only.
 */
struct nodeasker;

/*
 * Called once, from the loop, when the asker is gone: with the body, which may be taken, or with
 * NULL and the reason.  `status` is that of the answer, 0 if there was none.
 */
typedef void nodeasker_done(void *ctx, struct text *body, uint16_t status, const struct error *err);

/* All is copied but what `tls` and `resolver` point to: these must outlive the asker. */
struct nodeasker_options {
	struct ev_loop *loop;
	struct resolver *resolver;
	struct tls_context *tls; /* for https */
	const char *url;         /* valid: base/url.h */
	const char *path;        /* if the URL has none */
	const char *session;     /* or NULL */
	uint32_t timeout_ms;
	size_t max; /* bytes of the body */
	nodeasker_done *done;
	void *ctx;
};

struct nodeasker *nodeasker_begin(const struct nodeasker_options *o);
void nodeasker_cancel(struct nodeasker *a); /* nothing is told; NULL is fine */

#endif
