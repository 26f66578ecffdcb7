/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_STREAM_H
#define CONTROL_STREAM_H

#include "base/addr.h"
#include "base/text.h"
#include "net/sock.h"

#include <ev.h>
#include <stdbool.h>
#include <sys/queue.h>

/*
 * Buffered connections of operators and their tools: the control socket and the HTTP endpoint.
 * One protocol per server; a stream collects input, calls the protocol, and writes what the
 * protocol put into `out`.  Idle and endless clients are cut off; none can make memory grow.
 * Control thread only.
 */
enum {
	STREAM_INPUT_MAX = 65536,      /* unread input; more ends the stream */
	STREAM_FOLLOWER_MAX = 1048576, /* a follower of events that does not read them is cut off */
	STREAM_CLIENTS_MAX = 256       /* of one server */
};

struct stream_server;

struct stream {
	TAILQ_ENTRY(stream) link;
	struct stream_server *server;
	ev_io io;
	ev_timer idle, again;
	struct text in, out;
	bool eof;         /* the client will send no more */
	bool spoke;       /* the client has sent something */
	bool ending;      /* close once `out` is written */
	bool patient;     /* no idle limit: a follower of events */
	size_t granted;   /* ... that may have so much unread beyond STREAM_FOLLOWER_MAX */
	bool holding;     /* an answer is still to come, whatever the client sends or ends */
	bool yields;      /* the protocol wants to go on in the next turn of the loop: on_input() */
	uint32_t idle_ms; /* its own idle limit; 0: the server's */
	void *state;      /* the protocol's, zeroed, `state_size` bytes */
};

TAILQ_HEAD(stream_list, stream);

struct stream_protocol {
	size_t state_size;
	/*
	 * Input has come (or its end: stream->eof).  Consumes from `in`, adds to `out`.  What takes
	 * long leaves the rest and sets `yields`: others have their turn, then it is called again,
	 * and nothing is read before.
	 */
	void (*on_input)(struct stream *s);
	void (*on_close)(struct stream *s); /* or NULL */
	uint32_t idle_s;
};

struct stream_server {
	struct ev_loop *loop;
	const struct stream_protocol *protocol;
	void *ctx;        /* the protocol's */
	const void *door; /* the protocol's, too: which of its places this is; or NULL */
	uint32_t idle_ms; /* limit of its clients; 0: none */
	ev_io io;
	ev_timer resume;
	int fd;
	char *path; /* of a UNIX socket, or NULL */
	struct sock_file file;
	size_t clients, max_clients;
	struct stream_list streams;
	struct stream_list gone; /* freed when the loop has left their callbacks */
	ev_prepare reaper;
};

/* Binds and begins to accept.  `mode`: of a UNIX socket's file. */
bool stream_server_open(struct ev_loop *loop, const struct addr *at, unsigned int mode,
                        const struct stream_protocol *protocol, void *ctx,
                        struct stream_server **ret, struct error *err) MUST_CHECK;

/* The same at any place: bound here, or inherited. */
struct stream_place {
	const struct addr *at; /* NULL: `fd`, which is owned on success */
	int fd;
	unsigned int mode;        /* as above */
	const char *user, *group; /* owner of the file, or NULL */
};

bool stream_server_open_at(struct ev_loop *loop, const struct stream_place *place,
                           const struct stream_protocol *protocol, void *ctx,
                           struct stream_server **ret, struct error *err) MUST_CHECK;

/* Ends all streams after one attempt to write what is waiting.  NULL is fine. */
void stream_server_close(struct stream_server *s);
/*
 * The same where a successor accepts on the same socket: who was let in here is heard once more
 * before, so that no question is lost.  Waits a moment for those that have not asked yet.
 */
void stream_server_leave(struct stream_server *s);

/* Writes what is in `out` as far as it goes now; the loop does the rest.  May end the stream. */
void stream_flush(struct stream *s);
/* The protocol takes up input that it left: what held it back is over.  May end the stream. */
void stream_resume(struct stream *s);

/* Bytes of answers that its clients have not read yet. */
size_t stream_server_unread(const struct stream_server *s);

/* How many clients at most; STREAM_CLIENTS_MAX unless descriptors are scarce. */
void stream_server_limit(struct stream_server *s, size_t max_clients);

#endif
