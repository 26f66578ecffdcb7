/* SPDX-License-Identifier: MIT */
#include "endpoints.h"

#include "base/log.h"
#include "base/number.h"
#include "base/suggest.h"
#include "keytable.h"
#include "scalars.h"

#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_ROOM = 256, LABEL_MAX = 63, FACILITY_DAEMON = 3 };

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

static bool parse_bind(const char *s, struct settings_bind *b, struct error *err)
{
	uint64_t fd;

	if (strncmp(s, "fd:", 3) != 0) {
		b->kind = SETTINGS_BIND_ADDR;
		return parse_listen(s, &b->addr, err);
	}
	if (!number_parse(s + 3, INT_MAX, &fd))
		return error_set(err, "\"%.60s\": write the number of a descriptor, as in \"fd:3\"",
		                 s);
	b->kind = SETTINGS_BIND_FD;
	b->fd = (int)fd;
	return true;
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
	struct draft_admin *admin = base;
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

static bool parse_facility(const char *s, size_t len, int *ret, struct error *err)
{
	char word[32];
	const char *const *known;
	const char *near;
	size_t count;
	int facility;

	snprintf(word, sizeof(word), "%.*s", (int)len, s);
	facility = log_facility_find(word);
	if (facility >= 0) {
		*ret = facility;
		return true;
	}
	known = log_facilities(&count);
	near = suggest_nearest(word, known, count);
	return error_set(err,
	                 "\"%s\" is not a syslog facility%s%s%s: write kern, user, mail, daemon, "
	                 "auth, ... or local0 to local7",
	                 word, near ? "; did you mean \"" : "", near ? near : "",
	                 near ? "\"?" : "");
}

/* Takes "FACILITY@" off the front, if it is there. */
static bool take_facility(const char **s, int *ret, struct error *err)
{
	const char *at = strchr(*s, '@');

	*ret = FACILITY_DAEMON;
	if (!at)
		return true;
	if (!parse_facility(*s, (size_t)(at - *s), ret, err))
		return false;
	*s = at + 1;
	return true;
}

static bool parse_udp(const char *s, struct settings_log *l, struct error *err)
{
	char host[HOST_ROOM];
	uint16_t port;

	l->kind = SETTINGS_LOG_UDP;
	if (!take_facility(&s, &l->facility, err) ||
	    !addr_split(s, 514, host, sizeof(host), &port, err))
		return false;
	if (!*host || !addr_parse_ip(host, port, &l->addr))
		return error_set(
		    err, "\"%.60s\" is not a numeric address: write \"udp://10.0.0.9:514\"", s);
	return true;
}

static bool parse_syslog(const char *s, struct settings_log *l, struct error *err)
{
	struct addr unused;

	l->kind = SETTINGS_LOG_SYSLOG;
	l->path = "/dev/log";
	l->facility = FACILITY_DAEMON;
	if (!*s)
		return true;
	s++;
	if (!strchr(s, '@') && *s != '/')
		return parse_facility(s, strlen(s), &l->facility, err);
	if (!take_facility(&s, &l->facility, err))
		return false;
	l->path = s;
	if (*s != '/')
		return error_set(err,
		                 "\"%.60s\" is not an absolute path: write "
		                 "\"syslog:local0@/dev/log\"",
		                 s);
	return addr_from_unix(s, &unused, err);
}

static bool parse_target(const char *s, struct settings_log *l, struct error *err)
{
	if (strcmp(s, "stderr") == 0) {
		l->kind = SETTINGS_LOG_STDERR;
		l->facility = FACILITY_DAEMON;
		return true;
	}
	if (strncmp(s, "syslog", 6) == 0 && (!s[6] || s[6] == ':'))
		return parse_syslog(s + 6, l, err);
	if (strncmp(s, "udp://", 6) == 0)
		return parse_udp(s + 6, l, err);
	if (strncmp(s, "file:", 5) == 0) {
		l->kind = SETTINGS_LOG_FILE;
		l->facility = FACILITY_DAEMON;
		l->path = s + 5;
		if (*l->path != '/')
			return error_set(err,
			                 "\"%.60s\": write an absolute path, as in "
			                 "\"file:/var/log/sluice.log\"",
			                 s);
		return true;
	}
	return error_set(err,
	                 "\"%.60s\" is not a log target: write \"stderr\", "
	                 "\"syslog:local0@/dev/log\", \"udp://10.0.0.9:514\" or "
	                 "\"file:/var/log/sluice.log\"",
	                 s);
}

void endpoints_target(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	struct settings_log *l = &((struct draft_log *)base)->l;
	const char *s = scalars_text(c, v, k->example);
	struct error err;

	if (!s)
		return;
	s = mem_arena_strdup(c->arena, s);
	if (parse_target(s, l, &err))
		l->text = s;
	else
		problem_add(c->problems, v, "%s", err.text);
}
