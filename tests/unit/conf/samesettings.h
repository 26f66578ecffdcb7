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

static inline void same_step(const struct settings_step *a, const struct settings_step *b)
{
	SAME(a->kind, b->kind);
	SAME_TEXT(a->comment, b->comment);
	SAME(a->port, b->port);
	SAME_TEXT(a->address, b->address);
	SAME(a->tls, b->tls);
	SAME(a->linger, b->linger);
	SAME(a->as_server, b->as_server);
	SAME(a->send_proxy, b->send_proxy);
	SAME_TEXT(a->sni, b->sni);
	SAME_TEXT(a->alpn, b->alpn);
	SAME(a->len, b->len);
	assert_true(!a->bytes == !b->bytes);
	if (a->bytes)
		assert_memory_equal(a->bytes, b->bytes, a->len);
	SAME_TEXT(a->method, b->method);
	SAME_TEXT(a->path, b->path);
	SAME_TEXT(a->version, b->version);
	SAME_TEXT(a->host, b->host);
	same_strings(&a->headers, &b->headers);
	SAME_TEXT(a->body, b->body);
	SAME(a->match, b->match);
	SAME(a->negated, b->negated);
	SAME_TEXT(a->name, b->name);
	same_ranges(&a->statuses, &b->statuses);
	SAME(a->min_recv, b->min_recv);
	SAME_TEXT(a->ok_status, b->ok_status);
	SAME_TEXT(a->error_status, b->error_status);
	SAME_TEXT(a->timeout_status, b->timeout_status);
	SAME_TEXT(a->on_success, b->on_success);
	SAME_TEXT(a->on_error, b->on_error);
}

/* With steps there is no single request, whatever is said about it. */
static inline void same_request(const struct settings_check *a, const struct settings_check *b)
{
	if (a->steps.count)
		return;
	SAME_TEXT(a->method, b->method);
	SAME_TEXT(a->path, b->path);
	SAME_TEXT(a->version, b->version);
	SAME_TEXT(a->host, b->host);
	same_strings(&a->headers, &b->headers);
	same_ranges(&a->expect_status, &b->expect_status);
	SAME_TEXT(a->expect_string, b->expect_string);
	SAME_TEXT(a->rexpect_string, b->rexpect_string);
	SAME(a->expect_negated, b->expect_negated);
}

static inline void same_tls(const struct settings_check *a, const struct settings_check *b)
{
	bool tls = a->tls;

	SAME(a->tls, b->tls);
	for (size_t i = 0; i < a->steps.count; i++)
		tls = tls || a->steps.at[i].tls;
	if (a->type != SETTINGS_CHECK_HTTPS && !tls)
		return;
	SAME(a->verify, b->verify);
	SAME_TEXT(a->ca, b->ca);
	SAME_TEXT(a->cert, b->cert);
	SAME_TEXT(a->key, b->key);
	SAME_TEXT(a->sni, b->sni);
	SAME_TEXT(a->alpn, b->alpn);
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
	SAME(a->connect_timeout_ms, b->connect_timeout_ms);
	SAME(a->timeout_ms, b->timeout_ms);
	SAME(a->rise, b->rise);
	SAME(a->fall, b->fall);
	SAME(a->init_state, b->init_state);
	same_request(a, b);
	same_tls(a, b);
	same_ranges(&a->drain_status, &b->drain_status);
	SAME(a->disable_on_404, b->disable_on_404);
	SAME_TEXT(a->user, b->user);
	SAME(a->steps.count, b->steps.count);
	for (size_t i = 0; i < a->steps.count; i++)
		same_step(&a->steps.at[i], &b->steps.at[i]);
	SAME(a->send_proxy, b->send_proxy);
	if (a->send_proxy)
		SAME(a->proxy_version, b->proxy_version);
	SAME_TEXT(a->smtp_hello, b->smtp_hello);
	SAME_TEXT(a->command, b->command);
	SAME_TEXT(a->search_path, b->search_path);
	SAME_TEXT(a->agent_send, b->agent_send);
}

static inline void same_target(const struct settings_target *a, const struct settings_target *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->host, b->host);
	if (a->check.type != SETTINGS_CHECK_NONE)
		SAME(a->check_port, b->check_port);
	same_check(&a->check, &b->check);
	assert_true(addr_equal(&a->source.addr, &b->source.addr));
	SAME(a->source.port_low, b->source.port_low);
	SAME(a->source.port_high, b->source.port_high);
	SAME_TEXT(a->source.interface, b->source.interface);
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
	SAME(a->accept_proxy, b->accept_proxy);
	SAME(a->tcp_user_timeout_ms, b->tcp_user_timeout_ms);
	SAME(a->id, b->id);
	SAME(a->mode, b->mode);
	SAME_TEXT(a->user, b->user);
	SAME_TEXT(a->group, b->group);
}

static inline void same_binds(const struct settings_bind *a, size_t a_count,
                              const struct settings_bind *b, size_t b_count)
{
	SAME(a_count, b_count);
	for (size_t i = 0; i < a_count; i++)
		same_bind(&a[i], &b[i]);
}

/* Which target it is does not matter, only what is checked. */
static inline void same_server(const struct settings *sa, const struct settings_server *a,
                               const struct settings *sb, const struct settings_server *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->host, b->host);
	SAME(a->port, b->port);
	SAME_TEXT(a->locality, b->locality);
	SAME(a->weight, b->weight);
	SAME(a->backup, b->backup);
	SAME(a->disabled, b->disabled);
	SAME(a->maxconn, b->maxconn);
	same_target(&sa->targets[a->node], &sb->targets[b->node]);
	SAME(!a->agent, !b->agent);
	if (a->agent)
		same_target(&sa->targets[a->agent - 1], &sb->targets[b->agent - 1]);
	SAME(a->id, b->id);
	SAME(a->minconn, b->minconn);
	SAME(a->maxqueue, b->maxqueue);
	SAME(a->slowstart_ms, b->slowstart_ms);
	SAME(a->tcp_user_timeout_ms, b->tcp_user_timeout_ms);
	SAME(a->send_proxy, b->send_proxy);
	assert_true(addr_equal(&a->source.addr, &b->source.addr));
	SAME(a->source.port_low, b->source.port_low);
	SAME(a->source.port_high, b->source.port_high);
	SAME_TEXT(a->source.interface, b->source.interface);
	SAME_TEXT(a->track, b->track);
	SAME(a->shutdown_on_down, b->shutdown_on_down);
	SAME(a->down_grace_ms, b->down_grace_ms);
	SAME(a->close_spread_ms, b->close_spread_ms);
	SAME(a->max_connecting, b->max_connecting);
	SAME(a->warm, b->warm);
	SAME(a->shutdown_backup_on_up, b->shutdown_backup_on_up);
	SAME(a->observe, b->observe);
	SAME(a->error_limit, b->error_limit);
	SAME(a->on_error, b->on_error);
}

static inline void same_nets(const struct addr_net *a, size_t a_count, const struct addr_net *b,
                             size_t b_count)
{
	SAME(a_count, b_count);
	if (a_count)
		assert_memory_equal(a, b, a_count * sizeof(*a));
}

static inline void same_log(const struct settings_log *a, const struct settings_log *b)
{
	SAME(a->kind, b->kind);
	assert_string_equal(a->text, b->text);
	SAME_TEXT(a->path, b->path);
	if (a->kind == SETTINGS_LOG_UDP)
		assert_true(addr_equal(&a->addr, &b->addr));
	SAME(a->fd, b->fd);
	SAME(a->facility, b->facility);
	SAME(a->format, b->format);
	if (a->framing != SETTINGS_LOG_CONSOLE)
		SAME(a->framing, b->framing);
	SAME(a->level, b->level);
	SAME(a->min_level, b->min_level);
	SAME(a->len, b->len);
	SAME(a->sessions, b->sessions);
	assert_string_equal(a->tag, b->tag);
	SAME_TEXT(a->hostname, b->hostname);
	same_ranges(&a->sample, &b->sample);
	if (a->sample.count)
		SAME(a->sample_size, b->sample_size);
}

static inline void same_logs(const struct settings_log *a, size_t a_count,
                             const struct settings_log *b, size_t b_count)
{
	SAME(a_count, b_count);
	for (size_t i = 0; i < a_count; i++)
		same_log(&a[i], &b[i]);
}

static inline void same_rate_limit(const struct settings_rate_limit *a,
                                   const struct settings_rate_limit *b)
{
	SAME(a->count, b->count);
	if (a->count) {
		SAME(a->period_ms, b->period_ms);
		SAME(a->size, b->size);
	}
}

static inline void same_keepalive(const struct settings_keepalive *a,
                                  const struct settings_keepalive *b)
{
	SAME(a->client, b->client);
	SAME(a->idle_s, b->idle_s);
	SAME(a->interval_s, b->interval_s);
	SAME(a->count, b->count);
}

static inline void same_frontend(const struct settings_frontend *a,
                                 const struct settings_frontend *b)
{
	assert_string_equal(a->name, b->name);
	SAME(a->id, b->id);
	same_binds(a->binds, a->bind_count, b->binds, b->bind_count);
	SAME(a->maxconn, b->maxconn);
	SAME(a->backlog, b->backlog);
	SAME(a->client_ms, b->client_ms);
	SAME(a->client_fin_ms, b->client_fin_ms);
	SAME(a->rate_limit, b->rate_limit);
	same_rate_limit(&a->conn_rate_limit, &b->conn_rate_limit);
	same_keepalive(&a->keepalive, &b->keepalive);
	SAME(a->tcp_user_timeout_ms, b->tcp_user_timeout_ms);
	same_nets(a->allow, a->allow_count, b->allow, b->allow_count);
	same_nets(a->deny, a->deny_count, b->deny, b->deny_count);
	SAME(a->dontlognull, b->dontlognull);
	SAME(a->dontlog_normal, b->dontlog_normal);
	SAME(a->log_separate_errors, b->log_separate_errors);
	SAME(a->logasap, b->logasap);
	SAME(a->socket_stats, b->socket_stats);
	SAME(a->disabled, b->disabled);
	SAME(a->session_log, b->session_log);
	if (a->session_log == SETTINGS_SESSION_FORMAT)
		SAME_TEXT(a->log_format, b->log_format);
	SAME_TEXT(a->description, b->description);
}

/* Logs of its own may be written where the process's were meant, if they are the same. */
static inline void same_own_logs(const struct settings *sa, const struct settings *sb, bool a_own,
                                 const struct settings_log *a, size_t a_count, bool b_own,
                                 const struct settings_log *b, size_t b_count)
{
	same_logs(a_own ? a : sa->logs, a_own ? a_count : sa->log_count, b_own ? b : sb->logs,
	          b_own ? b_count : sb->log_count);
}

static inline void same_frontends(const struct settings *sa, const struct settings_service *a,
                                  const struct settings *sb, const struct settings_service *b)
{
	SAME(a->frontend_count, b->frontend_count);
	for (size_t i = 0; i < a->frontend_count; i++) {
		const struct settings_frontend *fa = &a->frontends[i];
		const struct settings_frontend *fb = &b->frontends[i];

		same_frontend(fa, fb);
		same_own_logs(sa, sb, fa->own_logs, fa->logs, fa->log_count, fb->own_logs, fb->logs,
		              fb->log_count);
	}
	if (!a->frontend_count)
		same_binds(a->binds, a->bind_count, b->binds, b->bind_count);
}

static inline void same_patience(const struct settings_service *a, const struct settings_service *b)
{
	SAME(a->protocol, b->protocol);
	SAME(a->replay, b->replay);
	SAME(a->hold_ms, b->hold_ms);
	SAME(a->hold_max, b->hold_max);
	SAME(a->panic, b->panic);
	SAME(a->max_session_age_ms, b->max_session_age_ms);
	SAME(a->rebalance, b->rebalance);
	SAME(a->rebalance_every_ms, b->rebalance_every_ms);
	SAME(a->rebalance_budget, b->rebalance_budget);
	SAME(a->rebalance_encrypted_ms, b->rebalance_encrypted_ms);
}

static inline void same_service(const struct settings *sa, const struct settings_service *a,
                                const struct settings *sb, const struct settings_service *b)
{
	assert_string_equal(a->name, b->name);
	same_frontends(sa, a, sb, b);
	SAME(a->server_count, b->server_count);
	for (size_t i = 0; i < a->server_count; i++)
		same_server(sa, &a->servers[i], sb, &b->servers[i]);
	SAME(a->balance, b->balance);
	SAME(a->retries, b->retries);
	SAME(a->redispatch, b->redispatch);
	SAME(a->allbackups, b->allbackups);
	SAME(a->maxconn, b->maxconn);
	assert_memory_equal(&a->timeout, &b->timeout, sizeof(a->timeout));
	same_keepalive(&a->keepalive, &b->keepalive);
	SAME(a->keepalive.server, b->keepalive.server);
	SAME(a->tcp_user_timeout_ms, b->tcp_user_timeout_ms);
	SAME(a->log_health_checks, b->log_health_checks);
	SAME(a->dontlognull, b->dontlognull);
	same_nets(a->allow, a->allow_count, b->allow, b->allow_count);
	same_nets(a->deny, a->deny_count, b->deny, b->deny_count);
	SAME(a->id, b->id);
	SAME(a->fullconn, b->fullconn);
	SAME(a->random_draws, b->random_draws);
	SAME(a->tiers, b->tiers);
	SAME(a->spill, b->spill);
	SAME_TEXT(a->here, b->here);
	SAME(a->hash.type, b->hash.type);
	SAME(a->hash.function, b->hash.function);
	SAME(a->hash.input, b->hash.input);
	SAME(a->hash.avalanche, b->hash.avalanche);
	if (a->hash.type == SETTINGS_HASH_CONSISTENT)
		SAME(a->hash.balance_factor, b->hash.balance_factor);
	SAME(a->rate_limit, b->rate_limit);
	same_rate_limit(&a->conn_rate_limit, &b->conn_rate_limit);
	same_patience(a, b);
	SAME(a->dontlog_normal, b->dontlog_normal);
	SAME(a->log_separate_errors, b->log_separate_errors);
	SAME(a->logasap, b->logasap);
	SAME(a->socket_stats, b->socket_stats);
	SAME(a->disabled, b->disabled);
	SAME(a->session_log, b->session_log);
	if (a->session_log == SETTINGS_SESSION_FORMAT)
		SAME_TEXT(a->log_format, b->log_format);
	SAME(a->own_logs, b->own_logs);
	same_logs(a->logs, a->log_count, b->logs, b->log_count);
	SAME_TEXT(a->description, b->description);
}

static inline void same_admin(const struct settings_admin *a, const struct settings_admin *b)
{
	assert_string_equal(a->bind, b->bind);
	assert_true(addr_equal(&a->addr, &b->addr));
	SAME_TEXT(a->stats_uri, b->stats_uri);
	SAME_TEXT(a->metrics_path, b->metrics_path);
	SAME_TEXT(a->monitor_uri, b->monitor_uri);
	SAME_TEXT(a->realm, b->realm);
	SAME(a->user_count, b->user_count);
	for (size_t i = 0; i < a->user_count; i++) {
		assert_string_equal(a->users[i].name, b->users[i].name);
		assert_string_equal(a->users[i].password, b->users[i].password);
	}
	SAME(a->writable, b->writable);
	SAME(a->refresh_s, b->refresh_s);
	SAME(a->hide_version, b->hide_version);
	same_strings(&a->scope, &b->scope);
	SAME_TEXT(a->cert, b->cert);
	SAME_TEXT(a->key, b->key);
	SAME_TEXT(a->ca, b->ca);
}

static inline void same_socket(const struct settings_socket *a, const struct settings_socket *b)
{
	assert_string_equal(a->text, b->text);
	assert_true(addr_equal(&a->addr, &b->addr));
	SAME(a->fd, b->fd);
	SAME(a->level, b->level);
	SAME(a->mode, b->mode);
	SAME_TEXT(a->user, b->user);
	SAME_TEXT(a->group, b->group);
}

static inline void same_process(const struct settings *a, const struct settings *b)
{
	SAME_TEXT(a->locality, b->locality);
	SAME(a->threads, b->threads);
	SAME(a->spin_us, b->spin_us);
	SAME(a->maxconn, b->maxconn);
	SAME(a->nofile, b->nofile);
	SAME(a->hard_stop_after_ms, b->hard_stop_after_ms);
	SAME(a->stop_delay_ms, b->stop_delay_ms);
	SAME_TEXT(a->user, b->user);
	SAME_TEXT(a->group, b->group);
	SAME_TEXT(a->chroot, b->chroot);
	SAME_TEXT(a->pidfile, b->pidfile);
	same_strings(&a->resolver.nameservers, &b->resolver.nameservers);
	SAME(a->resolver.every_ms, b->resolver.every_ms);
	SAME(a->resolver.timeout_ms, b->resolver.timeout_ms);
	SAME(a->operator_timeout_ms, b->operator_timeout_ms);
	SAME_TEXT(a->node, b->node);
	SAME_TEXT(a->description, b->description);
	SAME(a->conn_rate_limit, b->conn_rate_limit);
	SAME(a->session_rate_limit, b->session_rate_limit);
	SAME(a->external_checks, b->external_checks);
}

static inline void same_discover(const struct settings_discover *a,
                                 const struct settings_discover *b)
{
	assert_true(!a == !b);
	if (!a || !b)
		return;
	same_strings(&a->from, &b->from);
	SAME(a->every_ms, b->every_ms);
	SAME_TEXT(a->session, b->session);
	SAME_TEXT(a->ca, b->ca);
	SAME_TEXT(a->cert, b->cert);
	SAME_TEXT(a->key, b->key);
	SAME(a->verify, b->verify);
	SAME(a->map_count, b->map_count);
	for (size_t i = 0; i < a->map_count; i++) {
		assert_string_equal(a->map[i].node, b->map[i].node);
		SAME_TEXT(a->map[i].host, b->map[i].host);
		SAME(a->map[i].sql_port, b->map[i].sql_port);
		SAME(a->map[i].http_port, b->map[i].http_port);
	}
	SAME_TEXT(a->locality, b->locality);
	SAME(a->minimum, b->minimum);
	SAME_TEXT(a->cache, b->cache);
}

static inline void same_settings(const struct settings *a, const struct settings *b)
{
	same_process(a, b);
	SAME(a->admin_count, b->admin_count);
	for (size_t i = 0; i < a->admin_count; i++)
		same_admin(&a->admins[i], &b->admins[i]);
	SAME(a->socket_count, b->socket_count);
	for (size_t i = 0; i < a->socket_count; i++)
		same_socket(&a->sockets[i], &b->sockets[i]);
	SAME(a->service_count, b->service_count);
	for (size_t i = 0; i < a->service_count; i++)
		same_service(a, &a->services[i], b, &b->services[i]);
	SAME(a->target_count, b->target_count);
	same_discover(a->discover, b->discover);
	same_logs(a->logs, a->log_count, b->logs, b->log_count);
}

#endif
