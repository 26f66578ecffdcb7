/* SPDX-License-Identifier: MIT */
#include "endpoints.h"
#include "hcfgaddr.h"
#include "hcfgparts.h"

#include <string.h>

enum { TEMPLATE_MAX = 256 };

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
	s->s.host = a->host;
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
			s->s.host = mem_arena_printf(&r->model->arena, "unix:%s", a.host);
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
		if (strcmp(twin->s.name, name) == 0) {
			hcfgreader_error(r, "the name \"%s\" is taken in line %u", name,
			                 twin->place.line);
			break;
		}
	*s = p->default_server;
	s->s.name = name;
	s->place = r->line->place;
	take_address(r, r->words[at], s);
	hcfgreader_options(r, HCFGWORDS_SERVER, at + 1, hcfgserveropt_carry, s);
	if (s->agent && !s->agent_port.n && !s->check_port.n)
		hcfgreader_error(r, "agent-check needs agent-port");
	if (s->s.track && s->check)
		hcfgreader_error(r, "check and track exclude each other");
	STAILQ_FOREACH(twin, &p->servers, next)
		if (s->s.id && twin->s.id == s->s.id) {
			hcfgreader_error(r, "the id %u is taken in line %u", s->s.id,
			                 twin->place.line);
			break;
		}
	STAILQ_INSERT_TAIL(&p->servers, s, next);
}

void hcfgserver_read(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	if (settings_is_name(r->words[0]))
		add(r, p, r->words[0], 1);
	else
		hcfgreader_error(r, "\"%.60s\" is not a name: 1 to %d letters, digits, - _ . :",
		                 r->words[0], SETTINGS_NAME_MAX);
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

		if (!settings_is_name(name)) {
			hcfgreader_error(r, "\"%.60s\" is not a name", name);
			return;
		}
		add(r, p, name, 2);
	}
}

void hcfgserver_read_default(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	const struct hcfgmodel_server before = p->default_server;

	hcfgreader_options(r, HCFGWORDS_SERVER, 0, hcfgserveropt_carry, &p->default_server);
	if (p->default_server.s.id != before.s.id) {
		hcfgreader_lose(r, "id: each server has its own");
		p->default_server.s.id = 0;
	}
}
