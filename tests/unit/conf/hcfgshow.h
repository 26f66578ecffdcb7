/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGSHOW_H
#define CONF_HCFGSHOW_H

#include "hcfgfixture.h"

/*
 * Settings in a few words: what differs from nothing, in the order of the structures.  Tests
 * compare these words, so that a value which appears where none was wanted is found, too.
 */
static inline void show_number(struct text *t, const char *name, uint64_t n)
{
	if (n)
		text_addf(t, " %s=%llu", name, (unsigned long long)n);
}

static inline void show_flag(struct text *t, const char *name, bool on)
{
	if (on)
		text_addf(t, " %s", name);
}

static inline void show_text(struct text *t, const char *name, const char *s)
{
	if (s)
		text_addf(t, " %s=%s", name, s);
}

static inline void show_ranges(struct text *t, const char *name, const struct settings_ranges *r)
{
	for (size_t i = 0; i < r->count; i++)
		text_addf(t, " %s=%u-%u", name, r->at[i].low, r->at[i].high);
}

static inline void show_strings(struct text *t, const char *name, const struct settings_strings *s)
{
	for (size_t i = 0; i < s->count; i++)
		text_addf(t, " %s=%s", name, s->at[i]);
}

static inline void show_addr(struct text *t, const char *name, const struct addr *a)
{
	char buf[ADDR_TEXT_MAX];

	if (a->len)
		text_addf(t, " %s=%s", name, addr_format(a, buf));
}

static inline void show_nets(struct text *t, const char *name, const struct addr_net *nets,
                             size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_addf(t, " %s=%02x%02x/%d", name, nets[i].bytes[0], nets[i].bytes[1],
		          (int)nets[i].bits);
}

static inline void show_source(struct text *t, const struct settings_source *s)
{
	show_addr(t, "source", &s->addr);
	if (s->port_low)
		text_addf(t, " ports=%u-%u", s->port_low, s->port_high);
	show_text(t, "from", s->interface);
}

/* Without name, host, port and weight 1. */
static inline void show_server(struct text *t, const struct settings_server *s)
{
	static const char *const errors[] = { "fastinter", "fail-check", "sudden-death",
		                              "mark-down" };

	if (s->weight != 1)
		text_addf(t, " weight=%u", s->weight);
	show_flag(t, "backup", s->backup);
	show_flag(t, "disabled", s->disabled);
	show_number(t, "maxconn", s->maxconn);
	show_number(t, "id", s->id);
	show_number(t, "minconn", s->minconn);
	show_number(t, "maxqueue", s->maxqueue);
	show_number(t, "slowstart", s->slowstart_ms);
	show_number(t, "tcp_ut", s->tcp_user_timeout_ms);
	show_number(t, "proxy", s->send_proxy);
	show_source(t, &s->source);
	show_text(t, "track", s->track);
	show_flag(t, "shutdown_on_down", s->shutdown_on_down);
	show_flag(t, "shutdown_backup_on_up", s->shutdown_backup_on_up);
	show_flag(t, "observe", s->observe);
	if (s->error_limit != 10)
		text_addf(t, " error_limit=%u", s->error_limit);
	if (s->on_error != SETTINGS_ON_ERROR_FAIL_CHECK)
		text_addf(t, " on_error=%s", errors[s->on_error]);
}

static inline void show_bytes(struct text *t, const char *name, const char *bytes, size_t len)
{
	if (!bytes)
		return;
	text_addf(t, " %s=", name);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] < ' ')
			text_addf(t, "\\%02x", (unsigned char)bytes[i]);
		else
			text_addc(t, bytes[i]);
}

static inline void show_step(struct text *t, const struct settings_step *s)
{
	static const char *const kinds[] = { "connect", "send", "expect" };
	static const char *const matches[] = { "string", "regex",   "binary", "binregex",
		                               "status", "rstatus", "header" };

	text_addf(t, "; %s", kinds[s->kind]);
	show_number(t, "port", s->port);
	show_text(t, "addr", s->address);
	show_flag(t, "tls", s->tls);
	show_flag(t, "linger", s->linger);
	show_flag(t, "as_server", s->as_server);
	show_flag(t, "send_proxy", s->send_proxy);
	show_text(t, "sni", s->sni);
	show_text(t, "alpn", s->alpn);
	show_text(t, "method", s->method);
	show_text(t, "path", s->path);
	show_text(t, "version", s->version);
	show_text(t, "host", s->host);
	show_strings(t, "header", &s->headers);
	show_text(t, "body", s->body);
	if (s->kind == SETTINGS_STEP_EXPECT)
		text_addf(t, " %s%s", s->negated ? "!" : "", matches[s->match]);
	show_text(t, "name", s->name);
	show_bytes(t, "bytes", s->bytes, s->len);
	show_ranges(t, "statuses", &s->statuses);
	show_number(t, "min_recv", s->min_recv);
	show_text(t, "ok", s->ok_status);
	show_text(t, "error", s->error_status);
	show_text(t, "timeout", s->timeout_status);
	show_text(t, "on_success", s->on_success);
	show_text(t, "on_error", s->on_error);
	show_text(t, "comment", s->comment);
}

/* The type, and what is not as with a plain `check`. */
static inline void show_check(struct text *t, const struct settings_check *c)
{
	bool http = c->type == SETTINGS_CHECK_HTTP || c->type == SETTINGS_CHECK_HTTPS;

	text_addf(t, " %s", settings_check_name(c->type));
	if (c->type == SETTINGS_CHECK_NONE)
		return;
	if (c->port == SETTINGS_PORT_NUMBER)
		text_addf(t, " port=%u", c->port_number);
	show_text(t, "addr", c->address);
	if (c->inter_ms != 2000)
		text_addf(t, " inter=%u", c->inter_ms);
	show_number(t, "timeout", c->timeout_ms);
	if (http && !c->steps.count) {
		text_addf(t, " %s %s %s", c->method, c->path, c->version);
		show_text(t, "host", c->host);
		show_strings(t, "header", &c->headers);
		show_ranges(t, "statuses", &c->expect_status);
		show_text(t, "string", c->expect_string);
		show_text(t, "regex", c->rexpect_string);
		show_flag(t, "negated", c->expect_negated);
	}
	show_flag(t, "disable_on_404", c->disable_on_404);
	show_flag(t, "tls", c->tls);
	if (c->tls || c->type == SETTINGS_CHECK_HTTPS)
		show_flag(t, "verify", c->verify);
	show_text(t, "sni", c->sni);
	show_text(t, "alpn", c->alpn);
	show_number(t, "proxy", c->send_proxy ? c->proxy_version : 0);
	show_text(t, "user", c->user);
	if (c->type == SETTINGS_CHECK_SMTP)
		show_text(t, "hello", c->smtp_hello);
	show_text(t, "command", c->command);
	show_text(t, "search", c->search_path);
	show_text(t, "send", c->agent_send);
	for (size_t i = 0; i < c->steps.count; i++)
		show_step(t, &c->steps.at[i]);
}

static inline void show_bind(struct text *t, const struct settings_bind *b)
{
	text_addf(t, " [%s", b->text);
	show_text(t, "name", b->name);
	show_number(t, "backlog", (uint64_t)b->backlog);
	show_flag(t, "v6only", b->v6only);
	show_flag(t, "defer", b->defer_accept);
	show_text(t, "interface", b->interface);
	show_number(t, "maxconn", b->maxconn);
	show_flag(t, "proxy", b->accept_proxy);
	show_number(t, "tcp_ut", b->tcp_user_timeout_ms);
	show_number(t, "id", b->id);
	if (b->mode)
		text_addf(t, " mode=%o", b->mode);
	show_text(t, "user", b->user);
	show_text(t, "group", b->group);
	text_addc(t, ']');
}

static inline void show_log(struct text *t, const struct settings_log *l)
{
	text_addf(t, " {%s", l->text);
	show_number(t, "fd", (uint64_t)l->fd);
	show_number(t, "facility", (uint64_t)l->facility);
	show_number(t, "framing", l->framing);
	show_number(t, "level", (uint64_t)l->level);
	show_number(t, "min", (uint64_t)l->min_level);
	show_number(t, "len", l->len);
	show_flag(t, "sessions", l->sessions);
	if (strcmp(l->tag, "haproxy") != 0)
		show_text(t, "tag", l->tag);
	show_text(t, "hostname", l->hostname);
	show_ranges(t, "sample", &l->sample);
	show_number(t, "of", l->sample_size);
	text_addc(t, '}');
}

static inline void show_logs(struct text *t, bool own, const struct settings_log *logs,
                             size_t count)
{
	show_flag(t, "own_logs", own);
	for (size_t i = 0; i < count; i++)
		show_log(t, &logs[i]);
}

static inline void show_rate(struct text *t, const struct settings_rate_limit *r)
{
	if (r->count)
		text_addf(t, " limit=%u/%ums/%u", r->count, r->period_ms, r->size);
}

static inline void show_frontend(struct text *t, const struct settings_frontend *f)
{
	static const char *const lines[] = { "tcplog", "connect", "clf", "format" };

	text_addf(t, " <%s", f->name);
	show_number(t, "id", f->id);
	for (size_t i = 0; i < f->bind_count; i++)
		show_bind(t, &f->binds[i]);
	show_number(t, "maxconn", f->maxconn);
	show_number(t, "client", f->client_ms);
	show_number(t, "fin", f->client_fin_ms);
	show_number(t, "rate", f->rate_limit);
	show_rate(t, &f->conn_rate_limit);
	show_flag(t, "keepalive", f->keepalive.client);
	show_nets(t, "allow", f->allow, f->allow_count);
	show_nets(t, "deny", f->deny, f->deny_count);
	show_flag(t, "dontlognull", f->dontlognull);
	show_flag(t, "dontlog_normal", f->dontlog_normal);
	show_flag(t, "separate", f->log_separate_errors);
	show_flag(t, "asap", f->logasap);
	show_flag(t, "socket_stats", f->socket_stats);
	show_flag(t, "disabled", f->disabled);
	if (f->session_log != SETTINGS_SESSION_CONNECT)
		text_addf(t, " %s", lines[f->session_log]);
	show_flag(t, "addresses", f->log_addresses);
	show_text(t, "format", f->log_format);
	show_logs(t, f->own_logs, f->logs, f->log_count);
	show_text(t, "description", f->description);
	text_addc(t, '>');
}

/* Without its servers; the side of the clients as a frontend. */
static inline void show_service(struct text *t, const struct settings_service *s)
{
	text_addf(t, "%s", s->name);
	show_number(t, "id", s->id);
	for (size_t i = 0; i < s->bind_count; i++)
		show_bind(t, &s->binds[i]);
	if (s->balance != SETTINGS_ROUNDROBIN)
		text_addf(t, " %s", settings_balance_name(s->balance));
	if (s->random_draws != 2)
		text_addf(t, " draws=%u", s->random_draws);
	show_number(t, "hash_type", s->hash.type);
	show_number(t, "function", s->hash.function);
	show_number(t, "input", s->hash.input);
	show_flag(t, "avalanche", s->hash.avalanche);
	show_number(t, "factor", s->hash.balance_factor);
	if (s->retries != 3)
		text_addf(t, " retries=%u", s->retries);
	show_flag(t, "redispatch", s->redispatch);
	show_number(t, "maxconn", s->maxconn);
	show_number(t, "connect", s->timeout.connect_ms);
	show_number(t, "queue", s->timeout.queue_ms);
	show_number(t, "client", s->timeout.client_ms);
	show_number(t, "server", s->timeout.server_ms);
	show_number(t, "fullconn", s->fullconn);
	show_number(t, "rate", s->rate_limit);
	show_rate(t, &s->conn_rate_limit);
	show_nets(t, "allow", s->allow, s->allow_count);
	show_nets(t, "deny", s->deny, s->deny_count);
	show_flag(t, "dontlog_normal", s->dontlog_normal);
	show_flag(t, "separate", s->log_separate_errors);
	show_flag(t, "asap", s->logasap);
	show_flag(t, "socket_stats", s->socket_stats);
	show_flag(t, "disabled", s->disabled);
	show_flag(t, "http", s->http);
	if (s->session_log != SETTINGS_SESSION_CONNECT && !s->frontend_count)
		text_addf(t, " line=%d", (int)s->session_log);
	show_text(t, "format", s->log_format);
	show_logs(t, s->own_logs, s->logs, s->log_count);
	show_text(t, "description", s->description);
	for (size_t i = 0; i < s->frontend_count; i++)
		show_frontend(t, &s->frontends[i]);
}

static inline void show_admin(struct text *t, const struct settings_admin *a)
{
	text_addf(t, " (%s", a->bind);
	show_text(t, "name", a->name);
	show_number(t, "id", a->id);
	show_text(t, "uri", a->stats_uri);
	show_text(t, "metrics", a->metrics_path);
	show_text(t, "monitor", a->monitor_uri);
	show_text(t, "realm", a->realm);
	for (size_t i = 0; i < a->user_count; i++)
		text_addf(t, " user=%s:%s", a->users[i].name, a->users[i].password);
	show_flag(t, "writable", a->writable);
	show_number(t, "refresh", a->refresh_s);
	show_flag(t, "hide_version", a->hide_version);
	show_flag(t, "stats_only", a->stats_only);
	show_strings(t, "scope", &a->scope);
	text_addc(t, ')');
}

static inline void show_socket(struct text *t, const struct settings_socket *s)
{
	static const char *const levels[] = { "user", "operator", "admin" };

	text_addf(t, " (%s %s", s->text, levels[s->level]);
	show_number(t, "fd", (uint64_t)s->fd);
	if (s->mode)
		text_addf(t, " mode=%o", s->mode);
	show_text(t, "user", s->user);
	show_text(t, "group", s->group);
	text_addc(t, ')');
}

/* What a configuration becomes, and all that is said about it. */
struct show_case {
	const char *cfg, *notes, *want;
};

typedef void show_part(struct text *t, const struct settings *s);

/* `direct` settings of each; `want` NULL: it is refused. */
static inline void expect_shown(const struct show_case *c, const char *before, show_part *show)
{
	AUTO_TEXT cfg = { 0 };
	AUTO_TEXT have = { 0 };
	struct translation t;

	text_addf(&cfg, "%s%s", before, c->cfg);
	translate_direct(&t, text_str(&cfg), cfg.len);
	assert_string_equal(text_str(&t.notes), c->notes);
	assert_int_equal(t.result.settings != NULL, c->want != NULL);
	if (t.result.settings) {
		show(&have, t.result.settings);
		assert_string_equal(text_str(&have), c->want);
	}
	translation_release(&t);
}

#endif
