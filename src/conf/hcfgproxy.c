/* SPDX-License-Identifier: MIT */
#include "base/suggest.h"
#include "hcfgparts.h"

#include <stddef.h>
#include <string.h>

enum { CONN_MAX = 10000000, BACKLOG_MAX = 1000000, PROBES_MAX = 127 };

/* How the value of a directive is written. */
enum shape {
	SHAPE_OTHER, /* it has a reader of its own */
	SHAPE_SWITCH,
	SHAPE_WHOLE,
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
	VALUE(OPTION_TCPLOG, SWITCH, 0, session_log),
	VALUE(OPTION_HTTPLOG, SWITCH, 0, session_log),
	VALUE(OPTION_HTTPSLOG, SWITCH, 0, session_log),
#undef VALUE
};

static void read_value(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_proxy *p)
{
	struct hcfgmodel_value *v = (void *)((char *)p + values[id].offset);
	enum shape shape = values[id].shape;
	uint32_t n = !r->off;

	if (id != HCFGWORDS_PROXY_OPTION_TCPLOG && id != HCFGWORDS_PROXY_OPTION_HTTPLOG)
		hcfgreader_at_most(r, shape != SHAPE_SWITCH);
	if (shape == SHAPE_WHOLE && !hcfgreader_whole(r, r->words[0], 0, values[id].high, &n))
		return;
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

static void read_balance(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	static const char *const lost[] = { "random",     "source",   "first",      "hash",
		                            "rdp-cookie", "uri",      "hdr",        "url_param",
		                            "sticky",     "log-hash", "roundrobin", "static-rr",
		                            "leastconn" };
	const char *given = r->count ? r->words[0] : "roundrobin";
	size_t len = strcspn(given, "(");
	char word[32] = "";
	const char *near;

	if (len < sizeof(word))
		memcpy(word, given, len);
	p->balance = SETTINGS_ROUNDROBIN;
	if (strcmp(word, "leastconn") == 0)
		p->balance = SETTINGS_LEASTCONN;
	else if (strcmp(word, "static-rr") == 0)
		hcfgreader_remark(r, "static-rr becomes roundrobin, which gives the same shares");
	if (strcmp(word, "roundrobin") == 0 || strcmp(word, "static-rr") == 0 ||
	    strcmp(word, "leastconn") == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(lost); i++)
		if (strcmp(word, lost[i]) == 0) {
			hcfgreader_lose(
			    r, "%s: it becomes roundrobin; leastconn is the other choice", word);
			return;
		}
	near = suggest_nearest(word, lost, ARRAY_LEN(lost));
	if (near)
		hcfgreader_error(r, "unknown algorithm \"%.30s\"; did you mean \"%s\"?", given,
		                 near);
	else
		hcfgreader_error(r, "unknown algorithm \"%.30s\"", given);
}

/* option redispatch [N]: HAProxy's default, and every N but 0, lets a retry go elsewhere. */
static void read_redispatch(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	bool on = !r->off && !(r->count && strcmp(r->words[0], "0") == 0);

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

static void read_stats(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	static const char *const known[] = { "enable",       "hide-version", "realm",
		                             "refresh",      "show-desc",    "show-legends",
		                             "show-modules", "show-node",    "show-version" };
	const char *word = r->words[0];

	hcfgreader_set(r, &p->stats, 1);
	if (strcmp(word, "auth") == 0) {
		hcfgreader_lose(r, "auth: admin.bind asks for no password; bind it to an address "
		                   "that only operators reach");
	} else if (strcmp(word, "admin") == 0) {
		hcfgreader_lose(r, "admin: the page only shows; `sluice drain` and the control "
		                   "socket change states");
	} else if (strcmp(word, "uri") == 0 && r->count > 1) {
		if (strcmp(r->words[1], "/") != 0 && strcmp(r->words[1], "/stats") != 0 &&
		    strcmp(r->words[1], "/haproxy?stats") != 0)
			hcfgreader_lose(r, "uri %.60s: the page is at / and /stats", r->words[1]);
	} else if (strcmp(word, "scope") == 0 || strcmp(word, "http-request") == 0) {
		hcfgreader_lose(r, "%s: the page shows all to everyone who reaches it", word);
	} else {
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if (strcmp(word, known[i]) == 0)
				return;
		hcfgreader_error(r, "unknown word \"%.30s\"", word);
	}
}

static void read_http_request(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	const char *word = r->words[0];

	if (strcmp(word, "use-service") == 0 && r->count > 1 &&
	    strcmp(r->words[1], "prometheus-exporter") == 0) {
		hcfgreader_set(r, &p->stats, 1);
		hcfgreader_remark(r, "the metrics are at /metrics of admin.bind");
	} else if (strcmp(word, "deny") == 0 || strcmp(word, "reject") == 0 ||
	           strcmp(word, "auth") == 0 || strcmp(word, "tarpit") == 0 ||
	           strcmp(word, "silent-drop") == 0) {
		hcfgreader_lose(r,
		                "%s: kept some clients out; sluice lets them in, unless deny "
		                "names their addresses",
		                word);
	} else {
		hcfgreader_lose(r, "%.40s: a rule about HTTP; sluice relays bytes", word);
	}
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
		{ HCFGWORDS_PROXY_BALANCE, read_balance },
		{ HCFGWORDS_PROXY_LOG, read_log },
		{ HCFGWORDS_PROXY_OPTION_REDISPATCH, read_redispatch },
		{ HCFGWORDS_PROXY_OPTION_TCPKA, read_tcpka },
		{ HCFGWORDS_PROXY_STATS, read_stats },
		{ HCFGWORDS_PROXY_HTTP_REQUEST, read_http_request },
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
	else if (id == HCFGWORDS_PROXY_HTTP_CHECK_SEND)
		hcfghealth_read_send(r, &p->health);
	else if (id == HCFGWORDS_PROXY_HTTP_CHECK_EXPECT)
		hcfghealth_read_expect(r, &p->health);
	else if (id == HCFGWORDS_PROXY_HTTP_CHECK_CONNECT ||
	         id == HCFGWORDS_PROXY_TCP_CHECK_CONNECT)
		hcfghealth_read_connect(r, &p->health);
	else if (id == HCFGWORDS_PROXY_HTTP_CHECK_DISABLE_ON_404)
		p->health.disable_on_404 = true;
	else if (id >= HCFGWORDS_PROXY_OPTION_HTTPCHK &&
	         id <= HCFGWORDS_PROXY_OPTION_EXTERNAL_CHECK)
		hcfghealth_read_option(r, id, &p->health);
	else
		read_word(r, id, p);
	if (id == HCFGWORDS_PROXY_OPTION_HTTPLOG || id == HCFGWORDS_PROXY_OPTION_HTTPSLOG)
		hcfgreader_remark(r, "sessions are logged as option tcplog does");
}
