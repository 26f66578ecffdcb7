/* SPDX-License-Identifier: MIT */
#include "cli/gencmd.h"

#include "base/addr.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "cli/options.h"
#include "cli/outfile.h"
#include "conf/generate.h"
#include "nodesource.h"

#include <stdlib.h>
#include <string.h>

enum {
	SQL_PORT = 26257, /* CockroachDB's own default */
	SERVICE_NAME_MAX = 63
};

/* What was asked for; `names` holds the service names cut out of "NAME=PORT". */
struct request {
	struct generate_service services[OPTIONS_MAX];
	char names[OPTIONS_MAX][SERVICE_NAME_MAX + 1];
	struct generate_options options;
	struct nodesource source;
	struct nodelist nodes;
	struct text ca, session; /* files, as the configuration names them */
	bool for_haproxy;
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

static bool parse_format(struct request *r, const struct options *o, struct error *err)
{
	const char *format = options_value(o, "format");

	r->for_haproxy = format != NULL && strcmp(format, "haproxy") == 0;
	if (format == NULL || r->for_haproxy || strcmp(format, "sluice") == 0)
		return true;
	return error_set(err, "--format \"%s\": write sluice or haproxy", format);
}

/* What can be said about the arguments without reading anything. */
static bool parse_request(struct request *r, const struct options *o, struct error *err)
{
	if (!nodesource_parse(&r->source, o, err) || !parse_format(r, o, err))
		return false;
	if (!nodesource_is_given(&r->source) && o->word_count == 0)
		return error_set(err, "no nodes: name their hosts, a list with --nodes FILE, or a "
		                      "node to ask with --from URL");
	r->options.secure = options_has(o, "secure") || websource_is_secure(&r->source.web);
	r->options.ca = options_value(o, "cacert");
	r->options.here = options_value(o, "here");
	r->options.from = r->source.web.urls;
	r->options.from_count = r->source.web.count;
	r->options.session = options_value(o, "session");
	if (r->options.here != NULL && !nodelist_is_locality(r->options.here))
		return error_set(err, "--here \"%.100s\": write a locality, KEY=VALUE[,KEY=VALUE]",
		                 r->options.here);
	if (r->options.ca != NULL && !r->options.secure)
		return error_set(err, "--cacert needs --secure, or --from https://");
	return parse_services(r, o, err);
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
		                            .sql_port = r->source.sql_port,
		                            .http_port = r->source.http_port };
	const char *filter = options_value(o, "locality");

	if (nodesource_is_given(&r->source) && !nodesource_read(&r->source, c, &r->nodes, err))
		return false;
	for (size_t i = 0; i < o->word_count; i++)
		if (!check_node(o->words[i], err) ||
		    !nodelist_add_argument(&r->nodes, o->words[i], &options, err))
			return false;
	if (filter != NULL && !nodelist_filter(&r->nodes, filter, err))
		return false;
	if (r->options.here != NULL)
		nodelist_sort(&r->nodes, r->options.here);
	return true;
}

/* What reads the configuration runs elsewhere: from here on a file of ours has its whole name. */
static const char *make_absolute(const char *path, const char *prefix, struct text *ret)
{
	AUTO_FREE char *here = *path == '/' ? NULL : realpath(path, NULL);

	text_addf(ret, "%s%s", prefix, here != NULL ? here : path);
	return text_str(ret);
}

static void name_files(struct request *r)
{
	static const char prefix[] = "file:";
	const char *session = r->options.session;

	if (r->options.ca != NULL)
		r->options.ca = make_absolute(r->options.ca, "", &r->ca);
	if (session != NULL && strncmp(session, prefix, strlen(prefix)) == 0)
		r->options.session = make_absolute(session + strlen(prefix), prefix, &r->session);
}

static void write_haproxy(const struct console *c, const struct request *r, struct text *out)
{
	struct error unverified;

	generate_haproxy(&r->nodes, &r->options, out);
	if (!r->options.secure || r->options.ca != NULL)
		return;
	error_set(&unverified,
	          "whoever answers the checks is believed (check-ssl verify none): give "
	          "--cacert FILE, which signs the nodes' certificates");
	console_fail(c, &unverified);
}

static int write_out(const struct console *c, const char *path, const struct request *r,
                     const struct text *conf)
{
	size_t count = r->nodes.count;
	struct error err;

	if (path == NULL) {
		fwrite(conf->data, 1, conf->len, c->out);
		return CONSOLE_OK;
	}
	if (!outfile_replace(path, conf->data, conf->len, &err))
		return console_fail(c, &err);
	fprintf(c->err, "%s: written, %zu node%s; next: %s -f %s\n", path, count,
	        count == 1 ? "" : "s", r->for_haproxy ? "haproxy -c" : "sluice check", path);
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
		name_files(&r);
		if (r.for_haproxy)
			write_haproxy(c, &r, &conf);
		else
			generate_conf(&r.nodes, &r.options, &conf);
		status = write_out(c, options_value(&o, "out"), &r, &conf);
	} else {
		status = console_fail(c, &err);
	}
	nodelist_release(&r.nodes);
	text_release(&r.ca);
	text_release(&r.session);
	return status;
}
