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

static bool is_listed(const struct csv_filter *f, const char *name)
{
	if (f->scope && !strcasestr(name, f->scope))
		return false;
	if (!f->proxies || !f->proxies->count)
		return true;
	for (size_t i = 0; i < f->proxies->count; i++) {
		const char *wanted = f->proxies->at[i];

		if (strcmp(wanted, ".") == 0 && f->self)
			wanted = f->self;
		if (strcmp(wanted, name) == 0)
			return true;
	}
	return false;
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
	case SNAPSHOT_LISTENER:
		return CSV_LISTENERS;
	}
	return 0;
}

static bool has_stopped(const struct snapshot_server *server)
{
	enum state_health health = state_effective(&server->state);

	return state_in_maint(&server->state) || health == STATE_DOWN || health == STATE_CHECKING;
}

static bool passes_server(const struct csv_filter *f, const struct snapshot_row *r)
{
	if (f->hide_maint && state_in_maint(&r->server->state))
		return false;
	return !f->hide_down || !has_stopped(r->server);
}

bool csv_filter_passes(const struct csv_filter *f, const struct snapshot_row *r)
{
	if (!f)
		return true;
	if (!is_proxy(f, r->proxy, r->proxy_id) || !is_listed(f, r->proxy))
		return false;
	if (f->types && !(f->types & type_bit(r->kind)))
		return false;
	if (r->kind == SNAPSHOT_FRONTEND || r->kind == SNAPSHOT_BACKEND)
		return true;
	if (f->server_id >= 0 && f->server_id != r->server_id)
		return false;
	return r->kind == SNAPSHOT_LISTENER || passes_server(f, r);
}

bool csv_filter_matches(const struct snapshot *s, const struct csv_filter *f)
{
	if (!f->proxy && f->proxy_id < 0)
		return true;
	for (size_t i = 0; i < s->proxy_count; i++)
		if (is_proxy(f, s->proxies[i].name, s->proxies[i].id))
			return true;
	return false;
}

void csv_add_status(const struct csv_filter *f, const struct snapshot_row *r, struct text *out)
{
	const struct snapshot_service *service = r->service;
	size_t count = service ? service->server_count : 0;
	size_t running = 0;

	text_add(out, r->at[METRIC_STATUS].text);
	if (!f || r->kind != SNAPSHOT_BACKEND || (!f->hide_down && !f->hide_maint))
		return;
	for (size_t i = 0; i < count; i++)
		running += !has_stopped(&service->servers[i]);
	text_addf(out, " (%zu/%zu)", running, count);
}

static const struct snapshot_row *next(const struct snapshot *s, const struct csv_filter *f,
                                       struct snapshot_cursor *c)
{
	const struct snapshot_row *r;

	do
		r = snapshot_next(s, c);
	while (r && !csv_filter_passes(f, r));
	return r;
}

/* The words or the number of a field, not escaped. */
static void add_plain(const struct csv_filter *f, const struct snapshot_row *r, enum metric m,
                      struct text *out)
{
	const struct snapshot_value *v = &r->at[m];

	if (m == METRIC_STATUS)
		csv_add_status(f, r, out);
	else if (v->text)
		text_add(out, v->text);
	else
		text_addf(out, "%" PRId64, v->number);
}

static void add_csv_field(const struct csv_filter *f, const struct snapshot_row *r, enum metric m,
                          struct text *out)
{
	AUTO_TEXT value = { 0 };

	if (is_shown(f, r, m)) {
		add_plain(f, r, m, &value);
		text_add_csv(out, text_str(&value));
	}
	text_addc(out, ',');
}

void csv_write(const struct snapshot *s, const struct csv_filter *f, struct text *out)
{
	struct snapshot_cursor c = { 0 };
	const struct snapshot_row *r;

	add_header(out);
	while ((r = next(s, f, &c))) {
		for (enum metric m = 0; m < METRIC_COUNT; m++)
			add_csv_field(f, r, m, out);
		text_add(out, "-,\n");
	}
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
	case SNAPSHOT_LISTENER:
		return 'L';
	}
	return '?';
}

static enum metric_scope scope_of(enum snapshot_kind kind)
{
	return kind == SNAPSHOT_BACKEND ? METRIC_B : METRIC_F;
}

void csv_write_typed(const struct snapshot *s, const struct csv_filter *f, bool described,
                     struct text *out)
{
	struct snapshot_cursor c = { 0 };
	const struct snapshot_row *r;

	while ((r = next(s, f, &c))) {
		for (enum metric m = 0; m < METRIC_COUNT; m++) {
			const struct metric_info *info = metric_get(m);

			if (!is_shown(f, r, m))
				continue;
			text_addf(out, "%c.%u.%u.%d.%s.1:%s:%s:", letter(r->kind), r->proxy_id,
			          r->server_id, (int)m, info->column,
			          metric_tags(m, scope_of(r->kind)), info->type);
			add_plain(f, r, m, out);
			if (described)
				text_addf(out, ":\"%s\"", info->help);
			text_addc(out, '\n');
		}
	}
}

static void add_field(const struct csv_filter *f, const struct snapshot_row *r, enum metric m,
                      struct text *out)
{
	static const char *const types[] = { "Frontend", "Backend", "Server", "Listener" };
	const struct metric_info *info = metric_get(m);
	const char *tags = metric_tags(m, scope_of(r->kind));
	AUTO_TEXT value = { 0 };

	text_addf(
	    out,
	    "{\"objType\":\"%s\",\"proxyId\":%u,\"id\":%u,\"field\":{\"pos\":%d,\"name\":\"%s\"},"
	    "\"processNum\":1,\"tags\":{\"origin\":\"%s\",\"nature\":\"%s\",\"scope\":\"%s\"},"
	    "\"value\":{\"type\":\"%s\",\"value\":",
	    types[r->kind], r->proxy_id, r->server_id, (int)m, info->column, tags_origin(tags[0]),
	    tags_nature(tags[1]), tags_scope(tags[2]), info->type);
	add_plain(f, r, m, &value);
	if (r->at[m].text)
		text_add_json(out, text_str(&value));
	else
		text_add(out, text_str(&value));
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
			add_field(f, r, m, out);
			first = false;
		}
		text_addc(out, ']');
	}
	text_add(out, "]\n");
}
