/* SPDX-License-Identifier: MIT */
/* LAYERS: conf core base */
#include "conf/generate.h"
#include "conf/loader.h"
#include "conf/nodelist.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Any text gives an error or nodes, and nodes give a configuration that is valid. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

	generate_conf(l, &o, &out);
	s = loader_read_string("x.conf", text_str(&out), &p);
	must(s != NULL);
	must(s->services[0].server_count == l->count);
	settings_free(s);
	loader_problems_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nodelist_options o = { "nodes", 26257, 8080, 0 };
	struct nodelist l;
	struct error err;
	char *text = malloc(size + 1);

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (nodelist_parse(text, &o, &l, &err)) {
		must(l.count > 0);
		check(&l);
		if (nodelist_add_argument(&l, "one.more:1:2", &o, &err))
			check(&l);
		if (nodelist_filter(&l, "region=us.*", &err))
			must(l.count > 0 && l.nodes[0].locality != NULL);
		nodelist_release(&l);
	} else {
		must(strncmp(err.text, "nodes:", 6) == 0);
	}
	free(text);
	return 0;
}
