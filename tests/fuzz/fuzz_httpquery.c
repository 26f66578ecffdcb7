/* SPDX-License-Identifier: MIT */
/* LAYERS: net base */
/*
 * Any bytes as the query of a request, a posted form, options of the statistics and credentials.
 * Beyond not crashing: strings stay within the input, decoding never makes them longer, what is
 * left is always less than before.
 */
#include "net/httpquery.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void judge_pairs(const char *text)
{
	char *copy = strdup(text);
	char *end = copy + strlen(copy);
	char *rest = copy;
	char *name;
	char *value;

	for (char *before = rest; httpquery_next(&rest, &name, &value); before = rest) {
		must(rest > before && rest <= end);
		must(name >= before && name + strlen(name) <= end);
		must(value > name && value + strlen(value) <= end);
	}
	must(rest == end);
	free(copy);
}

static void judge_options(const char *bytes, size_t size)
{
	struct httpquery_stats q;

	httpquery_parse_stats(bytes, size, &q);
	must(q.form <= HTTPQUERY_SCHEMA);
	must(strlen(q.scope) <= HTTPQUERY_SCOPE_MAX);
	must(strlen(q.outcome) <= 4);
}

static void judge_base64(const char *bytes, size_t size)
{
	char *out = malloc(size + 1);

	if (httpquery_base64(bytes, size, out, size + 1))
		must(size % 4 == 0 && strlen(out) <= size / 4 * 3);
	must(!size || !httpquery_base64(bytes, size, out, 1));
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	judge_pairs(text);
	/* Exactly as long as the input: a read beyond it is seen. */
	text = realloc(text, size ? size : 1);
	judge_options(text, size);
	judge_base64(text, size);
	free(text);
	return 0;
}
