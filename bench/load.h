/* SPDX-License-Identifier: MIT */
/*
 * The parts of the load generator: what is said (load_wire.c), the connections that say it
 * (load_conn.c), and what is asked of them (load.c).
 *
 * One process is the clients and the servers, in one thread: what stands between them is on
 * another core and costs what is left.  Each connection has a number; its bytes, in each
 * direction, are those of one random ring from a place that follows from the number, and each
 * byte that arrives is compared.  So a byte that is changed, lost, repeated, or of another
 * connection is seen.
 *
 * An exchange is a request and a reply of fixed sizes.  A bulk transfer is an exchange, too: a
 * long request, or a long reply, or both at once.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_RING = 65521, /* a prime, so that no power of two is a period */
	WIRE_CHUNK = 256 * 1024,
	WIRE_HEAD = 8, /* first bytes of a connection: its number */
	SERVERS_MAX = 16,
	NS_PER_S = 1000000000,
};

/* One direction of a connection: where in the ring it is. */
struct wire {
	uint32_t at;
};

enum wire_way { WIRE_REQUEST, WIRE_REPLY };

/* Fills the ring; to be called once, before all others. */
void wire_init(void);
/* The beginning of a direction of the connection of that number. */
struct wire wire_begin(uint32_t number, enum wire_way way);
/* What comes next: at least WIRE_CHUNK bytes.  wire_skip() says how many were sent. */
const char *wire_next(const struct wire *w);
void wire_skip(struct wire *w, size_t count);
/* Compares and skips; `count` if all bytes are right, otherwise the place of the first wrong one.
 */
size_t wire_check(struct wire *w, const char *data, size_t count);
void wire_put_head(char head[WIRE_HEAD], uint32_t number);
/* False: those bytes are no head. */
bool wire_get_head(const char head[WIRE_HEAD], uint32_t *number);

/*
 * Durations in nanoseconds, in classes that are 1/128 of their value wide; all of 2^40 ns.
 */
enum { SPREAD_FINE = 7, SPREAD_CLASSES = (41 - SPREAD_FINE) << SPREAD_FINE };

struct spread {
	uint64_t count, max;
	uint32_t classes[SPREAD_CLASSES];
};

void spread_add(struct spread *s, int64_t ns);
/* The value that `share` (0..1) of all are not above, in microseconds; 0 if there are none. */
double spread_at(const struct spread *s, double share);

enum role { LISTENER, CLIENT, SERVER };

/* An end of a session, or a listener. */
struct conn {
	enum role role;
	int fd;
	bool wants_out;
	unsigned place;  /* of a client: among those that stay; of a server: its listener's */
	uint32_t number; /* of the connection */
	unsigned head;   /* bytes of the head that a client has sent, or a server has seen */
	char head_bytes[WIRE_HEAD];
	struct wire in, out;
	uint64_t owed;    /* bytes to send */
	uint64_t awaited; /* of a client: bytes of replies to come */
	uint64_t part;    /* bytes of the current message that have arrived */
	uint64_t done;    /* of a client: exchanges of this phase */
	int64_t begun;    /* ns: the current exchange, of a new connection its connect; 0: none */
};

/* What the exchanges of a phase are. */
struct exchange {
	uint64_t request, reply;
	bool together; /* the reply does not wait for the end of the request */
};

struct load {
	int epoll;
	uint16_t to;      /* where clients connect, on 127.0.0.1 */
	unsigned sources; /* addresses that they come from by turns: 127.0.0.1, 127.0.0.2 ... */
	unsigned server_count;
	struct conn listeners[SERVERS_MAX];
	uint64_t served[SERVERS_MAX]; /* sessions that have shown their number, by listener */
	uint32_t next_number;
	unsigned open_servers; /* of those sessions */
	bool is_probing;       /* a client that is refused is no failure */

	struct exchange exchange;
	/* Called when a client's exchange is over, or the client was refused (probing). */
	void (*on_done)(struct load *l, struct conn *c, bool good);
	uint64_t done;
	uint64_t clients_received, servers_received; /* bytes, all of them compared */
	struct spread latency;
	int64_t start; /* ns: of the phase */
	/* Paced: ns between two exchanges, which the clients begin by turns; otherwise 0. */
	double step;
	unsigned active; /* clients that are busy in this phase: conns[0] to conns[active - 1] */
	unsigned opened; /* clients that stay */
	struct conn **conns;
	int64_t waste;    /* ns in looks that found nothing */
	int64_t progress; /* ns: when something happened last */
	/* Of the phase's closed loop: */
	int64_t stop_at;       /* ns: no exchange begins later; 0: no such limit */
	uint64_t begun, limit; /* exchanges begun, and how many there shall be; 0: no such limit */
};

/* Ends the program with a message: what went wrong makes all numbers worthless. */
void load_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

int64_t load_now(void); /* ns, monotonic */

/* Listens on 127.0.0.1:port for the next server. */
void load_listen(struct load *l, uint16_t port);
/* A new client, connecting, and to be asked something next; NULL if it was refused at once. */
struct conn *load_connect(struct load *l);
/* Ends a client that has nothing under way. */
void load_close(struct conn *c);
/*
 * Begins an exchange, which is measured from `begun` on; of a paced client others may be under
 * way.  It may be over, or the client lost (probing), when this returns.
 */
void load_ask(struct load *l, struct conn *c, int64_t begun);
/* Waits `timeout_ms` for events (0: looks) and works on them; how many there were. */
int load_turn(struct load *l, int timeout_ms);

#endif
