/* SPDX-License-Identifier: MIT */
#include "net/proxyproto.h"

#include "base/number.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Section 2.2 of proxy-protocol.txt. */
enum {
	SIGNATURE_LEN = 12,
	VERSION_2 = 0x20,
	COMMAND_LOCAL = 0x0,
	COMMAND_PROXY = 0x1,
	FAMILY_UNSPEC = 0x00,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21,
	FAMILY_UNIX_STREAM = 0x31,
	UNIX_PATH_LEN = 108,
	TLV_HEADER = 3, /* type and length */
	TLV_CRC32C = 0x03,
	CRC_LEN = 4
};

static const uint8_t signature[SIGNATURE_LEN] = "\r\n\r\n\0\r\nQUIT\n";
static const char v1_start[] = "PROXY ";

static uint32_t crc32c(const uint8_t *bytes, size_t n)
{
	/* The remainders of each half byte (RFC 4960 appendix B, reflected). */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static void put16(uint8_t *at, uint16_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put32(uint8_t *at, uint32_t n)
{
	put16(at, (uint16_t)(n >> 16));
	put16(at + 2, (uint16_t)n);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* The size of an address in the header if both fit one IP family, or 0. */
static size_t common_size(const struct addr *a, const struct addr *b)
{
	const struct addr *ends[] = { a, b };
	size_t size = 4;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (!ends[i] || !ends[i]->len)
			return 0;
		if (ends[i]->sa.sa_family == AF_INET6)
			size = 16;
		else if (ends[i]->sa.sa_family != AF_INET)
			return 0;
	}
	return size;
}

static void put_ip(const struct addr *a, size_t size, uint8_t *at)
{
	if (a->sa.sa_family == AF_INET6) {
		memcpy(at, &a->in6.sin6_addr, 16);
		return;
	}
	if (size == 16) { /* ::ffff:a.b.c.d */
		memset(at, 0, 10);
		memset(at + 10, 0xff, 2);
		at += 12;
	}
	memcpy(at, &a->in.sin_addr, 4);
}

static const char *format_ip(const struct addr *a, size_t size, char text[static INET6_ADDRSTRLEN])
{
	uint8_t ip[16];

	put_ip(a, size, ip);
	return inet_ntop(size == 16 ? AF_INET6 : AF_INET, ip, text, INET6_ADDRSTRLEN);
}

size_t proxyproto_write_v1(const struct addr *client, const struct addr *local, void *buf,
                           size_t room)
{
	char line[PROXYPROTO_V1_MAX + 1] = "PROXY UNKNOWN\r\n";
	size_t size = common_size(client, local);
	size_t len;

	if (size) {
		char ip[2][INET6_ADDRSTRLEN];

		(void)snprintf(line, sizeof(line), "PROXY TCP%c %s %s %u %u\r\n",
		               size == 16 ? '6' : '4', format_ip(client, size, ip[0]),
		               format_ip(local, size, ip[1]), addr_port(client), addr_port(local));
	}
	len = strlen(line);
	if (len > room)
		return 0;
	memcpy(buf, line, len);
	return len;
}

/* The next TLV of `at`..`end`: its value and length; false at the end or if it is cut off. */
static bool next_tlv(const uint8_t **at, const uint8_t *end, uint8_t *type, const uint8_t **value,
                     size_t *len)
{
	if (end - *at < TLV_HEADER)
		return false;
	*type = **at;
	*len = get16(*at + 1);
	*value = *at + TLV_HEADER;
	if ((size_t)(end - *value) < *len)
		return false;
	*at = *value + *len;
	return true;
}

/* Where a checksum is among the TLVs; NULL: there is none. */
static const uint8_t *find_crc(const uint8_t *tlvs, size_t tlv_len)
{
	const uint8_t *end = tlvs + tlv_len;
	const uint8_t *value;
	uint8_t type;
	size_t len;

	while (next_tlv(&tlvs, end, &type, &value, &len))
		if (type == TLV_CRC32C && len == CRC_LEN)
			return value;
	return NULL;
}

size_t proxyproto_write_v2(const struct addr *client, const struct addr *local, const void *tlvs,
                           size_t tlv_len, void *buf, size_t room)
{
	size_t size = common_size(client, local);
	size_t addresses = size ? 2 * size + 4 : 0;
	size_t len = PROXYPROTO_V2_MIN + addresses + tlv_len;
	uint8_t *at = buf;
	const uint8_t *crc;

	if (len > room || addresses + tlv_len > UINT16_MAX)
		return 0;
	memcpy(at, signature, SIGNATURE_LEN);
	at[12] = VERSION_2 | (size ? COMMAND_PROXY : COMMAND_LOCAL);
	at[13] = size == 16 ? FAMILY_TCP6 : size ? FAMILY_TCP4 : FAMILY_UNSPEC;
	put16(at + 14, (uint16_t)(addresses + tlv_len));
	at += PROXYPROTO_V2_MIN;
	if (size) {
		put_ip(client, size, at);
		put_ip(local, size, at + size);
		put16(at + 2 * size, addr_port(client));
		put16(at + 2 * size + 2, addr_port(local));
		at += addresses;
	}
	if (!tlv_len)
		return len;
	memcpy(at, tlvs, tlv_len);
	crc = find_crc(at, tlv_len);
	if (crc) {
		at += crc - at;
		put32(at, 0);
		put32(at, crc32c(buf, len));
	}
	return len;
}

static enum proxyproto_step want(struct proxyproto_header *ret, size_t len)
{
	ret->len = len;
	return PROXYPROTO_NEED_MORE;
}

static enum proxyproto_step refuse(struct proxyproto_header *ret, const char *reason)
{
	*ret = (struct proxyproto_header){ .version = ret->version,
		                           .reason = reason,
		                           .haproxy_reason =
		                               "Received an invalid PROXY protocol header" };
	return PROXYPROTO_BAD;
}

static enum proxyproto_step refuse_protocol(struct proxyproto_header *ret, const char *reason)
{
	(void)refuse(ret, reason);
	ret->haproxy_reason = "Received an unhandled protocol in the PROXY protocol header";
	return PROXYPROTO_BAD;
}

static enum proxyproto_step refuse_all(struct proxyproto_header *ret, const char *reason)
{
	(void)refuse(ret, reason);
	ret->haproxy_reason = "Received something which does not look like a PROXY protocol header";
	return PROXYPROTO_BAD;
}

/* Cuts the next word off; NULL if there is none.  Words are separated by exactly one space. */
static char *next_word(char **rest)
{
	char *word = *rest;
	char *space = word ? strchr(word, ' ') : NULL;

	if (space)
		*space++ = '\0';
	*rest = space;
	return word && *word ? word : NULL;
}

static bool parse_port(const char *s, uint16_t *ret)
{
	uint64_t n;

	if (!s || (s[0] == '0' && s[1]) || !number_parse(s, UINT16_MAX, &n))
		return false;
	*ret = (uint16_t)n;
	return true;
}

static bool parse_ip(const char *s, int family, struct addr *ret)
{
	struct addr a;

	if (!s || *s == '*' || !addr_parse_ip(s, 0, &a) || a.sa.sa_family != family)
		return false;
	*ret = a;
	return true;
}

static enum proxyproto_step parse_line(char *rest, struct proxyproto_header *ret)
{
	const char *protocol = next_word(&rest);
	int family = AF_INET;
	uint16_t port;

	if (!protocol)
		return refuse(ret, "no protocol in the PROXY line");
	if (strcmp(protocol, "UNKNOWN") == 0) { /* what follows it is to be ignored */
		ret->is_local = true;
		return PROXYPROTO_DONE;
	}
	if (strcmp(protocol, "TCP6") == 0)
		family = AF_INET6;
	else if (strcmp(protocol, "TCP4") != 0)
		return refuse_protocol(ret, "unknown protocol in the PROXY line");
	if (!parse_ip(next_word(&rest), family, &ret->source))
		return refuse(ret, "bad source address in the PROXY line");
	if (!parse_ip(next_word(&rest), family, &ret->destination))
		return refuse(ret, "bad destination address in the PROXY line");
	if (!parse_port(next_word(&rest), &port))
		return refuse(ret, "bad source port in the PROXY line");
	addr_set_port(&ret->source, port);
	if (!parse_port(next_word(&rest), &port))
		return refuse(ret, "bad destination port in the PROXY line");
	addr_set_port(&ret->destination, port);
	return rest ? refuse(ret, "too many words in the PROXY line") : PROXYPROTO_DONE;
}

/* Section 2.1; the bytes begin with as much of "PROXY " as there is. */
static enum proxyproto_step parse_v1(const uint8_t *bytes, size_t n, struct proxyproto_header *ret)
{
	const size_t start = strlen(v1_start);
	const size_t shortest = strlen("PROXY UNKNOWN\r\n");
	size_t limit = PROXYPROTO_V1_MAX;
	char line[PROXYPROTO_V1_MAX + 1];
	size_t end = start;

	ret->version = 1;
	if (n < limit)
		limit = n;
	if (end > limit)
		end = limit;
	while (end < limit && bytes[end] != '\r' && bytes[end] != '\n' && bytes[end])
		end++;
	if (end + 1 >= PROXYPROTO_V1_MAX)
		return refuse(ret, "the PROXY line is longer than 107 bytes");
	if (end < limit && bytes[end] != '\r')
		return refuse(ret, "the PROXY line does not end with CR LF");
	if (end + 1 >= limit)
		return want(ret, n + 1 < shortest ? shortest : n + 1);
	if (bytes[end + 1] != '\n')
		return refuse(ret, "the PROXY line does not end with CR LF");
	memcpy(line, bytes, end);
	line[end] = '\0';
	ret->len = end + 2;
	return parse_line(line + start, ret);
}

static void get_ip(const uint8_t *at, size_t size, const uint8_t *port, struct addr *ret)
{
	*ret = (struct addr){ 0 };
	if (size == 4) {
		ret->in.sin_family = AF_INET;
		memcpy(&ret->in.sin_addr, at, size);
		ret->len = sizeof(ret->in);
	} else {
		ret->in6.sin6_family = AF_INET6;
		memcpy(&ret->in6.sin6_addr, at, size);
		ret->len = sizeof(ret->in6);
	}
	addr_set_port(ret, get16(port));
}

/* A path that fills its field has no terminator, and no room for one: it is left out. */
static void get_path(const uint8_t *at, struct addr *ret)
{
	char path[UNIX_PATH_LEN + 1] = "";

	memcpy(path, at, UNIX_PATH_LEN);
	if (!addr_from_unix(path, ret, NULL))
		*ret = (struct addr){ 0 };
}

/* The size of the addresses; false if such a family has no business on a TCP connection. */
static bool get_addresses(const uint8_t *at, size_t n, uint8_t family, size_t *size,
                          struct proxyproto_header *ret)
{
	*size = 0;
	switch (family) {
	case FAMILY_UNSPEC: /* addresses of no known kind: all of it is skipped */
		*size = n;
		return true;
	case FAMILY_TCP4:
	case FAMILY_TCP6:
		*size = family == FAMILY_TCP4 ? 4 : 16;
		if (n >= 2 * *size + 4) {
			get_ip(at, *size, at + 2 * *size, &ret->source);
			get_ip(at + *size, *size, at + 2 * *size + 2, &ret->destination);
		}
		*size = 2 * *size + 4;
		return true;
	case FAMILY_UNIX_STREAM:
		*size = (size_t)2 * UNIX_PATH_LEN;
		if (n >= *size) {
			get_path(at, &ret->source);
			get_path(at + UNIX_PATH_LEN, &ret->destination);
		}
		return true;
	default:
		return false;
	}
}

/* NULL, or what is wrong with the TLVs of the header `bytes`. */
static const char *judge_tlvs(const uint8_t *bytes, const struct proxyproto_header *h)
{
	static const uint8_t zeros[CRC_LEN];
	const uint8_t *at = h->tlvs;
	const uint8_t *end = bytes + h->len;
	uint8_t copy[PROXYPROTO_MAX];
	const uint8_t *value;
	uint8_t type;
	size_t len;

	while (next_tlv(&at, end, &type, &value, &len)) {
		if (type != TLV_CRC32C)
			continue;
		if (len != CRC_LEN)
			return "a checksum of the wrong size in the PROXY header";
		memcpy(copy, bytes, h->len); /* it was made with zeros in its own place */
		memcpy(copy + (value - bytes), zeros, CRC_LEN);
		if (crc32c(copy, h->len) != get32(value))
			return "the checksum of the PROXY header is wrong";
	}
	return at == end ? NULL : "an extension of the PROXY header is cut off";
}

/* Section 2.2; all of the header is there. */
static enum proxyproto_step parse_v2(const uint8_t *bytes, struct proxyproto_header *ret)
{
	size_t n = ret->len - PROXYPROTO_V2_MIN;
	const char *wrong;
	size_t size;

	if (ret->is_local)
		return PROXYPROTO_DONE;
	if (!get_addresses(bytes + PROXYPROTO_V2_MIN, n, bytes[13], &size, ret))
		return refuse(ret, "unknown address family in the PROXY header");
	if (n < size)
		return refuse(ret, "the addresses of the PROXY header are cut off");
	ret->is_local = bytes[13] == FAMILY_UNSPEC;
	if (n == size)
		return PROXYPROTO_DONE;
	ret->tlvs = bytes + PROXYPROTO_V2_MIN + size;
	ret->tlv_len = n - size;
	wrong = judge_tlvs(bytes, ret);
	return wrong ? refuse(ret, wrong) : PROXYPROTO_DONE;
}

static enum proxyproto_step begin_v2(const uint8_t *bytes, size_t n, struct proxyproto_header *ret)
{
	ret->version = 2;
	if (n > 12 && (bytes[12] & 0xf0) != VERSION_2)
		return refuse_all(ret, "unknown version of the PROXY header");
	if (n > 12 && (bytes[12] & 0x0f) > COMMAND_PROXY)
		return refuse(ret, "unknown command in the PROXY header");
	if (n < PROXYPROTO_V2_MIN)
		return want(ret, PROXYPROTO_V2_MIN);
	ret->len = PROXYPROTO_V2_MIN + (size_t)get16(bytes + 14);
	ret->is_local = (bytes[12] & 0x0f) == COMMAND_LOCAL;
	if (ret->len > PROXYPROTO_MAX)
		return refuse(ret, "the PROXY header is longer than 4096 bytes");
	return n < ret->len ? want(ret, ret->len) : parse_v2(bytes, ret);
}

static bool begins_with(const uint8_t *bytes, size_t n, const void *start, size_t start_len)
{
	return memcmp(bytes, start, n < start_len ? n : start_len) == 0;
}

enum proxyproto_step proxyproto_parse(const void *bytes, size_t n, struct proxyproto_header *ret)
{
	*ret = (struct proxyproto_header){ 0 };
	if (!n)
		return want(ret, 1);
	if (begins_with(bytes, n, v1_start, strlen(v1_start)))
		return parse_v1(bytes, n, ret);
	if (begins_with(bytes, n, signature, SIGNATURE_LEN))
		return begin_v2(bytes, n, ret);
	return refuse_all(ret, "no PROXY header");
}
