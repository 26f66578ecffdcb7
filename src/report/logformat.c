/* SPDX-License-Identifier: MIT */
#include "report/logformat.h"

#include "base/mem.h"
#include "core/logvars.h"
#include "report/haproxylog.h"
#include "report/stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
	bool is_text;
	enum logvars_id id;
	unsigned int flags;
	const char *text; /* within `format` */
	size_t len;
};

struct logformat {
	char *format;
	struct item *items;
	size_t count;
};

bool logformat_new(const char *format, struct logformat **ret, struct error *err)
{
	struct logformat *f;
	struct logvars v;
	struct logvars_piece p;
	enum logvars_what what;

	if (!logvars_check(format, err))
		return false;
	f = mem_zalloc(sizeof(*f));
	f->format = mem_strdup(format);
	/* Each piece takes at least one character. */
	f->items = mem_zalloc((strlen(format) + 1) * sizeof(f->items[0]));
	v = logvars_begin(f->format);
	while ((what = logvars_next(&v, &p)) != LOGVARS_END)
		f->items[f->count++] =
		    (struct item){ what == LOGVARS_TEXT, p.id, p.flags, p.text, p.len };
	*ret = f;
	return true;
}

void logformat_free(struct logformat *f)
{
	if (!f)
		return;
	free(f->items);
	free(f->format);
	free(f);
}

/* --- values ------------------------------------------------------------------------------- */

/* Text, with the quotes, escapes and the "-" for nothing that were asked for. */
static void add_textn(struct text *out, unsigned int flags, const char *s, size_t len)
{
	if (flags & LOGVARS_QUOTE)
		text_addc(out, '"');
	else if (!len && flags & LOGVARS_MANDATORY)
		text_addc(out, '-');
	for (size_t i = 0; i < len; i++) {
		if (flags & LOGVARS_ESCAPE && strchr("\"\\]", s[i]))
			text_addc(out, '\\');
		text_addc(out, s[i]);
	}
	if (flags & LOGVARS_QUOTE)
		text_addc(out, '"');
}

static void add_text(struct text *out, unsigned int flags, const char *s)
{
	add_textn(out, flags, s, strlen(s));
}

/* Numbers of aliases are never quoted; those of samples are like any text. */
static void add_number(struct text *out, const struct item *i, int64_t n)
{
	char buf[24];

	if (i->id < LOGVARS_GET_SRC) {
		text_addf(out, "%" PRId64, n);
		return;
	}
	snprintf(buf, sizeof(buf), "%" PRId64, n);
	add_text(out, i->flags, buf);
}

/* A number that %{+X} shows in hexadecimal, filled up with zeros. */
static void add_hexable(struct text *out, const struct item *i, int digits, int64_t n)
{
	if (i->flags & LOGVARS_HEX)
		text_addf(out, "%0*" PRIX64, digits, (uint64_t)n);
	else
		add_number(out, i, n);
}

static void add_ip(struct text *out, const struct item *i, const struct addr_ip *a)
{
	size_t len = a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
	bool hex = i->id < LOGVARS_GET_SRC && i->flags & LOGVARS_HEX;

	if (!a->family) {
		add_text(out, i->flags, "");
		return;
	}
	if (!hex || !len) {
		struct addr addr = addr_unpack(a);
		char buf[ADDR_TEXT_MAX];

		add_text(out, i->flags, addr_format_host(&addr, buf));
		return;
	}
	for (size_t k = 0; k < len; k++)
		text_addf(out, "%02X", a->bytes[k]);
}

/* Of a UNIX socket it is the listener's number, if the client is at that end. */
static void add_port(struct text *out, const struct item *i, const struct addr_ip *a,
                     uint32_t listener)
{
	bool alias = i->id < LOGVARS_GET_SRC;

	if (!a->family)
		add_text(out, i->flags, "");
	else if (a->family == AF_UNIX)
		add_number(out, i, listener);
	else if (alias)
		add_hexable(out, i, 4, a->port);
	else
		add_number(out, i, a->port);
}

/* HAProxy counts a session out of its backend and server, but not of its frontend, before this. */
static uint32_t others(const struct record *r, uint32_t conns)
{
	return conns && r->ended ? conns - 1 : conns;
}

static void add_unfinished(struct text *out, const struct record *r)
{
	if (r->frontend->settings->logasap)
		text_addc(out, '+');
}

static int64_t data_ms(const struct record *r)
{
	return r->connect_ms < 0 ? -1 : r->total_ms - r->queue_ms - r->connect_ms;
}

static const char *server_name(const struct record *r, const char *otherwise)
{
	return r->server ? r->server->settings->name : otherwise;
}

/* --- groups of variables: false if it is none of theirs ----------------------------------- */

static bool write_time(const struct item *i, const struct record *r, struct text *out)
{
	switch ((int)i->id) {
	case LOGVARS_DATE:
		stamp_add_haproxy(out, r->accepted_wall_ms);
		return true;
	case LOGVARS_DATE_UTC:
		stamp_add_clf(out, r->accepted_wall_ms, true);
		return true;
	case LOGVARS_DATE_LOCAL:
		stamp_add_clf(out, r->accepted_wall_ms, false);
		return true;
	case LOGVARS_SECONDS:
		add_hexable(out, i, 4, r->accepted_wall_ms / 1000);
		return true;
	case LOGVARS_MILLIS:
		text_addf(out, i->flags & LOGVARS_HEX ? "%02X" : "%03u",
		          (unsigned int)(r->accepted_wall_ms % 1000));
		return true;
	case LOGVARS_QUEUE_TIME:
		add_number(out, i, r->queue_ms);
		return true;
	case LOGVARS_CONNECT_TIME:
		add_number(out, i, r->connect_ms);
		return true;
	case LOGVARS_DATA_TIME:
		add_number(out, i, data_ms(r));
		return true;
	case LOGVARS_HANDSHAKE_TIME:
		add_number(out, i, 0);
		return true;
	case LOGVARS_TOTAL_TIME:
	case LOGVARS_USER_TIME:
		add_unfinished(out, r);
		add_number(out, i, r->total_ms);
		return true;
	}
	return false;
}

static bool write_count(const struct item *i, const struct record *r, struct text *out)
{
	switch ((int)i->id) {
	case LOGVARS_BYTES_OUT:
		add_unfinished(out, r);
		text_addf(out, "%" PRIu64, r->bytes_out);
		return true;
	case LOGVARS_BYTES_IN:
		text_addf(out, "%" PRIu64, r->bytes_in);
		return true;
	case LOGVARS_PROCESS_CONNS:
		add_number(out, i, r->process_conns);
		return true;
	case LOGVARS_FRONTEND_CONNS:
	case LOGVARS_GET_FE_CONN:
		add_number(out, i, r->frontend_conns);
		return true;
	case LOGVARS_BACKEND_CONNS:
		add_number(out, i, others(r, r->service_conns));
		return true;
	case LOGVARS_GET_BE_CONN:
		add_number(out, i, r->service_conns);
		return true;
	case LOGVARS_SERVER_CONNS:
		add_number(out, i, others(r, r->server_conns));
		return true;
	case LOGVARS_RETRIES:
		text_addf(out, "%s%u", r->redispatched ? "+" : "", r->retries);
		return true;
	case LOGVARS_SERVER_QUEUE:
		add_number(out, i, r->server_queue);
		return true;
	case LOGVARS_BACKEND_QUEUE:
		add_number(out, i, r->service_queue);
		return true;
	}
	return false;
}

static bool write_address(const struct item *i, const struct record *r, struct text *out)
{
	switch ((int)i->id) {
	case LOGVARS_CLIENT_IP:
	case LOGVARS_GET_SRC:
	case LOGVARS_GET_FC_SRC:
		add_ip(out, i, &r->client);
		return true;
	case LOGVARS_CLIENT_PORT:
	case LOGVARS_GET_SRC_PORT:
	case LOGVARS_GET_FC_SRC_PORT:
		add_port(out, i, &r->client, haproxylog_listener(r));
		return true;
	case LOGVARS_FRONTEND_IP:
	case LOGVARS_GET_DST:
	case LOGVARS_GET_FC_DST:
		add_ip(out, i, &r->frontend_addr);
		return true;
	case LOGVARS_FRONTEND_PORT:
	case LOGVARS_GET_DST_PORT:
	case LOGVARS_GET_FC_DST_PORT:
		add_port(out, i, &r->frontend_addr, haproxylog_listener(r));
		return true;
	case LOGVARS_BACKEND_IP:
	case LOGVARS_GET_BC_SRC:
		add_ip(out, i, &r->source_addr);
		return true;
	case LOGVARS_BACKEND_PORT:
	case LOGVARS_GET_BC_SRC_PORT:
		add_port(out, i, &r->source_addr, 0);
		return true;
	case LOGVARS_SERVER_IP:
	case LOGVARS_GET_BC_DST:
		add_ip(out, i, &r->server_addr);
		return true;
	case LOGVARS_SERVER_PORT:
	case LOGVARS_GET_BC_DST_PORT:
		add_port(out, i, &r->server_addr, 0);
		return true;
	}
	return false;
}

static bool write_name(const struct item *i, const struct record *r, struct text *out)
{
	switch ((int)i->id) {
	case LOGVARS_FRONTEND:
	case LOGVARS_FRONTEND_TLS:
	case LOGVARS_GET_FE_NAME:
		add_text(out, i->flags, r->frontend->settings->name);
		return true;
	case LOGVARS_BACKEND:
	case LOGVARS_GET_BE_NAME:
		add_text(out, i->flags, r->service->settings->name);
		return true;
	case LOGVARS_SERVER:
		add_text(out, i->flags, server_name(r, "<NOSRV>"));
		return true;
	case LOGVARS_GET_SRV_NAME:
		add_text(out, i->flags, server_name(r, ""));
		return true;
	case LOGVARS_GET_SO_NAME:
		add_text(out, i->flags, r->bind->name ? r->bind->name : "");
		return true;
	case LOGVARS_GET_FE_ID:
		add_number(out, i, r->frontend->id);
		return true;
	case LOGVARS_GET_BE_ID:
		add_number(out, i, r->service->id);
		return true;
	case LOGVARS_GET_SRV_ID:
		if (r->server)
			add_number(out, i, r->server->id);
		else
			add_text(out, i->flags, "");
		return true;
	case LOGVARS_GET_SO_ID:
		add_number(out, i, haproxylog_listener(r));
		return true;
	case LOGVARS_GET_FC_RCVD_PROXY:
		add_number(out, i, r->bind->accept_proxy);
		return true;
	}
	return false;
}

/* What is the same for all sessions, or what TCP never has. */
static void write_other(const struct item *i, const struct record *r,
                        const struct logformat_process *p, struct text *out)
{
	switch ((int)i->id) {
	case LOGVARS_STATE:
		text_add(out, haproxylog_state(r));
		break;
	case LOGVARS_COOKIE_STATE:
		text_addf(out, "%s--", haproxylog_state(r));
		break;
	case LOGVARS_STATUS:
		add_number(out, i, 0);
		break;
	case LOGVARS_HOST:
	case LOGVARS_GET_HOSTNAME:
		add_text(out, i->flags, p->host);
		break;
	case LOGVARS_PID:
		add_hexable(out, i, 4, p->pid);
		break;
	case LOGVARS_LINES:
		add_hexable(out, i, 4, p->lines);
		break;
	case LOGVARS_SESSION_NUMBER:
		add_hexable(out, i, 4, (int64_t)r->id);
		break;
	case LOGVARS_GET_DATE:
		add_number(out, i, p->now_wall_ms / 1000);
		break;
	case LOGVARS_GET_BOOL: /* 1, true */
		add_number(out, i, *i->text == '1' || *i->text == 't');
		break;
	case LOGVARS_GET_STR:
	case LOGVARS_GET_INT:
		add_textn(out, i->flags, i->text, i->len);
		break;
	case LOGVARS_UNIQUE_ID:
	case LOGVARS_GET_UNIQUE_ID:
	case LOGVARS_TLS_CIPHER:
	case LOGVARS_TLS_VERSION:
		add_text(out, i->flags, "");
		break;
	}
}

void logformat_write(const struct logformat *f, const struct record *r,
                     const struct logformat_process *p, struct text *out)
{
	for (size_t k = 0; k < f->count; k++) {
		const struct item *i = &f->items[k];

		if (i->is_text)
			text_addn(out, i->text, i->len);
		else if (!write_time(i, r, out) && !write_count(i, r, out) &&
		         !write_address(i, r, out) && !write_name(i, r, out))
			write_other(i, r, p, out);
	}
}
