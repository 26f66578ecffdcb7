/* SPDX-License-Identifier: MIT */
#include "conf/lint.h"

#include "base/number.h"
#include "core/detection.h"
#include "lintparts.h"
#include "troff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COCKROACH_PORT = 26257, POSTGRES_PORT = 5432, CONSOLE_PORT = 8080, TEXT_MAX = 1200 };

static const struct lint_rule rules[] = {
#define LINT(id, name_, severity_, title_, text_)                                                  \
	[LINT_##id] = {                                                                            \
		.name = (name_), .severity = LINT_##severity_, .title = (title_), .text = (text_)  \
	},
#include "conf/lint.def"
#undef LINT
};

const struct lint_rule *lint_rule_of(enum lint_id id)
{
	return &rules[id];
}

const char *lint_severity_name(enum lint_severity s)
{
	static const char *const names[] = { [LINT_WARNING] = "warning", [LINT_NOTE] = "note" };

	return names[s];
}

const char *lint_cure_name(enum lint_cure c)
{
	static const char *const names[] = { [LINT_CONFIGURATION] = "configuration",
		                             [LINT_SQL] = "sql",
		                             [LINT_COMMAND] = "command" };

	return names[c];
}

/* --- findings ----------------------------------------------------------------------------- */

/* Room for one more: the list is as long as the next power of two. */
static void *grown(struct mem_arena *a, const void *list, size_t count, size_t size)
{
	char *wider;

	if (count & (count - 1))
		return NULL;
	wider = mem_arena_zalloc(a, (count ? 2 * count : 1) * size);
	if (count)
		memcpy(wider, list, count * size);
	return wider;
}

static void add_subject(struct lint *l, struct lint_finding *f, const char *subject)
{
	const char **wider;
	const char **list;

	if (!subject)
		return;
	for (size_t i = 0; i < f->subject_count; i++)
		if (strcmp(f->subjects[i], subject) == 0)
			return;
	wider = grown(&l->arena, (const void *)f->subjects, f->subject_count, sizeof(*wider));
	if (wider)
		f->subjects = wider;
	/* The list is in the arena: const is for those who read findings. */
	memcpy(&list, &f->subjects, sizeof(list));
	list[f->subject_count++] = mem_arena_strdup(&l->arena, subject);
}

static bool is_same(const struct lint_finding *a, const struct lint_finding *b)
{
	return a->rule == b->rule && a->severity == b->severity && a->place.line == b->place.line &&
	       strcmp(a->place.file, b->place.file) == 0 && strcmp(a->text, b->text) == 0 &&
	       strcmp(a->cure, b->cure) == 0;
}

void lint_add(const struct lint_view *v, const struct lint_finding *f, const char *subject,
              const char *fmt, ...)
{
	struct lint *l = v->lint;
	struct lint_finding found = *f;
	struct lint_finding *wider;
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	found.text = text;
	for (size_t i = 0; i < l->count; i++)
		if (is_same(&l->findings[i], &found)) {
			add_subject(l, &l->findings[i], subject);
			return;
		}
	found.text = mem_arena_strdup(&l->arena, text);
	wider = grown(&l->arena, l->findings, l->count, sizeof(*wider));
	if (wider)
		l->findings = wider;
	l->findings[l->count] = found;
	add_subject(l, &l->findings[l->count++], subject);
	l->of_severity[found.severity]++;
}

const char *lint_print(const struct lint_view *v, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return mem_arena_strdup(&v->lint->arena, text);
}

const char *lint_duration(uint64_t ms, char buf[static LINT_DURATION_MAX])
{
	number_format_duration(ms, buf, LINT_DURATION_MAX);
	return buf;
}

/* --- the order of the file ---------------------------------------------------------------- */

static int compare(const void *va, const void *vb, void *name)
{
	const struct lint_finding *a = va;
	const struct lint_finding *b = vb;
	int files = strcmp(a->place.file, b->place.file);

	if (!a->place.line != !b->place.line)
		return a->place.line ? -1 : 1;
	if (files && strcmp(a->place.file, name) == 0)
		return -1;
	if (files && strcmp(b->place.file, name) == 0)
		return 1;
	if (files)
		return files;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	return (int)a->rule - (int)b->rule;
}

/* --- what is looked at -------------------------------------------------------------------- */

bool lint_is_able(const struct settings_server *s)
{
	return !s->disabled && s->weight;
}

static const struct settings_target *target_of(const struct settings *s,
                                               const struct settings_server *server)
{
	return &s->targets[server->node];
}

/* Targets of nodes have the node's name; those of a service's own servers "service/server". */
static bool is_node(const struct settings_target *t)
{
	return !strchr(t->name, '/');
}

static bool speaks_http(const struct settings_check *c)
{
	return c->type == SETTINGS_CHECK_HTTP || c->type == SETTINGS_CHECK_HTTPS;
}

/* A node's port is the one of SQL if it is not the one where its health is asked for. */
static bool is_sql_port(const struct settings_server *s, const struct settings_target *t)
{
	if (s->port == COCKROACH_PORT || s->port == POSTGRES_PORT)
		return true;
	if (!is_node(t) || s->port == CONSOLE_PORT)
		return false;
	return speaks_http(&t->check) ? s->port != t->check_port : s->port == t->check_port;
}

static bool is_cockroach(const struct settings_server *s, const struct settings_target *t)
{
	const char *path = detection_path(&t->check);

	return is_node(t) || s->port == COCKROACH_PORT || (path && strstr(path, "/health?ready="));
}

static void look_at_service(struct lint_view *v)
{
	const struct settings_service *s = v->service;

	v->sql = s->protocol == SETTINGS_PROTOCOL_PGWIRE;
	v->cockroach = false;
	for (size_t k = 0; k < s->server_count; k++) {
		const struct settings_target *t = target_of(v->settings, &s->servers[k]);

		v->sql = v->sql || is_sql_port(&s->servers[k], t);
		v->cockroach = v->cockroach || is_cockroach(&s->servers[k], t);
	}
	lint_look_at_times(v);
	lint_look_at_servers(v);
	lint_look_at_tiers(v);
	lint_look_at_ports(v);
	lint_look_at_loops(v);
	for (size_t k = 0; k < s->server_count; k++) {
		v->server = &s->servers[k];
		v->server_index = k;
		v->target = target_of(v->settings, v->server);
		lint_look_at_check(v);
	}
	v->server = NULL;
	v->target = NULL;
}

void lint_settings(struct lint *l, const struct lintfile *file, const struct lint_facts *facts)
{
	struct lint_view v = {
		.lint = l, .file = file, .settings = lintfile_settings(file), .facts = facts
	};
	AUTO_TEXT name = { 0 };

	for (size_t i = 0; i < v.settings->service_count; i++) {
		v.service = &v.settings->services[i];
		v.service_index = i;
		look_at_service(&v);
	}
	lint_look_at_descriptors(&v);
	lint_look_at_access(&v);
	lint_look_at_discover(&v);
	text_add(&name, lintfile_name(file));
	if (l->count)
		qsort_r(l->findings, l->count, sizeof(*l->findings), compare, name.data);
}

void lint_release(struct lint *l)
{
	mem_arena_release(&l->arena);
	*l = (struct lint){ 0 };
}

/* --- the manual --------------------------------------------------------------------------- */

void lint_write_man(struct text *out)
{
	for (size_t i = 0; i < LINT_RULES; i++) {
		text_add(out, ".TP\n\\fB");
		troff_add(out, rules[i].name);
		text_addf(out, "\\fR (%s): ", lint_severity_name(rules[i].severity));
		troff_add(out, rules[i].title);
		text_add(out, "\n");
		troff_add(out, rules[i].text);
		text_add(out, "\n");
	}
}
