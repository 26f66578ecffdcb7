/* SPDX-License-Identifier: MIT */
#ifndef NET_HTTPHEAD_H
#define NET_HTTPHEAD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The head of an HTTP/1 request (RFC 9112), for the admin endpoint and the simulated nodes.
 * Parses in place without copying: the strings point into the buffer, not terminated.  Lines end
 * with CRLF or LF; empty lines before the request are skipped.  No state is kept: with more bytes
 * the head is parsed again, so the caller bounds its length.
 */
enum httphead_status { HTTPHEAD_OK, HTTPHEAD_MORE, HTTPHEAD_BAD };

struct httphead_string {
	const char *at;
	size_t len;
};

enum { HTTPHEAD_FIELDS_MAX = 64 };

struct httphead_request {
	struct httphead_string method, target;
	int minor; /* HTTP/1.x */
	struct {
		struct httphead_string name, value; /* value without surrounding white space */
	} fields[HTTPHEAD_FIELDS_MAX];
	size_t field_count;
	size_t head_len;       /* bytes up to and including the empty line */
	size_t content_length; /* 0 if there is none */
};

/*
 * HTTPHEAD_MORE: the empty line has not come yet.  HTTPHEAD_BAD: not a request, more than
 * HTTPHEAD_FIELDS_MAX fields, a folded line, a NUL or another control byte, a bad or repeated
 * Content-Length, or any Transfer-Encoding; told as soon as it is seen, and more bytes do not cure
 * it. `ret` holds a request only after HTTPHEAD_OK.
 */
enum httphead_status httphead_parse_request(const char *bytes, size_t len,
                                            struct httphead_request *ret);

/* The value of a field, name compared without case; at == NULL if there is none. */
struct httphead_string httphead_field(const struct httphead_request *r, const char *name);

/* Byte for byte; false for a missing field. */
bool httphead_equals(struct httphead_string s, const char *text);
/* Does the (comma-separated) value hold that token?  Without case, parameters (";q=0.9") apart. */
bool httphead_has_token(struct httphead_string value, const char *token);

#endif
