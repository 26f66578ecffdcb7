/* SPDX-License-Identifier: MIT */
#include "approach.h"

#include "engine/mishap.h"
#include "net/proxyproto.h"
#include "net/sock.h"
#include "outset.h"

#include <errno.h>

enum { HEADER_MAX = PROXYPROTO_V2_PLAIN + PROXYPROTO_MAX };

/* The TLVs of the client's header are sent on, so that nothing is lost between two proxies. */
static size_t write_header(struct session *s, char *buf)
{
	struct addr client = addr_unpack(&s->errand->ticket.request.client);
	struct addr local;

	if (s->server->settings->send_proxy == SETTINGS_PROXY_NONE)
		return 0;
	local = addr_unpack(errand_local(s->errand, s->ends.io[DUPLEX_CLIENT].fd));
	if (s->server->settings->send_proxy == SETTINGS_PROXY_V1)
		return proxyproto_write_v1(&client, &local, buf, HEADER_MAX);
	return proxyproto_write_v2(&client, &local, s->errand->kept ? s->errand->kept->bytes : NULL,
	                           s->errand->kept ? s->errand->kept->end : 0, buf, HEADER_MAX);
}

void approach_finish(struct session *s)
{
	char header[HEADER_MAX];

	session_connected(s, header, write_header(s, header));
}

/* One that waits for a session, or a new one; after one that was dead only a new one. */
static int open_socket(struct session *s, const struct addr *to, bool *at_once)
{
	const struct sock_options o = { .nodelay = true,
		                        .speaks_first = s->errand->spoken,
		                        .turn = s->id + s->retries };
	int fd = -1;

	s->errand->warm = false;
	if (s->server->settings->warm && s->ends.replaceable && !s->errand->afresh)
		fd = warm_take(&s->host->warm, s->server, to);
	if (fd == -1)
		return outset_connect(s->server, to, o, at_once);
	s->errand->warm = *at_once = true;
	return fd;
}

static void note_addresses(struct session *s, int fd, const struct addr *to)
{
	struct addr from;

	s->errand->server_addr = addr_pack(to);
	s->errand->source_addr = (struct addr_ip){ 0 };
	if (sock_local(fd, &from))
		s->errand->source_addr = addr_pack(&from);
}

static enum approach_result judge(int errnum)
{
	switch (errnum) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return APPROACH_NO_DESCRIPTOR;
	case EADDRNOTAVAIL:
	case EADDRINUSE:
		return APPROACH_NO_PORT;
	default:
		return APPROACH_REFUSED;
	}
}

static bool is_there_already(struct topology_server *server, int fd)
{
	enum { LOOKS_SPARED = 200 };
	uint8_t far = atomic_load_explicit(&server->far, memory_order_relaxed);
	bool there = sock_is_there(fd, &far, LOOKS_SPARED);

	if (!there)
		atomic_store_explicit(&server->far, far, memory_order_relaxed);
	return there;
}

static enum approach_result dial(struct session *s)
{
	bool at_once = false;
	struct addr to;
	int fd;

	if (!topology_address(s->server, &to))
		return APPROACH_REFUSED;
	fd = open_socket(s, &to, &at_once);
	if (fd == -1)
		return judge(errno);
	ev_io_set(&s->ends.io[DUPLEX_SERVER], fd, EV_WRITE);
	if (s->through->frontend->settings->log_addresses)
		note_addresses(s, fd, &to);
	if (at_once || is_there_already(s->server, fd))
		return APPROACH_CONNECTED;
	ev_io_start(s->host->loop, &s->ends.io[DUPLEX_SERVER]);
	return APPROACH_BEGUN;
}

enum approach_result approach_begin(struct session *s)
{
	switch (mishap_on_connect(s)) {
	case MISHAP_REFUSED:
		return APPROACH_REFUSED;
	case MISHAP_HELD:
		return APPROACH_BEGUN;
	case MISHAP_NONE:
		break;
	}
	return dial(s);
}

void approach_end(struct session *s)
{
	ev_io *io = &s->ends.io[DUPLEX_SERVER];

	if (s->mishap)
		mishap_forget(s);
	ev_io_stop(s->host->loop, io);
	if (io->fd != -1)
		sock_close(io->fd);
	ev_io_set(io, -1, 0);
}
