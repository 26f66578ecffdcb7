/* SPDX-License-Identifier: MIT */
#ifndef CORE_SETTINGS_CHECK_H
#define CORE_SETTINGS_CHECK_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a server is asked to know how it is; a part of core/settings.h. */

enum settings_check_type {
	SETTINGS_CHECK_NONE, /* no check: the server counts as usable (health NOCHECK) */
	SETTINGS_CHECK_TCP,
	SETTINGS_CHECK_HTTP,
	SETTINGS_CHECK_HTTPS,
	SETTINGS_CHECK_PGSQL,
	SETTINGS_CHECK_MYSQL, /* reads the greeting; with `user` a login follows */
	SETTINGS_CHECK_REDIS, /* PING, +PONG */
	SETTINGS_CHECK_LDAP,  /* an anonymous bind */
	SETTINGS_CHECK_SMTP,  /* `smtp_hello` */
	SETTINGS_CHECK_SSL_HELLO,
	SETTINGS_CHECK_EXTERNAL, /* `command` decides by its exit code */
	SETTINGS_CHECK_AGENT     /* the node's own word: weight, drain, up, down (manual 5.2) */
};

enum settings_port_ref {
	SETTINGS_PORT_SERVER, /* the port that traffic goes to */
	SETTINGS_PORT_SQL,    /* the node's sql_port */
	SETTINGS_PORT_HTTP,   /* the node's http_port */
	SETTINGS_PORT_NUMBER  /* `port_number` */
};

enum settings_init_state { SETTINGS_INIT_DOWN, SETTINGS_INIT_UP };

struct settings_range {
	uint16_t low, high; /* both included */
};

struct settings_ranges {
	const struct settings_range *at;
	size_t count;
};

struct settings_strings {
	const char *const *at;
	size_t count;
};

enum settings_proxy_header { SETTINGS_PROXY_NONE, SETTINGS_PROXY_V1, SETTINGS_PROXY_V2 };

/*
 * One step of a check that is written as a list of rules (HAProxy configuration manual 4.2,
 * "tcp-check" and "http-check").  Bytes are as they go over the wire, escapes resolved.
 */
enum settings_step_kind { SETTINGS_STEP_CONNECT, SETTINGS_STEP_SEND, SETTINGS_STEP_EXPECT };

enum settings_match {
	SETTINGS_MATCH_STRING,       /* `bytes` occur in the answer (http: in the body) */
	SETTINGS_MATCH_REGEX,        /* `bytes` as a POSIX extended regular expression */
	SETTINGS_MATCH_BINARY,       /* as STRING; only messages differ */
	SETTINGS_MATCH_BINARY_REGEX, /* a regular expression over the answer in upper-case hex */
	SETTINGS_MATCH_STATUS,       /* http: `statuses` */
	SETTINGS_MATCH_STATUS_REGEX,
	SETTINGS_MATCH_HEADER /* http: header `name`; `bytes` its value, NULL: any */
};

struct settings_step {
	enum settings_step_kind kind;
	const char *comment; /* or NULL; shown when the step fails */
	int line;

	/* CONNECT: what is not written is the check's own */
	uint16_t port;       /* 0: the check's */
	const char *address; /* NULL: the check's */
	bool tls, linger;
	bool as_server; /* "default": TLS, PROXY header and so on as the server has them */
	bool send_proxy;
	const char *sni, *alpn;

	/* SEND: `bytes`; in an http check a request instead, `method` tells */
	const char *bytes;
	size_t len;
	const char *method, *path, *version, *host;
	struct settings_strings headers; /* "Name: value" */
	const char *body;                /* or NULL */

	/* EXPECT: `bytes`, `len` and these */
	enum settings_match match;
	bool negated;
	const char *name;
	struct settings_ranges statuses;
	uint32_t min_recv; /* bytes to wait for before looking; 0: any */
	/* A probe code's name ("L7OK") to report instead of the usual one, or NULL. */
	const char *ok_status, *error_status, *timeout_status;
	const char *on_success, *on_error; /* info instead of the usual one, or NULL */
};

struct settings_steps {
	const struct settings_step *at;
	size_t count;
};

/* How a node is checked (HAProxy configuration manual 5.2 "check", "inter"). */
struct settings_check {
	enum settings_check_type type;
	enum settings_port_ref port;
	uint16_t port_number;
	const char *address; /* host to check instead of the node's, or NULL */
	uint32_t inter_ms, fastinter_ms, downinter_ms; /* fast/down: 0 = inter */
	uint32_t timeout_ms;                           /* over the whole check; 0 = inter */
	uint32_t connect_timeout_ms; /* of these for the connection alone; 0: all of them */
	uint16_t rise, fall;
	enum settings_init_state init_state;
	const char *method, *path, *version; /* "GET", "/health?ready=1", "1.0" or "1.1" */
	const char *host;                /* Host header; NULL: none with 1.0, host:port with 1.1 */
	struct settings_strings headers; /* "Name: value" */
	struct settings_ranges expect_status;
	const char *expect_string;           /* the body must contain it; NULL: any body */
	struct settings_ranges drain_status; /* an answer of these means "finish politely" */
	bool verify;                         /* https: verify chain and name */
	const char *ca, *cert, *key;         /* PEM files or NULL; ca NULL: the system's */
	const char *sni;                     /* NULL: the node's host, if it is a name */
	const char
	    *user; /* pgsql: user of a startup packet, NULL: SSLRequest; mysql: of the login */
	struct settings_steps steps; /* tcp, http, https: these instead of the one request */
	const char
	    *rexpect_string; /* http: a regular expression that the body must match, or NULL */
	bool expect_negated; /* http: the expectations must not hold */
	bool disable_on_404; /* http: 404 means "finish politely": L7OKC, state NOLB */
	bool tls;            /* types other than https: over TLS, with `verify` and so on */
	const char *alpn;    /* or NULL */
	bool send_proxy;     /* a PROXY header first: v2 LOCAL or v1 with real addresses */
	enum settings_proxy_header proxy_version;
	const char *smtp_hello;  /* "HELO localhost" */
	const char *command;     /* external: program, absolute path */
	const char *search_path; /* external: its PATH, or NULL */
	const char *agent_send;  /* agent: sent first, or NULL */
	int line;
};

#endif
