/* SPDX-License-Identifier: MIT */
#ifndef BASE_HTTPANSWER_H
#define BASE_HTTPANSWER_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The answer to an HTTP/1 request, read strictly from left to right (RFC 9112). */

enum httpanswer_state { HTTPANSWER_OK, HTTPANSWER_MORE, HTTPANSWER_BAD };

enum httpanswer_framing {
	HTTPANSWER_CLOSE,
	HTTPANSWER_LENGTH,
	HTTPANSWER_CHUNKED,
	HTTPANSWER_NONE
};

struct httpanswer_slice {
	const char *at;
	size_t len;
};

struct httpanswer_head {
	unsigned int status;
	struct httpanswer_slice code;   /* the status as it was written */
	struct httpanswer_slice reason; /* may be empty */
	struct httpanswer_slice fields; /* the header lines */
	enum httpanswer_framing framing;
	uint64_t length; /* HTTPANSWER_LENGTH */
	size_t size;     /* of the head with its empty line */
};

/* `head_only`: the request was a HEAD. */
enum httpanswer_state httpanswer_parse(struct httpanswer_slice in, bool head_only,
                                       struct httpanswer_head *ret);

/* The content that is there; HTTPANSWER_OK if it is all of it. */
enum httpanswer_state httpanswer_decode(const struct httpanswer_head *h, struct httpanswer_slice in,
                                        struct text *out);

/*
 * The same in portions, each byte looked at once: `in` is what has come so far of the content,
 * `*used`, 0 at first, how much of it is in `out` already.  Chunks are taken whole.
 */
enum httpanswer_state httpanswer_take(const struct httpanswer_head *h, struct httpanswer_slice in,
                                      size_t *used, struct text *out);

/* The first field of that name, without surrounding white space; at == NULL if there is none. */
struct httpanswer_slice httpanswer_field(const struct httpanswer_head *h, const char *name);

/*
 * True if there is a field of that name whose value, or one of the comma-separated parts of it, is
 * `value` (NULL: any).
 */
bool httpanswer_has(const struct httpanswer_head *h, const char *name, const char *value,
                    size_t value_len);

#endif
