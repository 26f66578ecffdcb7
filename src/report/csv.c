/* SPDX-License-Identifier: MIT */
#include "report/csv.h"

#include "tags.h"

#include <inttypes.h>
#include <string.h>

/* HAProxy 2.6 puts "-" between its own columns and those of modules, of which there are none. */
static void add_header(struct text *out)
{
	text_add(out, "# ");
	for (enum metric m = 0; m < METRIC_COUNT; m++)
		text_addf(out, "%s,", metric_get(m)->column);
	text_add(out, "-,\n");
}

static bool is_secret(const struct csv_filter *f, enum metric m)
{
	return f && f->hide_secrets && (m == METRIC_ADDR || m == METRIC_ALGO);
}

static bool is_shown(const struct csv_filter *f, const struct snapshot_row *r, enum metric m)
{
	return r->at[m].present && !is_secret(f, m);
}

static bool is_proxy(const struct csv_filter *f, const char *name, uint32_t id)
{
	if (f->proxy)
		return strcmp(f->proxy, name) == 0;
	return f->proxy_id < 0 || f->proxy_id == id;
}

static unsigned int type_bit(enum snapshot_kind kind)
{
	switch (kind) {
	case SNAPSHOT_FRONTEND:
		return CSV_FRONTENDS;
	case SNAPSHOT_BACKEND:
		return CSV_BACKENDS;
	case SNAPSHOT_SERVER:
		return CSV_SERVERS;
	}
	return 0;
}

static bool passes(const struct csv_filter *f, const struct snapshot_row *r)
{
	const char *status = r->at[METRIC_STATUS].text;

	if (!f)
		return true;
	if (!is_proxy(f, r->proxy, r->proxy_id))
		return false;
	if (f->types && !(f->types & type_bit(r->kind)))
		return false;
	if (r->kind != SNAPSHOT_SERVER)
		return true;
	if (f->server_id >= 0 && f->server_id != r->server_id)
		return false;
	if (f->hide_maint && strncmp(status, "MAINT", 5) == 0)
		return false;
	return !f->hide_down || strncmp(status, "UP", 2) == 0 || strcmp(status, "no check") == 0;
}

bool csv_filter_matches(const struct snapshot *s, const struct csv_filter *f)
{
	if (!f->proxy && f->proxy_id < 0)
		return true;
	for (size_t i = 0; i < s->service_count; i++)
		if (is_proxy(f, s->services[i].name, s->services[i].id))
			return true;
	return false;
}

static const struct snapshot_row *next(const struct snapshot *s, const struct csv_filter *f,
                                       struct snapshot_cursor *c)
{
	const struct snapshot_row *r;

	do
		r = snapshot_next(s, c);
	while (r && !passes(f, r));
	return r;
}

static void add_value(const struct snapshot_value *v, struct text *out)
{
	if (v->text)
		text_add_csv(out, v->text);
	else
		text_addf(out, "%" PRId64, v->number);
}

void csv_write_filtered(const struct snapshot *s, const struct csv_filter *f, struct text *out)
{
	struct snapshot_cursor c = { 0 };
	const struct snapshot_row *r;

	add_header(out);
	while ((r = next(s, f, &c))) {
		for (enum metric m = 0; m < METRIC_COUNT; m++) {
			if (is_shown(f, r, m))
				add_value(&r->at[m], out);
			text_addc(out, ',');
		}
		text_add(out, "-,\n");
	}
}

void csv_write(const struct snapshot *s, struct text *out)
{
	csv_write_filtered(s, NULL, out);
}

static char letter(enum snapshot_kind kind)
{
	switch (kind) {
	case SNAPSHOT_FRONTEND:
		return 'F';
	case SNAPSHOT_BACKEND:
		return 'B';
	case SNAPSHOT_SERVER:
		return 'S';
	}
	return '?';
}

void csv_write_typed(const struct snapshot *s, const struct csv_filter *f, struct text *out)
{
	struct snapshot_cursor c = { 0 };
	const struct snapshot_row *r;

	for (bool first = true; (r = next(s, f, &c)); first = false) {
		if (!first)
			text_addc(out, '\n');
		for (enum metric m = 0; m < METRIC_COUNT; m++) {
			const struct metric_info *info = metric_get(m);

			if (!is_shown(f, r, m))
				continue;
			text_addf(out, "%c.%u.%u.%d.%s.1:%s:%s:", letter(r->kind), r->proxy_id,
			          r->server_id, (int)m, info->column, info->tags, info->type);
			if (r->at[m].text)
				text_add(out, r->at[m].text);
			else
				text_addf(out, "%" PRId64, r->at[m].number);
			text_addc(out, '\n');
		}
	}
}

static void add_field(const struct snapshot_row *r, enum metric m, struct text *out)
{
	static const char *const types[] = { "Frontend", "Backend", "Server" };
	const struct metric_info *info = metric_get(m);

	text_addf(
	    out,
	    "{\"objType\":\"%s\",\"proxyId\":%u,\"id\":%u,\"field\":{\"pos\":%d,\"name\":\"%s\"},"
	    "\"processNum\":1,\"tags\":{\"origin\":\"%s\",\"nature\":\"%s\",\"scope\":\"%s\"},"
	    "\"value\":{\"type\":\"%s\",\"value\":",
	    types[r->kind], r->proxy_id, r->server_id, (int)m, info->column,
	    tags_origin(info->tags[0]), tags_nature(info->tags[1]), tags_scope(info->tags[2]),
	    info->type);
	if (r->at[m].text)
		text_add_json(out, r->at[m].text);
	else
		text_addf(out, "%" PRId64, r->at[m].number);
	text_add(out, "}}");
}

void csv_write_json(const struct snapshot *s, const struct csv_filter *f, struct text *out)
{
	struct snapshot_cursor c = { 0 };
	const struct snapshot_row *r;

	text_addc(out, '[');
	for (bool first_row = true; (r = next(s, f, &c)); first_row = false) {
		bool first = true;

		text_add(out, first_row ? "[" : ",[");
		for (enum metric m = 0; m < METRIC_COUNT; m++) {
			if (!is_shown(f, r, m))
				continue;
			if (!first)
				text_addc(out, ',');
			add_field(r, m, out);
			first = false;
		}
		text_addc(out, ']');
	}
	text_add(out, "]\n");
}
