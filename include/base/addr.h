/* SPDX-License-Identifier: MIT */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/error.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * A network address as a value: parsed, printed, compared; never resolved (that needs the network)
 * and never opened.
 */
struct addr {
	socklen_t len; /* 0: no address */
	union {
		struct sockaddr_un un; /* the largest comes first: `{ 0 }` clears all of it */
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

enum { ADDR_TEXT_MAX = 128 }; /* room for any address as addr_format() writes it */

/*
 * Splits "host:port", "[v6]:port", "host", "[v6]" or a bare "v6" (two or more colons).  `port` is
 * set to `default_port` if there is none.  The host may be empty (":26257").  Neither a name nor
 * an address is checked beyond its characters.  On failure nothing is written but the error.
 */
bool addr_split(const char *s, uint16_t default_port, char *host, size_t host_size, uint16_t *port,
                struct error *err) MUST_CHECK;

/* A numeric IPv4 or IPv6 address; "" and "*" are 0.0.0.0.  False if it is neither. */
bool addr_parse_ip(const char *host, uint16_t port, struct addr *ret);
bool addr_from_unix(const char *path, struct addr *ret, struct error *err) MUST_CHECK;
/* False if it is neither IPv4 nor IPv6 nor UNIX, or cut off. */
bool addr_from_sockaddr(const struct sockaddr *sa, socklen_t len, struct addr *ret);

uint16_t addr_port(const struct addr *a); /* 0 for a UNIX address */
void addr_set_port(struct addr *a, uint16_t port);
bool addr_equal(const struct addr *a, const struct addr *b);

/* Who comes to an address: this host alone, whoever reaches that one, or any of the host's. */
enum addr_reach { ADDR_REACH_HOST, ADDR_REACH_ADDRESS, ADDR_REACH_ALL };

/* HOST for 127.0.0.0/8, ::1, UNIX sockets and none; ALL for 0.0.0.0 and ::. */
enum addr_reach addr_reach(const struct addr *a);

/* "10.0.0.1:26257", "[::1]:26257", "unix:/path", or "-" for none. */
const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX]);
/* Without the port and without brackets: "10.0.0.1", "::1", "unix". */
const char *addr_format_host(const struct addr *a, char buf[static ADDR_TEXT_MAX]);

/* An IP address and port in 24 bytes: what sessions keep and what threads hand to each other. */
struct addr_ip {
	uint16_t family; /* AF_INET, AF_INET6, AF_UNIX (an unnamed client), or 0: none */
	uint16_t port;   /* host order */
	uint32_t scope;
	uint8_t bytes[16];
};

struct addr_ip addr_pack(const struct addr *a);
struct addr addr_unpack(const struct addr_ip *ip); /* AF_UNIX: a nameless address */

/* A network, "10.0.0.0/8" or "fd00::/8"; a bare address is one host. */
struct addr_net {
	uint8_t family_bits;
	uint8_t bits;
	uint8_t bytes[16];
};

bool addr_net_parse(const char *s, struct addr_net *ret, struct error *err) MUST_CHECK;
bool addr_net_contains(const struct addr_net *net, const struct addr *a);

#endif
