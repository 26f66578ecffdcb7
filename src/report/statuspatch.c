/* SPDX-License-Identifier: MIT */
#include "report/statuspatch.h"

#include "base/mem.h"
#include "report/stamp.h"
#include "statuscells.h"

#include <stdlib.h>
#include <string.h>

/* What was told of a cell. */
struct told {
	uint64_t print;
	bool doubted; /* somebody was shown something else since */
};

struct row {
	char *name;
	struct told *cells; /* NULL: nothing is known yet */
};

struct service {
	struct row row;
	struct row *servers;
	size_t server_count;
};

struct statuspatch {
	struct row process;
	struct service *services;
	size_t service_count;
};

/* --- what is remembered ------------------------------------------------------------------- */

static void release_row(struct row *r)
{
	free(r->name);
	free(r->cells);
	*r = (struct row){ 0 };
}

static void free_services(struct service *services, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		release_row(&services[i].row);
		for (size_t k = 0; k < services[i].server_count; k++)
			release_row(&services[i].servers[k]);
		free(services[i].servers);
	}
	free(services);
}

static bool has_servers(const struct service *known, const struct snapshot_service *s)
{
	if (known->server_count != s->server_count)
		return false;
	for (size_t i = 0; i < s->server_count; i++)
		if (strcmp(known->servers[i].name, s->servers[i].name) != 0)
			return false;
	return true;
}

static bool has_rows(const struct statuspatch *p, const struct snapshot *s)
{
	if (p->service_count != s->service_count)
		return false;
	for (size_t i = 0; i < s->service_count; i++)
		if (strcmp(p->services[i].row.name, s->services[i].name) != 0 ||
		    !has_servers(&p->services[i], &s->services[i]))
			return false;
	return true;
}

/* What `from` knows goes to the row of that name. */
static void inherit(struct row *r, const char *name, struct row *from)
{
	r->name = mem_strdup(name);
	if (!from)
		return;
	r->cells = from->cells;
	from->cells = NULL;
}

static struct row *find_server(const struct service *v, const char *name)
{
	for (size_t i = 0; v && i < v->server_count; i++)
		if (strcmp(v->servers[i].name, name) == 0)
			return &v->servers[i];
	return NULL;
}

static struct service *find_service(const struct statuspatch *p, const char *name)
{
	for (size_t i = 0; i < p->service_count; i++)
		if (strcmp(p->services[i].row.name, name) == 0)
			return &p->services[i];
	return NULL;
}

/* The rows of the snapshot; those that were there before keep what is known of them. */
static void adopt_rows(struct statuspatch *p, const struct snapshot *s)
{
	struct service *services = mem_zalloc(s->service_count * sizeof(services[0]));

	for (size_t i = 0; i < s->service_count; i++) {
		const struct snapshot_service *from = &s->services[i];
		struct service *before = find_service(p, from->name);
		struct service *v = &services[i];

		inherit(&v->row, from->name, before ? &before->row : NULL);
		v->servers = mem_zalloc(from->server_count * sizeof(v->servers[0]));
		v->server_count = from->server_count;
		for (size_t k = 0; k < from->server_count; k++)
			inherit(&v->servers[k], from->servers[k].name,
			        find_server(before, from->servers[k].name));
	}
	free_services(p->services, p->service_count);
	p->services = services;
	p->service_count = s->service_count;
}

/* --- writing ------------------------------------------------------------------------------ */

/* Objects within objects, of which only those are opened that get a member. */
struct pen {
	struct text *out;
	const char *keys[5];
	size_t depth, open;
};

static void add_key(struct pen *p, const char *key)
{
	if (p->out->data[p->out->len - 1] != '{')
		text_addc(p->out, ',');
	text_add_json(p->out, key);
	text_addc(p->out, ':');
}

static void begin_member(struct pen *p, const char *key)
{
	for (; p->open < p->depth; p->open++) {
		add_key(p, p->keys[p->open]);
		text_addc(p->out, '{');
	}
	add_key(p, key);
}

static void enter(struct pen *p, const char *key)
{
	p->keys[p->depth++] = key;
}

static void leave(struct pen *p)
{
	p->depth--;
	if (p->open <= p->depth)
		return;
	text_addc(p->out, '}');
	p->open = p->depth;
}

/* --- going through all of it -------------------------------------------------------------- */

struct visit {
	enum { KNOW, DOUBT, TELL } what;
	struct pen pen;
	bool whole;  /* the group was not there before: all of it is told */
	bool absent; /* it is not there now */
};

static void tell_cell(struct visit *v, const struct statuscell *c, bool changed)
{
	switch (c->kind) {
	case STATUSCELL_GROUP:
		v->absent = !c->number;
		v->whole = changed;
		if (!v->absent) {
			enter(&v->pen, c->key);
		} else if (changed) {
			begin_member(&v->pen, c->key);
			text_add(v->pen.out, "null");
		}
		break;
	case STATUSCELL_END:
		if (!v->absent)
			leave(&v->pen);
		v->absent = v->whole = false;
		break;
	case STATUSCELL_NUMBER:
	case STATUSCELL_FLAG:
	case STATUSCELL_TIME:
	case STATUSCELL_TEXT:
	case STATUSCELL_OWN:
		if (v->absent || (!changed && !v->whole))
			break;
		begin_member(&v->pen, c->key);
		statuscells_write(c, v->pen.out);
		break;
	}
}

static void visit_cells(struct visit *v, const struct statuscells *now, struct row *r)
{
	bool is_new = !r->cells;

	if (is_new)
		r->cells = mem_zalloc(now->count * sizeof(r->cells[0]));
	for (size_t i = 0; i < now->count; i++) {
		struct told *t = &r->cells[i];
		uint64_t print = statuscells_print(&now->at[i]);
		bool changed = !is_new && (t->doubted || t->print != print);

		if (v->what == DOUBT) {
			t->doubted = changed;
			continue;
		}
		*t = (struct told){ .print = print };
		if (v->what == TELL)
			tell_cell(v, &now->at[i], changed);
	}
}

static void visit_service(struct visit *v, const struct snapshot *s, size_t i, struct service *to)
{
	const struct snapshot_service *service = &s->services[i];
	struct statuscells cells;

	enter(&v->pen, service->name);
	statuscells_of_service(service, &cells);
	visit_cells(v, &cells, &to->row);
	enter(&v->pen, "servers");
	for (size_t k = 0; k < service->server_count; k++) {
		enter(&v->pen, service->servers[k].name);
		statuscells_of_server(&s->process, &service->servers[k], &cells);
		visit_cells(v, &cells, &to->servers[k]);
		leave(&v->pen);
	}
	leave(&v->pen);
	leave(&v->pen);
}

/* The rows are those of the snapshot. */
static void visit_all(struct visit *v, const struct snapshot *s, struct statuspatch *p)
{
	struct statuscells cells;

	statuscells_of_process(&s->process, &cells);
	visit_cells(v, &cells, &p->process);
	enter(&v->pen, "services");
	for (size_t i = 0; i < s->service_count; i++)
		visit_service(v, s, i, &p->services[i]);
	leave(&v->pen);
}

struct statuspatch *statuspatch_new(const struct snapshot *s)
{
	struct statuspatch *p = mem_zalloc(sizeof(*p));

	adopt_rows(p, s);
	visit_all(&(struct visit){ .what = KNOW }, s, p);
	return p;
}

void statuspatch_free(struct statuspatch *p)
{
	if (!p)
		return;
	release_row(&p->process);
	free_services(p->services, p->service_count);
	free(p);
}

/* With other rows it is fetched once more. */
void statuspatch_shown(struct statuspatch *p, const struct snapshot *s)
{
	if (has_rows(p, s))
		visit_all(&(struct visit){ .what = DOUBT }, s, p);
}

bool statuspatch_write(struct statuspatch *p, const struct snapshot *s, struct text *out)
{
	struct visit v = { .what = TELL, .pen = { .out = out } };
	bool moved = !has_rows(p, s);

	if (moved)
		adopt_rows(p, s);
	text_add(out, "{\"now\":\"");
	stamp_add_rfc3339(out, s->process.now_wall_ms);
	text_addc(out, '"');
	visit_all(&v, s, p);
	text_addc(out, '}');
	return moved;
}
