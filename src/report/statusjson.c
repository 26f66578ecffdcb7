/* SPDX-License-Identifier: MIT */
#include "report/statusjson.h"

#include "field.h"
#include "plain.h"
#include "report/stamp.h"
#include "statusparts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- writing ------------------------------------------------------------------------------ */

static const char *flag(bool b)
{
	return b ? "true" : "false";
}

static void add_number(struct text *out, const char *key, int64_t n)
{
	text_addf(out, ",\"%s\":%" PRId64, key, n);
}

static void add_string(struct text *out, const char *key, const char *value)
{
	text_addf(out, ",\"%s\":", key);
	if (value)
		text_add_json(out, value);
	else
		text_add(out, "null");
}

static void add_time(struct text *out, const char *key, int64_t wall_ms)
{
	text_addf(out, ",\"%s\":\"", key);
	stamp_add_rfc3339(out, wall_ms);
	text_addc(out, '"');
}

#define ADD(member, source) add_number(out, #member, (int64_t)(source));

static void add_check(struct text *out, const struct snapshot_server *s)
{
	const struct probe_result *r = &s->check;

	if (!statusparts_has_check(s)) {
		text_add(out, ",\"check\":null");
		return;
	}
	text_addf(out, ",\"check\":{\"type\":\"%s\",\"code\":\"%s\"", s->check_type,
	          probe_code_name(r->code));
	add_string(out, "words", probe_code_words(r->code));
	text_addf(out, ",\"passed\":%s,\"draining\":%s,\"running\":%s",
	          flag(probe_code_passed(r->code)), flag(r->draining), flag(s->check_running));
	add_number(out, "status", r->status);
	add_string(out, "info", r->info);
	add_number(out, "duration_ms", r->duration_ms);
	add_time(out, "time", s->check_wall_ms);
	add_number(out, "age_s", s->check_age_ms / 1000);
	text_addc(out, '}');
}

static void add_times(struct text *out, const char *key, uint32_t average, uint32_t max)
{
	text_addf(out, ",\"%s\":", key);
	statusparts_add_times(out, average, max);
}

static void add_state(struct text *out, const struct snapshot_server *s)
{
	add_string(out, "state", s->status);
	add_string(out, "health", state_health_key(s->state.health));
	add_number(out, "counter", s->state.counter);
	add_number(out, "rise", s->limits.rise);
	add_number(out, "fall", s->limits.fall);
	text_addf(out, ",\"checked\":%s", flag(s->limits.checked));
	text_add(out, ",\"admin\":");
	statusparts_add_admin(out, &s->state);
	text_addf(out, ",\"usable\":%s,\"backup\":%s", flag(s->usable), flag(s->backup));
	add_time(out, "since", s->since_wall_ms);
	add_string(out, "cause", s->cause);
}

static void add_server(struct text *out, const struct snapshot_server *s)
{
	text_add(out, "{\"name\":");
	text_add_json(out, s->name);
	add_number(out, "id", s->id);
	add_string(out, "address", s->address);
	add_string(out, "host", s->host);
	add_string(out, "locality", s->locality);
	add_string(out, "node", s->target);
	add_state(out, s);
	STATUSPARTS_SERVER(ADD, ADD, s)
	STATUSPARTS_SERVER_MORE(ADD, s)
	add_times(out, "queue_ms", s->queue_ms, s->queue_max_ms);
	add_times(out, "connect_ms", s->connect_ms, s->connect_max_ms);
	add_times(out, "session_ms", s->total_ms, s->total_max_ms);
	text_add(out, ",\"fault\":");
	statusparts_add_fault(out, s);
	add_check(out, s);
	text_addc(out, '}');
}

static void add_ended(struct text *out, const struct snapshot_service *s)
{
	text_add(out, ",\"ended\":{");
	for (enum reason r = 0; r < REASON_COUNT; r++)
		text_addf(out, "%s\"%s\":%" PRIu64, r ? "," : "", reason_key(r), s->ended[r]);
	text_addc(out, '}');
}

static void add_service(struct text *out, const struct snapshot_service *s)
{
	text_add(out, "{\"name\":");
	text_add_json(out, s->name);
	add_number(out, "id", s->id);
	add_string(out, "balance", s->balance);
	text_add(out, ",\"bind\":");
	statusparts_add_binds(out, s);
	text_addf(out, ",\"up\":%s,\"on_backup\":%s,\"panicking\":%s", flag(s->up),
	          flag(s->on_backup), flag(s->panicking));
	add_time(out, "since", s->since_wall_ms);
	STATUSPARTS_SERVICE(ADD, ADD, s)
	STATUSPARTS_SERVICE_MORE(ADD, s)
	add_ended(out, s);
	text_add(out, ",\"tier_percent\":");
	statusparts_add_tiers(out, s);
	text_add(out, ",\"servers\":[");
	for (size_t i = 0; i < s->server_count; i++) {
		text_add(out, i ? ",\n" : "\n");
		add_server(out, &s->servers[i]);
	}
	text_add(out, "]}");
}

static void add_discovery(struct text *out, const struct snapshot_discovery *d)
{
	if (!d->on) {
		text_add(out, ",\"discovery\":null");
		return;
	}
	text_addf(out, ",\"discovery\":{\"known\":%zu", d->known);
	add_number(out, "joined", (int64_t)d->joined);
	add_number(out, "elsewhere", (int64_t)d->elsewhere);
	add_string(out, "from", d->from);
	add_number(out, "last_s", d->last_s);
	add_number(out, "failures", (int64_t)d->failures);
	add_string(out, "error", d->error);
	text_addc(out, '}');
}

void statusjson_write(const struct snapshot *s, struct text *out)
{
	const struct snapshot_process *p = &s->process;

	text_add(out, "{\"version\":");
	text_add_json(out, p->version);
	add_string(out, "node", p->node);
	STATUSPARTS_PROCESS(ADD, ADD, p)
	add_time(out, "start_time", p->start_wall_ms);
	add_time(out, "now", p->now_wall_ms);
	add_number(out, "listeners", p->listeners);
	text_addf(out, ",\"stopping\":%s,\"workers\":", flag(p->stopping));
	statusparts_add_workers(out, p);
	text_add(out, ",\"predecessors\":");
	statusparts_add_predecessors(out, p);
	add_discovery(out, &p->discovery);
	text_add(out, ",\"services\":[");
	for (size_t i = 0; i < s->service_count; i++) {
		text_add(out, i ? ",\n" : "\n");
		add_service(out, &s->services[i]);
	}
	text_add(out, "]}\n");
}

/* --- reading ------------------------------------------------------------------------------ */

#define READ(member, source) ret->member = field_number(f, o, #member);

static enum state_health read_health(struct field *f, const json_t *o)
{
	char buf[32];

	field_copy(f, o, "health", buf, sizeof(buf));
	for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++)
		if (strcmp(buf, state_health_key(h)) == 0)
			return h;
	field_fail(f, "\"health\" is \"%s\", which is unknown", buf);
	return STATE_DOWN;
}

static bool has_admin(struct field *f, const json_t *o, const char *prefix)
{
	const json_t *list = field_array(f, o, "admin");
	bool found = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));

		found = found || (word && strncmp(word, prefix, strlen(prefix)) == 0);
	}
	return found;
}

static void read_check(struct field *f, const json_t *server, struct mem_arena *a,
                       struct statusjson_server *ret)
{
	const json_t *o = field_object_or_null(f, server, "check");

	ret->check_code = ret->check_words = ret->check_info = "";
	ret->check_age_s = -1;
	ret->has_check = o != NULL;
	if (!o)
		return;
	ret->check_code = field_text(f, o, "code", a);
	ret->check_words = field_text(f, o, "words", a);
	ret->check_info = field_text(f, o, "info", a);
	ret->check_passed = field_flag(f, o, "passed");
	ret->check_running = field_flag(f, o, "running");
	ret->check_status = field_number(f, o, "status");
	ret->check_duration_ms = field_number(f, o, "duration_ms");
	ret->check_age_s = field_number(f, o, "age_s");
}

static void read_fault(struct field *f, const json_t *o, struct mem_arena *a,
                       struct statusjson_server *ret)
{
	const json_t *fault = field_object_or_null(f, o, "fault");

	ret->fault_left_ms = -1;
	if (!fault)
		return;
	ret->fault = field_text(f, fault, "text", a);
	if (json_is_integer(json_object_get(fault, "left_ms")))
		ret->fault_left_ms = field_number(f, fault, "left_ms");
}

static void read_server(struct field *f, const json_t *o, struct mem_arena *a,
                        struct statusjson_server *ret)
{
	const json_t *connect = field_object(f, o, "connect_ms");

	ret->name = field_text(f, o, "name", a);
	ret->address = field_text(f, o, "address", a);
	ret->locality = field_text_or_null(f, o, "locality", a);
	ret->state = field_text(f, o, "state", a);
	ret->cause = field_text(f, o, "cause", a);
	ret->since = field_text(f, o, "since", a);
	ret->health = read_health(f, o);
	ret->maint = has_admin(f, o, "maint");
	ret->drain = has_admin(f, o, "drain");
	ret->usable = field_flag(f, o, "usable");
	ret->backup = field_flag(f, o, "backup");
	STATUSPARTS_SERVER(READ, READ, o)
	ret->connect_ms_average = field_number(f, connect, "average");
	ret->connect_ms_max = field_number(f, connect, "max");
	read_fault(f, o, a, ret);
	read_check(f, o, a, ret);
}

static void read_binds(struct field *f, const json_t *o, struct mem_arena *a,
                       struct statusjson_service *ret)
{
	const json_t *list = field_array(f, o, "bind");
	size_t count = json_array_size(list);
	const char **binds = mem_arena_zalloc(a, (count ? count : 1) * sizeof(char *));

	for (size_t i = 0; i < count; i++) {
		const char *s = json_string_value(json_array_get(list, i));
		char *copy = mem_arena_strdup(a, s ? s : "");

		if (!s)
			field_fail(f, "\"bind\" holds something that is not a string");
		plain_clean(copy);
		binds[i] = copy;
	}
	ret->binds = binds;
	ret->bind_count = count;
}

static void read_tiers(struct field *f, const json_t *o, struct statusjson_service *ret)
{
	const json_t *list = field_array(f, o, "tier_percent");
	size_t count = json_array_size(list);

	if (ret->tiers < 0 || (uint64_t)ret->tiers != count || count > TIERS_MAX) {
		field_fail(f,
		           "\"tier_percent\" has not one number for each of at most %d \"tiers\"",
		           TIERS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++)
		ret->tier_percent[i] = json_integer_value(json_array_get(list, i));
}

static void read_service(struct field *f, const json_t *o, struct mem_arena *a,
                         struct statusjson_service *ret)
{
	const json_t *list = field_array(f, o, "servers");
	size_t count = json_array_size(list);

	ret->name = field_text(f, o, "name", a);
	ret->balance = field_text(f, o, "balance", a);
	ret->up = field_flag(f, o, "up");
	ret->on_backup = field_flag(f, o, "on_backup");
	ret->panicking = field_flag(f, o, "panicking");
	STATUSPARTS_SERVICE(READ, READ, o)
	read_tiers(f, o, ret);
	read_binds(f, o, a, ret);
	ret->servers = mem_arena_zalloc(a, (count ? count : 1) * sizeof(*ret->servers));
	ret->server_count = count;
	for (size_t i = 0; i < count && !f->failed; i++)
		read_server(f, json_array_get(list, i), a, &ret->servers[i]);
}

static void read_predecessor(struct field *f, const json_t *o, struct statusjson_predecessor *ret)
{
	ret->known = field_flag(f, o, "known");
	ret->since_s = field_number(f, o, "since_s");
	STATUSPARTS_PREDECESSOR(READ, o)
}

static void read_predecessors(struct field *f, const json_t *o, struct statusjson *ret)
{
	const json_t *list = field_array(f, o, "predecessors");
	size_t count = json_array_size(list);

	ret->predecessors =
	    mem_arena_zalloc(&ret->arena, (count ? count : 1) * sizeof(*ret->predecessors));
	ret->predecessor_count = count;
	for (size_t i = 0; i < count && !f->failed; i++)
		read_predecessor(f, json_array_get(list, i), &ret->predecessors[i]);
}

static void read_discovery(struct field *f, const json_t *process, struct mem_arena *a,
                           struct statusjson_discovery *ret)
{
	const json_t *o = field_object_or_null(f, process, "discovery");

	if (!o)
		return;
	ret->on = true;
	ret->known = field_number(f, o, "known");
	ret->joined = field_number(f, o, "joined");
	ret->elsewhere = field_number(f, o, "elsewhere");
	ret->last_s = field_number(f, o, "last_s");
	ret->failures = field_number(f, o, "failures");
	ret->from = field_text_or_null(f, o, "from", a);
	ret->error = field_text_or_null(f, o, "error", a);
}

static void read_process(struct field *f, const json_t *o, struct statusjson *ret)
{
	const json_t *list = field_array(f, o, "services");
	size_t count = json_array_size(list);

	ret->version = field_text(f, o, "version", &ret->arena);
	ret->node = field_text_or_null(f, o, "node", &ret->arena);
	ret->now = field_text(f, o, "now", &ret->arena);
	ret->stopping = field_flag(f, o, "stopping");
	STATUSPARTS_PROCESS(READ, READ, o)
	read_predecessors(f, o, ret);
	read_discovery(f, o, &ret->arena, &ret->discovery);
	ret->services = mem_arena_zalloc(&ret->arena, (count ? count : 1) * sizeof(*ret->services));
	ret->service_count = count;
	for (size_t i = 0; i < count && !f->failed; i++)
		read_service(f, json_array_get(list, i), &ret->arena, &ret->services[i]);
}

struct statusjson *statusjson_read(const char *json, struct error *err)
{
	struct field f = { .err = err };
	json_t *o = field_parse(&f, json);
	struct statusjson *ret;

	if (!o)
		return NULL;
	ret = mem_zalloc(sizeof(*ret));
	read_process(&f, o, ret);
	json_decref(o);
	if (!f.failed)
		return ret;
	statusjson_free(ret);
	return NULL;
}

void statusjson_free(struct statusjson *s)
{
	if (!s)
		return;
	mem_arena_release(&s->arena);
	free(s);
}
