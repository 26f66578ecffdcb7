/* SPDX-License-Identifier: MIT */
#include "report/eventjson.h"

#include "base/log.h"
#include "field.h"
#include "report/stamp.h"

#include <inttypes.h>
#include <string.h>

static const char *flag(bool b)
{
	return b ? "true" : "false";
}

static bool is_of_server(enum journal_kind k)
{
	return k == JOURNAL_SERVER || k == JOURNAL_CHECK;
}

/* Those that count servers afterwards. */
static bool has_servers_left(enum journal_kind k)
{
	return is_of_server(k) || k == JOURNAL_SERVICE_DOWN || k == JOURNAL_SERVICE_UP;
}

static bool is_span(enum journal_kind k)
{
	return k == JOURNAL_PANIC || k == JOURNAL_FAULT;
}

/* --- writing ------------------------------------------------------------------------------ */

static void add_string(struct text *out, const char *key, const char *value)
{
	text_addf(out, ",\"%s\":", key);
	text_add_json(out, value);
}

static void add_state(struct text *out, const char *key, const struct state *s)
{
	text_addf(out, ",\"%s\":{\"health\":\"%s\",\"counter\":%u,\"recovered\":%u,\"admin\":%u",
	          key, state_health_key(s->health), s->counter, s->recovered, s->admin);
	text_addf(out, ",\"agent_down\":%s}", flag(s->agent_down));
}

static void add_words(struct text *out, const char *key, const struct journal_event *e,
                      const struct state *s)
{
	char buf[64];

	state_describe(s, &e->limits, NULL, buf, sizeof(buf));
	add_string(out, key, buf);
}

static void add_check(struct text *out, const struct probe_result *r)
{
	text_addf(out, ",\"check\":{\"code\":\"%s\"", probe_code_name(r->code));
	add_string(out, "words", probe_code_words(r->code));
	text_addf(out, ",\"passed\":%s,\"draining\":%s,\"status\":%u,\"duration_ms\":%" PRIu32,
	          flag(probe_code_passed(r->code)), flag(r->draining), r->status, r->duration_ms);
	add_string(out, "info", r->info);
	text_addc(out, '}');
}

static void add_server(struct text *out, const struct journal_event *e)
{
	add_string(out, "server", e->server);
	add_string(out, "cause", journal_cause_key(e->cause));
	text_addf(out, ",\"backup\":%s", flag(e->backup));
	add_words(out, "from", e, &e->before);
	add_words(out, "to", e, &e->after);
	add_state(out, "before", &e->before);
	add_state(out, "after", &e->after);
	text_addf(out,
	          ",\"rise\":%u,\"fall\":%u,\"checked\":%s,\"usable\":%s,\"sessions\":%" PRIu32,
	          e->limits.rise, e->limits.fall, flag(e->limits.checked),
	          flag(state_is_usable(&e->after)), e->sessions);
	text_addf(out, ",\"requeued\":%" PRIu32 ",\"queued\":%" PRIu32, e->requeued, e->queued);
	text_addf(out, ",\"check_was_logged\":%s", flag(e->check_was_logged));
	if (e->check.code != PROBE_UNKNOWN)
		add_check(out, &e->check);
}

void eventjson_write(const struct journal_event *e, struct text *out)
{
	text_addf(out, "{\"seq\":%" PRIu64 ",\"time\":\"", e->seq);
	stamp_add_rfc3339(out, e->wall_ms);
	text_addf(out, "\",\"ms\":%" PRId64, e->ms);
	add_string(out, "kind", journal_kind_key(e->kind));
	add_string(out, "level", log_level_name((enum log_level)e->level));
	if (e->service[0])
		add_string(out, "service", e->service);
	if (is_of_server(e->kind))
		add_server(out, e);
	if (e->kind == JOURNAL_FAULT && e->server[0])
		add_string(out, "server", e->server);
	if (is_span(e->kind))
		text_addf(out, ",\"begins\":%s", flag(e->begins));
	if (has_servers_left(e->kind))
		text_addf(out,
		          ",\"active_left\":%" PRIu32 ",\"backup_left\":%" PRIu32
		          ",\"on_backup\":%s,\"lasted_ms\":%" PRId64,
		          e->active_left, e->backup_left, flag(e->on_backup), e->since_ms);
	add_string(out, "text", e->text);
	text_addc(out, '}');
}

/* --- reading ------------------------------------------------------------------------------ */

static size_t find_word(struct field *f, const json_t *o, const char *key,
                        const char *(*word)(size_t), size_t count)
{
	char buf[32];

	field_copy(f, o, key, buf, sizeof(buf));
	for (size_t i = 0; i < count; i++)
		if (strcmp(buf, word(i)) == 0)
			return i;
	field_fail(f, "\"%s\" is \"%s\", which is unknown", key, buf);
	return 0;
}

static const char *kind_word(size_t i)
{
	return journal_kind_key((enum journal_kind)i);
}

static const char *cause_word(size_t i)
{
	return journal_cause_key((enum journal_cause)i);
}

static const char *health_word(size_t i)
{
	return state_health_key((enum state_health)i);
}

static const char *code_word(size_t i)
{
	return probe_code_name((enum probe_code)i);
}

static const char *level_word(size_t i)
{
	return log_level_name((enum log_level)i);
}

static struct state read_state(struct field *f, const json_t *o, const char *key)
{
	const json_t *s = field_object(f, o, key);

	return (struct state){
		.health =
		    (enum state_health)find_word(f, s, "health", health_word, STATE_HEALTH_COUNT),
		.counter = (uint16_t)field_unsigned(f, s, "counter", UINT16_MAX),
		.recovered = (uint16_t)field_unsigned(f, s, "recovered", UINT16_MAX),
		.admin = (uint8_t)field_unsigned(f, s, "admin", STATE_MAINT_ANY | STATE_DRAIN_ANY),
		.agent_down = json_is_true(json_object_get(s, "agent_down")),
	};
}

static void read_check(struct field *f, const json_t *o, struct probe_result *ret)
{
	const json_t *c = field_object_or_null(f, o, "check");

	if (!c)
		return;
	ret->code = (enum probe_code)find_word(f, c, "code", code_word, PROBE_CODE_COUNT);
	ret->draining = field_flag(f, c, "draining");
	ret->status = (uint16_t)field_unsigned(f, c, "status", UINT16_MAX);
	ret->duration_ms = (uint32_t)field_unsigned(f, c, "duration_ms", UINT32_MAX);
	field_copy(f, c, "info", ret->info, sizeof(ret->info));
}

/* 0 where there is none: older daemons did not tell. */
static uint32_t read_waiting(struct field *f, const json_t *o, const char *key)
{
	return json_object_get(o, key) ? (uint32_t)field_unsigned(f, o, key, UINT32_MAX) : 0;
}

static void read_server(struct field *f, const json_t *o, struct journal_event *ret)
{
	field_copy(f, o, "server", ret->server, sizeof(ret->server));
	ret->cause = (enum journal_cause)find_word(f, o, "cause", cause_word, JOURNAL_CAUSE_COUNT);
	ret->backup = field_flag(f, o, "backup");
	ret->before = read_state(f, o, "before");
	ret->after = read_state(f, o, "after");
	ret->limits.rise = (uint16_t)field_unsigned(f, o, "rise", UINT16_MAX);
	ret->limits.fall = (uint16_t)field_unsigned(f, o, "fall", UINT16_MAX);
	ret->limits.checked = field_flag(f, o, "checked");
	ret->sessions = (uint32_t)field_unsigned(f, o, "sessions", UINT32_MAX);
	ret->requeued = read_waiting(f, o, "requeued");
	ret->queued = read_waiting(f, o, "queued");
	ret->check_was_logged = field_flag(f, o, "check_was_logged");
	read_check(f, o, &ret->check);
}

static void read_event(struct field *f, const json_t *o, struct journal_event *ret)
{
	ret->seq = field_unsigned(f, o, "seq", INT64_MAX);
	ret->wall_ms = field_time(f, o, "time");
	ret->ms = field_number(f, o, "ms");
	ret->kind = (enum journal_kind)find_word(f, o, "kind", kind_word, JOURNAL_KIND_COUNT);
	ret->level = (int)find_word(f, o, "level", level_word, LOG_LEVEL_DEBUG + 1);
	field_copy_or_empty(f, o, "service", ret->service, sizeof(ret->service));
	field_copy(f, o, "text", ret->text, sizeof(ret->text));
	if (f->failed)
		return;
	if (is_of_server(ret->kind))
		read_server(f, o, ret);
	if (ret->kind == JOURNAL_FAULT)
		field_copy_or_empty(f, o, "server", ret->server, sizeof(ret->server));
	if (is_span(ret->kind))
		ret->begins = field_flag(f, o, "begins");
	if (!has_servers_left(ret->kind))
		return;
	ret->active_left = (uint32_t)field_unsigned(f, o, "active_left", UINT32_MAX);
	ret->backup_left = (uint32_t)field_unsigned(f, o, "backup_left", UINT32_MAX);
	ret->on_backup = field_flag(f, o, "on_backup");
	ret->since_ms = field_number(f, o, "lasted_ms");
}

bool eventjson_read(const char *line, struct journal_event *ret, struct error *err)
{
	struct field f = { .err = err };
	struct journal_event e = { 0 };
	json_t *o = field_parse(&f, line);

	if (!o)
		return false;
	read_event(&f, o, &e);
	json_decref(o);
	if (f.failed)
		return false;
	*ret = e;
	return true;
}
