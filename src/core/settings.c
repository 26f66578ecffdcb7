/* SPDX-License-Identifier: MIT */
#include "core/settings.h"

#include <stdlib.h>
#include <string.h>

static const struct settings_range status_good[] = { { 200, 399 } };
static const struct settings_range status_drain[] = { { 503, 503 } };

struct settings *settings_new(void)
{
	struct settings *s = mem_zalloc(sizeof(*s));

	s->refs = 1;
	s->spin_us = 50;
	s->resolver.every_ms = 30000;
	s->resolver.timeout_ms = 5000;
	return s;
}

void settings_free(struct settings *s)
{
	if (!s || --s->refs)
		return;
	mem_arena_release(&s->arena);
	free(s);
}

struct settings *settings_ref(struct settings *s)
{
	s->refs++;
	return s;
}

static bool speaks_http(enum settings_check_type type)
{
	return type == SETTINGS_CHECK_HTTP || type == SETTINGS_CHECK_HTTPS;
}

struct settings_check settings_check_default(enum settings_check_type type)
{
	struct settings_check c = {
		.type = type,
		.inter_ms = 2000,
		.rise = 2,
		.fall = 3,
		.verify = true,
	};

	if (speaks_http(type)) {
		c.method = "GET";
		c.path = "/health?ready=1";
		c.version = "1.0";
		c.expect_status = (struct settings_ranges){ status_good, 1 };
		c.drain_status = (struct settings_ranges){ status_drain, 1 };
	}
	if (type == SETTINGS_CHECK_SMTP)
		c.smtp_hello = "HELO localhost";
	if (type == SETTINGS_CHECK_AGENT)
		c.rise = c.fall = 1;
	return c;
}

struct settings_service settings_service_default(void)
{
	return (struct settings_service){
		.balance = SETTINGS_ROUNDROBIN,
		.retries = 3,
		.redispatch = true,
		.timeout = { .connect_ms = 5000, .client_ms = 600000, .server_ms = 600000 },
		.keepalive = { .client = true,
		               .server = true,
		               .idle_s = 30,
		               .interval_s = 10,
		               .count = 3 },
		.tcp_user_timeout_ms = 30000,
		.random_draws = 2,
		.spill = 140,
		.hold_max = 1024,
		.replay = true,
		.rebalance_every_ms = 30000,
		.rebalance_budget = 100,
		.conn_rate_limit = { .period_ms = 10000, .size = 100000 },
	};
}

struct settings_server settings_server_default(void)
{
	return (struct settings_server){
		.weight = 1,
		.error_limit = 10,
		.on_error = SETTINGS_ON_ERROR_FAIL_CHECK,
	};
}

const char *settings_balance_name(enum settings_balance b)
{
	static const char *const names[] = {
		[SETTINGS_ROUNDROBIN] = "roundrobin", [SETTINGS_LEASTCONN] = "leastconn",
		[SETTINGS_RANDOM] = "random",         [SETTINGS_FIRST] = "first",
		[SETTINGS_SOURCE] = "source",         [SETTINGS_HASH] = "hash",
		[SETTINGS_STATIC_RR] = "static-rr",
	};

	return names[b];
}

const char *settings_check_name(enum settings_check_type t)
{
	static const char *const names[] = {
		[SETTINGS_CHECK_NONE] = "none",         [SETTINGS_CHECK_TCP] = "tcp",
		[SETTINGS_CHECK_HTTP] = "http",         [SETTINGS_CHECK_HTTPS] = "https",
		[SETTINGS_CHECK_PGSQL] = "pgsql",       [SETTINGS_CHECK_MYSQL] = "mysql",
		[SETTINGS_CHECK_REDIS] = "redis",       [SETTINGS_CHECK_LDAP] = "ldap",
		[SETTINGS_CHECK_SMTP] = "smtp",         [SETTINGS_CHECK_SSL_HELLO] = "ssl-hello",
		[SETTINGS_CHECK_EXTERNAL] = "external", [SETTINGS_CHECK_AGENT] = "agent",
	};

	return names[t];
}

uint64_t settings_warm_most(const struct settings_service *s, uint32_t threads)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->server_count; i++)
		if (s->servers[i].warm)
			n += ((uint64_t)s->servers[i].warm + threads - 1) / threads * threads;
	return n;
}

const char *settings_leaving_words(enum settings_leaving leaving)
{
	switch (leaving) {
	case SETTINGS_LEFT:
		return "left the cluster";
	case SETTINGS_DECOMMISSIONING:
		return "is being decommissioned";
	case SETTINGS_DECOMMISSIONED:
		return "is decommissioned";
	case SETTINGS_STAYS:
		break;
	}
	return "is in the cluster again";
}

bool settings_is_name(const char *s)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
	size_t len = strlen(s);

	return len && len <= SETTINGS_NAME_MAX && strspn(s, allowed) == len;
}

bool settings_ranges_contain(const struct settings_ranges *r, unsigned int n)
{
	for (size_t i = 0; i < r->count; i++)
		if (n >= r->at[i].low && n <= r->at[i].high)
			return true;
	return false;
}
