/* SPDX-License-Identifier: MIT */
#include "hcfgaddr.h"
#include "hcfgparts.h"

#include <net/if.h>
#include <string.h>

enum { RANGE_MAX = 4096, CONN_MAX = 10000000, BACKLOG_MAX = 1000000 };

/* What the options of one line say, before its addresses get them. */
struct options {
	struct hcfgmodel_bind bind;
	enum settings_level level;   /* of "stats socket" */
	struct hcfgmodel_value file; /* mode, user or group were written */
};

/* "0600" */
static void take_mode(struct hcfgreader *r, struct options *o, const char *mode)
{
	uint32_t n = 0;

	if (!*mode || strlen(mode) > 5 || strspn(mode, "01234567") != strlen(mode)) {
		hcfgreader_error(r, "\"%.30s\" is not an octal mode", mode);
		return;
	}
	for (const char *s = mode; *s; s++)
		n = n * 8 + (uint32_t)(*s - '0');
	o->bind.bind.mode = n & 07777;
	hcfgreader_set(r, &o->file, 1);
}

/* Owners are names; a number that nobody has stays one. */
static void take_owner(struct hcfgreader *r, enum hcfgwords_bind id, const char *word,
                       struct options *o)
{
	struct settings_bind *b = &o->bind.bind;
	bool by_name = id == HCFGWORDS_BIND_USER || id == HCFGWORDS_BIND_GROUP;
	bool is_user = id == HCFGWORDS_BIND_USER || id == HCFGWORDS_BIND_UID;

	if (!by_name)
		word = hcfgowner_name(r, is_user, hcfgreader_loose(r, word, UINT32_MAX));
	if (is_user)
		b->user = word;
	else
		b->group = word;
	hcfgreader_set(r, &o->file, 1);
}

static void take_level(struct hcfgreader *r, const char *word, struct options *o)
{
	static const char *const levels[] = { "user", "operator", "admin" };
	int level = hcfgreader_find(word, levels, ARRAY_LEN(levels));

	if (level < 0)
		hcfgreader_error(r, "\"%.30s\": write user, operator or admin", word);
	else
		o->level = (enum settings_level)level;
}

static void take_name(struct hcfgreader *r, const char *word, struct settings_bind *b)
{
	if (settings_is_name(word))
		b->name = word;
	else
		hcfgreader_lose(r, "\"%.60s\" is not a name for sluice", word);
}

static void take_interface(struct hcfgreader *r, const char *word, struct settings_bind *b)
{
	if (*word && strlen(word) < IF_NAMESIZE && !strpbrk(word, "/ \t\n"))
		b->interface = word;
	else
		hcfgreader_error(r, "\"%.60s\" is not an interface", word);
}

static void carry(struct hcfgreader *r, int id, const char *const *args, void *object)
{
	struct options *o = object;
	struct settings_bind *b = &o->bind.bind;

	switch ((enum hcfgwords_bind)id) {
	case HCFGWORDS_BIND_NAME:
		take_name(r, args[0], b);
		break;
	case HCFGWORDS_BIND_ID:
		hcfgreader_whole(r, args[0], 1, INT32_MAX, &b->id);
		break;
	case HCFGWORDS_BIND_MAXCONN:
		b->maxconn = hcfgreader_loose(r, args[0], CONN_MAX);
		break;
	case HCFGWORDS_BIND_BACKLOG:
		b->backlog = (int)hcfgreader_loose(r, args[0], BACKLOG_MAX);
		break;
	case HCFGWORDS_BIND_INTERFACE:
		take_interface(r, args[0], b);
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
	case HCFGWORDS_BIND_ACCEPT_PROXY:
		b->accept_proxy = true;
		break;
	case HCFGWORDS_BIND_TCP_UT:
		hcfgreader_time(r, args[0], 1, &b->tcp_user_timeout_ms);
		break;
	case HCFGWORDS_BIND_SSL:
		o->bind.ssl = true;
		hcfgreader_lose(r, "TLS of clients ended here; sluice passes it through, so the "
		                   "servers must speak it");
		break;
	case HCFGWORDS_BIND_MODE:
		take_mode(r, o, args[0]);
		break;
	case HCFGWORDS_BIND_USER:
	case HCFGWORDS_BIND_GROUP:
	case HCFGWORDS_BIND_UID:
	case HCFGWORDS_BIND_GID:
		take_owner(r, (enum hcfgwords_bind)id, args[0], o);
		break;
	case HCFGWORDS_BIND_LEVEL:
		take_level(r, args[0], o);
		break;
	case HCFGWORDS_BIND_EXPOSE_FD:
		if (strcmp(args[0], "listeners") != 0)
			hcfgreader_error(r, "\"%.30s\": write listeners", args[0]);
		break;
	case HCFGWORDS_BIND_COUNT:
		break;
	}
}

/* What "unix-bind" says counts for UNIX sockets that do not say it themselves. */
static void inherit(const struct hcfgreader *r, struct settings_bind *b)
{
	const struct hcfgmodel_global *g = &r->model->global;

	if (!b->mode)
		b->mode = g->unix_mode.n;
	if (!b->user)
		b->user = g->unix_user;
	if (!b->group)
		b->group = g->unix_group;
}

/* Mode and owner are of files. */
static void forget_file(const struct hcfgreader *r, const struct options *o,
                        struct settings_bind *b)
{
	if (o->file.set)
		hcfgreader_remark(r, "mode and owner are of UNIX sockets: left out");
	b->mode = 0;
	b->user = b->group = NULL;
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
		inherit(r, b);
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
	const struct hcfgmodel_bind *twin;

	*b = o->bind;
	b->place = r->line->place;
	if (a->kind != HCFGADDR_UNIX)
		forget_file(r, o, &b->bind);
	if (b->bind.id && (a->low != a->high || strchr(r->words[0], ',')))
		hcfgreader_error(r, "id: it is for one socket, and these are several");
	STAILQ_FOREACH(twin, &p->binds, next)
		if (b->bind.id && twin->bind.id == b->bind.id)
			hcfgreader_error(r, "the id %u is taken in line %u", b->bind.id,
			                 twin->place.line);
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

/* Only an address with a port, as of "stats socket 127.0.0.1:9999". */
static bool is_socket(struct hcfgreader *r, const struct hcfgaddr *a)
{
	if (a->kind == HCFGADDR_OTHER) {
		hcfgreader_lose(r,
		                "\"%.60s\": control sockets are UNIX paths, TCP addresses and "
		                "inherited sockets",
		                a->host);
		return false;
	}
	if (a->kind == HCFGADDR_INET &&
	    (a->port != HCFGADDR_PORT_RANGE || !a->low || a->low != a->high)) {
		hcfgreader_error(r, "a control socket has one port, from 1 to 65535");
		return false;
	}
	return true;
}

void hcfgbind_read_control(struct hcfgreader *r)
{
	struct options o = { .level = SETTINGS_LEVEL_OPERATOR };
	struct hcfgmodel_socket *s = mem_arena_zalloc(&r->model->arena, sizeof(*s));
	struct settings_bind *b = &o.bind.bind;
	struct hcfgaddr a;
	struct error err;

	hcfgreader_options(r, HCFGWORDS_BIND, 1, carry, &o);
	if (!hcfgaddr_parse(r->words[0], &r->model->arena, &a, &err)) {
		hcfgreader_error(r, "%s", err.text);
		return;
	}
	if (!is_socket(r, &a) || !translate(r, &a, a.low, b))
		return;
	if (a.kind != HCFGADDR_UNIX)
		forget_file(r, &o, b);
	s->socket = (struct settings_socket){
		.text = a.kind == HCFGADDR_UNIX ? a.host : b->text,
		.addr = b->addr,
		.fd = b->fd,
		.level = o.level,
		.mode = b->mode,
		.user = b->user,
		.group = b->group,
	};
	s->place = r->line->place;
	STAILQ_INSERT_TAIL(&r->model->global.sockets, s, next);
}
