/* SPDX-License-Identifier: MIT */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/topology.h"

/*
 * What a worker tells about a session: when it has ended (for the log), or now (for a listing).
 * Plain values; `service` and `server` live as long as the topology.
 */
struct record {
	uint64_t id;
	int64_t accepted_wall_ms;
	const struct topology_service *service;
	struct topology_server *server; /* the last one tried; NULL: none */
	const struct topology_frontend *frontend;
	const struct settings_bind *bind;
	struct addr_ip client; /* of the PROXY header, if there was one */
	/* If the frontend's log format asks for them (settings_frontend.log_addresses). */
	struct addr_ip frontend_addr; /* that the client dialled */
	struct addr_ip server_addr;   /* of the last attempt */
	struct addr_ip source_addr;   /* that the server sees */
	int32_t queue_ms;             /* accept until a server was chosen; -1 never: HAProxy's Tw */
	int32_t connect_ms;           /* until the server accepted, with retries; -1 never: Tc */
	int64_t total_ms;             /* accept until the end (or now): Tt */
	int64_t idle_ms;              /* listing: since the last byte */
	uint64_t bytes_in, bytes_out;
	/* At its end, itself included: HAProxy's actconn, feconn, beconn, srv_conn. */
	uint32_t process_conns, frontend_conns, service_conns, server_conns;
	uint32_t server_queue, service_queue; /* how many were before it in line */
	uint16_t retries;
	bool redispatched;
	bool ended;          /* false in a listing */
	enum reason reason;  /* if `ended` */
	const char *refusal; /* BAD_PROXY_HEADER: what is wrong, in HAProxy's words; static */
	uint16_t worker;
};

#endif
