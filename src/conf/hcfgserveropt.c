/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "endpoints.h"
#include "hcfgaddr.h"
#include "hcfgparts.h"

#include <net/if.h>
#include <string.h>

enum {
	INTER_MAX_MS = 86400000,
	COUNT_MAX = 1000, /* of rise and fall */
	CONN_MAX = 10000000,
	WEIGHT_MAX = 256,
	ERRORS_MAX = 1000000
};

/* --- numbers and times -------------------------------------------------------------------- */

static void take_interval(struct hcfgreader *r, const char *word, struct hcfgmodel_value *v)
{
	uint32_t ms;

	if (!hcfgreader_time(r, word, 1, &ms))
		return;
	if (!ms)
		hcfgreader_error(r, "0 is not a time between checks");
	if (ms > INTER_MAX_MS) {
		hcfgreader_lose(r, "longer than a day: it becomes a day");
		ms = INTER_MAX_MS;
	}
	hcfgreader_set(r, v, ms);
}

static void take_count(struct hcfgreader *r, const char *word, struct hcfgmodel_value *v)
{
	uint32_t n;

	if (!hcfgreader_whole(r, word, 1, INT32_MAX, &n))
		return;
	if (n > COUNT_MAX) {
		hcfgreader_lose(r, "more than %d: it becomes %d", COUNT_MAX, COUNT_MAX);
		n = COUNT_MAX;
	}
	hcfgreader_set(r, v, n);
}

/* HAProxy keeps the lower 16 bits of what it is given. */
static void take_port(struct hcfgreader *r, const char *word, struct hcfgmodel_value *v)
{
	uint32_t n = hcfgreader_loose(r, word, UINT32_MAX);

	if (n > UINT16_MAX)
		hcfgreader_lose(r, "\"%.30s\" is not a port; HAProxy takes it as %u", word,
		                n & UINT16_MAX);
	hcfgreader_set(r, v, n & UINT16_MAX);
}

static void take_weight(struct hcfgreader *r, const char *word, struct hcfgmodel_server *s)
{
	uint64_t n;

	if (*word == '-' || (number_parse(word, UINT64_MAX, &n) && n > WEIGHT_MAX))
		hcfgreader_error(r, "\"%.30s\" is not a number from 0 to %d", word, WEIGHT_MAX);
	else
		s->s.weight = (uint16_t)hcfgreader_loose(r, word, WEIGHT_MAX);
}

/* Whether the option is a number or a time, and then sets it. */
static bool carry_value(struct hcfgreader *r, enum hcfgwords_server id, const char *word,
                        struct hcfgmodel_server *s)
{
	const struct {
		enum hcfgwords_server id;
		void (*take)(struct hcfgreader *r, const char *word, struct hcfgmodel_value *v);
		struct hcfgmodel_value *v;
	} values[] = {
		{ HCFGWORDS_SERVER_INTER, take_interval, &s->inter },
		{ HCFGWORDS_SERVER_FASTINTER, take_interval, &s->fastinter },
		{ HCFGWORDS_SERVER_DOWNINTER, take_interval, &s->downinter },
		{ HCFGWORDS_SERVER_AGENT_INTER, take_interval, &s->agent_inter },
		{ HCFGWORDS_SERVER_RISE, take_count, &s->rise },
		{ HCFGWORDS_SERVER_FALL, take_count, &s->fall },
		{ HCFGWORDS_SERVER_PORT, take_port, &s->check_port },
		{ HCFGWORDS_SERVER_AGENT_PORT, take_port, &s->agent_port },
	};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (values[i].id == id) {
			values[i].take(r, word, values[i].v);
			return true;
		}
	return false;
}

/* The same for those that are in settings as they are. */
static bool carry_limit(struct hcfgreader *r, enum hcfgwords_server id, const char *word,
                        struct hcfgmodel_server *s)
{
	uint32_t n;

	if (id == HCFGWORDS_SERVER_WEIGHT)
		take_weight(r, word, s);
	else if (id == HCFGWORDS_SERVER_MAXCONN)
		s->s.maxconn = hcfgreader_loose(r, word, CONN_MAX);
	else if (id == HCFGWORDS_SERVER_MINCONN)
		s->s.minconn = hcfgreader_loose(r, word, CONN_MAX);
	else if (id == HCFGWORDS_SERVER_MAXQUEUE)
		s->s.maxqueue = hcfgreader_loose(r, word, CONN_MAX);
	else if (id == HCFGWORDS_SERVER_ID)
		hcfgreader_whole(r, word, 1, INT32_MAX, &s->s.id);
	else if (id == HCFGWORDS_SERVER_ERROR_LIMIT)
		hcfgreader_whole(r, word, 1, ERRORS_MAX, &s->s.error_limit);
	else if (id == HCFGWORDS_SERVER_SLOWSTART)
		/* HAProxy counts it in seconds, and begins a new one. */
		s->s.slowstart_ms =
		    hcfgreader_time(r, word, 1, &n) ? (n / 1000 + (n % 1000 != 0)) * 1000 : 0;
	else
		return false;
	return true;
}

/* --- switches ----------------------------------------------------------------------------- */

/* Whether the option is a switch, and then sets it. */
static bool carry_switch(struct hcfgreader *r, enum hcfgwords_server id, struct hcfgmodel_server *s)
{
	const struct {
		enum hcfgwords_server on, off;
		bool *target;
	} switches[] = {
		{ HCFGWORDS_SERVER_CHECK, HCFGWORDS_SERVER_NO_CHECK, &s->check },
		{ HCFGWORDS_SERVER_BACKUP, HCFGWORDS_SERVER_NO_BACKUP, &s->s.backup },
		{ HCFGWORDS_SERVER_DISABLED, HCFGWORDS_SERVER_ENABLED, &s->s.disabled },
		{ HCFGWORDS_SERVER_SSL, HCFGWORDS_SERVER_NO_SSL, &s->ssl },
		{ HCFGWORDS_SERVER_CHECK_SSL, HCFGWORDS_SERVER_NO_CHECK_SSL, &s->check_ssl },
		{ HCFGWORDS_SERVER_AGENT_CHECK, HCFGWORDS_SERVER_NO_AGENT_CHECK, &s->agent },
		{ HCFGWORDS_SERVER_CHECK_SEND_PROXY, HCFGWORDS_SERVER_NO_CHECK_SEND_PROXY,
		  &s->check_send_proxy },
	};

	for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
		if (id != switches[i].on && id != switches[i].off)
			continue;
		*switches[i].target = id == switches[i].on;
		if (id == HCFGWORDS_SERVER_SSL)
			hcfgreader_lose(r, "TLS to the server; sluice passes on what clients send, "
			                   "so they must begin TLS themselves (checks do use it)");
		return true;
	}
	return false;
}

/* send-proxy and its variants; a "no-" takes back what it names only. */
static bool carry_header(struct hcfgreader *r, enum hcfgwords_server id, struct hcfgmodel_server *s)
{
	static const struct {
		enum hcfgwords_server on, off;
		enum settings_proxy_header header;
		bool tls;
	} headers[] = {
		{ HCFGWORDS_SERVER_SEND_PROXY, HCFGWORDS_SERVER_NO_SEND_PROXY, SETTINGS_PROXY_V1,
		  false },
		{ HCFGWORDS_SERVER_SEND_PROXY_V2, HCFGWORDS_SERVER_NO_SEND_PROXY_V2,
		  SETTINGS_PROXY_V2, false },
		{ HCFGWORDS_SERVER_SEND_PROXY_V2_SSL, HCFGWORDS_SERVER_NO_SEND_PROXY_V2_SSL,
		  SETTINGS_PROXY_V2, true },
		{ HCFGWORDS_SERVER_SEND_PROXY_V2_SSL_CN, HCFGWORDS_SERVER_NO_SEND_PROXY_V2_SSL_CN,
		  SETTINGS_PROXY_V2, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		if (id == headers[i].on) {
			if (s->s.send_proxy < headers[i].header) /* HAProxy sends v2 if it may */
				s->s.send_proxy = headers[i].header;
			if (headers[i].tls)
				hcfgreader_lose(r, "what TLS the client spoke, which sluice does "
				                   "not look into; the header is that of "
				                   "send-proxy-v2");
			return true;
		}
		if (id == headers[i].off) {
			if (s->s.send_proxy == headers[i].header)
				s->s.send_proxy = SETTINGS_PROXY_NONE;
			return true;
		}
	}
	return false;
}

/* --- words -------------------------------------------------------------------------------- */

static void take_observe(struct hcfgreader *r, const char *word, struct hcfgmodel_server *s)
{
	static const char *const modes[] = { "none", "layer4", "layer7" };
	int mode = hcfgreader_find(word, modes, ARRAY_LEN(modes));

	if (mode < 0)
		hcfgreader_error(r, "\"%.30s\": write none or layer4", word);
	if (mode == 2)
		hcfgreader_lose(r, "layer7: sluice relays bytes; it becomes layer4");
	s->s.observe = mode > 0;
}

static void take_on_error(struct hcfgreader *r, const char *word, struct hcfgmodel_server *s)
{
	static const char *const actions[] = { "fastinter", "fail-check", "sudden-death",
		                               "mark-down" };
	int action = hcfgreader_find(word, actions, ARRAY_LEN(actions));

	if (action < 0)
		hcfgreader_error(
		    r, "\"%.30s\": write fastinter, fail-check, sudden-death or mark-down", word);
	else
		s->s.on_error = (enum settings_on_error)action;
}

static void take_only(struct hcfgreader *r, const char *word, const char *only, bool *ret)
{
	if (strcmp(word, only) != 0)
		hcfgreader_error(r, "\"%.30s\": write %s", word, only);
	*ret = true;
}

static void take_init_state(struct hcfgreader *r, const char *word, struct hcfgmodel_server *s)
{
	bool down = strcmp(word, "down") == 0 || strcmp(word, "fully-down") == 0;

	if (!down && strcmp(word, "up") != 0 && strcmp(word, "fully-up") != 0 &&
	    strcmp(word, "none") != 0)
		hcfgreader_error(r, "\"%.30s\": write fully-up, up, down, fully-down or none",
		                 word);
	else
		hcfgreader_set(r, &s->init_down, down);
}

/* sluice starts with names that do not resolve: the server is DOWN until they do. */
static void take_init_addr(struct hcfgreader *r, const char *list)
{
	char *copy = mem_arena_strdup(&r->model->arena, list);
	char *save = NULL;
	struct addr addr;

	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		if (addr_parse_ip(s, 0, &addr))
			hcfgreader_lose(r,
			                "%.60s: a name that does not resolve at start makes the "
			                "server DOWN and is looked up again",
			                s);
		else if (strcmp(s, "last") != 0 && strcmp(s, "libc") != 0 && strcmp(s, "none") != 0)
			hcfgreader_error(r, "\"%.30s\": write last, libc, none or an address", s);
	}
}

static void take_verify(struct hcfgreader *r, const char *word, struct hcfgmodel_server *s)
{
	bool none = strcmp(word, "none") == 0;

	if (!none && strcmp(word, "required") != 0)
		hcfgreader_error(r, "\"%.30s\": write none or required", word);
	else
		hcfgreader_set(r, &s->verify_none, none);
}

static void take_ca(struct hcfgreader *r, const char *word, struct hcfgmodel_server *s)
{
	hcfgreader_set(r, &s->ca, 1);
	if (strcmp(word, "@system-ca") == 0)
		s->ca_file = NULL;
	else if (*word == '@')
		hcfgreader_lose(r, "\"%.60s\" is not a file", word);
	else
		s->ca_file = word;
}

/* --- addresses ---------------------------------------------------------------------------- */

/* The host that agents are asked at; its port is another option. */
static void take_agent_host(struct hcfgreader *r, const char *word, const char **ret)
{
	struct hcfgaddr a = { .host = word };
	struct error err;

	if (!endpoints_host_is_valid(word, &err) &&
	    (!hcfgaddr_parse(word, &r->model->arena, &a, &err) ||
	     (a.kind == HCFGADDR_INET && !endpoints_host_is_valid(a.host, &err))))
		hcfgreader_error(r, "%s", err.text);
	else if (a.port != HCFGADDR_PORT_NONE)
		hcfgreader_error(r, "\"%.60s\": write its port as agent-port", word);
	else if (a.kind == HCFGADDR_INET)
		*ret = a.host;
	else
		hcfgreader_lose(r, "\"%.60s\": checks go to a host", word);
}

void hcfgserveropt_read_addr(struct hcfgreader *r, const char *word, const char **ret_host,
                             uint16_t *ret_port)
{
	struct hcfgaddr a;
	struct error err;

	if (!hcfgaddr_parse(word, &r->model->arena, &a, &err) ||
	    (a.kind == HCFGADDR_INET && !endpoints_host_is_valid(a.host, &err))) {
		hcfgreader_error(r, "%s", err.text);
	} else if (a.kind != HCFGADDR_INET) {
		hcfgreader_lose(r, "\"%.60s\": checks go to a host", word);
	} else if (a.port == HCFGADDR_PORT_OFFSET || a.low != a.high) {
		hcfgreader_error(r, "\"%.60s\": write a single port", word);
	} else {
		*ret_host = a.host;
		*ret_port = (uint16_t)a.low;
	}
}

static void set_source(struct hcfgreader *r, const struct hcfgaddr *a, struct settings_source *ret)
{
	bool any = !*a->host || strcmp(a->host, "*") == 0 || strcmp(a->host, "0.0.0.0") == 0 ||
	           strcmp(a->host, "::") == 0;

	if (a->kind != HCFGADDR_INET) {
		hcfgreader_lose(r, "\"%.60s\": connections come from an address", a->host);
		return;
	}
	if (a->port == HCFGADDR_PORT_RANGE) {
		ret->port_low = (uint16_t)a->low;
		ret->port_high = (uint16_t)a->high;
	}
	if (any && !ret->port_low)
		return; /* the kernel chooses */
	if (!addr_parse_ip(any && !strchr(a->host, ':') ? "0.0.0.0" : a->host, 0, &ret->addr))
		hcfgreader_lose(r, "\"%.60s\" is a name: write the address", a->host);
}

void hcfgserveropt_read_source(struct hcfgreader *r, const char *const *words, size_t count,
                               struct settings_source *ret)
{
	struct hcfgaddr a;
	struct error err;

	*ret = (struct settings_source){ 0 };
	if (!hcfgaddr_parse(words[0], &r->model->arena, &a, &err))
		hcfgreader_error(r, "%s", err.text);
	else
		set_source(r, &a, ret);
	for (size_t i = 1; i + 1 < count; i += 2) {
		if (strcmp(words[i], "usesrc") == 0)
			hcfgreader_lose(r, "usesrc: nothing in sluice takes addresses of others");
		else if (strcmp(words[i], "interface") != 0)
			break;
		else if (strlen(words[i + 1]) < IF_NAMESIZE)
			ret->interface = words[i + 1];
		else
			hcfgreader_error(r, "\"%.60s\" is not an interface", words[i + 1]);
	}
}

/* Options with one word that are none of the above. */
static void carry_word(struct hcfgreader *r, enum hcfgwords_server id, const char *word,
                       struct hcfgmodel_server *s)
{
	const struct {
		enum hcfgwords_server id;
		const char **target;
	} words[] = {
		{ HCFGWORDS_SERVER_CHECK_SNI, &s->check_sni },
		{ HCFGWORDS_SERVER_CHECK_ALPN, &s->check_alpn },
		{ HCFGWORDS_SERVER_VERIFYHOST, &s->verifyhost },
		{ HCFGWORDS_SERVER_CRT, &s->crt },
		{ HCFGWORDS_SERVER_RESOLVERS, &s->resolvers },
		{ HCFGWORDS_SERVER_TRACK, &s->s.track },
		{ HCFGWORDS_SERVER_AGENT_SEND, &s->agent_send },
	};
	uint32_t ms;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].id == id)
			*words[i].target = word;
	if (id == HCFGWORDS_SERVER_CA_FILE)
		take_ca(r, word, s);
	else if (id == HCFGWORDS_SERVER_ADDR)
		hcfgserveropt_read_addr(r, word, &s->check_addr, &s->check_addr_port);
	else if (id == HCFGWORDS_SERVER_AGENT_ADDR)
		take_agent_host(r, word, &s->agent_addr);
	else if (id == HCFGWORDS_SERVER_INIT_STATE)
		take_init_state(r, word, s);
	else if (id == HCFGWORDS_SERVER_INIT_ADDR)
		take_init_addr(r, word);
	else if (id == HCFGWORDS_SERVER_VERIFY)
		take_verify(r, word, s);
	else if (id == HCFGWORDS_SERVER_OBSERVE)
		take_observe(r, word, s);
	else if (id == HCFGWORDS_SERVER_ON_ERROR)
		take_on_error(r, word, s);
	else if (id == HCFGWORDS_SERVER_ON_MARKED_DOWN)
		take_only(r, word, "shutdown-sessions", &s->s.shutdown_on_down);
	else if (id == HCFGWORDS_SERVER_ON_MARKED_UP)
		take_only(r, word, "shutdown-backup-sessions", &s->s.shutdown_backup_on_up);
	else if (id == HCFGWORDS_SERVER_TCP_UT && hcfgreader_time(r, word, 1, &ms))
		hcfgreader_set(r, &s->tcp_ut, ms);
}

void hcfgserveropt_carry(struct hcfgreader *r, int number, const char *const *args, void *server)
{
	enum hcfgwords_server id = (enum hcfgwords_server)number;
	struct hcfgmodel_server *s = server;

	if (carry_switch(r, id, s) || carry_header(r, id, s))
		return;
	if (id == HCFGWORDS_SERVER_SOURCE) {
		hcfgserveropt_read_source(r, args, r->left, &s->s.source);
		hcfgreader_set(r, &s->source, 1);
	} else if (!carry_value(r, id, args[0], s) && !carry_limit(r, id, args[0], s)) {
		carry_word(r, id, args[0], s);
	}
}
