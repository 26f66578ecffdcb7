/* SPDX-License-Identifier: MIT */
#include "hcfgcopy.h"
#include "hcfgservice.h"

#include <string.h>

enum { STATUS_MIN = 100, STATUS_MAX = 599, AGENT_INTER_MS = 2000 };

static const struct settings_range every_status[] = { { STATUS_MIN, STATUS_MAX } };

/* Relative files are looked for below "ca-base" and "crt-base". */
static const char *locate(struct hcfgservice *c, const char *base, const char *file)
{
	if (!file || *file == '/' || !base)
		return hcfgcopy_text(c, file);
	return mem_arena_printf(c->arena, "%s/%s", base, file);
}

/* A check to another port or address takes nothing over from the traffic (manual 5.2, "addr"). */
static bool goes_elsewhere(const struct hcfgmodel_server *s)
{
	return s->check_port.n || s->check_addr;
}

/* --- one request and one answer ------------------------------------------------------------ */

/* Whether a connect rule says what a check has fields for. */
static bool is_plain_connect(const struct settings_step *s)
{
	return s->kind == SETTINGS_STEP_CONNECT && !s->linger && !s->comment;
}

static bool is_plain_send(const struct settings_step *s)
{
	return s->kind == SETTINGS_STEP_SEND && !s->body && !s->comment;
}

static bool is_plain_expect(const struct settings_step *s)
{
	bool plain = s->kind == SETTINGS_STEP_EXPECT && !s->comment && !s->min_recv &&
	             !s->ok_status && !s->error_status && !s->timeout_status && !s->on_success &&
	             !s->on_error;

	if (s->match == SETTINGS_MATCH_STATUS)
		return plain;
	return plain && !s->negated &&
	       (s->match == SETTINGS_MATCH_STRING || s->match == SETTINGS_MATCH_REGEX);
}

/* All statuses that are in none of the ranges. */
static struct settings_ranges invert(struct hcfgservice *c, const struct settings_ranges *in)
{
	struct settings_range *out = mem_arena_zalloc(c->arena, (in->count + 1) * sizeof(*out));
	size_t n = 0;

	for (unsigned int status = STATUS_MIN; status <= STATUS_MAX; status++) {
		if (settings_ranges_contain(in, status))
			continue;
		if (n && out[n - 1].high + 1U == status)
			out[n - 1].high = (uint16_t)status;
		else
			out[n++] = (struct settings_range){ (uint16_t)status, (uint16_t)status };
	}
	return (struct settings_ranges){ out, n };
}

/* A list that the check's own keys can say: statuses from 100 to 599 only, and some. */
static bool can_invert(const struct settings_step *s)
{
	const struct settings_ranges all = { every_status, 1 };

	for (size_t i = 0; i < s->statuses.count; i++)
		if (!settings_ranges_contain(&all, s->statuses.at[i].low) ||
		    !settings_ranges_contain(&all, s->statuses.at[i].high))
			return false;
	return true;
}

/* The connect rule's words, which replace those of the server line. */
static void take_connect(const struct settings_step *s, bool *tls, struct settings_check *check)
{
	if (!s->as_server || s->tls)
		*tls = s->tls;
	if (!s->as_server || s->send_proxy)
		check->send_proxy = s->send_proxy;
	if (s->port) {
		check->port = SETTINGS_PORT_NUMBER;
		check->port_number = s->port;
	}
	if (s->address)
		check->address = s->address;
	if (s->sni || !s->as_server)
		check->sni = s->sni;
	if (s->alpn || !s->as_server)
		check->alpn = s->alpn;
}

static void take_expect(struct hcfgservice *c, const struct settings_step *s,
                        struct settings_check *check)
{
	if (s->match == SETTINGS_MATCH_STATUS)
		check->expect_status = s->negated ? invert(c, &s->statuses) : s->statuses;
	else if (s->match == SETTINGS_MATCH_STRING)
		check->expect_string = s->bytes;
	else
		check->rexpect_string = s->bytes;
}

/* The keys of a simple check instead of steps; false if it is not simple. */
static bool simplify_http(struct hcfgservice *c, const struct settings_steps *steps, bool *tls,
                          struct settings_check *check)
{
	const struct settings_step *s = steps->at;
	size_t at = s[0].kind == SETTINGS_STEP_CONNECT;

	bool both = steps->count == at + 3; /* the status, and what the body has */

	if (steps->count != at + 2 + both || (at && !is_plain_connect(&s[0])) ||
	    !is_plain_send(&s[at]))
		return false;
	for (size_t i = at + 1; i < steps->count; i++)
		if (!is_plain_expect(&s[i]) ||
		    (s[i].match == SETTINGS_MATCH_STATUS && !can_invert(&s[i])))
			return false;
	if (both &&
	    (s[at + 1].match != SETTINGS_MATCH_STATUS || s[at + 2].match == SETTINGS_MATCH_STATUS))
		return false;
	if (at)
		take_connect(&s[0], tls, check);
	check->method = s[at].method;
	check->path = s[at].path;
	check->version = s[at].version;
	check->host = s[at].host;
	check->headers = s[at].headers;
	/* A check of the body alone takes every status. */
	check->expect_status = (struct settings_ranges){ every_status, 1 };
	for (size_t i = at + 1; i < steps->count; i++)
		take_expect(c, &s[i], check);
	return true;
}

/* A name, which is then that of all steps that connect (hcfgsteps.c), is the check's address. */
static void set_steps(struct hcfgservice *c, const struct settings_steps *steps,
                      struct settings_check *check)
{
	struct settings_step *at = mem_arena_zalloc(c->arena, (steps->count + 1) * sizeof(*at));
	struct addr addr;

	for (size_t i = 0; i < steps->count; i++) {
		at[i] = steps->at[i];
		if (!at[i].address || addr_parse_ip(at[i].address, 0, &addr))
			continue;
		check->address = at[i].address;
		at[i].address = NULL;
	}
	check->steps = (struct settings_steps){ at, steps->count };
}

/* --- types -------------------------------------------------------------------------------- */

static void set_http(struct hcfgservice *c, const struct hcfgmodel_health *h, bool *tls,
                     struct settings_check *check)
{
	struct settings_steps steps = hcfgsteps_http(c, h);

	check->drain_status = (struct settings_ranges){ 0 };
	check->disable_on_404 = h->disable_on_404;
	if (!simplify_http(c, &steps, tls, check))
		set_steps(c, &steps, check);
}

static void set_tcp(struct hcfgservice *c, const struct hcfgmodel_health *h, bool *tls,
                    struct settings_check *check)
{
	struct settings_steps steps = hcfgsteps_copy(c, &h->tcp);

	if (steps.count == 1 && is_plain_connect(&steps.at[0]))
		take_connect(&steps.at[0], tls, check);
	else
		set_steps(c, &steps, check);
}

static void set_external(struct hcfgservice *c, const struct hcfgmodel_health *h,
                         struct settings_check *check)
{
	check->command = hcfgcopy_text(c, h->command);
	check->search_path = hcfgcopy_text(c, h->search_path);
	if (!c->model->global.external_check.n)
		hcfgnote_add(c->notes, HCFGNOTE_ERROR, h->place,
		             "\"option external-check\" needs \"external-check\" in the section "
		             "\"global\"");
	if (!h->command)
		hcfgnote_add(c->notes, HCFGNOTE_ERROR, h->place,
		             "\"option external-check\" needs \"external-check command\"");
}

/* What the type needs besides the connection. */
static void set_type(struct hcfgservice *c, const struct hcfgmodel_health *h, bool *tls,
                     struct settings_check *check)
{
	if (h->type == SETTINGS_CHECK_HTTP)
		set_http(c, h, tls, check);
	else if (h->type == SETTINGS_CHECK_TCP)
		set_tcp(c, h, tls, check);
	else if (h->type == SETTINGS_CHECK_EXTERNAL)
		set_external(c, h, check);
	else if (h->type == SETTINGS_CHECK_SSL_HELLO)
		hcfgnote_add(
		    c->notes, HCFGNOTE_REMARK, h->place,
		    "\"option ssl-hello-chk\": servers of today refuse the SSLv3 hello that "
		    "it sends; write check-ssl on the server lines instead");
	if (h->spop)
		hcfgnote_add(c->notes, HCFGNOTE_LOSS, h->place,
		             "\"option spop-check\": the connection alone is checked");
	check->user = hcfgcopy_text(c, h->user);
	if (h->type == SETTINGS_CHECK_SMTP)
		check->smtp_hello = hcfgcopy_text(c, h->smtp_hello);
}

/* --- the connection ----------------------------------------------------------------------- */

static bool steps_use_tls(const struct settings_check *check)
{
	for (size_t i = 0; i < check->steps.count; i++)
		if (check->steps.at[i].tls)
			return true;
	return false;
}

static bool has_connect(const struct settings_check *check)
{
	return check->steps.count && check->steps.at->kind == SETTINGS_STEP_CONNECT;
}

/* A rule that connects says itself whether it is over TLS, unless it is "default". */
static bool is_like_server(const struct settings_check *check)
{
	for (size_t i = 0; i < check->steps.count; i++)
		if (check->steps.at[i].as_server)
			return true;
	return !has_connect(check);
}

static void set_tls(struct hcfgservice *c, const struct hcfgmodel_server *s, bool tls,
                    struct settings_check *check)
{
	const struct hcfgmodel_global *g = &c->model->global;

	tls = tls && is_like_server(check);
	if (tls && check->type == SETTINGS_CHECK_HTTP && !has_connect(check))
		check->type = SETTINGS_CHECK_HTTPS; /* with which each connection is over TLS */
	else
		check->tls = tls;
	if (!tls && !steps_use_tls(check))
		return;
	check->verify = !(s->verify_none.set ? s->verify_none.n : g->verify_none.n);
	check->ca = locate(c, g->ca_base, s->ca_file);
	check->cert = locate(c, g->crt_base, s->crt);
	if (!check->sni)
		check->sni = hcfgcopy_text(c, s->verifyhost);
	if (c->direct && check->verify && !s->ca.set)
		hcfgnote_add(c->notes, HCFGNOTE_ERROR, s->place,
		             "\"server %s\": checks over TLS need ca-file, or verify none",
		             s->s.name);
	else if (check->verify && !check->sni)
		hcfgnote_add(c->notes, HCFGNOTE_REMARK, s->place,
		             "\"server %s\": its check also wants a certificate for the server's "
		             "own name or address, which HAProxy does with verifyhost only",
		             s->s.name);
}

static void set_connection(struct hcfgservice *c, const struct hcfgmodel_server *s,
                           struct settings_check *check)
{
	uint32_t port = s->check_port.n ? s->check_port.n : s->check_addr_port;

	if (port) {
		check->port = SETTINGS_PORT_NUMBER;
		check->port_number = (uint16_t)port;
	}
	check->address = hcfgcopy_text(c, s->check_addr);
	check->sni = hcfgcopy_text(c, s->check_sni);
	check->alpn = hcfgcopy_text(c, s->check_alpn);
	check->send_proxy =
	    s->check_send_proxy || (s->s.send_proxy != SETTINGS_PROXY_NONE && !goes_elsewhere(s));
	check->proxy_version =
	    s->s.send_proxy == SETTINGS_PROXY_NONE ? SETTINGS_PROXY_V1 : s->s.send_proxy;
}

/* HAProxy wants to know at once which port a check goes to. */
static void judge_port(struct hcfgservice *c, const struct hcfgmodel_server *s,
                       const struct settings_check *check)
{
	bool known = s->port_kind == HCFGMODEL_PORT_NUMBER || check->port == SETTINGS_PORT_NUMBER ||
	             strncmp(s->s.host, "unix:", 5) == 0;

	for (size_t i = 0; i < check->steps.count; i++)
		known = known || check->steps.at[i].port;
	if (c->direct && !known)
		hcfgnote_add(c->notes, HCFGNOTE_ERROR, s->place,
		             "\"server %s\": it has neither a port of its own nor one for checks",
		             s->s.name);
}

/*
 * HAProxy gives the connection min(timeout connect, inter), then the answer `timeout check`
 * (configuration manual 4.2 "timeout check").
 */
static uint32_t connect_timeout(const struct hcfgmodel_proxy *back, uint32_t inter_ms)
{
	uint32_t ms = inter_ms;

	if (!back->check_ms.n)
		return 0;
	if (back->connect_ms.n && back->connect_ms.n < ms)
		ms = back->connect_ms.n;
	return ms < back->check_ms.n ? ms : 0;
}

struct settings_check hcfgtarget_check(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                                       const struct hcfgmodel_server *s)
{
	const struct hcfgmodel_health *h = &back->health;
	struct settings_check check;
	bool tls = s->check_ssl || (s->ssl && !goes_elsewhere(s));

	if (!s->check)
		return settings_check_default(SETTINGS_CHECK_NONE);
	check = settings_check_default(h->type);
	check.init_state = s->init_down.n ? SETTINGS_INIT_DOWN : SETTINGS_INIT_UP;
	if (s->inter.set)
		check.inter_ms = s->inter.n;
	check.fastinter_ms = s->fastinter.n;
	check.downinter_ms = s->downinter.n;
	check.timeout_ms = back->check_ms.n;
	check.connect_timeout_ms = connect_timeout(back, check.inter_ms);
	if (s->rise.set)
		check.rise = (uint16_t)s->rise.n;
	if (s->fall.set)
		check.fall = (uint16_t)s->fall.n;
	set_connection(c, s, &check);
	set_type(c, h, &tls, &check);
	set_tls(c, s, tls, &check);
	if (!check.send_proxy)
		check.proxy_version = SETTINGS_PROXY_NONE;
	judge_port(c, s, &check);
	return check;
}

struct settings_check hcfgtarget_agent(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                                       const struct hcfgmodel_server *s)
{
	struct settings_check check = settings_check_default(SETTINGS_CHECK_AGENT);

	check.port = SETTINGS_PORT_NUMBER;
	/* "port" and the host of "addr" are the agent's, too, unless it has its own. */
	check.port_number = (uint16_t)(s->agent_port.n ? s->agent_port.n : s->check_port.n);
	check.address = hcfgcopy_text(c, s->agent_addr ? s->agent_addr : s->check_addr);
	check.inter_ms = s->agent_inter.set ? s->agent_inter.n : AGENT_INTER_MS;
	check.timeout_ms = back->check_ms.n;
	check.rise = check.fall = 1;
	check.agent_send = hcfgcopy_text(c, s->agent_send);
	return check;
}
