/* SPDX-License-Identifier: MIT */
#ifndef CONF_SAMESETTINGS_H
#define CONF_SAMESETTINGS_H

#include "core/settings.h"

#include "fixture.h"

/* Two settings are equal in everything but the lines and files they were read from. */
#define SAME_TEXT(a, b)                                                                            \
	do {                                                                                       \
		if ((a) && (b))                                                                    \
			assert_string_equal(a, b);                                                 \
		else                                                                               \
			assert_true(!(a) == !(b));                                                 \
	} while (0)
#define SAME(a, b) assert_int_equal(a, b)

static inline void same_strings(const struct settings_strings *a, const struct settings_strings *b)
{
	SAME(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
		assert_string_equal(a->at[i], b->at[i]);
}

static inline void same_ranges(const struct settings_ranges *a, const struct settings_ranges *b)
{
	SAME(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		SAME(a->at[i].low, b->at[i].low);
		SAME(a->at[i].high, b->at[i].high);
	}
}

/* Of a server that is not checked nothing else means anything. */
static inline void same_check(const struct settings_check *a, const struct settings_check *b)
{
	SAME(a->type, b->type);
	if (a->type == SETTINGS_CHECK_NONE)
		return;
	SAME(a->port, b->port);
	SAME(a->port_number, b->port_number);
	SAME_TEXT(a->address, b->address);
	SAME(a->inter_ms, b->inter_ms);
	SAME(a->fastinter_ms, b->fastinter_ms);
	SAME(a->downinter_ms, b->downinter_ms);
	SAME(a->timeout_ms, b->timeout_ms);
	SAME(a->rise, b->rise);
	SAME(a->fall, b->fall);
	SAME(a->init_state, b->init_state);
	SAME_TEXT(a->method, b->method);
	SAME_TEXT(a->path, b->path);
	SAME_TEXT(a->version, b->version);
	SAME_TEXT(a->host, b->host);
	same_strings(&a->headers, &b->headers);
	same_ranges(&a->expect_status, &b->expect_status);
	SAME_TEXT(a->expect_string, b->expect_string);
	same_ranges(&a->drain_status, &b->drain_status);
	SAME(a->verify, b->verify);
	SAME_TEXT(a->ca, b->ca);
	SAME_TEXT(a->cert, b->cert);
	SAME_TEXT(a->key, b->key);
	SAME_TEXT(a->sni, b->sni);
	SAME_TEXT(a->user, b->user);
}

static inline void same_bind(const struct settings_bind *a, const struct settings_bind *b)
{
	SAME(a->kind, b->kind);
	assert_string_equal(a->text, b->text);
	SAME_TEXT(a->name, b->name);
	if (a->kind == SETTINGS_BIND_ADDR)
		assert_true(addr_equal(&a->addr, &b->addr));
	SAME(a->fd, b->fd);
	SAME(a->backlog, b->backlog);
	SAME(a->v6only, b->v6only);
	SAME(a->defer_accept, b->defer_accept);
	SAME_TEXT(a->interface, b->interface);
	SAME(a->maxconn, b->maxconn);
}

static inline void same_server(const struct settings_server *a, const struct settings_server *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->host, b->host);
	SAME(a->port, b->port);
	SAME_TEXT(a->locality, b->locality);
	SAME(a->weight, b->weight);
	SAME(a->backup, b->backup);
	SAME(a->disabled, b->disabled);
	SAME(a->maxconn, b->maxconn);
	SAME(a->node, b->node);
}

static inline void same_nets(const struct addr_net *a, size_t count, const struct addr_net *b)
{
	if (count)
		assert_memory_equal(a, b, count * sizeof(*a));
}

static inline void same_service(const struct settings_service *a, const struct settings_service *b)
{
	assert_string_equal(a->name, b->name);
	SAME(a->bind_count, b->bind_count);
	for (size_t i = 0; i < a->bind_count; i++)
		same_bind(&a->binds[i], &b->binds[i]);
	SAME(a->server_count, b->server_count);
	for (size_t i = 0; i < a->server_count; i++)
		same_server(&a->servers[i], &b->servers[i]);
	SAME(a->balance, b->balance);
	SAME(a->retries, b->retries);
	SAME(a->redispatch, b->redispatch);
	SAME(a->allbackups, b->allbackups);
	SAME(a->maxconn, b->maxconn);
	assert_memory_equal(&a->timeout, &b->timeout, sizeof(a->timeout));
	SAME(a->keepalive.client, b->keepalive.client);
	SAME(a->keepalive.server, b->keepalive.server);
	SAME(a->keepalive.idle_s, b->keepalive.idle_s);
	SAME(a->keepalive.interval_s, b->keepalive.interval_s);
	SAME(a->keepalive.count, b->keepalive.count);
	SAME(a->tcp_user_timeout_ms, b->tcp_user_timeout_ms);
	SAME(a->log_health_checks, b->log_health_checks);
	SAME(a->dontlognull, b->dontlognull);
	SAME(a->allow_count, b->allow_count);
	SAME(a->deny_count, b->deny_count);
	same_nets(a->allow, a->allow_count, b->allow);
	same_nets(a->deny, a->deny_count, b->deny);
}

static inline void same_log(const struct settings_log *a, const struct settings_log *b)
{
	SAME(a->kind, b->kind);
	assert_string_equal(a->text, b->text);
	SAME_TEXT(a->path, b->path);
	if (a->kind == SETTINGS_LOG_UDP)
		assert_true(addr_equal(&a->addr, &b->addr));
	SAME(a->facility, b->facility);
	SAME(a->format, b->format);
	SAME(a->level, b->level);
	SAME(a->sessions, b->sessions);
	assert_string_equal(a->tag, b->tag);
}

static inline void same_settings(const struct settings *a, const struct settings *b)
{
	SAME_TEXT(a->locality, b->locality);
	SAME(a->threads, b->threads);
	SAME(a->maxconn, b->maxconn);
	SAME(a->nofile, b->nofile);
	SAME(a->hard_stop_after_ms, b->hard_stop_after_ms);
	SAME_TEXT(a->user, b->user);
	SAME_TEXT(a->group, b->group);
	SAME_TEXT(a->chroot, b->chroot);
	SAME_TEXT(a->pidfile, b->pidfile);
	same_strings(&a->resolver.nameservers, &b->resolver.nameservers);
	SAME(a->resolver.every_ms, b->resolver.every_ms);
	SAME(a->resolver.timeout_ms, b->resolver.timeout_ms);
	SAME_TEXT(a->admin_bind, b->admin_bind);
	SAME_TEXT(a->admin_socket, b->admin_socket);
	if (a->admin_bind)
		assert_true(addr_equal(&a->admin_addr, &b->admin_addr));
	SAME(a->service_count, b->service_count);
	for (size_t i = 0; i < a->service_count; i++)
		same_service(&a->services[i], &b->services[i]);
	SAME(a->target_count, b->target_count);
	for (size_t i = 0; i < a->target_count; i++) {
		assert_string_equal(a->targets[i].name, b->targets[i].name);
		assert_string_equal(a->targets[i].host, b->targets[i].host);
		if (a->targets[i].check.type != SETTINGS_CHECK_NONE)
			SAME(a->targets[i].check_port, b->targets[i].check_port);
		same_check(&a->targets[i].check, &b->targets[i].check);
	}
	SAME(a->log_count, b->log_count);
	for (size_t i = 0; i < a->log_count; i++)
		same_log(&a->logs[i], &b->logs[i]);
}

#endif
