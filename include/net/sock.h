/* SPDX-License-Identifier: MIT */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include "base/addr.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Sockets, born CLOEXEC and NONBLOCK.  Hot-path functions say errno, cold ones a struct error.  A
 * returned fd is the caller's, to sock_close() or sock_reset(); a failing function leaves no fd and
 * no socket file behind and touches no result.  Any thread.
 */

struct sock_keepalive {
	bool on;
	uint32_t idle_s, interval_s, count; /* 0: the kernel's */
};

/*
 * Where connections come from.  With a range of ports, each call begins with another one (`turn`
 * counts the calls) and goes on to the next as long as a port is taken; without one the kernel
 * chooses when it knows the destination (IP_BIND_ADDRESS_NO_PORT).
 */
struct sock_source {
	struct addr addr;             /* its port is not looked at; len 0: the kernel's choice */
	uint16_t port_low, port_high; /* 0: the kernel's choice */
	const char *interface;        /* SO_BINDTODEVICE or NULL */
};

struct sock_options {
	struct sock_keepalive keepalive;
	uint32_t user_timeout_ms; /* TCP_USER_TIMEOUT (RFC 5482), 0: the kernel's */
	bool nodelay;
	bool speaks_first; /* of a connect: something is sent as soon as it is there, which will
	                      carry the handshake's last ACK (TCP_QUICKACK off before) */
	const struct sock_source *source; /* of a connect; NULL: the kernel's choice */
	uint64_t turn;
};

struct sock_listen_options {
	int backlog; /* 0: SOMAXCONN */
	bool v6only;
	bool defer_accept;
	bool shared; /* sockets with SO_REUSEPORT may have the port already, until they close */
	const char *interface;    /* SO_BINDTODEVICE or NULL */
	uint32_t mode;            /* of a UNIX socket's file, 0: the umask decides */
	const char *user, *group; /* its owner, names or numbers; NULL: as the process */
	/* Inherited by accepted TCP sockets (measured on Linux), so they cost nothing per session.
	 */
	struct sock_options accepted;
};

/*
 * Binds and listens.  A TCP address that any process listens on is refused (no SO_REUSEPORT):
 * "cannot listen on 0.0.0.0:26257: Address already in use".  For a UNIX path a stale file (nobody
 * answers) is replaced, a live one is refused, anything that is not a socket is left alone and
 * refused.  An inherited socket of that address (net/inherit.h) is taken instead. The caller
 * removes a UNIX socket's file when it is done with it.
 */
bool sock_listen(const struct addr *at, const struct sock_listen_options *o, int *ret_fd,
                 struct error *err) MUST_CHECK;

/*
 * How this process shares addresses with one that it follows, or that follows it.  Nothing is
 * shared by default.  Before the first sock_listen(); main thread.
 */
struct sock_sharing {
	bool heir;       /* an address that is still listened on is taken: its holder will leave */
	bool generous;   /* an heir may do so */
	bool keep_files; /* sock_file_remove() leaves them: others have the same sockets */
};
void sock_share(const struct sock_sharing *s);

/*
 * Takes an inherited listening socket: checks that it is one and applies `o->accepted` (a
 * keep-alive time of 0 leaves what the socket has), CLOEXEC and NONBLOCK.  On failure it stays the
 * caller's.
 */
bool sock_adopt(int fd, const struct sock_listen_options *o, struct error *err) MUST_CHECK;

/* accept4(); -1 with errno.  `peer` is filled (a UNIX client: nameless). */
int sock_accept(int listen_fd, struct addr *peer);

/*
 * A non-blocking connect.  Returns the fd; `*connected` tells whether it is established already
 * (UNIX sockets).  -1 with errno for an immediate failure.  TCP options of `o` are set before.
 */
int sock_connect(const struct addr *to, const struct sock_options *o, bool *connected);

/* SO_ERROR: 0 or an errno. */
int sock_error(int fd);

/*
 * Has a connect that was just begun succeeded already?  On the same host the handshake is over when
 * connect() returns, although it does not say so, and a look saves a turn of the loop.  Elsewhere a
 * look is in vain, and not taken for the next `most` connects: `*spared`, 0 at first, counts them.
 */
bool sock_is_there(int fd, uint8_t *spared, uint8_t most);

/* The local address of a socket; false on failure. */
bool sock_local(int fd, struct addr *ret);

/* What a connection has for whoever reads it; reads nothing, and costs one poll(). */
enum sock_news {
	SOCK_SILENT,
	SOCK_SPEAKS, /* bytes, or an end in order */
	SOCK_RESET   /* the peer has reset it, whatever it said before */
};
enum sock_news sock_look(int fd);

/* Which file a UNIX socket made, so that nobody removes the file of a successor. */
struct sock_file {
	uint64_t device, inode; /* 0, 0: none */
};

struct sock_file sock_file_at(const char *path);
/* Removes the file at `path` if it is that one. */
void sock_file_remove(const char *path, const struct sock_file *file);

void sock_close(int fd);
/* Closes with an RST instead of a FIN (SO_LINGER 0). */
void sock_reset(int fd);
/* Its close will be an RST, whoever does it. */
void sock_end_with_reset(int fd);

bool sock_set_options(int fd, const struct sock_options *o); /* TCP; false with errno */

/*
 * A connected UNIX stream socket, blocking, for the command line's clients.  A queue that stays
 * full for `patience_ms` (0: for ever) is EAGAIN.
 */
bool sock_connect_unix(const char *path, unsigned int patience_ms, int *ret_fd,
                       struct error *err) MUST_CHECK;

/* RLIMIT_NOFILE: sets the soft limit to `want` (0: the hard limit); returns what is in force. */
uint64_t sock_set_nofile(uint64_t want);

#endif
