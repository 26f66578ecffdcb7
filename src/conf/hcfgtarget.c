/* SPDX-License-Identifier: MIT */
#include "hcfgservice.h"

#include <string.h>

static const struct settings_range status_gone[] = { { 404, 404 } };

static const char *copy(struct hcfgservice *c, const char *s)
{
	return s ? mem_arena_strdup(c->arena, s) : NULL;
}

/* Relative files are looked for below "ca-base" and "crt-base". */
static const char *locate(struct hcfgservice *c, const char *base, const char *file)
{
	if (!file || *file == '/' || !base)
		return copy(c, file);
	return mem_arena_printf(c->arena, "%s/%s", base, file);
}

/* A check uses TLS as the traffic does, unless it goes elsewhere (manual 5.2, "check-ssl"). */
static bool uses_tls(const struct hcfgmodel_health *h, const struct hcfgmodel_server *s)
{
	bool elsewhere = s->check_port.set || s->check_addr;

	if (h->connect_ssl || h->connect_plain)
		return h->connect_ssl;
	return s->check_ssl || (s->ssl && !elsewhere);
}

static enum settings_check_type choose_type(struct hcfgservice *c, const struct hcfgmodel_health *h,
                                            const struct hcfgmodel_server *s)
{
	bool tls = uses_tls(h, s);

	switch (h->test) {
	case HCFGMODEL_TEST_HTTP:
		return tls ? SETTINGS_CHECK_HTTPS : SETTINGS_CHECK_HTTP;
	case HCFGMODEL_TEST_PGSQL:
		if (tls)
			hcfgnote_add(c->notes, HCFGNOTE_LOSS, s->place,
			             "\"server %s\": its check is not over TLS", s->name);
		return SETTINGS_CHECK_PGSQL;
	case HCFGMODEL_TEST_CONNECT:
		if (tls)
			hcfgnote_add(c->notes, HCFGNOTE_LOSS, s->place,
			             "\"server %s\": its check connects and does not begin TLS",
			             s->name);
		return SETTINGS_CHECK_TCP;
	case HCFGMODEL_TEST_OTHER:
		break;
	}
	hcfgnote_add(c->notes, HCFGNOTE_LOSS, h->place,
	             "\"%s\": the connection alone is checked; types that look at answers are "
	             "http, https and pgsql",
	             h->option);
	return SETTINGS_CHECK_TCP;
}

static const char *const *copy_headers(struct hcfgservice *c, const struct hcfgmodel_header *list,
                                       size_t *ret_count)
{
	const struct hcfgmodel_header *h;
	const char **lines;
	size_t n = 0;

	for (h = list; h; h = h->next)
		n++;
	*ret_count = n;
	if (!n)
		return NULL;
	lines = mem_arena_zalloc(c->arena, n * sizeof(*lines));
	for (h = list; h; h = h->next)
		lines[--n] = copy(c, h->line);
	return lines;
}

static void set_http(struct hcfgservice *c, const struct hcfgmodel_health *h,
                     struct settings_check *check)
{
	check->method = copy(c, h->send_method ? h->send_method : h->method);
	check->path = copy(c, h->send_path ? h->send_path : h->path);
	check->version = copy(c, h->send_version ? h->send_version : h->version);
	check->host = copy(c, h->host);
	check->headers.at = copy_headers(c, h->headers, &check->headers.count);
	check->expect_string = copy(c, h->string);
	check->drain_status = (struct settings_ranges){ 0 };
	if (h->statuses) {
		struct settings_range *ranges =
		    mem_arena_zalloc(c->arena, h->status_count * sizeof(*ranges));

		memcpy(ranges, h->statuses, h->status_count * sizeof(*ranges));
		check->expect_status = (struct settings_ranges){ ranges, h->status_count };
	}
	if (h->disable_on_404)
		check->drain_status = (struct settings_ranges){ status_gone, 1 };
}

static void set_tls(struct hcfgservice *c, const struct hcfgmodel_health *h,
                    const struct hcfgmodel_server *s, struct settings_check *check)
{
	const struct hcfgmodel_global *g = &c->model->global;

	check->verify = !(s->verify_none.set ? s->verify_none.n : g->verify_none.n);
	check->ca = locate(c, g->ca_base, s->ca_file);
	check->cert = locate(c, g->crt_base, s->crt);
	check->sni = copy(c, s->check_sni ? s->check_sni : h->connect_sni);
	if (!check->sni)
		check->sni = copy(c, s->verifyhost);
	if (check->verify && !check->sni)
		hcfgnote_add(c->notes, HCFGNOTE_REMARK, s->place,
		             "\"server %s\": its check also wants a certificate for the server's "
		             "own name or address, which HAProxy does with verifyhost only",
		             s->name);
}

struct settings_check hcfgtarget_check(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                                       const struct hcfgmodel_server *s)
{
	const struct hcfgmodel_health *h = &back->health;
	const struct hcfgmodel_value *port =
	    h->connect_port.set ? &h->connect_port : &s->check_port;
	struct settings_check check;

	if (!s->check)
		return settings_check_default(SETTINGS_CHECK_NONE);
	check = settings_check_default(choose_type(c, h, s));
	check.init_state = s->init_down.n ? SETTINGS_INIT_DOWN : SETTINGS_INIT_UP;
	if (port->n) {
		check.port = SETTINGS_PORT_NUMBER;
		check.port_number = (uint16_t)port->n;
	}
	check.address = copy(c, h->connect_addr ? h->connect_addr : s->check_addr);
	if (s->inter.set)
		check.inter_ms = s->inter.n;
	check.fastinter_ms = s->fastinter.n;
	check.downinter_ms = s->downinter.n;
	check.timeout_ms = back->check_ms.n;
	if (s->rise.set)
		check.rise = (uint16_t)s->rise.n;
	if (s->fall.set)
		check.fall = (uint16_t)s->fall.n;
	if (check.type == SETTINGS_CHECK_HTTP || check.type == SETTINGS_CHECK_HTTPS)
		set_http(c, h, &check);
	if (check.type == SETTINGS_CHECK_HTTPS)
		set_tls(c, h, s, &check);
	if (check.type == SETTINGS_CHECK_PGSQL)
		check.user = copy(c, h->user);
	return check;
}
