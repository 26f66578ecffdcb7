/* SPDX-License-Identifier: MIT */
#include "hcfgcopy.h"
#include "hcfgnumber.h"
#include "hcfgparts.h"
#include "hcfgservice.h"

#include "base/cleanup.h"
#include "core/logvars.h"

static uint32_t number(const struct hcfgmodel_value *v, uint32_t otherwise)
{
	return v->set ? v->n : otherwise;
}

/* --- addresses ---------------------------------------------------------------------------- */

static struct settings_bind make_bind(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                                      const struct hcfgmodel_bind *from)
{
	struct settings_bind b = from->bind;

	b.text = hcfgcopy_text(c, b.text);
	b.name = hcfgcopy_text(c, b.name);
	b.interface = hcfgcopy_text(c, b.interface);
	b.user = hcfgcopy_text(c, b.user);
	b.group = hcfgcopy_text(c, b.group);
	if (!b.backlog)
		b.backlog = (int)number(&front->backlog, 0);
	return b;
}

/* HAProxy's numbers where some are written, or all are wanted. */
static void number_binds(const struct hcfgservice *c, struct settings_bind *binds, size_t count)
{
	AUTO_FREE uint32_t *ids = mem_zalloc((count + 1) * sizeof(*ids));
	bool wanted = c->direct;

	for (size_t i = 0; i < count; i++) {
		ids[i] = binds[i].id;
		wanted = wanted || ids[i];
	}
	if (!wanted)
		return;
	hcfgnumber_fill(ids, count);
	for (size_t i = 0; i < count; i++)
		binds[i].id = ids[i];
}

static void make_binds(struct hcfgservice *c, const struct hcfgpair *pair,
                       const struct hcfgmodel_proxy *front, struct settings_frontend *f)
{
	const struct hcfgmodel_bind *from;
	struct settings_bind *binds;
	size_t count = 0;

	STAILQ_FOREACH(from, &front->binds, next)
		count++;
	binds = mem_arena_zalloc(c->arena, (count + 1) * sizeof(*binds));
	STAILQ_FOREACH(from, &front->binds, next) {
		int port = addr_port(&from->bind.addr);

		if (!pair->port || pair->port == port)
			binds[f->bind_count++] = make_bind(c, front, from);
		else if (!port)
			hcfgnote_add(
			    c->notes, HCFGNOTE_LOSS, from->place,
			    "\"%.60s\": the servers have no port, and this address neither",
			    from->bind.text);
	}
	number_binds(c, binds, f->bind_count);
	f->binds = binds;
}

/* --- the frontend ------------------------------------------------------------------------- */

static void set_keepalive(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                          struct settings_keepalive *k)
{
	k->client = front->clitcpka.n;
	if (!k->client)
		return;
	k->idle_s = hcfgcopy_seconds(c, &front->client_idle_s);
	k->interval_s = hcfgcopy_seconds(c, &front->client_interval_s);
	k->count = number(&front->client_count, 0);
}

static void set_logging(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                        struct settings_frontend *f)
{
	f->dontlognull = front->dontlognull.n;
	f->dontlog_normal = front->dontlog_normal.n;
	f->log_separate_errors = front->log_separate_errors.n;
	f->logasap = front->logasap.n;
	f->session_log = front->session_log;
	if (f->session_log != SETTINGS_SESSION_FORMAT)
		return;
	f->log_format = hcfgformat_convert(c->arena, front->log_format);
	f->log_addresses = logvars_shows_addresses(f->log_format);
	hcfgformat_judge(c->notes, front);
}

struct settings_frontend hcfgfront_make(struct hcfgservice *c, const struct hcfgpair *pair,
                                        const struct hcfgmodel_proxy *front)
{
	const struct hcfgmodel_value *tunnel = &pair->back->tunnel_ms;
	struct settings_frontend f = {
		.name = hcfgcopy_text(c, front->name),
		.id = c->direct || front->id.set ? front->id.n : 0,
		.maxconn = number(&front->maxconn, 0),
		.backlog = number(&front->backlog, 0),
		.client_ms = hcfgcopy_time(c, &front->client_ms),
		.client_fin_ms = hcfgcopy_time(c, &front->client_fin_ms),
		.rate_limit = front->rate_limit.n,
		.socket_stats = front->socket_stats.n,
		.disabled = front->disabled.n,
		.description = hcfgcopy_text(c, front->description),
	};

	/* In TCP a session is a tunnel once both sides are connected. */
	if (tunnel->set)
		f.client_ms = hcfgcopy_time(c, tunnel);
	make_binds(c, pair, front, &f);
	set_keepalive(c, front, &f.keepalive);
	set_logging(c, front, &f);
	hcfgclients_set(c, front, &f);
	return f;
}
