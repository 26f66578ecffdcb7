/* SPDX-License-Identifier: MIT */
#include "base/addr.h"
#include "hcfgaddr.h"
#include "hcfgparts.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

enum {
	CONN_MAX = 10000000,
	THREADS_MAX = 1024,
	FILES_MAX = 2000000000,
	ROOM = 65536,
	DNS_PORT = 53
};

static void take_number(struct hcfgreader *r, uint32_t low, uint32_t high,
                        struct hcfgmodel_value *v)
{
	uint32_t n;

	hcfgreader_at_most(r, 1);
	if (hcfgreader_whole(r, r->words[0], low, high, &n))
		hcfgreader_set(r, v, n);
}

static void take_name(struct hcfgreader *r, const char **ret)
{
	hcfgreader_at_most(r, 1);
	if (*r->words[0])
		*ret = r->words[0];
	else
		hcfgreader_error(r, "a name is missing");
}

static void take_path(struct hcfgreader *r, const char **ret)
{
	hcfgreader_at_most(r, 1);
	if (*r->words[0] == '/')
		*ret = r->words[0];
	else
		hcfgreader_lose(r, "\"%.60s\": sluice has absolute paths here", r->words[0]);
}

/* sluice.conf has names where HAProxy takes numbers, too. */
static void take_uid(struct hcfgreader *r)
{
	char *room = mem_arena_zalloc(&r->model->arena, ROOM);
	struct passwd *found = NULL;
	struct passwd pw;
	uint32_t id;

	if (!hcfgreader_whole(r, r->words[0], 0, UINT32_MAX, &id))
		return;
	if (getpwuid_r(id, &pw, room, ROOM, &found) == 0 && found)
		r->model->global.user = pw.pw_name;
	else
		hcfgreader_lose(r, "nobody on this host has the number %u; write user", id);
}

static void take_gid(struct hcfgreader *r)
{
	char *room = mem_arena_zalloc(&r->model->arena, ROOM);
	struct group *found = NULL;
	struct group gr;
	uint32_t id;

	if (!hcfgreader_whole(r, r->words[0], 0, UINT32_MAX, &id))
		return;
	if (getgrgid_r(id, &gr, room, ROOM, &found) == 0 && found)
		r->model->global.group = gr.gr_name;
	else
		hcfgreader_lose(r, "no group on this host has the number %u; write group", id);
}

static void take_hard_stop(struct hcfgreader *r)
{
	uint32_t ms;

	hcfgreader_at_most(r, 1);
	if (hcfgreader_time(r, r->words[0], 1, &ms))
		hcfgreader_set(r, &r->model->global.hard_stop_ms, ms);
}

void hcfgglobal_read(struct hcfgreader *r, enum hcfgwords_global id)
{
	struct hcfgmodel_global *g = &r->model->global;

	switch (id) {
	case HCFGWORDS_GLOBAL_MAXCONN:
		take_number(r, 0, CONN_MAX, &g->maxconn);
		break;
	case HCFGWORDS_GLOBAL_NBTHREAD:
		take_number(r, 1, THREADS_MAX, &g->threads);
		break;
	case HCFGWORDS_GLOBAL_ULIMIT_N:
		take_number(r, 0, FILES_MAX, &g->nofile);
		break;
	case HCFGWORDS_GLOBAL_HARD_STOP_AFTER:
		take_hard_stop(r);
		break;
	case HCFGWORDS_GLOBAL_USER:
		take_name(r, &g->user);
		break;
	case HCFGWORDS_GLOBAL_GROUP:
		take_name(r, &g->group);
		break;
	case HCFGWORDS_GLOBAL_UID:
		take_uid(r);
		break;
	case HCFGWORDS_GLOBAL_GID:
		take_gid(r);
		break;
	case HCFGWORDS_GLOBAL_CHROOT:
		take_path(r, &g->chroot);
		break;
	case HCFGWORDS_GLOBAL_PIDFILE:
		take_path(r, &g->pidfile);
		break;
	case HCFGWORDS_GLOBAL_LOG:
		if (r->off)
			g->logs = NULL;
		else
			hcfglog_read(r, &g->logs);
		break;
	case HCFGWORDS_GLOBAL_LOG_TAG:
		take_name(r, &g->log_tag);
		break;
	case HCFGWORDS_GLOBAL_STATS_SOCKET:
		hcfgbind_read_control(r);
		break;
	case HCFGWORDS_GLOBAL_CA_BASE:
		take_path(r, &g->ca_base);
		break;
	case HCFGWORDS_GLOBAL_CRT_BASE:
		take_path(r, &g->crt_base);
		break;
	case HCFGWORDS_GLOBAL_SSL_SERVER_VERIFY:
		hcfgreader_set(r, &g->verify_none, r->count && strcmp(r->words[0], "none") == 0);
		break;
	case HCFGWORDS_GLOBAL_COUNT:
		break;
	}
}

static void take_nameserver(struct hcfgreader *r, struct hcfgmodel_resolvers *resolvers)
{
	char text[ADDR_TEXT_MAX];
	struct hcfgaddr a;
	struct addr addr;
	struct error err;

	if (resolvers->count == ARRAY_LEN(resolvers->servers)) {
		hcfgreader_lose(r, "more name servers than %zu", resolvers->count);
	} else if (!hcfgaddr_parse(r->words[1], &r->model->arena, &a, &err)) {
		hcfgreader_error(r, "%s", err.text);
	} else if (a.kind != HCFGADDR_INET || !*a.host ||
	           !addr_parse_ip(a.host, a.low ? (uint16_t)a.low : DNS_PORT, &addr)) {
		hcfgreader_lose(r, "\"%.60s\": name servers have numeric addresses", r->words[1]);
	} else {
		resolvers->servers[resolvers->count++] =
		    mem_arena_strdup(&r->model->arena, addr_format(&addr, text));
	}
}

void hcfgglobal_read_resolvers(struct hcfgreader *r, enum hcfgwords_resolvers id,
                               struct hcfgmodel_resolvers *resolvers)
{
	uint32_t ms;

	switch (id) {
	case HCFGWORDS_RESOLVERS_NAMESERVER:
		take_nameserver(r, resolvers);
		break;
	case HCFGWORDS_RESOLVERS_HOLD:
		if (strcmp(r->words[0], "valid") != 0)
			hcfgreader_remark(r,
			                  "%.30s: a server keeps its address until another one "
			                  "is known",
			                  r->words[0]);
		else if (hcfgreader_time(r, r->words[1], 1, &ms))
			hcfgreader_set(r, &resolvers->hold_valid_ms, ms);
		break;
	case HCFGWORDS_RESOLVERS_COUNT:
		break;
	}
}
