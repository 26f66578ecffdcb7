/* SPDX-License-Identifier: MIT */
#include "base/addr.h"

#include "base/number.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool copy_host(const char *s, size_t len, char *host, size_t size, struct error *err)
{
	if (len >= size)
		return error_set(err, "the host name is longer than %zu characters", size - 1);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] <= ' ' || strchr("/[]\x7f", s[i]))
			return error_set(err, "\"%.*s\" is not a host name", (int)len, s);
	memcpy(host, s, len);
	host[len] = '\0';
	return true;
}

/* An IPv6 address by its characters, with its zone ("fe80::1%eth0"). */
static bool looks_like_ipv6(const char *s, size_t len)
{
	size_t n = strspn(s, "0123456789abcdefABCDEF:.");

	return memchr(s, ':', len) && (n >= len || s[n] == '%');
}

bool addr_split(const char *s, uint16_t default_port, char *host, size_t host_size, uint16_t *port,
                struct error *err)
{
	const char *colon = strrchr(s, ':');
	const char *name = s;
	size_t len = strlen(s);
	uint64_t n = default_port;
	bool is_ipv6 = true;
	const char *end;

	if (s[0] == '[') {
		end = strchr(s, ']');
		if (!end || (end[1] && end[1] != ':'))
			return error_set(err, "\"%s\": write an IPv6 address as [address]:port", s);
		name = s + 1;
		len = (size_t)(end - name);
		colon = end[1] ? end + 1 : NULL;
	} else if (colon && strchr(s, ':') != colon) {
		colon = NULL; /* a bare IPv6 address */
	} else {
		is_ipv6 = false;
		len = colon ? (size_t)(colon - s) : len;
	}
	if (is_ipv6 && !looks_like_ipv6(name, len))
		return error_set(err, "\"%s\": write an IPv6 address as [address]:port", s);
	if (colon && (!number_parse(colon + 1, 65535, &n) || n == 0))
		return error_set(err, "\"%s\": the port must be 1 to 65535", s);
	if (!copy_host(name, len, host, host_size, err))
		return false;
	*port = (uint16_t)n;
	return true;
}

bool addr_parse_ip(const char *host, uint16_t port, struct addr *ret)
{
	struct addr a = { 0 };

	if (!*host || strcmp(host, "*") == 0)
		host = "0.0.0.0";
	if (inet_pton(AF_INET, host, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.len = sizeof(a.in);
	} else if (inet_pton(AF_INET6, host, &a.in6.sin6_addr) == 1) {
		a.in6.sin6_family = AF_INET6;
		a.len = sizeof(a.in6);
	} else {
		return false;
	}
	addr_set_port(&a, port);
	*ret = a;
	return true;
}

bool addr_from_unix(const char *path, struct addr *ret, struct error *err)
{
	struct addr a = { .un = { .sun_family = AF_UNIX }, .len = sizeof(a.un) };

	if (!*path || strlen(path) >= sizeof(a.un.sun_path))
		return error_set(err, "\"%s\": a socket path has 1 to %zu characters", path,
		                 sizeof(a.un.sun_path) - 1);
	memcpy(a.un.sun_path, path, strlen(path) + 1);
	*ret = a;
	return true;
}

static bool is_whole(const struct addr *a)
{
	switch (a->sa.sa_family) {
	case AF_INET:
		return a->len >= sizeof(a->in);
	case AF_INET6:
		return a->len >= sizeof(a->in6);
	case AF_UNIX:
		return a->un.sun_path[sizeof(a->un.sun_path) - 1] == '\0';
	default:
		return false;
	}
}

bool addr_from_sockaddr(const struct sockaddr *sa, socklen_t len, struct addr *ret)
{
	struct addr a = { 0 };

	if (len < sizeof(sa->sa_family) || len > sizeof(a.un))
		return false;
	memcpy(&a.un, sa, len);
	a.len = len;
	if (!is_whole(&a))
		return false;
	*ret = a;
	return true;
}

uint16_t addr_port(const struct addr *a)
{
	if (a->len && a->sa.sa_family == AF_INET)
		return ntohs(a->in.sin_port);
	if (a->len && a->sa.sa_family == AF_INET6)
		return ntohs(a->in6.sin6_port);
	return 0;
}

void addr_set_port(struct addr *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_port = htons(port);
	else if (a->sa.sa_family == AF_INET6)
		a->in6.sin6_port = htons(port);
}

/* The bytes of an IP address; an IPv4 address mapped into IPv6 counts as IPv4. */
static const uint8_t *ip_bytes(const struct addr *a, size_t *len)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	*len = 0;
	if (!a->len)
		return NULL;
	if (a->sa.sa_family == AF_INET) {
		*len = 4;
		return (const uint8_t *)&a->in.sin_addr;
	}
	if (a->sa.sa_family != AF_INET6)
		return NULL;
	if (memcmp(&a->in6.sin6_addr, mapped, sizeof(mapped)) == 0) {
		*len = 4;
		return (const uint8_t *)&a->in6.sin6_addr + sizeof(mapped);
	}
	*len = 16;
	return (const uint8_t *)&a->in6.sin6_addr;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	size_t la;
	size_t lb;
	const uint8_t *pa = ip_bytes(a, &la);
	const uint8_t *pb = ip_bytes(b, &lb);

	if (pa && pb)
		return la == lb && memcmp(pa, pb, la) == 0 && addr_port(a) == addr_port(b);
	if (pa || pb || !a->len || !b->len)
		return !a->len && !b->len;
	return a->sa.sa_family == b->sa.sa_family && strcmp(a->un.sun_path, b->un.sun_path) == 0;
}

const char *addr_format_host(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	size_t len;
	const uint8_t *bytes = ip_bytes(a, &len);

	if (bytes)
		inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, buf, ADDR_TEXT_MAX);
	else
		snprintf(buf, ADDR_TEXT_MAX, "%s", a->len ? "unix" : "-");
	return buf;
}

enum addr_reach addr_reach(const struct addr *a)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;

	if (!a->len)
		return ADDR_REACH_HOST;
	if (a->sa.sa_family == AF_INET) {
		uint32_t ip = ntohl(a->in.sin_addr.s_addr);

		return ip >> 24 == 127 ? ADDR_REACH_HOST : ip ? ADDR_REACH_ADDRESS : ADDR_REACH_ALL;
	}
	if (a->sa.sa_family != AF_INET6 || IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr))
		return ADDR_REACH_HOST;
	return memcmp(&a->in6.sin6_addr, &any, sizeof(any)) == 0 ? ADDR_REACH_ALL
	                                                         : ADDR_REACH_ADDRESS;
}

const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	char host[ADDR_TEXT_MAX];

	addr_format_host(a, host);
	if (!a->len)
		snprintf(buf, ADDR_TEXT_MAX, "-");
	else if (a->sa.sa_family == AF_UNIX)
		snprintf(buf, ADDR_TEXT_MAX, "unix:%s", a->un.sun_path);
	else if (strchr(host, ':'))
		snprintf(buf, ADDR_TEXT_MAX, "[%.45s]:%u", host, addr_port(a));
	else
		snprintf(buf, ADDR_TEXT_MAX, "%.45s:%u", host, addr_port(a));
	return buf;
}

struct addr_ip addr_pack(const struct addr *a)
{
	struct addr_ip ip = { 0 };
	size_t len;
	const uint8_t *bytes = ip_bytes(a, &len);

	if (!a->len)
		return ip;
	ip.family = a->sa.sa_family;
	if (bytes) {
		ip.family = len == 4 ? AF_INET : AF_INET6;
		ip.port = addr_port(a);
		memcpy(ip.bytes, bytes, len);
	}
	if (ip.family == AF_INET6)
		ip.scope = a->in6.sin6_scope_id;
	return ip;
}

struct addr addr_unpack(const struct addr_ip *ip)
{
	struct addr a = { 0 };

	a.sa.sa_family = ip->family;
	if (ip->family == AF_INET) {
		a.len = sizeof(a.in);
		memcpy(&a.in.sin_addr, ip->bytes, 4);
	} else if (ip->family == AF_INET6) {
		a.len = sizeof(a.in6);
		a.in6.sin6_scope_id = ip->scope;
		memcpy(&a.in6.sin6_addr, ip->bytes, 16);
	} else if (ip->family == AF_UNIX) {
		a.len = sizeof(a.un);
	}
	addr_set_port(&a, ip->port);
	return a;
}

bool addr_net_parse(const char *s, struct addr_net *ret, struct error *err)
{
	const char *slash = strchr(s, '/');
	struct addr_net net = { 0 };
	char host[64];
	struct addr a;
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	const uint8_t *bytes;
	uint64_t bits;

	if (!len || len >= sizeof(host))
		return error_set(err, "\"%s\" is not an address or a network", s);
	memcpy(host, s, len);
	host[len] = '\0';
	if (strcmp(host, "*") == 0 || !addr_parse_ip(host, 0, &a))
		return error_set(err, "\"%s\" is not an address or a network", s);
	bytes = ip_bytes(&a, &len);
	bits = len * 8;
	if (slash && !number_parse(slash + 1, len * 8, &bits))
		return error_set(err, "\"%s\": the prefix length must be 0 to %zu", s, len * 8);
	memcpy(net.bytes, bytes, len);
	net.family_bits = (uint8_t)(len * 8);
	net.bits = (uint8_t)bits;
	*ret = net;
	return true;
}

bool addr_net_contains(const struct addr_net *net, const struct addr *a)
{
	size_t len;
	const uint8_t *bytes = ip_bytes(a, &len);
	size_t whole = net->bits / 8;
	unsigned int rest = net->bits % 8;

	if (!bytes || len * 8 != net->family_bits || memcmp(bytes, net->bytes, whole) != 0)
		return false;
	return !rest || ((bytes[whole] ^ net->bytes[whole]) & (0xff00U >> rest) & 0xffU) == 0;
}
