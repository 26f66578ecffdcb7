/* SPDX-License-Identifier: MIT */
/* LAYERS: net base */
/*
 * Any bytes as the beginning of a connection.  Beyond not crashing: the verdict does not depend on
 * how the bytes arrive, what is found lies inside the header, and what was read can be written and
 * read back.
 */
#include "net/proxyproto.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool is_same(const struct addr *a, const struct addr *b)
{
	return (!a->len && !b->len) || (addr_equal(a, b) && addr_port(a) == addr_port(b));
}

static bool is_unix(const struct addr *a)
{
	return a->len && a->sa.sa_family == AF_UNIX;
}

static void must_come_back(const struct proxyproto_header *h)
{
	static uint8_t buf[2 * PROXYPROTO_MAX];
	struct proxyproto_header again;
	size_t len =
	    proxyproto_write_v2(&h->source, &h->destination, h->tlvs, h->tlv_len, buf, sizeof(buf));

	if (is_unix(&h->source) || is_unix(&h->destination))
		return;
	must(len > 0 && proxyproto_parse(buf, len, &again) == PROXYPROTO_DONE && again.len == len);
	must(is_same(&again.source, &h->source) && is_same(&again.destination, &h->destination));
	len = proxyproto_write_v1(&h->source, &h->destination, buf, PROXYPROTO_V1_MAX);
	must(len > 0 && proxyproto_parse(buf, len, &again) == PROXYPROTO_DONE && again.len == len);
	must(is_same(&again.source, &h->source) && is_same(&again.destination, &h->destination));
}

static void judge(const struct proxyproto_header *h, const uint8_t *data, size_t size)
{
	must(h->len > 0 && h->len <= size && h->len <= PROXYPROTO_MAX);
	must(h->version == (data[0] == 'P' ? 1 : 2) && !h->reason);
	must(!h->is_local || (!h->source.len && !h->destination.len));
	if (h->tlvs)
		must(h->tlvs > data && h->tlvs + h->tlv_len == data + h->len);
	else
		must(!h->tlv_len);
	must_come_back(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxyproto_header whole;
	struct proxyproto_header part;
	enum proxyproto_step verdict = proxyproto_parse(data, size, &whole);

	if (verdict == PROXYPROTO_DONE)
		judge(&whole, data, size);
	must((verdict == PROXYPROTO_BAD) == (whole.reason != NULL && whole.haproxy_reason != NULL));
	must(verdict != PROXYPROTO_NEED_MORE || whole.len > size);
	for (size_t len = 0; len < size && len < 512; len++) {
		enum proxyproto_step early = proxyproto_parse(data, len, &part);

		must(early == PROXYPROTO_NEED_MORE || early == verdict);
		must(early != PROXYPROTO_NEED_MORE || verdict != PROXYPROTO_DONE ||
		     part.len <= whole.len);
		must(early != PROXYPROTO_DONE || part.len == whole.len);
	}
	return 0;
}
