/* SPDX-License-Identifier: MIT */
#include "base/addr.h"
#include "hcfgaddr.h"
#include "hcfgparts.h"

#include <stdlib.h>
#include <string.h>

enum { CONN_MAX = 10000000, THREADS_MAX = 1024, FILES_MAX = 2000000000, DNS_PORT = 53 };

static void take_number(struct hcfgreader *r, uint32_t high, struct hcfgmodel_value *v)
{
	hcfgreader_at_most(r, 1);
	hcfgreader_set(r, v, hcfgreader_loose(r, r->words[0], high));
}

static void take_threads(struct hcfgreader *r)
{
	uint32_t n;

	hcfgreader_at_most(r, 1);
	if (hcfgreader_whole(r, r->words[0], 1, THREADS_MAX, &n))
		hcfgreader_set(r, &r->model->global.threads, n);
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

static void take_id(struct hcfgreader *r, bool user, const char **ret)
{
	const char *name = hcfgowner_name(r, user, hcfgreader_loose(r, r->words[0], UINT32_MAX));

	hcfgreader_at_most(r, 1);
	if (name[strspn(name, "0123456789")])
		*ret = name;
	else
		hcfgreader_lose(r, "nobody on this host has the number %s; write %s", name,
		                user ? "user" : "group");
}

static void take_time(struct hcfgreader *r, struct hcfgmodel_value *v)
{
	uint32_t ms;

	hcfgreader_at_most(r, 1);
	if (hcfgreader_time(r, r->words[0], 1, &ms))
		hcfgreader_set(r, v, ms);
}

static void take_stats_timeout(struct hcfgreader *r)
{
	struct hcfgmodel_value *v = &r->model->global.stats_ms;

	take_time(r, v);
	if (v->set && !v->n)
		hcfgreader_error(r, "0 is not a time to wait");
}

static void take_node(struct hcfgreader *r)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "-_.";
	const char *word = r->words[0];

	hcfgreader_at_most(r, 1);
	if (!*word || word[strspn(word, letters)])
		hcfgreader_error(r, "\"%.60s\" is not a name", word);
	else
		r->model->global.node = word;
}

static void take_description(struct hcfgreader *r)
{
	AUTO_TEXT t = { 0 };

	if (!r->count)
		hcfgreader_error(r, "a text is missing");
	for (size_t i = 0; i < r->count; i++)
		text_addf(&t, "%s%s", i ? " " : "", r->words[i]);
	r->model->global.description = mem_arena_strdup(&r->model->arena, text_str(&t));
}

static void take_hostname(struct hcfgreader *r)
{
	hcfgreader_at_most(r, 1);
	r->model->global.send_hostname = true;
	r->model->global.hostname = r->count && *r->words[0] ? r->words[0] : NULL;
}

static void take_verify(struct hcfgreader *r)
{
	static const char *const words[] = { "required", "none" };
	int verify = r->count ? hcfgreader_find(r->words[0], words, ARRAY_LEN(words)) : -1;

	hcfgreader_at_most(r, 1);
	if (verify < 0)
		hcfgreader_error(r, "write none or required");
	else
		hcfgreader_set(r, &r->model->global.verify_none, (uint32_t)verify);
}

/* "unix-bind mode 600 user x": what UNIX sockets are like that do not say it. */
static void take_unix_bind(struct hcfgreader *r)
{
	static const char *const words[] = { "prefix", "mode", "uid", "gid", "user", "group" };
	struct hcfgmodel_global *g = &r->model->global;

	for (size_t i = 0; i < r->count; i += 2) {
		int which = hcfgreader_find(r->words[i], words, ARRAY_LEN(words));
		const char *value = i + 1 < r->count ? r->words[i + 1] : NULL;

		if (which < 0 || !value) {
			hcfgreader_error(
			    r, which < 0 ? "unknown word \"%.30s\"" : "\"%.30s\" needs a value",
			    r->words[i]);
			return;
		}
		if (which == 0)
			hcfgreader_lose(r, "prefix: paths stand as they are");
		else if (which == 1)
			hcfgreader_set(r, &g->unix_mode, (uint32_t)strtoul(value, NULL, 8) & 07777);
		else if (which == 2 || which == 4)
			g->unix_user =
			    which == 4
			        ? value
			        : hcfgowner_name(r, true, hcfgreader_loose(r, value, UINT32_MAX));
		else
			g->unix_group =
			    which == 5
			        ? value
			        : hcfgowner_name(r, false, hcfgreader_loose(r, value, UINT32_MAX));
	}
}

/* Numbers and times; false for other words. */
static bool read_value(struct hcfgreader *r, enum hcfgwords_global id, struct hcfgmodel_global *g)
{
	if (id == HCFGWORDS_GLOBAL_MAXCONN)
		take_number(r, CONN_MAX, &g->maxconn);
	else if (id == HCFGWORDS_GLOBAL_ULIMIT_N)
		take_number(r, FILES_MAX, &g->nofile);
	else if (id == HCFGWORDS_GLOBAL_MAXCONNRATE)
		take_number(r, CONN_MAX, &g->conn_rate);
	else if (id == HCFGWORDS_GLOBAL_MAXSESSRATE)
		take_number(r, CONN_MAX, &g->session_rate);
	else if (id == HCFGWORDS_GLOBAL_HARD_STOP_AFTER)
		take_time(r, &g->hard_stop_ms);
	else
		return false;
	return true;
}

/* Words with readers of their own. */
static bool read_word(struct hcfgreader *r, enum hcfgwords_global id)
{
	static const struct {
		enum hcfgwords_global id;
		void (*read)(struct hcfgreader *r);
	} readers[] = {
		{ HCFGWORDS_GLOBAL_NODE, take_node },
		{ HCFGWORDS_GLOBAL_DESCRIPTION, take_description },
		{ HCFGWORDS_GLOBAL_LOG_SEND_HOSTNAME, take_hostname },
		{ HCFGWORDS_GLOBAL_UNIX_BIND, take_unix_bind },
		{ HCFGWORDS_GLOBAL_SSL_SERVER_VERIFY, take_verify },
		{ HCFGWORDS_GLOBAL_STATS_SOCKET, hcfgbind_read_control },
		{ HCFGWORDS_GLOBAL_STATS_TIMEOUT, take_stats_timeout },
		{ HCFGWORDS_GLOBAL_NBTHREAD, take_threads },
	};

	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (readers[i].id == id) {
			readers[i].read(r);
			return true;
		}
	return false;
}

static void read_log(struct hcfgreader *r, struct hcfgmodel_global *g)
{
	if (r->off)
		g->logs = NULL;
	else if (strcmp(r->words[0], "global") == 0)
		hcfgreader_error(r, "global: it is in proxies that it means these");
	else
		hcfglog_read(r, &g->logs);
}

void hcfgglobal_read(struct hcfgreader *r, enum hcfgwords_global id)
{
	struct hcfgmodel_global *g = &r->model->global;

	if (read_value(r, id, g) || read_word(r, id))
		return;
	if (id == HCFGWORDS_GLOBAL_USER)
		take_name(r, &g->user);
	else if (id == HCFGWORDS_GLOBAL_GROUP)
		take_name(r, &g->group);
	else if (id == HCFGWORDS_GLOBAL_UID)
		take_id(r, true, &g->user);
	else if (id == HCFGWORDS_GLOBAL_GID)
		take_id(r, false, &g->group);
	else if (id == HCFGWORDS_GLOBAL_CHROOT)
		take_path(r, &g->chroot);
	else if (id == HCFGWORDS_GLOBAL_PIDFILE)
		take_path(r, &g->pidfile);
	else if (id == HCFGWORDS_GLOBAL_CA_BASE)
		take_path(r, &g->ca_base);
	else if (id == HCFGWORDS_GLOBAL_CRT_BASE)
		take_path(r, &g->crt_base);
	else if (id == HCFGWORDS_GLOBAL_LOG_TAG)
		take_name(r, &g->log_tag);
	else if (id == HCFGWORDS_GLOBAL_LOG)
		read_log(r, g);
	else
		hcfgreader_set(r, &g->external_check, 1);
	if (id == HCFGWORDS_GLOBAL_EXTERNAL_CHECK)
		hcfgreader_at_most(r, 0);
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
