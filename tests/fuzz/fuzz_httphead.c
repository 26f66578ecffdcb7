/* SPDX-License-Identifier: MIT */
/* LAYERS: net base */
/*
 * Any bytes as the head of a request.  Beyond not crashing: what is found lies inside the head, the
 * verdict does not depend on how the bytes arrive, and the head ends with an empty line.
 */
#include "net/httphead.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_lie_within(struct httphead_string s, const char *bytes, size_t len)
{
	must(s.at >= bytes && s.len <= len && (size_t)(s.at - bytes) <= len - s.len);
	must(!s.len || (!memchr(s.at, '\n', s.len) && !memchr(s.at, '\0', s.len)));
}

static void judge(const struct httphead_request *r, const char *bytes, size_t size)
{
	must(r->head_len > 0 && r->head_len <= size && bytes[r->head_len - 1] == '\n');
	must(r->method.len > 0 && r->target.len > 0 && r->minor >= 0 && r->minor <= 9);
	must_lie_within(r->method, bytes, r->head_len);
	must_lie_within(r->target, bytes, r->head_len);
	must(r->field_count <= HTTPHEAD_FIELDS_MAX);
	for (size_t i = 0; i < r->field_count; i++) {
		must(r->fields[i].name.len > 0);
		must_lie_within(r->fields[i].name, bytes, r->head_len);
		must_lie_within(r->fields[i].value, bytes, r->head_len);
		httphead_has_token(r->fields[i].value, "close");
	}
	must(!httphead_field(r, "Transfer-Encoding").at);
	must(httphead_field(r, "Content-Length").at || !r->content_length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct httphead_request whole;
	struct httphead_request part;
	enum httphead_status verdict = httphead_parse_request(bytes, size, &whole);

	if (verdict == HTTPHEAD_OK)
		judge(&whole, bytes, size);
	for (size_t len = 0; len < size && len < 512; len++) {
		enum httphead_status early = httphead_parse_request(bytes, len, &part);

		must(early == HTTPHEAD_MORE || early == verdict);
		must(early != HTTPHEAD_OK || part.head_len == whole.head_len);
	}
	return 0;
}
