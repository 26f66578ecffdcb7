/* SPDX-License-Identifier: MIT */
#include "endpoints.h"

#include "base/number.h"
#include "keytable.h"
#include "scalars.h"

#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_ROOM = 256, LABEL_MAX = 63 };

bool endpoints_host_is_valid(const char *host, struct error *err)
{
	size_t len = strlen(host);
	struct addr addr;

	if (*host && strcmp(host, "*") != 0 && addr_parse_ip(host, 0, &addr))
		return true;
	if (*host == '[')
		return error_set(err, "\"%.60s\": write an IPv6 address without brackets", host);
	if (len && !host[strspn(host, "0123456789.")])
		return error_set(err, "\"%.60s\" is not an address: write four numbers up to 255",
		                 host);
	if (!len || len > HOST_ROOM - 3)
		return error_set(err, "\"%.60s\" is not a host: write a name or an address", host);
	for (const char *s = host; s;) {
		size_t label = strcspn(s, ".");
		size_t good = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		                        "0123456789-_");
		bool last = !s[label];

		if (good < label || label > LABEL_MAX || *s == '-' ||
		    (label && s[label - 1] == '-') || (!label && !(last && s != host)))
			return error_set(err,
			                 "\"%.60s\" is not a host name: write letters, digits, '-' "
			                 "and dots, or an address",
			                 host);
		s = last ? NULL : s + label + 1;
	}
	return true;
}

void endpoints_host(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	const char *s = scalars_text(c, v, k->example);
	struct error err;

	if (!s)
		return;
	if (endpoints_host_is_valid(s, &err))
		scalars_store_text(c, k, base, s);
	else if (strchr(s, ':'))
		problem_add(
		    c->problems, v,
		    "\"%.60s\" is not a host: write the host alone, its port is another key", s);
	else
		problem_add(c->problems, v, "%s", err.text);
}

void endpoints_interface(struct draft_context *c, const struct keytable_key *k,
                         const config_setting_t *v, void *base)
{
	const char *s = scalars_text(c, v, k->example);

	if (!s)
		return;
	if (!*s || strlen(s) >= IF_NAMESIZE || strpbrk(s, "/ \t\n"))
		problem_add(c->problems, v,
		            "\"%.60s\" is not a network interface: write a name of 1 to %d "
		            "characters, as `ip link` shows it",
		            s, IF_NAMESIZE - 1);
	else
		scalars_store_text(c, k, base, s);
}

void endpoints_port(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	struct draft_port port = { .set = true, .ref = SETTINGS_PORT_NUMBER };
	const char *s = config_setting_get_string(v);
	int type = config_setting_type(v);
	char buf[PROBLEM_VALUE_MAX];
	long long n = 0;

	if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64)
		n = config_setting_get_int64(v);
	if (s && strcmp(s, "sql") == 0) {
		port.ref = SETTINGS_PORT_SQL;
	} else if (s && strcmp(s, "http") == 0) {
		port.ref = SETTINGS_PORT_HTTP;
	} else if (n >= 1 && n <= 65535) {
		port.number = (uint16_t)n;
	} else {
		problem_add(
		    c->problems, v,
		    "%s is not a port: write \"sql\", \"http\" or 1 to 65535 without quotes",
		    problem_value(v, buf));
		return;
	}
	memcpy((char *)base + k->offset, &port, sizeof(port));
}

/* "10.0.0.5:26257", ":26257", "[::]:26257" or "unix:/path", without names. */
static bool parse_listen(const char *s, struct addr *ret, struct error *err)
{
	char host[HOST_ROOM];
	uint16_t port;

	if (strncmp(s, "unix:", 5) == 0) {
		if (s[5] != '/')
			return error_set(err,
			                 "\"%.60s\": write an absolute path, as in "
			                 "\"unix:/run/sluice/sql.sock\"",
			                 s);
		return addr_from_unix(s + 5, ret, err);
	}
	if (!addr_split(s, 0, host, sizeof(host), &port, err))
		return false;
	if (!port)
		return error_set(
		    err, "\"%.60s\" has no port: write \":26257\" or \"10.0.0.5:26257\"", s);
	if (!addr_parse_ip(host, port, ret))
		return error_set(err,
		                 "\"%.60s\" is not a numeric address: write \"10.0.0.5:%u\", or "
		                 "\":%u\" for all addresses",
		                 s, port, port);
	return true;
}

bool endpoints_parse_fd(const char *s, int *ret, struct error *err)
{
	uint64_t fd;

	if (!number_parse(s + 3, INT_MAX, &fd))
		return error_set(err, "\"%.60s\": write the number of a descriptor, as in \"fd:3\"",
		                 s);
	*ret = (int)fd;
	return true;
}

static bool parse_bind(const char *s, struct settings_bind *b, struct error *err)
{
	if (strncmp(s, "fd:", 3) != 0) {
		b->kind = SETTINGS_BIND_ADDR;
		return parse_listen(s, &b->addr, err);
	}
	b->kind = SETTINGS_BIND_FD;
	return endpoints_parse_fd(s, &b->fd, err);
}

void endpoints_listen(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	struct settings_bind *b = &((struct draft_bind *)base)->b;
	const char *s = scalars_text(c, v, k->example);
	struct error err;

	if (!s)
		return;
	if (!parse_bind(s, b, &err)) {
		problem_add(c->problems, v, "%s", err.text);
		return;
	}
	b->text = mem_arena_strdup(c->arena, s);
}

void endpoints_admin(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base)
{
	struct settings_admin *admin = &((struct draft_admin *)base)->a;
	const char *s = scalars_text(c, v, k->initial);
	struct error err;

	if (!s)
		return;
	if (!*s) {
		admin->bind = NULL;
		admin->addr = (struct addr){ 0 };
	} else if (parse_listen(s, &admin->addr, &err)) {
		admin->bind = mem_arena_strdup(c->arena, s);
	} else {
		problem_add(c->problems, v, "%s", err.text);
	}
}

void endpoints_address(struct draft_context *c, const struct keytable_key *k,
                       const config_setting_t *v, void *base)
{
	struct settings_server *server = &((struct draft_server *)base)->s;
	const char *s = scalars_text(c, v, k->example);
	char host[HOST_ROOM];
	struct error err;
	struct addr addr;
	uint16_t port;

	if (!s)
		return;
	if (strncmp(s, "unix:", 5) == 0) {
		if (!parse_listen(s, &addr, &err)) {
			problem_add(c->problems, v, "%s", err.text);
			return;
		}
		server->host = mem_arena_strdup(c->arena, s);
		return;
	}
	if (!addr_split(s, 0, host, sizeof(host), &port, &err) ||
	    !endpoints_host_is_valid(host, &err)) {
		problem_add(c->problems, v, "%s", err.text);
		return;
	}
	server->host = mem_arena_strdup(c->arena, host);
	server->port = port;
}

static bool parse_control(const char *s, struct settings_socket *ret, struct error *err)
{
	if (strncmp(s, "fd:", 3) == 0)
		return endpoints_parse_fd(s, &ret->fd, err);
	if (*s == '/')
		return addr_from_unix(s, &ret->addr, err);
	return parse_listen(s, &ret->addr, err);
}

void endpoints_control(struct draft_context *c, const struct keytable_key *k,
                       const config_setting_t *v, void *base)
{
	struct settings_socket *socket = (void *)((char *)base + k->offset);
	const char *s = scalars_text(c, v, k->example);
	struct error err;

	if (!s)
		return;
	if (parse_control(s, socket, &err))
		socket->text = mem_arena_strdup(c->arena, s);
	else
		problem_add(c->problems, v, "%s", err.text);
}

/* "address", "address:port" or "address:low-high". */
static bool parse_source(const char *s, struct settings_source *ret, struct error *err)
{
	const char *colon = strrchr(s, ':');
	const char *dash = colon ? strchr(colon, '-') : NULL;
	char first[HOST_ROOM + 8];
	char host[HOST_ROOM];
	uint64_t high = 0;
	uint16_t low;

	if (strlen(s) >= sizeof(first))
		return error_set(err, "\"%.60s\" is too long for an address", s);
	snprintf(first, sizeof(first), "%.*s", (int)(dash ? dash - s : (long)strlen(s)), s);
	if (!addr_split(first, 0, host, sizeof(host), &low, err))
		return false;
	if (dash && (!number_parse(dash + 1, 65535, &high) || !low || high < low))
		return error_set(
		    err, "\"%.60s\": write a range of ports as \"10.0.0.5:20000-29999\"", s);
	if (!*host || !addr_parse_ip(host, 0, &ret->addr))
		return error_set(err, "\"%.60s\" is not a numeric address: write \"10.0.0.5\"", s);
	ret->port_low = low;
	ret->port_high = dash ? (uint16_t)high : low;
	return true;
}

void endpoints_source(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	struct settings_source *source = (void *)((char *)base + k->offset);
	const char *s = scalars_text(c, v, k->example);
	struct error err;

	if (s && !parse_source(s, source, &err))
		problem_add(c->problems, v, "%s", err.text);
}

void endpoints_track(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base)
{
	const char *s = scalars_text(c, v, k->example);
	const char *slash;
	char service[HOST_ROOM] = "";

	if (!s)
		return;
	slash = strchr(s, '/');
	if (slash)
		snprintf(service, sizeof(service), "%.*s", (int)(slash - s), s);
	if ((slash && !settings_is_name(service)) || !settings_is_name(slash ? slash + 1 : s))
		problem_add(
		    c->problems, v,
		    "\"%.60s\" is not a server: write \"service/server\", or \"server\" for "
		    "one of the same service",
		    s);
	else
		scalars_store_text(c, k, base, s);
}
