/* SPDX-License-Identifier: MIT */
/* LAYERS: core base */
#include "core/probe.h"

#include <stdlib.h>
#include <string.h>

/*
 * The first byte chooses the check, the second how the rest is split; the rest is the answer.  Any
 * answer has a verdict, and the same one however it is split.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct settings_check choose(uint8_t byte)
{
	static const enum settings_check_type types[] = { SETTINGS_CHECK_HTTP, SETTINGS_CHECK_PGSQL,
		                                          SETTINGS_CHECK_HTTPS,
		                                          SETTINGS_CHECK_TCP };
	struct settings_check check = settings_check_default(types[byte & 3]);

	if (byte & 4)
		check.expect_string = "ok";
	if (byte & 8)
		check.user = "u";
	if ((byte & 16) && check.method)
		check.method = "HEAD";
	return check;
}

/* Pieces of pseudo-random lengths up to `longest`; true if the verdict came before the end. */
static bool run(const struct settings_check *check, const uint8_t *bytes, size_t size,
                size_t longest, struct probe_result *ret)
{
	struct probe p;
	bool early = false;
	size_t seed = longest;

	probe_init(&p, check);
	while (size && !early) {
		size_t n = seed % longest + 1;

		if (n > size)
			n = size;
		early = probe_feed(&p, bytes, n, ret) == PROBE_DONE;
		if (p.in.len > PROBE_ANSWER_MAX)
			abort();
		bytes += n;
		size -= n;
		seed = seed * 6364136223846793005U + 1442695040888963407U;
		seed ^= seed >> 29;
	}
	if (!early)
		probe_eof(&p, ret);
	probe_release(&p);
	return early;
}

static void expect_sane(const struct probe_result *r)
{
	if (r->code <= PROBE_INIT || r->code >= PROBE_CODE_COUNT || r->duration_ms)
		abort();
	if (r->draining && (probe_code_passed(r->code) || r->status != 503))
		abort();
	if (!memchr(r->info, '\0', sizeof(r->info)))
		abort();
	for (const char *c = r->info; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe_result whole;
	struct probe_result split;
	struct settings_check check;
	bool early;

	if (size < 2)
		return 0;
	check = choose(data[0]);
	early = run(&check, data + 2, size - 2, SIZE_MAX, &whole);
	expect_sane(&whole);
	if (run(&check, data + 2, size - 2, (size_t)data[1] + 1, &split) != early)
		abort();
	if (split.code != whole.code || split.status != whole.status ||
	    split.draining != whole.draining || strcmp(split.info, whole.info) != 0)
		abort();
	return 0;
}
