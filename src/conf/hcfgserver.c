/* SPDX-License-Identifier: MIT */
#include "endpoints.h"
#include "hcfgaddr.h"
#include "hcfgparts.h"

#include <string.h>

enum {
	NAME_MAX_LEN = 64,
	TEMPLATE_MAX = 256,
	INTER_MAX_MS = 86400000,
	COUNT_MAX = 1000, /* of rise and fall */
	CONN_MAX = 10000000,
	WEIGHT_MAX = 256
};

static void take_time(struct hcfgreader *r, const char *word, struct hcfgmodel_value *v)
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

static void take_number(struct hcfgreader *r, const char *word, uint32_t high,
                        struct hcfgmodel_value *v)
{
	uint32_t n;

	if (hcfgreader_whole(r, word, 0, high, &n))
		hcfgreader_set(r, v, n);
}

static void take_check_address(struct hcfgreader *r, const char *word, struct hcfgmodel_server *s)
{
	struct hcfgaddr a;
	struct error err;

	if (!hcfgaddr_parse(word, &r->model->arena, &a, &err) ||
	    (a.kind == HCFGADDR_INET && !endpoints_host_is_valid(a.host, &err))) {
		if (!strchr(word, ':') || !endpoints_host_is_valid(word, &err)) {
			hcfgreader_error(r, "%s", err.text);
			return;
		}
		a = (struct hcfgaddr){ .host = word }; /* IPv6 without a port */
	}
	if (a.kind == HCFGADDR_INET)
		s->check_addr = a.host;
	else
		hcfgreader_lose(r, "\"%.60s\": checks go to a host", word);
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

static void take_verify(struct hcfgreader *r, const char *word, struct hcfgmodel_server *s)
{
	bool none = strcmp(word, "none") == 0;

	if (!none && strcmp(word, "required") != 0)
		hcfgreader_error(r, "\"%.30s\": write none or required", word);
	else
		hcfgreader_set(r, &s->verify_none, none);
}

static void take_tls(struct hcfgreader *r, enum hcfgwords_server id, const char *word,
                     struct hcfgmodel_server *s)
{
	if (id == HCFGWORDS_SERVER_CHECK_SNI)
		s->check_sni = word;
	else if (id == HCFGWORDS_SERVER_VERIFYHOST)
		s->verifyhost = word;
	else if (id == HCFGWORDS_SERVER_CRT)
		s->crt = word;
	else if (strcmp(word, "@system-ca") == 0)
		s->ca_file = NULL;
	else if (*word == '@')
		hcfgreader_lose(r, "\"%.60s\" is not a file", word);
	else
		s->ca_file = word;
}

static void take_source(struct hcfgreader *r, const char *word)
{
	if (strncmp(word, "0.0.0.0", 7) != 0 && strcmp(word, "*") != 0 && strcmp(word, "::") != 0)
		hcfgreader_lose(
		    r, "the local address of connections to the server; the routing table decides");
}

/* Whether the option is a switch, and then sets it. */
static bool carry_switch(struct hcfgreader *r, enum hcfgwords_server id, struct hcfgmodel_server *s)
{
	const struct {
		enum hcfgwords_server on, off;
		bool *target;
	} switches[] = {
		{ HCFGWORDS_SERVER_CHECK, HCFGWORDS_SERVER_NO_CHECK, &s->check },
		{ HCFGWORDS_SERVER_BACKUP, HCFGWORDS_SERVER_NO_BACKUP, &s->backup },
		{ HCFGWORDS_SERVER_DISABLED, HCFGWORDS_SERVER_ENABLED, &s->disabled },
		{ HCFGWORDS_SERVER_SSL, HCFGWORDS_SERVER_NO_SSL, &s->ssl },
		{ HCFGWORDS_SERVER_CHECK_SSL, HCFGWORDS_SERVER_NO_CHECK_SSL, &s->check_ssl },
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

/* Whether the option is a number or a time, and then sets it. */
static bool carry_value(struct hcfgreader *r, enum hcfgwords_server id, const char *word,
                        struct hcfgmodel_server *s)
{
	if (id == HCFGWORDS_SERVER_INTER)
		take_time(r, word, &s->inter);
	else if (id == HCFGWORDS_SERVER_FASTINTER)
		take_time(r, word, &s->fastinter);
	else if (id == HCFGWORDS_SERVER_DOWNINTER)
		take_time(r, word, &s->downinter);
	else if (id == HCFGWORDS_SERVER_RISE)
		take_count(r, word, &s->rise);
	else if (id == HCFGWORDS_SERVER_FALL)
		take_count(r, word, &s->fall);
	else if (id == HCFGWORDS_SERVER_PORT)
		take_number(r, word, UINT16_MAX, &s->check_port);
	else if (id == HCFGWORDS_SERVER_WEIGHT)
		take_number(r, word, WEIGHT_MAX, &s->weight);
	else if (id == HCFGWORDS_SERVER_MAXCONN)
		take_number(r, word, CONN_MAX, &s->maxconn);
	else
		return false;
	return true;
}

static void carry(struct hcfgreader *r, int number, const char *const *args, void *object)
{
	enum hcfgwords_server id = (enum hcfgwords_server)number;
	struct hcfgmodel_server *s = object;
	uint32_t ms;

	if (carry_switch(r, id, s) || carry_value(r, id, args[0], s))
		return;
	if (id == HCFGWORDS_SERVER_ADDR)
		take_check_address(r, args[0], s);
	else if (id == HCFGWORDS_SERVER_INIT_STATE)
		take_init_state(r, args[0], s);
	else if (id == HCFGWORDS_SERVER_VERIFY)
		take_verify(r, args[0], s);
	else if (id == HCFGWORDS_SERVER_RESOLVERS)
		s->resolvers = args[0];
	else if (id == HCFGWORDS_SERVER_SOURCE)
		take_source(r, args[0]);
	else if (id != HCFGWORDS_SERVER_TCP_UT)
		take_tls(r, id, args[0], s);
	else if (hcfgreader_time(r, args[0], 1, &ms))
		hcfgreader_set(r, &s->tcp_ut, ms);
}

static bool is_name(const char *s)
{
	return *s && strlen(s) <= NAME_MAX_LEN &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")];
}

static void take_inet(struct hcfgreader *r, const struct hcfgaddr *a, struct hcfgmodel_server *s)
{
	static const char *const any[] = { "", "*", "0.0.0.0", "::" };
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(any); i++)
		if (strcmp(a->host, any[i]) == 0) {
			hcfgreader_lose(r,
			                "\"%.60s\" is wherever the client dialled; name the "
			                "server",
			                a->host);
			return;
		}
	if (!endpoints_host_is_valid(a->host, &err)) {
		hcfgreader_error(r, "%s", err.text);
		return;
	}
	if (a->low != a->high || (a->port == HCFGADDR_PORT_RANGE && !a->low)) {
		hcfgreader_error(r, "a server has one port, from 1 to 65535");
		return;
	}
	s->host = a->host;
	s->port = a->low;
	if (a->port == HCFGADDR_PORT_NONE)
		s->port_kind = HCFGMODEL_PORT_SAME;
	else if (a->port == HCFGADDR_PORT_OFFSET)
		s->port_kind = HCFGMODEL_PORT_OFFSET;
}

static void take_address(struct hcfgreader *r, const char *word, struct hcfgmodel_server *s)
{
	struct hcfgaddr a;
	struct error err;
	struct addr addr;

	if (!hcfgaddr_parse(word, &r->model->arena, &a, &err)) {
		hcfgreader_error(r, "%s", err.text);
		return;
	}
	switch (a.kind) {
	case HCFGADDR_INET:
		take_inet(r, &a, s);
		break;
	case HCFGADDR_UNIX:
		if (addr_from_unix(a.host, &addr, &err))
			s->host = mem_arena_printf(&r->model->arena, "unix:%s", a.host);
		else
			hcfgreader_error(r, "%s", err.text);
		break;
	case HCFGADDR_FD:
	case HCFGADDR_OTHER:
		hcfgreader_lose(r, "\"%.60s\": servers are reached over TCP or a UNIX path", word);
		break;
	}
}

/* A server whose address is words[at]; its options follow. */
static void add(struct hcfgreader *r, struct hcfgmodel_proxy *p, const char *name, size_t at)
{
	struct hcfgmodel_server *s = mem_arena_zalloc(&r->model->arena, sizeof(*s));
	const struct hcfgmodel_server *twin;

	STAILQ_FOREACH(twin, &p->servers, next)
		if (strcmp(twin->name, name) == 0) {
			hcfgreader_error(r, "the name \"%s\" is taken in line %u", name,
			                 twin->place.line);
			break;
		}
	*s = p->default_server;
	s->name = name;
	s->place = r->line->place;
	take_address(r, r->words[at], s);
	hcfgreader_options(r, HCFGWORDS_SERVER, at + 1, carry, s);
	STAILQ_INSERT_TAIL(&p->servers, s, next);
}

void hcfgserver_read(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	if (is_name(r->words[0]))
		add(r, p, r->words[0], 1);
	else
		hcfgreader_error(r, "\"%.60s\" is not a name: 1 to %d letters, digits, - _ . :",
		                 r->words[0], NAME_MAX_LEN);
}

/* "3" is 1 to 3, "5-8" is 5 to 8. */
static bool parse_range(struct hcfgreader *r, const char *word, uint32_t *low, uint32_t *high)
{
	const char *dash = strchr(word, '-');

	*low = 1;
	if (dash) {
		const char *first =
		    mem_arena_strndup(&r->model->arena, word, (size_t)(dash - word));

		if (!hcfgreader_whole(r, first, 0, UINT16_MAX, low))
			return false;
	}
	if (!hcfgreader_whole(r, dash ? dash + 1 : word, *low, UINT16_MAX, high))
		return false;
	if (*high - *low < TEMPLATE_MAX)
		return true;
	hcfgreader_lose(r, "more than %d servers; write those you have", TEMPLATE_MAX);
	return false;
}

void hcfgserver_read_template(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	uint32_t low;
	uint32_t high;

	if (!parse_range(r, r->words[1], &low, &high))
		return;
	if (high > low)
		hcfgreader_lose(r,
		                "each server got another address of \"%.60s\"; in sluice each has "
		                "the first one: write a line for each address",
		                r->words[2]);
	for (uint32_t i = low; i <= high; i++) {
		const char *name = mem_arena_printf(&r->model->arena, "%.200s%u", r->words[0], i);

		if (!is_name(name)) {
			hcfgreader_error(r, "\"%.60s\" is not a name", name);
			return;
		}
		add(r, p, name, 2);
	}
}

void hcfgserver_read_default(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	hcfgreader_options(r, HCFGWORDS_SERVER, 0, carry, &p->default_server);
}
