/* SPDX-License-Identifier: MIT */
#include "nodesource.h"

#include "base/number.h"
#include "cli/infile.h"
#include "conf/nodedoc.h"

#include <string.h>

enum {
	SQL_PORT = 26257, /* CockroachDB's own defaults */
	HTTP_PORT = 8080,
	NODES_MAX = 65535
};

/* --- what is asked for ---------------------------------------------------------------------- */

static bool parse_http_port(struct nodesource *s, const struct options *o, struct error *err)
{
	const char *value = options_value(o, "http-port");
	uint64_t port = HTTP_PORT;

	if (value != NULL && (!number_parse(value, UINT16_MAX, &port) || port == 0))
		return error_set(err, "--http-port \"%s\": a port is a number from 1 to 65535",
		                 value);
	s->http_port = (uint16_t)port;
	s->http_port_given = value != NULL;
	return true;
}

bool nodesource_parse(struct nodesource *s, const struct options *o, struct error *err)
{
	*s = (struct nodesource){
		.list = options_value(o, "nodes"),
		.group = options_value(o, "group"),
		.sql_port = SQL_PORT,
	};
	if (!websource_parse(&s->web, o, err) || !parse_http_port(s, o, err))
		return false;
	if (s->web.count > 0 && s->list != NULL)
		return error_set(err, "--nodes and --from are two lists: give one of them");
	if (s->group != NULL && s->list == NULL)
		return error_set(err, "--group needs --nodes");
	return true;
}

bool nodesource_is_given(const struct nodesource *s)
{
	return s->list != NULL || s->web.count > 0;
}

/* --- documents ------------------------------------------------------------------------------ */

static void warn(const struct console *c, const struct text *lines)
{
	const char *at = text_str(lines);

	while (*at != '\0') {
		size_t len = strcspn(at, "\n");

		struct error line;

		error_set(&line, "%.*s", (int)len, at);
		console_fail(c, &line);
		at += len + (at[len] == '\n');
	}
}

static bool understand(const struct nodesource *s, const struct console *c, const char *source,
                       const struct text *document, struct nodelist *ret, struct error *err)
{
	struct nodedoc_options options = {
		.source = source,
		.sql_port = s->sql_port,
		.http_port = s->http_port,
		.guesses = !s->http_port_given,
		.max = NODES_MAX,
		.group = s->group,
		.from_node = s->list == NULL,
	};
	AUTO_TEXT warnings = { 0 };

	if (!nodedoc_parse(text_str(document), document->len, &options, ret, &warnings, err))
		return false;
	warn(c, &warnings);
	return true;
}

static bool read_list(const struct nodesource *s, const struct console *c, struct nodelist *ret,
                      struct error *err)
{
	const struct infile f = { s->list, "a list of nodes", NODEDOC_BYTES_MAX };
	AUTO_TEXT text = { 0 };

	return infile_read(&f, c, &text, err) && understand(s, c, infile_name(&f), &text, ret, err);
}

/* --- URLs ----------------------------------------------------------------------------------- */

struct taking {
	const struct nodesource *source;
	const struct console *console;
	struct nodelist *ret;
};

static bool take(void *ctx, const char *url, const struct text *body, struct error *err)
{
	struct taking *t = ctx;

	return understand(t->source, t->console, url, body, t->ret, err);
}

static bool read_urls(const struct nodesource *s, const struct console *c, struct nodelist *ret,
                      struct error *err)
{
	static const char *const pages[] = { "/_status/nodes", "/api/v2/nodes/", NULL };
	struct taking t = { s, c, ret };

	return websource_read(&s->web, c, pages, NODEDOC_BYTES_MAX, take, &t, err);
}

bool nodesource_read(const struct nodesource *s, const struct console *c, struct nodelist *ret,
                     struct error *err)
{
	return s->list != NULL ? read_list(s, c, ret, err) : read_urls(s, c, ret, err);
}
