/* SPDX-License-Identifier: MIT */
#include "report/whyjson.h"

#include "field.h"
#include "plain.h"
#include "report/eventjson.h"
#include "report/eventline.h"
#include "report/stamp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- writing ------------------------------------------------------------------------------ */

static const char *flag(bool b)
{
	return b ? "true" : "false";
}

/* What nodes and agents said is in it. */
static void add_string(struct text *out, const char *key, const char *value)
{
	AUTO_TEXT clean = { 0 };

	text_addf(out, ",\"%s\":", key);
	if (!value) {
		text_add(out, "null");
		return;
	}
	plain_add(&clean, value);
	text_add_json(out, text_str(&clean));
}

static void add_time(struct text *out, const char *key, int64_t wall_ms)
{
	text_addf(out, ",\"%s\":\"", key);
	stamp_add_rfc3339(out, wall_ms);
	text_addc(out, '"');
}

static void add_rules(const struct why_facts *f, struct text *out)
{
	AUTO_TEXT rules = { 0 };
	const char *sep = "";

	why_rules(f, &rules);
	text_add(out, ",\"rules\":[");
	for (const char *line = text_str(&rules); *line; sep = ",\n") {
		size_t len = strcspn(line, "\n");
		AUTO_TEXT clean = { 0 };
		AUTO_TEXT rule = { 0 };

		text_addn(&rule, line, len);
		plain_add(&clean, text_str(&rule));
		text_add(out, sep);
		text_add_json(out, text_str(&clean));
		line += len + (line[len] == '\n');
	}
	text_addc(out, ']');
}

static void add_check(const struct checklog_entry *e, const struct state_limits *l,
                      struct text *out)
{
	struct probe_result r = checklog_result(e);
	struct state before = state_unpack(e->before);
	struct state after = state_unpack(e->after);
	AUTO_TEXT found = { 0 };
	char state[64];

	state_describe(&after, l, NULL, state, sizeof(state));
	eventline_write_answer(&r, &found);
	text_add(out, "{\"time\":\"");
	stamp_add_rfc3339(out, e->wall_ms);
	text_addf(out, "\",\"duration_ms\":%" PRIu32 ",\"code\":\"%s\"", e->duration_ms,
	          probe_code_name(r.code));
	add_string(out, "words", probe_code_words(r.code));
	text_addf(out, ",\"status\":%u", e->status);
	add_string(out, "info", e->info);
	text_addf(out, ",\"passed\":%s,\"draining\":%s", flag(probe_code_passed(r.code)),
	          flag(e->draining));
	text_addf(out, ",\"counter_before\":%u,\"counter_after\":%u", before.counter,
	          after.counter);
	add_string(out, "state", state);
	add_string(out, "text", text_str(&found));
	text_addc(out, '}');
}

static void add_checks(const char *key, const struct checklog *log, const struct state_limits *l,
                       struct text *out)
{
	const struct checklog_entry *e;

	text_addf(out, ",\"%s\":[", key);
	for (size_t i = 0; (e = checklog_at(log, i)); i++) {
		text_add(out, i ? ",\n" : "\n");
		add_check(e, l, out);
	}
	text_addc(out, ']');
}

static bool is_about(const struct journal_event *e, const struct why_facts *f)
{
	return strcmp(e->server, f->server) == 0 && strcmp(e->service, f->service) == 0;
}

static void add_events(const struct whyjson_source *s, struct text *out)
{
	size_t n = 0;

	text_add(out, ",\"events\":[");
	for (uint64_t seq = journal_last(s->journal); seq && n < WHYJSON_EVENTS_MAX; seq--) {
		const struct journal_event *e = journal_find(s->journal, seq);

		if (e->seq != seq) /* it is forgotten */
			break;
		if (!is_about(e, s->facts))
			continue;
		text_add(out, n++ ? ",\n" : "\n");
		eventjson_write(e, out);
	}
	text_addc(out, ']');
}

static void add_object(const struct whyjson_source *s, struct text *out)
{
	const struct why_facts *f = s->facts;
	AUTO_TEXT verdict = { 0 };
	char state[64];

	why_verdict(f, &verdict);
	state_describe(&f->state, &f->limits, f->tracked, state, sizeof(state));
	text_add(out, "{\"service\":");
	text_add_json(out, f->service);
	add_string(out, "server", f->server);
	add_string(out, "node", f->target);
	add_string(out, "tracks", f->tracked);
	add_string(out, "state", state);
	add_string(out, "health", state_health_key(f->state.health));
	text_addf(out, ",\"gets_sessions\":%s,\"sessions\":%" PRIu32, flag(why_gets_sessions(f)),
	          f->sessions);
	add_time(out, "since", s->since_wall_ms);
	text_addf(out, ",\"since_s\":%" PRId64, f->age_ms / 1000);
	add_time(out, "now", s->now_wall_ms);
	add_string(out, "verdict", text_str(&verdict));
	add_rules(f, out);
	if (f->next_check_ms >= 0)
		text_addf(out, ",\"next_check_ms\":%" PRId64, f->next_check_ms);
	else
		text_add(out, ",\"next_check_ms\":null");
	add_checks("checks", s->checks, &f->limits, out);
	add_checks("agent_checks", s->agent_checks, &f->limits, out);
	add_events(s, out);
	text_addc(out, '}');
}

void whyjson_write(const struct whyjson_source *s, struct text *out)
{
	add_object(s, out);
	text_addc(out, '\n');
}

void whyjson_write_list(const struct whyjson_source *at, size_t count, struct text *out)
{
	text_add(out, "{\"servers\":[");
	for (size_t i = 0; i < count; i++) {
		text_add(out, i ? ",\n" : "\n");
		add_object(&at[i], out);
	}
	text_add(out, "]}\n");
}

/* --- reading ------------------------------------------------------------------------------ */

static void read_check(struct field *f, const json_t *o, struct mem_arena *a,
                       struct whyjson_check *ret)
{
	ret->wall_ms = field_time(f, o, "time");
	ret->duration_ms = field_number(f, o, "duration_ms");
	ret->state = field_text(f, o, "state", a);
	ret->text = field_text(f, o, "text", a);
	ret->passed = field_flag(f, o, "passed");
	ret->draining = field_flag(f, o, "draining");
}

static void read_checks(struct field *f, const json_t *o, const char *key, struct mem_arena *a,
                        struct whyjson_checks *ret)
{
	const json_t *list = field_array(f, o, key);

	ret->count = json_array_size(list);
	ret->at = mem_arena_zalloc(a, (ret->count + 1) * sizeof(ret->at[0]));
	for (size_t i = 0; i < ret->count && !f->failed; i++)
		read_check(f, json_array_get(list, i), a, &ret->at[i]);
}

static void read_rules(struct field *f, const json_t *o, struct mem_arena *a,
                       struct whyjson_server *ret)
{
	const json_t *list = field_array(f, o, "rules");

	ret->rule_count = json_array_size(list);
	ret->rules = mem_arena_zalloc(a, (ret->rule_count + 1) * sizeof(ret->rules[0]));
	for (size_t i = 0; i < ret->rule_count; i++) {
		const char *s = json_string_value(json_array_get(list, i));
		char *copy = mem_arena_strdup(a, s ? s : "");

		if (!s)
			field_fail(f, "\"rules\" holds something that is not a string");
		plain_clean(copy);
		ret->rules[i] = copy;
	}
}

/* They have a reader of their own, which takes text. */
static void read_events(struct field *f, const json_t *o, struct mem_arena *a,
                        struct whyjson_server *ret)
{
	const json_t *list = field_array(f, o, "events");

	ret->event_count = json_array_size(list);
	ret->events = mem_arena_zalloc(a, (ret->event_count + 1) * sizeof(ret->events[0]));
	for (size_t i = 0; i < ret->event_count && !f->failed; i++) {
		char *line = json_dumps(json_array_get(list, i), JSON_COMPACT | JSON_ENCODE_ANY);
		struct error err = { 0 };

		if (!eventjson_read(line ? line : "", &ret->events[i], &err))
			field_fail(f, "\"events\": %s", err.text);
		free(line);
	}
}

static void read_server(struct field *f, const json_t *o, struct mem_arena *a,
                        struct whyjson_server *ret)
{
	ret->service = field_text(f, o, "service", a);
	ret->server = field_text(f, o, "server", a);
	ret->state = field_text(f, o, "state", a);
	ret->verdict = field_text(f, o, "verdict", a);
	ret->now_ms = field_time(f, o, "now");
	ret->since_ms = field_time(f, o, "since");
	read_rules(f, o, a, ret);
	read_checks(f, o, "checks", a, &ret->checks);
	read_checks(f, o, "agent_checks", a, &ret->agent_checks);
	read_events(f, o, a, ret);
}

static void read_all(struct field *f, const json_t *o, struct whyjson *ret)
{
	const json_t *list = json_object_get(o, "servers");

	ret->server_count = list ? json_array_size(list) : 1;
	ret->servers =
	    mem_arena_zalloc(&ret->arena, (ret->server_count + 1) * sizeof(ret->servers[0]));
	if (!list)
		read_server(f, o, &ret->arena, &ret->servers[0]);
	else if (ret->server_count == 0)
		field_fail(f, "\"servers\" is not a list of servers");
	for (size_t i = 0; list && i < ret->server_count && !f->failed; i++)
		read_server(f, json_array_get(list, i), &ret->arena, &ret->servers[i]);
}

struct whyjson *whyjson_read(const char *json, struct error *err)
{
	struct field f = { .err = err };
	json_t *o = field_parse(&f, json);
	struct whyjson *ret;

	if (!o)
		return NULL;
	ret = mem_zalloc(sizeof(*ret));
	read_all(&f, o, ret);
	json_decref(o);
	if (!f.failed)
		return ret;
	whyjson_free(ret);
	return NULL;
}

void whyjson_free(struct whyjson *w)
{
	if (!w)
		return;
	mem_arena_release(&w->arena);
	free(w);
}
