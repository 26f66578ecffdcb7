/* SPDX-License-Identifier: MIT */
#include "cli/gencmd.h"

#include "base/addr.h"
#include "base/number.h"
#include "cli/options.h"
#include "cli/outfile.h"
#include "conf/generate.h"

#include <errno.h>
#include <string.h>

enum {
	SQL_PORT = 26257, /* CockroachDB's own defaults */
	HTTP_PORT = 8080,
	LIST_MAX = 16 << 20, /* bytes of a node list */
	SERVICE_NAME_MAX = 63
};

/* What was asked for; `names` holds the service names cut out of "NAME=PORT". */
struct request {
	struct generate_service services[OPTIONS_MAX];
	char names[OPTIONS_MAX][SERVICE_NAME_MAX + 1];
	struct generate_options options;
	struct nodelist nodes;
};

static bool is_service_name(const char *s, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789_.-";

	return len > 0 && len <= SERVICE_NAME_MAX && strspn(s, allowed) >= len;
}

/* "NAME=PORT", "NAME=PORT:sql", "NAME=PORT:http" */
static bool parse_service(const char *arg, char name[static SERVICE_NAME_MAX + 1],
                          struct generate_service *ret, struct error *err)
{
	const char *equals = strchr(arg, '=');
	size_t len = equals != NULL ? (size_t)(equals - arg) : 0;
	const char *kind;
	char digits[8];
	uint64_t port;

	if (equals == NULL)
		return error_set(err, "--service \"%s\": write NAME=PORT, as psql=26257", arg);
	if (!is_service_name(arg, len))
		return error_set(
		    err, "--service \"%s\": a name has letters, digits, '_', '.' and '-'", arg);
	kind = equals + 1 + strcspn(equals + 1, ":");
	snprintf(digits, sizeof(digits), "%.*s", (int)(kind - equals - 1), equals + 1);
	if (kind - equals - 1 > 5 || !number_parse(digits, UINT16_MAX, &port) || port == 0)
		return error_set(err, "--service \"%s\": a port is a number from 1 to 65535", arg);
	memcpy(name, arg, len);
	name[len] = '\0';
	ret->name = name;
	ret->port = (uint16_t)port;
	if (*kind == '\0')
		ret->sql = strcmp(name, "dbconsole") != 0 && strcmp(name, "http") != 0;
	else if (strcmp(kind, ":sql") == 0 || strcmp(kind, ":http") == 0)
		ret->sql = strcmp(kind, ":sql") == 0;
	else
		return error_set(err, "--service \"%s\": after the port comes :sql or :http", arg);
	return true;
}

static bool parse_services(struct request *r, const struct options *o, struct error *err)
{
	const char *arg;
	size_t n = 0;

	for (; (arg = options_value_at(o, "service", n)) != NULL; n++) {
		if (!parse_service(arg, r->names[n], &r->services[n], err))
			return false;
		for (size_t i = 0; i < n; i++) {
			if (strcmp(r->names[i], r->names[n]) == 0)
				return error_set(err, "--service \"%s\" is given twice",
				                 r->names[n]);
			if (r->services[i].port == r->services[n].port)
				return error_set(err,
				                 "--service: %s and %s cannot both listen on %u",
				                 r->names[i], r->names[n], r->services[n].port);
		}
	}
	r->options.services = n > 0 ? r->services : NULL;
	r->options.service_count = n;
	return true;
}

/* What can be said about the arguments without reading anything. */
static bool parse_request(struct request *r, const struct options *o, struct error *err)
{
	if (options_value(o, "nodes") == NULL && o->word_count == 0)
		return error_set(err, "no nodes: name their hosts, or a list with --nodes FILE");
	r->options.secure = options_has(o, "secure");
	r->options.ca = options_value(o, "cacert");
	r->options.here = options_value(o, "here");
	if (r->options.ca != NULL && !r->options.secure)
		return error_set(err, "--cacert needs --secure");
	return parse_services(r, o, err);
}

static bool read_stream(FILE *f, const char *name, struct text *ret, struct error *err)
{
	char bytes[16384];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0) {
		if (memchr(bytes, '\0', n) != NULL)
			return error_set(err, "%s is not a text", name);
		if (ret->len + n > LIST_MAX)
			return error_set(err, "%s is too long for a list of nodes", name);
		text_addn(ret, bytes, n);
	}
	return !ferror(f) || error_sys(err, errno, "%s", name);
}

static bool read_list(const struct console *c, const char *path, struct nodelist *ret,
                      struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	struct nodelist_options options = { .source = standard ? "standard input" : path,
		                            .sql_port = SQL_PORT,
		                            .http_port = HTTP_PORT };
	AUTO_TEXT text = { 0 };
	FILE *f = standard ? c->in : fopen(path, "re");
	bool ok;

	if (f == NULL)
		return error_sys(err, errno, "%s", path);
	ok = read_stream(f, options.source, &text, err);
	if (!standard)
		fclose(f);
	return ok && nodelist_parse(text_str(&text), &options, ret, err);
}

/* The two ways in which people write several nodes, or one of IPv6, and mean well. */
static bool check_node(const char *arg, struct error *err)
{
	struct addr a;

	if (strchr(arg, ',') != NULL)
		return error_set(err, "%.60s: separate nodes by spaces", arg);
	if (strchr(arg, ':') != strrchr(arg, ':') && addr_parse_ip(arg, SQL_PORT, &a))
		return error_set(err, "%.60s: write [%.60s]", arg, arg);
	return true;
}

static bool collect_nodes(const struct console *c, struct request *r, const struct options *o,
                          struct error *err)
{
	struct nodelist_options options = { .source = "the command line",
		                            .sql_port = SQL_PORT,
		                            .http_port = HTTP_PORT };
	const char *list = options_value(o, "nodes"), *filter = options_value(o, "locality");

	if (list != NULL && !read_list(c, list, &r->nodes, err))
		return false;
	for (size_t i = 0; i < o->word_count; i++)
		if (!check_node(o->words[i], err) ||
		    !nodelist_add_argument(&r->nodes, o->words[i], &options, err))
			return false;
	if (r->nodes.count == 0)
		return error_set(err, "%s: there is no node in it", list);
	return filter == NULL || nodelist_filter(&r->nodes, filter, err);
}

static int write_out(const struct console *c, const char *path, const struct nodelist *nodes,
                     const struct text *conf)
{
	struct error err;

	if (path == NULL) {
		fwrite(conf->data, 1, conf->len, c->out);
		return CONSOLE_OK;
	}
	if (!outfile_replace(path, conf->data, conf->len, &err))
		return console_fail(c, &err);
	fprintf(c->err, "%s: written, %zu node%s; next: sluice check -f %s\n", path, nodes->count,
	        nodes->count == 1 ? "" : "s", path);
	return CONSOLE_OK;
}

int gencmd_main(const struct console *c, int argc, char **argv)
{
	AUTO_TEXT conf = { 0 };
	struct request r = { 0 };
	struct options o;
	struct error err;
	int status;

	if (!options_parse(&o, COMMANDS_GEN, argc, argv, &err) || !parse_request(&r, &o, &err))
		return console_usage(c, commands_get(COMMANDS_GEN), &err);
	if (collect_nodes(c, &r, &o, &err)) {
		generate_conf(&r.nodes, &r.options, &conf);
		status = write_out(c, options_value(&o, "out"), &r.nodes, &conf);
	} else {
		status = console_fail(c, &err);
	}
	nodelist_release(&r.nodes);
	return status;
}
