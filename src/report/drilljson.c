/* SPDX-License-Identifier: MIT */
#include "report/drilljson.h"

#include "drillwords.h"
#include "report/stamp.h"

#include <inttypes.h>

enum { UNKNOWN = DRILLFACTS_UNKNOWN };

static const char *flag(bool b)
{
	return b ? "true" : "false";
}

static void add_string(struct text *out, const char *key, const char *value)
{
	text_addf(out, ",\"%s\":", key);
	text_add_json(out, value);
}

static void add_value(struct text *out, int64_t value)
{
	if (value == UNKNOWN)
		text_add(out, "null");
	else
		text_addf(out, "%" PRId64, value);
}

static void add_number(struct text *out, const char *key, int64_t value)
{
	text_addf(out, ",\"%s\":", key);
	add_value(out, value);
}

static void add_time(struct text *out, const char *key, int64_t wall_ms)
{
	text_addf(out, ",\"%s\":", key);
	if (wall_ms == UNKNOWN) {
		text_add(out, "null");
		return;
	}
	text_addc(out, '"');
	stamp_add_rfc3339(out, wall_ms);
	text_addc(out, '"');
}

static void add_outage(struct text *out, const struct drillfacts *f,
                       const struct drillfacts_outage *o)
{
	text_add(out, "{\"service\":");
	text_add_json(out, drillfacts_service(f, o));
	add_string(out, "server", drillfacts_server(f, o));
	add_string(out, "state", drill_state_key(o->state));
	add_string(out, "gravest", drill_state_key(o->gravest));
	text_addf(out, ",\"early\":%s,\"ordered\":%s,\"idle\":%s", flag(o->early), flag(o->ordered),
	          flag(o->idle));
	add_string(out, "cause", o->cause);
	add_string(out, "fault", o->fault);
	add_time(out, "out", o->out_ms);
	add_time(out, "back", o->back_ms);
	add_time(out, "first_bad", o->first_bad_ms);
	add_time(out, "fault_at", o->fault_ms);
	add_time(out, "began", o->began_ms);
	add_number(out, "detect_ms", o->detect_ms);
	add_number(out, "noticed_ms", o->noticed_ms);
	add_number(out, "last_new_ms", o->last_new_ms);
	add_number(out, "recover_ms", o->recover_ms);
	add_number(out, "rebalanced_ms", o->rebalanced_ms);
	add_number(out, "share_percent", o->share_percent);
	add_number(out, "failed", o->failed);
	add_number(out, "cut", o->cut);
	add_number(out, "asked", o->asked);
	add_number(out, "moved", o->moved);
	add_number(out, "sessions", o->sessions);
	add_number(out, "survived", o->survived);
	add_number(out, "held", o->held);
	text_addc(out, '}');
}

static void add_service(struct text *out, const char *name, const struct drillfacts_service *s)
{
	text_add(out, "{\"name\":");
	text_add_json(out, name);
	add_number(out, "gap_ms", s->gap_ms);
	add_time(out, "gap_end", s->gap_end_ms);
	add_number(out, "failed", s->failed);
	add_number(out, "connected", s->connected);
	add_number(out, "cut", s->cut);
	add_number(out, "asked", s->asked);
	add_number(out, "moved", s->moved);
	add_number(out, "held", s->held);
	add_number(out, "connects", s->connects);
	add_number(out, "no_server_ms", s->no_server_ms);
	text_addc(out, '}');
}

static void add_expectations(struct text *out, const struct expectation_verdict *v)
{
	text_addf(out, ",\"expected_ok\":%s,\"expectations\":[", flag(v->failed == 0));
	for (size_t i = 0; i < v->count; i++) {
		AUTO_TEXT words = { 0 };

		text_add(out, i > 0 ? ",{\"expected\":" : "{\"expected\":");
		expectation_describe(&v->items[i], &words);
		text_add_json(out, text_str(&words));
		add_string(out, "name", expectation_get(v->items[i].name)->key);
		add_number(out, "value", v->values[i].value);
		add_string(out, "where", v->values[i].where);
		text_addf(out, ",\"ok\":%s}", flag(v->ok[i]));
	}
	text_addc(out, ']');
}

void drilljson_add_numbers(const struct drillfacts *f, struct text *out)
{
	text_addc(out, '{');
	for (size_t i = 0; i < EXPECTATION_COUNT; i++) {
		struct expectation_value value;

		expectation_find(f, (enum expectation_name)i, &value);
		text_addf(out, "%s\"%s\":", i > 0 ? "," : "",
		          expectation_get((enum expectation_name)i)->key);
		add_value(out, value.value);
	}
	text_addc(out, '}');
}

void drilljson_write(const struct drillfacts *f, const struct expectation_verdict *v,
                     struct text *out)
{
	const struct drill *d = f->drill;
	AUTO_TEXT words = { 0 };

	text_add(out, "{\"drill\":{\"name\":");
	text_add_json(out, d->name);
	add_string(out, "source", d->source);
	add_time(out, "from", d->from_ms);
	add_time(out, "to", d->to_ms);
	text_addf(out, ",\"truncated\":%s}", flag(d->truncated));
	drillwords_add_verdict(&words, f);
	add_string(out, "verdict", text_str(&words));
	text_add(out, ",\"numbers\":");
	drilljson_add_numbers(f, out);
	if (v != NULL)
		add_expectations(out, v);
	text_add(out, ",\"outages\":[");
	for (size_t i = 0; i < f->outage_count; i++) {
		text_add(out, i > 0 ? "," : "");
		add_outage(out, f, &f->outages[i]);
	}
	text_add(out, "],\"services\":[");
	for (size_t i = 0; i < d->service_count; i++) {
		text_add(out, i > 0 ? "," : "");
		add_service(out, d->services[i].name, &f->services[i]);
	}
	text_add(out, "]}\n");
}
