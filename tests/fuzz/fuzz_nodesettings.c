/* SPDX-License-Identifier: MIT */
/* LAYERS: conf core base */
#include "conf/nodesettings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Any bytes give settings, or an error that names its source and has no control character. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nodesettings s;
	struct error err;

	if (nodesettings_parse("node", (const char *)data, size, &s, &err)) {
		must(s.initial_wait_ms <= UINT64_MAX / 1000000);
		must(s.statement_ms <= UINT64_MAX / 1000000);
		return 0;
	}
	must(strncmp(err.text, "node: ", 6) == 0);
	for (const char *at = err.text; *at; at++)
		must((unsigned char)*at >= ' ');
	return 0;
}
