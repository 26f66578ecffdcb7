/* SPDX-License-Identifier: MIT */
/* LAYERS: conf core base */
#include "conf/generate.h"
#include "conf/loader.h"
#include "conf/nodedoc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Any bytes give an error that names its source, or nodes that a configuration can be made of. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 40 };

static void must(int ok)
{
	if (!ok)
		abort();
}

static void check(const struct nodelist *l)
{
	struct generate_options o = { .here = l->nodes[0].locality };
	struct loader_problems p;
	AUTO_TEXT out = { 0 };
	struct settings *s;

	must(l->count > 0 && l->count <= MOST);
	generate_haproxy(l, &o, &out);
	text_clear(&out);
	generate_conf(l, &o, &out);
	s = loader_read_string("x.conf", text_str(&out), &p);
	must(s != NULL);
	must(s->services[0].server_count == l->count);
	settings_free(s);
	loader_problems_release(&p);
}

/* What a document gave goes on as any list does. */
static void check_more(struct nodelist *l)
{
	static const char *const words[] = { "one.more:1:2", "another.one", "a.third" };
	const struct nodelist_options o = { "arguments", 26257, 8080, 0 };
	size_t before = l->count, more = 0;
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		more += nodelist_add_argument(l, words[i], &o, &err);
	must(l->count == before + more && l->room >= l->count);
}

static void check_words(const char *words)
{
	for (; *words; words++)
		must((unsigned char)*words >= ' ' || *words == '\n');
}

static void read_as(const uint8_t *data, size_t size, bool from_node, const char *group)
{
	const struct nodedoc_options o = { .source = "nodes",
		                           .sql_port = 26257,
		                           .http_port = 8080,
		                           .max = MOST,
		                           .from_node = from_node,
		                           .group = group };
	AUTO_TEXT warnings = { 0 };
	struct nodelist l;
	struct error err;

	if (nodedoc_parse((const char *)data, size, &o, &l, &warnings, &err)) {
		check(&l);
		check_words(text_str(&warnings));
		check_more(&l);
		nodelist_release(&l);
	} else {
		must(strncmp(err.text, "nodes:", 6) == 0);
		must(warnings.len == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as(data, size, false, NULL);
	read_as(data, size, false, "eu");
	read_as(data, size, true, NULL);
	return 0;
}
