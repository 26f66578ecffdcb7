/* SPDX-License-Identifier: MIT */
#include "hcfgaddr.h"
#include "hcfgparts.h"

#include <net/if.h>
#include <string.h>

enum { RANGE_MAX = 64, NAME_MAX_LEN = 64, CONN_MAX = 10000000, BACKLOG_MAX = 1000000 };

/* What the options of one line say, before its addresses get them. */
struct options {
	struct hcfgmodel_bind bind;
	bool control; /* "stats socket" */
};

static bool is_name(const char *s)
{
	return *s && strlen(s) <= NAME_MAX_LEN &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")];
}

static void take_mode(struct hcfgreader *r, const struct options *o, const char *mode)
{
	if (!o->control)
		hcfgreader_lose(r, "the mode of a UNIX socket; its folder can keep others out");
	else if (strcmp(mode, "660") != 0 && strcmp(mode, "0660") != 0)
		hcfgreader_lose(r, "the control socket has mode 0660, not %.10s", mode);
}

static void carry(struct hcfgreader *r, int id, const char *const *args, void *object)
{
	struct options *o = object;
	struct settings_bind *b = &o->bind.bind;
	uint32_t n;

	switch ((enum hcfgwords_bind)id) {
	case HCFGWORDS_BIND_NAME:
		if (is_name(args[0]))
			b->name = args[0];
		else
			hcfgreader_lose(r, "\"%.60s\" is not a name for sluice", args[0]);
		break;
	case HCFGWORDS_BIND_MAXCONN:
		hcfgreader_whole(r, args[0], 0, CONN_MAX, &b->maxconn);
		break;
	case HCFGWORDS_BIND_BACKLOG:
		if (hcfgreader_whole(r, args[0], 0, BACKLOG_MAX, &n))
			b->backlog = (int)n;
		break;
	case HCFGWORDS_BIND_INTERFACE:
		if (*args[0] && strlen(args[0]) < IF_NAMESIZE && !strpbrk(args[0], "/ \t\n"))
			b->interface = args[0];
		else
			hcfgreader_error(r, "\"%.60s\" is not an interface", args[0]);
		break;
	case HCFGWORDS_BIND_V6ONLY:
		b->v6only = true;
		break;
	case HCFGWORDS_BIND_V4V6:
		b->v6only = false;
		break;
	case HCFGWORDS_BIND_DEFER_ACCEPT:
		b->defer_accept = true;
		break;
	case HCFGWORDS_BIND_TCP_UT:
		if (hcfgreader_time(r, args[0], 1, &n))
			hcfgreader_set(r, &o->bind.tcp_ut, n);
		break;
	case HCFGWORDS_BIND_SSL:
		o->bind.ssl = true;
		hcfgreader_lose(r, "TLS of clients ended here; sluice passes it through, so the "
		                   "servers must speak it");
		break;
	case HCFGWORDS_BIND_MODE:
		take_mode(r, o, args[0]);
		break;
	case HCFGWORDS_BIND_LEVEL:
		if (o->control && strcmp(args[0], "admin") != 0)
			hcfgreader_lose(r,
			                "whoever may open the control socket may give any "
			                "command, not those of level %.20s only",
			                args[0]);
		break;
	case HCFGWORDS_BIND_COUNT:
		break;
	}
}

/* The address of a listening socket in sluice's words; false after a note. */
static bool translate(struct hcfgreader *r, const struct hcfgaddr *a, int port,
                      struct settings_bind *b)
{
	struct mem_arena *arena = &r->model->arena;
	const char *host = strcmp(a->host, "localhost") == 0 ? "127.0.0.1" : a->host;
	bool any = !*host || strcmp(host, "*") == 0;
	struct error err;

	if (a->kind == HCFGADDR_UNIX) {
		b->text = mem_arena_printf(arena, "unix:%s", a->host);
		if (addr_from_unix(a->host, &b->addr, &err))
			return true;
		hcfgreader_error(r, "%s", err.text);
		return false;
	}
	if (a->kind == HCFGADDR_FD) {
		b->kind = SETTINGS_BIND_FD;
		b->fd = a->low;
		b->text = mem_arena_printf(arena, "fd:%d", a->low);
		return true;
	}
	if (any && a->v6)
		host = "::";
	if (!addr_parse_ip(host, (uint16_t)port, &b->addr)) {
		hcfgreader_lose(r,
		                "\"%.60s\" is a name: sluice listens on numeric addresses; write "
		                "it and import again",
		                host);
		return false;
	}
	if (any && !a->v6)
		b->text = mem_arena_printf(arena, ":%d", port);
	else
		b->text =
		    mem_arena_printf(arena, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
	return true;
}

static void add(struct hcfgreader *r, struct hcfgmodel_proxy *p, const struct options *o,
                const struct hcfgaddr *a, int port)
{
	struct hcfgmodel_bind *b = mem_arena_zalloc(&r->model->arena, sizeof(*b));

	*b = o->bind;
	b->place = r->line->place;
	if (translate(r, a, port, &b->bind))
		STAILQ_INSERT_TAIL(&p->binds, b, next);
}

static void add_address(struct hcfgreader *r, struct hcfgmodel_proxy *p, const struct options *o,
                        const char *word)
{
	struct hcfgaddr a;
	struct error err;

	if (!hcfgaddr_parse(word, &r->model->arena, &a, &err)) {
		hcfgreader_error(r, "%s", err.text);
		return;
	}
	if (a.kind == HCFGADDR_OTHER) {
		hcfgreader_lose(r,
		                "\"%.60s\": sluice listens on TCP, UNIX paths and inherited "
		                "sockets",
		                word);
		return;
	}
	if (a.kind == HCFGADDR_INET && (a.port != HCFGADDR_PORT_RANGE || !a.low)) {
		hcfgreader_error(r, "\"%.60s\": a port is missing", word);
		return;
	}
	if (a.high - a.low >= RANGE_MAX) {
		hcfgreader_lose(r, "\"%.60s\": more than %d ports; write the ones you need", word,
		                RANGE_MAX);
		return;
	}
	for (int port = a.low; port <= a.high; port++)
		add(r, p, o, &a, port);
}

void hcfgbind_read(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	struct options o = { 0 };
	char *words = mem_arena_strdup(&r->model->arena, r->words[0]);
	char *save = NULL;

	hcfgreader_options(r, HCFGWORDS_BIND, 1, carry, &o);
	for (char *s = strtok_r(words, ",", &save); s; s = strtok_r(NULL, ",", &save))
		add_address(r, p, &o, s);
}

void hcfgbind_read_control(struct hcfgreader *r)
{
	struct options o = { .control = true };
	struct hcfgmodel_global *g = &r->model->global;
	struct hcfgaddr a;
	struct error err;

	hcfgreader_options(r, HCFGWORDS_BIND, 1, carry, &o);
	if (!hcfgaddr_parse(r->words[0], &r->model->arena, &a, &err))
		hcfgreader_error(r, "%s", err.text);
	else if (a.kind != HCFGADDR_UNIX)
		hcfgreader_lose(r,
		                "\"%.60s\": the control socket is a UNIX socket; admin.bind has "
		                "the numbers over HTTP",
		                r->words[0]);
	else if (g->socket)
		hcfgreader_lose(r, "\"%.60s\": there is one control socket, \"%.60s\"", a.host,
		                g->socket);
	else {
		g->socket = a.host;
		g->socket_place = r->line->place;
	}
}
