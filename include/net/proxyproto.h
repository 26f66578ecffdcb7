/* SPDX-License-Identifier: MIT */
#ifndef NET_PROXYPROTO_H
#define NET_PROXYPROTO_H

#include "base/addr.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The PROXY protocol (HAProxy's proxy-protocol.txt), versions 1 and 2: a header in front of a
 * connection's first bytes that tells where the connection came from.  Bytes only: nothing here
 * knows a socket, keeps a state or allocates.
 */
enum {
	PROXYPROTO_V1_MAX = 107,          /* a version 1 line with its CRLF (section 2.1) */
	PROXYPROTO_V2_MIN = 16,           /* the fixed part of version 2 */
	PROXYPROTO_MAX = 16 + 4096,       /* the longest header that is read: longer ones are BAD */
	PROXYPROTO_V2_PLAIN = 16 + 2 * 18 /* the longest that is written without TLVs */
};

/*
 * Each writes one header into `buf` and returns its length; 0 if `room` is too small, which never
 * happens with PROXYPROTO_V1_MAX, or PROXYPROTO_V2_PLAIN and the TLVs.
 *
 * `client` and `local` are the two ends of the client's connection as this proxy sees it, either
 * may be NULL or of length 0.  As HAProxy does it: IPv4 and IPv6 mixed are written as IPv6, the
 * IPv4 one mapped (::ffff:a.b.c.d); if one of them is neither, version 1 says "PROXY UNKNOWN" and
 * version 2 is a LOCAL header without addresses.  So version 2 for a connection of the proxy's own
 * (a check) has NULL for both.
 */
size_t proxyproto_write_v1(const struct addr *client, const struct addr *local, void *buf,
                           size_t room);
/* `tlvs` are passed on as they are; their CRC32C, if any, is put right. */
size_t proxyproto_write_v2(const struct addr *client, const struct addr *local, const void *tlvs,
                           size_t tlv_len, void *buf, size_t room);

enum proxyproto_step {
	PROXYPROTO_NEED_MORE, /* what is there may be the beginning of a header */
	PROXYPROTO_BAD,       /* it is none: `reason` */
	PROXYPROTO_DONE
};

struct proxyproto_header {
	size_t len;    /* DONE: bytes of the header; NEED_MORE: look again with this many or more */
	int version;   /* 1 or 2 */
	bool is_local; /* LOCAL (or UNKNOWN): the connection's own addresses are the ones */
	struct addr source, destination; /* len 0: the header names none, or of unknown kind */
	const uint8_t *tlvs;             /* in the given bytes; NULL: none */
	size_t tlv_len;
	const char *reason;         /* BAD: static words */
	const char *haproxy_reason; /* BAD: the words of HAProxy's log for it */
};

/*
 * Judges the first `n` bytes of a connection, as MSG_PEEK shows them.  A verdict other than
 * NEED_MORE stays the same when more bytes come.  Stricter than HAProxy 2.6 about ports; as the
 * specification wants it, and unlike HAProxy 2.6, "PROXY UNKNOWN" may be followed by words, and the
 * families UNSPEC and AF_UNIX are taken.  `ret` is always filled.
 */
enum proxyproto_step proxyproto_parse(const void *bytes, size_t n, struct proxyproto_header *ret);

#endif
