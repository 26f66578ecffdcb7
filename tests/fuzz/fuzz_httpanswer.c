/* SPDX-License-Identifier: MIT */
/* LAYERS: base */
#include "base/httpanswer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Content that comes in portions is the same as all at once, wherever it is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

static void check(const struct httpanswer_head *h, struct httpanswer_slice in, size_t step)
{
	enum httpanswer_state last = HTTPANSWER_MORE;
	AUTO_TEXT whole = { 0 };
	AUTO_TEXT portions = { 0 };
	enum httpanswer_state state = httpanswer_decode(h, in, &whole);
	size_t used = 0;

	for (size_t n = 0; last == HTTPANSWER_MORE; n += step) {
		size_t len = n < in.len ? n : in.len;

		last =
		    httpanswer_take(h, (struct httpanswer_slice){ in.at, len }, &used, &portions);
		must(used <= len);
		if (len == in.len)
			break;
	}
	/* A line without end is given up only in portions. */
	must(last == state || (state == HTTPANSWER_MORE && last == HTTPANSWER_BAD));
	must(portions.len <= whole.len);
	must(portions.len == 0 || memcmp(portions.data, whole.data, portions.len) == 0);
	must(last != HTTPANSWER_OK || portions.len == whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct httpanswer_slice in;
	struct httpanswer_head h;

	if (!size)
		return 0;
	in = (struct httpanswer_slice){ (const char *)data + 1, size - 1 };
	if (httpanswer_parse(in, data[0] & 128, &h) != HTTPANSWER_OK)
		return 0;
	must(h.size <= in.len);
	httpanswer_field(&h, "location");
	httpanswer_has(&h, "transfer-encoding", "chunked", 7);
	in.at += h.size;
	in.len -= h.size;
	check(&h, in, 1 + data[0] % 16);
	return 0;
}
