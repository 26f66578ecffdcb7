/* SPDX-License-Identifier: MIT */
#ifndef NET_WEBGET_H
#define NET_WEBGET_H

#include "base/addr.h"
#include "base/error.h"
#include "base/text.h"
#include "base/url.h"
#include "net/tls.h"

#include <stdint.h>

/*
 * One GET over HTTP/1.1 or HTTPS, for a node's list of nodes.  Either blocking, with one deadline
 * over all of it (webget_run: for commands), or as a machine that a loop drives (webget_begin and
 * the rest: for the daemon, which resolves the name and keeps the time itself).
 *
 * Redirections are not followed, nothing is compressed, "Connection: close" is asked for.  An
 * answer that is not whole, or longer than it may be, is an error.
 */
struct webget_options {
	const char *url;             /* "http://host[:port]/path" or "https://..." */
	const char *session;         /* as webget_session() gives it; or NULL */
	const char *ca, *cert, *key; /* PEM files; NULL: as in struct tls_client_options */
	uint32_t timeout_ms;
	size_t max;           /* bytes of the body; more is an error */
	uint16_t *ret_status; /* of the answer, 0 if there was none; NULL: it does not matter */
};

/* The body of an answer of status 200; anything else is an error that names the URL and the cure.
 */
bool webget_run(const struct webget_options *o, struct text *ret_body,
                struct error *err) MUST_CHECK;

/*
 * A session of CockroachDB's as people have it: the value alone, or as `cockroach auth-session
 * login` prints it ("session=VALUE; Path=/; HttpOnly; Secure"), or "file:PATH" with either in it.
 * `*ret` is the caller's, to free().  It must not be shown: the error does not tell it either.
 */
bool webget_session(const char *said, char **ret, struct error *err) MUST_CHECK;

/*
 * Covers the session, or the beginning of it, in an error: whoever is asked may say it back, and
 * errors go to logs and pages.  `session` NULL: nothing to be done.
 */
void webget_cover(const char *session, struct error *err);

/* --- the machine ---------------------------------------------------------------------------- */

struct webget;

/* The strings and what is pointed to must outlive it. */
struct webget_target {
	const char *name;        /* stands for it in errors: the URL */
	const struct url *url;   /* no path: "/" */
	const struct addr *to;   /* its host, resolved, with the port */
	struct tls_context *tls; /* NULL with http */
	const char *session;     /* sent as a cookie and as a field; or NULL */
	size_t max;              /* bytes of the body */
};

enum webget_wants { WEBGET_READ, WEBGET_WRITE };
enum webget_state { WEBGET_MORE, WEBGET_DONE, WEBGET_FAILED };

/* Begins to connect.  NULL, with the error, if not even that can be done. */
struct webget *webget_begin(const struct webget_target *t, struct error *err);

/* The socket, the same until webget_end(), and what to wait for.  Either may change at a step. */
int webget_fd(const struct webget *w);
enum webget_wants webget_wants(const struct webget *w);

/*
 * Goes on as far as it can without waiting, or until a bounded amount has been read; call it when
 * the socket is ready for what was wanted.  After WEBGET_DONE or WEBGET_FAILED (with its error)
 * only webget_status(), webget_body() and webget_end() make sense.
 */
enum webget_state webget_step(struct webget *w, struct error *err);

/* What to say when its time is over: how far it had come, and the cure. */
bool webget_expired(const struct webget *w, struct error *err);

/* 0: no answer, or not so far. */
uint16_t webget_status(const struct webget *w);
/* After WEBGET_DONE: the body, which the caller may text_take(). */
struct text *webget_body(struct webget *w);

/* Closes and frees; NULL is fine. */
void webget_end(struct webget *w);

#endif
