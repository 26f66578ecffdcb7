/* SPDX-License-Identifier: MIT */
#ifndef CLI_WEBSOURCE_H
#define CLI_WEBSOURCE_H

#include "base/text.h"
#include "cli/console.h"
#include "cli/options.h"

/*
 * A document of the cluster's that a command reads over HTTP: of --from, the first URL that has
 * one.  A command with it has the options from, session, cacert, cert, key and timeout.
 */
struct websource {
	const char *urls[OPTIONS_MAX]; /* `count` */
	size_t count;
	const char *session, *ca, *cert, *key; /* each may be NULL */
	uint32_t timeout_ms;
};

/* Without touching anything; the strings of `o` must outlive it. */
bool websource_parse(struct websource *s, const struct options *o, struct error *err) MUST_CHECK;

/* Whether a cluster with certificates is asked. */
bool websource_is_secure(const struct websource *s);

/* What the command makes of a document; false, with the error, if it is not what it wants. */
typedef bool websource_take(void *ctx, const char *url, const struct text *body, struct error *err);

/*
 * Asks the URLs in turn until one has a document that `take` takes.  A URL without a path stands
 * for the node's `pages` (NULL at the end), of which a further one is asked if the one before is
 * not what is wanted; what it says counts only if it is there.  What is in vain, and a session that
 * goes over the network in clear, is told on `c->err`; the last failure is `err`.  `max`: bytes of
 * a document.
 */
bool websource_read(const struct websource *s, const struct console *c, const char *const *pages,
                    size_t max, websource_take *take, void *ctx, struct error *err) MUST_CHECK;

#endif
