/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_EXCHANGE_H
#define CONTROL_EXCHANGE_H

#include "control/daemon.h"
#include "control/stream.h"
#include "control/webauth.h"
#include "live.h"
#include "net/httphead.h"
#include "net/tlsserver.h"

/* What the files of the HTTP endpoint share: the endpoint, a client, a request with its answer. */

/* Events per second and the most of them. */
struct exchange_rate {
	int64_t second;
	uint64_t now, last, max;
};

enum { EXCHANGE_TOKEN_SIZE = 33 };

struct exchange_endpoint {
	const struct settings_admin *settings;
	struct daemon *daemon;
	struct tlsserver_context *tls;   /* NULL: not over TLS */
	struct webauth *auth;            /* NULL: nobody is asked */
	char token[EXCHANGE_TOKEN_SIZE]; /* of those who change things (webact.h) */
	ev_cleanup cleanup;              /* it lives as long as the loop */
	int64_t start_ms;
	uint32_t clients_max;
	size_t followers;
	uint64_t clients, requests, bad_requests, bytes_in, bytes_out;
	uint64_t answers[SNAPSHOT_HTTP_CLASSES];
	struct exchange_rate client_rate, request_rate;
};

void exchange_count(struct exchange_rate *r);
/* Events of the last whole second. */
uint64_t exchange_per_second(const struct exchange_rate *r);

/* A client, the state of its stream. */
struct exchange_visitor {
	struct daemon_follower follower; /* of events */
	struct live_follower live;       /* of these and of samples */
	struct stream *stream;
	struct tlsserver *tls; /* NULL: in clear */
	struct text plain;     /* what came over TLS and is not read yet */
	size_t made;           /* bytes of answers in this turn of the loop, sent or not */
	bool known;            /* counted */
	enum { EXCHANGE_NOTHING, EXCHANGE_EVENTS, EXCHANGE_LIVE } following;
};

struct exchange {
	struct stream *stream;
	struct exchange_endpoint *endpoint;
	struct daemon *daemon;
	const struct httphead_request *request;
	const char *body_in; /* of a POST, request->content_length bytes */
	char *path, *query;  /* the target up to '?', and after it ("" if there is none) */
	char *target;        /* all of it */
	int status;
	const char *type;
	const char *cache;  /* Cache-Control; NULL: nothing may be kept */
	struct text fields; /* further ones, each with its CRLF */
	struct text body;
	bool follow; /* the answer is an event stream */
	bool live;   /* ... with samples */
	bool styled; /* a page with its style inside, and forms: HAProxy's */
};

/* A page of HAProxy's for a status: its words and a sentence. */
void exchange_say(struct exchange *x, int status, const char *sentence);

/* The head and the body as bytes for the client. */
void exchange_write(const struct exchange *x, bool keep, bool with_body, struct text *out);

/* Adds bytes for the client, encrypted if need be. */
void exchange_send(struct exchange_visitor *v, const struct text *bytes);

/* Is it GET or HEAD, is it POST? */
bool exchange_is_read(const struct exchange *x);
bool exchange_is_post(const struct exchange *x);

#endif
