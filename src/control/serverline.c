/* SPDX-License-Identifier: MIT */
#include "serverline.h"

#include "base/number.h"
#include "base/suggest.h"
#include "serverwords.h"

#include <stdio.h>
#include <string.h>

/* --- the address -------------------------------------------------------------------------- */

static bool parse_port(const char *text, const char *port, uint16_t *ret, struct error *err)
{
	size_t digits = strspn(port, "0123456789");
	uint64_t n;

	if (*port == '+' || *port == '-')
		return error_set(err, "port offset not permitted here in '%s'", text);
	if (port[digits] == '-')
		return error_set(err, "port range not permitted here in '%s'", text);
	if (port[digits])
		return error_set(err, "invalid character '%c' in port number '%s' in '%s'",
		                 port[digits], port, text);
	if (!number_parse(port, UINT16_MAX, &n) || !n)
		return error_set(err, "invalid port '%s'", port);
	*ret = (uint16_t)n;
	return true;
}

/* HAProxy goes to the port that the client came to; that is known if there is only one. */
static bool port_of_service(const struct topology_service *service, uint16_t *ret)
{
	uint16_t port = 0;

	for (size_t i = 0; i < service->frontend_count; i++) {
		const struct settings_frontend *f = service->frontends[i]->settings;

		for (size_t k = 0; k < f->bind_count; k++) {
			uint16_t n = addr_port(&f->binds[k].addr);

			if (!n || (port && n != port))
				return false;
			port = n;
		}
	}
	*ret = port;
	return port;
}

static const char host_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789-_.";

static bool parse_host(struct serverwords_line *l, const char *text, const char *host,
                       struct error *err)
{
	size_t len = strlen(host);
	struct addr addr;

	if (len > 1 && host[0] == '[' && host[len - 1] == ']')
		host = mem_arena_strndup(&l->own->arena, host + 1, len - 2);
	if (!*host || strcmp(host, "*") == 0 ||
	    (!addr_parse_ip(host, 0, &addr) && host[strspn(host, host_characters)]))
		return error_set(err, "invalid address: '%s' in '%s'", host, text);
	l->server.host = mem_arena_strdup(&l->own->arena, host);
	return true;
}

static bool parse_address(struct serverwords_line *l, const char *text, struct error *err)
{
	static const char unix_prefix[] = "unix@";
	const char *path = strncmp(text, unix_prefix, sizeof(unix_prefix) - 1) == 0
	                       ? text + sizeof(unix_prefix) - 1
	                       : text;
	const char *colon = strrchr(text, ':');
	struct addr addr;

	if (*path == '/') {
		l->server.host = mem_arena_printf(&l->own->arena, "unix:%s", path);
		return addr_from_unix(path, &addr, err);
	}
	if (colon && !strchr(colon, ']'))
		return parse_port(text, colon + 1, &l->server.port, err) &&
		       parse_host(l, text,
		                  mem_arena_strndup(&l->own->arena, text, (size_t)(colon - text)),
		                  err);
	if (!port_of_service(l->service, &l->server.port))
		return error_set(err, "missing port number: '%s'", text);
	return parse_host(l, text, text, err);
}

/* --- the check ---------------------------------------------------------------------------- */

/*
 * How the service's servers are checked, of the configuration, which stays: a server that came at
 * run time takes its settings with it when it goes.
 */
static const struct settings_target *example(const struct topology *t,
                                             const struct topology_service *service)
{
	for (size_t i = 0; i < service->settings->server_count; i++) {
		const struct settings_target *target =
		    &t->settings->targets[service->settings->servers[i].node];

		if (target->check.type != SETTINGS_CHECK_NONE &&
		    target->check.type != SETTINGS_CHECK_AGENT)
			return target;
	}
	return NULL;
}

/* What HAProxy has on the server's own line, which a new server does not inherit. */
static void forget_server(struct settings_check *check)
{
	enum settings_check_type type =
	    check->type == SETTINGS_CHECK_HTTPS ? SETTINGS_CHECK_HTTP : check->type;
	struct settings_check fresh = settings_check_default(type);

	check->type = type;
	check->inter_ms = fresh.inter_ms;
	check->fastinter_ms = 0;
	check->downinter_ms = 0;
	check->rise = fresh.rise;
	check->fall = fresh.fall;
	check->address = NULL;
	check->tls = false;
	check->verify = true;
	check->ca = NULL;
	check->cert = NULL;
	check->key = NULL;
	check->sni = NULL;
	check->alpn = NULL;
	check->send_proxy = false;
}

static void begin_check(struct serverwords_line *l, const struct topology *t)
{
	const struct settings_target *target = example(t, l->service);

	l->check = target ? target->check : settings_check_default(SETTINGS_CHECK_TCP);
	l->agent = settings_check_default(SETTINGS_CHECK_AGENT);
	l->agent.rise = 1;
	l->agent.fall = 1;
	if (l->haproxy)
		forget_server(&l->check);
	else if (target && l->check.port != SETTINGS_PORT_SERVER)
		l->check_port = target->check_port;
}

static bool end_check(struct serverwords_line *l, struct error *err)
{
	if (l->check_tls && l->check.type == SETTINGS_CHECK_HTTP)
		l->check.type = SETTINGS_CHECK_HTTPS;
	else if (l->check_tls && l->check.type != SETTINGS_CHECK_HTTPS)
		l->check.tls = true;
	if (l->check_tls && l->haproxy && l->check.verify && !l->check.ca)
		return error_set(err,
		                 "verify is enabled by default but no CA file specified. If you're "
		                 "running on a LAN where you're certain to trust the server's "
		                 "certificate, please set an explicit 'verify none' statement on "
		                 "the 'server' line, or use 'ssl-server-verify none' in the global "
		                 "section to disable server-side verifications by default.");
	if (l->agent_checked && !l->agent_port)
		return error_set(
		    err, "server %s does not have agent port. Agent check has been disabled.",
		    l->server.name);
	if (l->check.send_proxy && l->check.proxy_version == SETTINGS_PROXY_NONE)
		l->check.proxy_version =
		    l->server.send_proxy ? l->server.send_proxy : SETTINGS_PROXY_V1;
	return true;
}

/* --- the whole ---------------------------------------------------------------------------- */

static struct settings_target target_of(struct serverwords_line *l,
                                        const struct settings_check *check, uint16_t port)
{
	struct settings_target t = {
		.name = mem_arena_printf(&l->own->arena, "%s/%s", l->service->settings->name,
		                         l->server.name),
		.host = l->server.host,
		.check_port = port ? port : l->server.port,
		.check = *check,
		.source = l->server.source,
	};

	t.check.port = port ? SETTINGS_PORT_NUMBER : SETTINGS_PORT_SERVER;
	t.check.port_number = port;
	return t;
}

static void assemble(struct serverwords_line *l)
{
	struct settings *own = l->own;
	struct settings_server *server = mem_arena_zalloc(&own->arena, sizeof(*server));
	struct settings_service *service = mem_arena_zalloc(&own->arena, sizeof(*service));
	struct settings_target *targets = mem_arena_zalloc(&own->arena, 2 * sizeof(*targets));

	if (!l->checked)
		l->check = settings_check_default(SETTINGS_CHECK_NONE);
	targets[0] = target_of(l, &l->check, l->checked ? l->check_port : 0);
	targets[1] = target_of(l, &l->agent, l->agent_port);
	l->server.agent = l->agent_checked ? 2 : 0;
	*server = l->server;
	*service = settings_service_default();
	service->name = mem_arena_strdup(&own->arena, l->service->settings->name);
	service->servers = server;
	service->server_count = 1;
	own->services = service;
	own->service_count = 1;
	own->targets = targets;
	own->target_count = l->agent_checked ? 2 : 1;
}

static bool parse_name(struct serverwords_line *l, const char *name, struct error *err)
{
	size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                           "0123456789_:.-");

	if (name[good])
		return error_set(err, "character '%c' is not permitted in server name '%s'.",
		                 name[good], name);
	l->server.name = mem_arena_strdup(&l->own->arena, name);
	return true;
}

static bool parse(struct serverwords_line *l, const struct topology *t, const char *name,
                  const char *const *words, struct error *err)
{
	if (!words[0])
		return error_set(err, "'server' expects <name> and <addr>[:<port>] as arguments.");
	if (!parse_name(l, name, err) || !parse_address(l, words[0], err))
		return false;
	begin_check(l, t);
	if (!serverwords_read(l, t, words + 1, err) || !end_check(l, err))
		return false;
	assemble(l);
	return true;
}

struct settings *serverline_parse(const struct topology *t, const struct topology_service *service,
                                  const char *name, const char *const *words, struct error *err)
{
	struct serverwords_line l = {
		.own = settings_new(),
		.service = service,
		.server = settings_server_default(),
		.haproxy = t->settings->haproxy,
	};

	l.server.disabled = true;
	if (parse(&l, t, name, words, err))
		return l.own;
	settings_free(l.own);
	return NULL;
}
