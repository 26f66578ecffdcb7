/* SPDX-License-Identifier: MIT */
#include "base/addr.h"
#include "lintparts.h"

#include <arpa/inet.h>
#include <string.h>

/* In a list of endpoints or of sockets the line of the one in question is further down. */
static struct lintfile_place place_at(const struct lint_view *v, const char *path, int line)
{
	struct lintfile_place p = lintfile_find(v->file, path);

	if (line > 0 && p.line < (unsigned int)line)
		p.line = (unsigned int)line;
	return p;
}

static void look_at_admin(const struct lint_view *v, const struct settings_admin *a)
{
	char text[ADDR_TEXT_MAX];
	enum addr_reach reach = addr_reach(&a->addr);
	struct lint_finding f = { .rule = LINT_ADMIN_OPEN,
		                  .severity = reach == ADDR_REACH_ALL ? LINT_WARNING : LINT_NOTE,
		                  .place = place_at(v, "admin.bind", a->line),
		                  .cure_kind = LINT_CONFIGURATION };

	if (reach == ADDR_REACH_HOST || a->ca)
		return;
	addr_format(&a->addr, text);
	if (!a->user_count) {
		f.cure = lint_print(v, "bind = \"127.0.0.1:%u\";", addr_port(&a->addr));
		lint_add(v, &f, a->name,
		         "everybody who reaches %s sees the dashboard and the metrics%s", text,
		         a->writable ? ", and may change the state of servers" : "");
	} else if (!a->cert) {
		f.rule = LINT_ADMIN_CLEAR;
		f.severity = LINT_NOTE;
		f.cure = "tls = { cert = \"/etc/sluice/admin.crt\"; key = "
		         "\"/etc/sluice/admin.key\"; };";
		lint_add(v, &f, a->name, "passwords go to %s over HTTP", text);
	}
}

static void look_at_socket(const struct lint_view *v, const struct settings_socket *s)
{
	struct lint_finding f = { .rule = LINT_CONTROL_OPEN,
		                  .severity = LINT_WARNING,
		                  .place = place_at(v, "admin.sockets", s->line),
		                  .cure_kind = LINT_CONFIGURATION };

	if (addr_reach(&s->addr) == ADDR_REACH_HOST || s->level == SETTINGS_LEVEL_USER)
		return;
	f.cure = lint_print(v, "address = \"127.0.0.1:%u\";", addr_port(&s->addr));
	lint_add(v, &f, NULL, "everybody who reaches %.100s may %s", s->text,
	         s->level == SETTINGS_LEVEL_ADMIN ? "take servers out and end sessions"
	                                          : "look at all sessions and errors");
}

void lint_look_at_access(const struct lint_view *v)
{
	for (size_t i = 0; i < v->settings->admin_count; i++)
		look_at_admin(v, &v->settings->admins[i]);
	for (size_t i = 0; i < v->settings->socket_count; i++)
		look_at_socket(v, &v->settings->sockets[i]);
}
