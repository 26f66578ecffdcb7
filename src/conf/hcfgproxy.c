/* SPDX-License-Identifier: MIT */
#include "hcfgparts.h"

#include <stddef.h>
#include <string.h>

enum { CONN_MAX = 10000000, BACKLOG_MAX = 1000000, PROBES_MAX = 127 };

/* How the value of a directive is written. */
enum shape {
	SHAPE_OTHER, /* it has a reader of its own */
	SHAPE_SWITCH,
	SHAPE_WHOLE,  /* as hcfgreader_loose() */
	SHAPE_TIME,   /* milliseconds */
	SHAPE_SECONDS /* of TCP keep-alive: whole seconds, a bare number is seconds */
};

static const struct {
	enum shape shape;
	uint32_t high;
	size_t offset; /* of a struct hcfgmodel_value */
} values[HCFGWORDS_PROXY_COUNT] = {
#define VALUE(id, shape, high, member)                                                             \
	[HCFGWORDS_PROXY_##id] = { SHAPE_##shape, high, offsetof(struct hcfgmodel_proxy, member) }
	VALUE(RETRIES, WHOLE, INT32_MAX, retries),
	VALUE(MAXCONN, WHOLE, CONN_MAX, maxconn),
	VALUE(BACKLOG, WHOLE, BACKLOG_MAX, backlog),
	VALUE(TIMEOUT_CONNECT, TIME, 0, connect_ms),
	VALUE(TIMEOUT_CLIENT, TIME, 0, client_ms),
	VALUE(TIMEOUT_SERVER, TIME, 0, server_ms),
	VALUE(TIMEOUT_CLIENT_FIN, TIME, 0, client_fin_ms),
	VALUE(TIMEOUT_SERVER_FIN, TIME, 0, server_fin_ms),
	VALUE(TIMEOUT_TUNNEL, TIME, 0, tunnel_ms),
	VALUE(TIMEOUT_CHECK, TIME, 0, check_ms),
	VALUE(OPTION_ALLBACKUPS, SWITCH, 0, allbackups),
	VALUE(OPTION_CLITCPKA, SWITCH, 0, clitcpka),
	VALUE(OPTION_SRVTCPKA, SWITCH, 0, srvtcpka),
	VALUE(CLITCPKA_IDLE, SECONDS, 0, client_idle_s),
	VALUE(CLITCPKA_INTVL, SECONDS, 0, client_interval_s),
	VALUE(CLITCPKA_CNT, WHOLE, PROBES_MAX, client_count),
	VALUE(SRVTCPKA_IDLE, SECONDS, 0, server_idle_s),
	VALUE(SRVTCPKA_INTVL, SECONDS, 0, server_interval_s),
	VALUE(SRVTCPKA_CNT, WHOLE, PROBES_MAX, server_count),
	VALUE(OPTION_LOG_HEALTH_CHECKS, SWITCH, 0, log_health_checks),
	VALUE(OPTION_DONTLOGNULL, SWITCH, 0, dontlognull),
	VALUE(OPTION_DONTLOG_NORMAL, SWITCH, 0, dontlog_normal),
	VALUE(OPTION_LOG_SEPARATE_ERRORS, SWITCH, 0, log_separate_errors),
	VALUE(OPTION_LOGASAP, SWITCH, 0, logasap),
	VALUE(OPTION_SOCKET_STATS, SWITCH, 0, socket_stats),
	VALUE(TIMEOUT_QUEUE, TIME, 0, queue_ms),
	VALUE(FULLCONN, WHOLE, CONN_MAX, fullconn),
#undef VALUE
};

static void read_value(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_proxy *p)
{
	struct hcfgmodel_value *v = (void *)((char *)p + values[id].offset);
	enum shape shape = values[id].shape;
	uint32_t n = !r->off;

	hcfgreader_at_most(r, shape != SHAPE_SWITCH);
	if (shape == SHAPE_WHOLE)
		n = hcfgreader_loose(r, r->words[0], values[id].high);
	if (shape == SHAPE_TIME && !hcfgreader_time(r, r->words[0], 1, &n))
		return;
	if (shape == SHAPE_SECONDS) {
		if (!hcfgreader_time(r, r->words[0], 1000, &n))
			return;
		n = n / 1000 + (n % 1000 != 0);
	}
	if (shape == SHAPE_SWITCH && r->off)
		*v = (struct hcfgmodel_value){ 0 };
	else
		hcfgreader_set(r, v, n);
}

static void read_mode(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	const char *mode = r->words[0];

	if (strcmp(mode, "tcp") == 0 || strcmp(mode, "http") == 0) {
		hcfgreader_set(r, &p->http, *mode == 'h');
	} else if (strcmp(mode, "health") == 0) {
		hcfgreader_error(r, "health: HAProxy has refused it since 2.0");
	} else if (strcmp(mode, "log") == 0 || strcmp(mode, "spop") == 0 ||
	           strcmp(mode, "haterm") == 0) {
		hcfgreader_lose(r, "%s: sluice relays TCP; the section is left out", mode);
		hcfgreader_set(r, &p->disabled, 1);
	} else {
		hcfgreader_error(r, "unknown mode \"%.30s\": write tcp or http", mode);
	}
}

/* option redispatch [N]: HAProxy's default, and every N but 0, lets a retry go elsewhere. */
static void read_redispatch(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	bool on = !r->off && !(r->count && strcmp(r->words[0], "0") == 0);

	hcfgreader_at_most(r, 1);
	hcfgreader_set(r, &p->redispatch, on);
	if (on && r->count)
		hcfgreader_remark(r, "%.10s: every retry goes to another server, if there is one",
		                  r->words[0]);
}

static void read_tcpka(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	hcfgreader_set(r, &p->clitcpka, !r->off);
	hcfgreader_set(r, &p->srvtcpka, !r->off);
}

static void remember_use(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	struct hcfgmodel_use *use = mem_arena_zalloc(&r->model->arena, sizeof(*use));

	if (r->count > 1 && !hcfgaccess_is_condition(r, p, r->words + 2, r->count - 2))
		return;
	use->backend = r->words[0];
	use->place = r->line->place;
	use->next = p->uses;
	p->uses = use;
}

static void read_use_backend(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	bool always = r->count == 1 ||
	              (r->count == 3 &&
	               ((strcmp(r->words[1], "if") == 0 && strcmp(r->words[2], "TRUE") == 0) ||
	                (strcmp(r->words[1], "unless") == 0 && strcmp(r->words[2], "FALSE") == 0)));

	if (!always || strchr(r->words[0], '%')) {
		hcfgreader_lose(r,
		                "%.60s by a condition; a service has one set of servers: make "
		                "another service for these",
		                r->words[0]);
		remember_use(r, p);
		return;
	}
	p->backend = r->words[0];
	p->backend_place = r->line->place;
}

static void read_log(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	if (r->off) {
		p->logs = NULL;
		p->log_global = false;
	} else if (strcmp(r->words[0], "global") == 0) {
		p->log_global = true;
	} else {
		hcfglog_read(r, &p->logs);
	}
}

static void read_tcplog(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	bool clf = r->count == 1 && strcmp(r->words[0], "clf") == 0;

	hcfgreader_at_most(r, clf);
	p->log_format = NULL;
	p->session_log = clf ? SETTINGS_SESSION_CLF : SETTINGS_SESSION_TCPLOG;
	if (r->off)
		p->session_log = SETTINGS_SESSION_CONNECT;
}

static void read_httplog(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	read_tcplog(r, p);
	hcfgreader_remark(r, "sessions are logged as option tcplog does");
}

static void read_rate_limit(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	uint32_t n;

	if (strcmp(r->words[0], "sessions") != 0)
		hcfgreader_error(r, "\"%.30s\": write sessions", r->words[0]);
	else if (hcfgreader_whole(r, r->words[1], 0, UINT32_MAX, &n))
		hcfgreader_set(r, &p->rate_limit, n);
}

static void read_id(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	uint32_t n;

	hcfgreader_at_most(r, 1);
	if (hcfgreader_whole(r, r->words[0], 1, INT32_MAX, &n))
		hcfgreader_set(r, &p->id, n);
}

/* All words of the line. */
static void read_description(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	AUTO_TEXT t = { 0 };

	if (!r->count)
		hcfgreader_error(r, "a text is missing");
	for (size_t i = 0; i < r->count; i++)
		text_addf(&t, "%s%s", i ? " " : "", r->words[i]);
	p->description = mem_arena_strdup(&r->model->arena, text_str(&t));
}

static void read_log_tag(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	hcfgreader_at_most(r, 1);
	p->log_tag = r->words[0];
}

static void read_source(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	hcfgserveropt_read_source(r, r->words, r->count, &p->source);
}

static void read_servers(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_proxy *p)
{
	if (id == HCFGWORDS_PROXY_SERVER)
		hcfgserver_read(r, p);
	else if (id == HCFGWORDS_PROXY_SERVER_TEMPLATE)
		hcfgserver_read_template(r, p);
	else
		hcfgserver_read_default(r, p);
}

static void read_default_backend(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	/* A use_backend without a condition was there first. */
	if (p->backend && p->backend_place.line && p->kind != HCFGMODEL_DEFAULTS &&
	    p->backend_place.line > p->place.line &&
	    p->backend_place.file_number == p->place.file_number)
		return;
	p->backend = r->words[0];
	p->backend_place = r->line->place;
}

/* What has neither a plain value nor servers nor checks. */
static void read_word(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_proxy *p)
{
	static const struct {
		enum hcfgwords_proxy id;
		void (*read)(struct hcfgreader *r, struct hcfgmodel_proxy *p);
	} readers[] = {
		{ HCFGWORDS_PROXY_MODE, read_mode },
		{ HCFGWORDS_PROXY_BIND, hcfgbind_read },
		{ HCFGWORDS_PROXY_DEFAULT_BACKEND, read_default_backend },
		{ HCFGWORDS_PROXY_USE_BACKEND, read_use_backend },
		{ HCFGWORDS_PROXY_BALANCE, hcfgbalance_read },
		{ HCFGWORDS_PROXY_HASH_TYPE, hcfgbalance_read_type },
		{ HCFGWORDS_PROXY_HASH_BALANCE_FACTOR, hcfgbalance_read_factor },
		{ HCFGWORDS_PROXY_LOG, read_log },
		{ HCFGWORDS_PROXY_OPTION_REDISPATCH, read_redispatch },
		{ HCFGWORDS_PROXY_OPTION_TCPKA, read_tcpka },
		{ HCFGWORDS_PROXY_OPTION_TCPLOG, read_tcplog },
		{ HCFGWORDS_PROXY_OPTION_HTTPLOG, read_httplog },
		{ HCFGWORDS_PROXY_OPTION_HTTPSLOG, read_httplog },
		{ HCFGWORDS_PROXY_LOG_FORMAT, hcfgformat_read },
		{ HCFGWORDS_PROXY_LOG_TAG, read_log_tag },
		{ HCFGWORDS_PROXY_RATE_LIMIT, read_rate_limit },
		{ HCFGWORDS_PROXY_ID, read_id },
		{ HCFGWORDS_PROXY_DESCRIPTION, read_description },
		{ HCFGWORDS_PROXY_SOURCE, read_source },
		{ HCFGWORDS_PROXY_STATS, hcfgpage_read_stats },
		{ HCFGWORDS_PROXY_MONITOR_URI, hcfgpage_read_monitor },
		{ HCFGWORDS_PROXY_HTTP_REQUEST, hcfgpage_read_http_request },
		{ HCFGWORDS_PROXY_STICK_TABLE, hcfgaccess_read_table },
		{ HCFGWORDS_PROXY_ACL, hcfgaccess_read_acl },
		{ HCFGWORDS_PROXY_TCP_REQUEST_CONNECTION, hcfgaccess_read_rule },
	};

	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (readers[i].id == id)
			readers[i].read(r, p);
}

void hcfgproxy_read(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_proxy *p)
{
	if (values[id].shape != SHAPE_OTHER)
		read_value(r, id, p);
	else if (id == HCFGWORDS_PROXY_SERVER || id == HCFGWORDS_PROXY_SERVER_TEMPLATE ||
	         id == HCFGWORDS_PROXY_DEFAULT_SERVER)
		read_servers(r, id, p);
	else if (id == HCFGWORDS_PROXY_DISABLED || id == HCFGWORDS_PROXY_ENABLED)
		hcfgreader_set(r, &p->disabled, id == HCFGWORDS_PROXY_DISABLED);
	else if (id == HCFGWORDS_PROXY_EXTERNAL_CHECK_COMMAND ||
	         id == HCFGWORDS_PROXY_EXTERNAL_CHECK_PATH)
		hcfghealth_read_external(r, id, p);
	else if (id >= HCFGWORDS_PROXY_OPTION_HTTPCHK &&
	         id <= HCFGWORDS_PROXY_OPTION_EXTERNAL_CHECK)
		hcfghealth_read_option(r, id, p);
	else if (hcfgrule_read(r, id, p))
		return;
	else
		read_word(r, id, p);
}
