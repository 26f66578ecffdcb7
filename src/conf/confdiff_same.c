/* SPDX-License-Identifier: MIT */
#include "conf/confdiff.h"

#include "base/error.h"
#include "confcluster.h"
#include "confdiffparts.h"
#include "confdraft.h"

#include <stdio.h>
#include <string.h>

bool confdiff_same_key(const struct keytable_key *k, const void *a, const void *b)
{
	AUTO_TEXT one = { 0 };
	AUTO_TEXT other = { 0 };

	confitems_add_value(k, a, &one);
	confitems_add_value(k, b, &other);
	return strcmp(text_str(&one), text_str(&other)) == 0;
}

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* All keys of a group but some. */
static bool same_group(const char *group, const void *a, const void *b, const char *const *but)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	for (; count; k++, count--)
		if (strcmp(k->group, group) == 0 && !is_among(k->name, but) &&
		    !confdiff_same_key(k, a, b))
			return false;
	return true;
}

/* --- what no key has ------------------------------------------------------------------------- */

static void compare_text(const char *name, const char *a, const char *b, confdiff_say *say,
                         void *data)
{
	if (!text_same(a, b))
		say(data, name, a, b);
}

static const char *flag(bool on)
{
	return on ? "true" : "false";
}

void confdiff_keyless_service(const struct settings_service *a, const struct settings_service *b,
                              confdiff_say *say, void *data)
{
	compare_text("mode", a->http ? "\"http\"" : "\"tcp\"", b->http ? "\"http\"" : "\"tcp\"",
	             say, data);
}

void confdiff_keyless_admin(const struct settings_admin *a, const struct settings_admin *b,
                            confdiff_say *say, void *data)
{
	char one[16];
	char other[16];

	snprintf(one, sizeof(one), "%u", a->id);
	snprintf(other, sizeof(other), "%u", b->id);
	compare_text("name", a->name, b->name, say, data);
	compare_text("id", one, other, say, data);
	compare_text("listen", flag(a->listen), flag(b->listen), say, data);
	compare_text("stats_only", flag(a->stats_only), flag(b->stats_only), say, data);
}

static void note(void *data, const char *name, const char *before, const char *after)
{
	(void)name;
	(void)before;
	(void)after;
	*(bool *)data = false;
}

/* --- targets and servers --------------------------------------------------------------------- */

static bool same_source(const struct settings_source *a, const struct settings_source *b)
{
	static const char *const but[] = { NULL };
	struct draft_source one = { .s = *a };
	struct draft_source other = { .s = *b };

	return same_group("source", &one, &other, but);
}

bool confdiff_same_target(const struct settings_target *a, const struct settings_target *b)
{
	/* Its number counts, whatever it is called. */
	static const char *const but[] = { "port", NULL };
	static const char *const but_presence[] = { NULL };
	struct draft_agent agent_a = { .c = a->check };
	struct draft_agent agent_b = { .c = b->check };
	struct mem_arena arena = { 0 };
	struct draft_check one = confdraft_check(a, &arena);
	struct draft_check other = confdraft_check(b, &arena);
	bool same;

	agent_a.c.port_number = a->check_port;
	agent_b.c.port_number = b->check_port;
	same = text_same(a->host, b->host) && a->check_port == b->check_port &&
	       same_source(&a->source, &b->source) && same_group("check", &one, &other, but);
	if (same && a->check.type == SETTINGS_CHECK_AGENT)
		same = same_group("agent", &agent_a, &agent_b, but_presence);
	mem_arena_release(&arena);
	return same;
}

bool confdiff_one_check(const struct settings *s)
{
	static const char *const but[] = { NULL };
	struct mem_arena arena = { 0 };
	struct draft_check first = { 0 };
	bool same = true;

	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *service = &s->services[i];

		if (!confcluster_has_nodes(s, service))
			continue;
		for (size_t k = 0; k < service->server_count; k++) {
			const struct settings_target *t = &s->targets[service->servers[k].node];
			struct draft_check check = confdraft_check(t, &arena);

			if (!first.type)
				first = check;
			same = same && same_group("check", &first, &check, but);
		}
	}
	mem_arena_release(&arena);
	return same;
}

bool confdiff_same_server(const struct settings_server *a, const struct settings_server *b)
{
	static const char *const but[] = { "check", "agent", "id", NULL };
	struct draft_server one = { .s = *a, .source.s = a->source };
	struct draft_server other = { .s = *b, .source.s = b->source };

	return (a->id_counted ? 0 : a->id) == (b->id_counted ? 0 : b->id) &&
	       a->leaving == b->leaving && same_group("services.servers", &one, &other, but);
}

/* --- where clients and operators come in ----------------------------------------------------- */

bool confdiff_same_place(const struct settings_bind *a, const struct settings_bind *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == SETTINGS_BIND_FD)
		return a->fd == b->fd;
	return addr_equal(&a->addr, &b->addr) && text_same(a->interface, b->interface);
}

bool confdiff_same_bind(const struct settings_bind *a, const struct settings_bind *b)
{
	static const char *const but[] = { "address", NULL };
	struct draft_bind one = { .b = *a };
	struct draft_bind other = { .b = *b };

	return confdiff_same_place(a, b) && same_group("services.bind", &one, &other, but);
}

bool confdiff_same_admin(const struct settings_admin *a, const struct settings_admin *b)
{
	static const char *const but[] = { "socket", "sockets", "bind", NULL };
	struct mem_arena arena = { 0 };
	struct draft_admin one = confdraft_admin(a, &arena);
	struct draft_admin other = confdraft_admin(b, &arena);
	bool same = true;

	confdiff_keyless_admin(a, b, note, &same);
	same = same && addr_equal(&a->addr, &b->addr) && same_group("admin", &one, &other, but);
	mem_arena_release(&arena);
	return same;
}

bool confdiff_same_door(const struct settings_socket *a, const struct settings_socket *b)
{
	if (!a->addr.len || !b->addr.len)
		return a->addr.len == b->addr.len && a->fd == b->fd;
	return addr_equal(&a->addr, &b->addr);
}

/* --- of the whole process -------------------------------------------------------------------- */

bool confdiff_same_resolver(const struct settings *a, const struct settings *b)
{
	static const char *const but[] = { NULL };
	struct draft_resolver one = { .r = a->resolver };
	struct draft_resolver other = { .r = b->resolver };

	return same_group("resolver", &one, &other, but);
}
