/* SPDX-License-Identifier: MIT */
#include "report/drillrecord.h"

#include <inttypes.h>

static const char *flag(bool b)
{
	return b ? "true" : "false";
}

static void add_series(struct text *out, const struct drill *d, const uint32_t *const *at)
{
	bool first = true;

	text_add(out, "\"series\":{");
	for (size_t s = 0; s < DRILL_SERIES_COUNT; s++) {
		if (at[s] == NULL)
			continue;
		text_addf(out, "%s\"%s\":[", first ? "" : ",",
		          drill_series_key((enum drill_series)s));
		for (size_t i = 0; i < d->samples; i++)
			text_addf(out, "%s%" PRIu32, i > 0 ? "," : "", at[s][i]);
		text_addc(out, ']');
		first = false;
	}
	text_addc(out, '}');
}

static void add_service(struct text *out, const struct drill *d, const struct drill_service *v)
{
	text_add(out, "{\"name\":");
	text_add_json(out, v->name);
	text_addc(out, ',');
	add_series(out, d, v->at);
	text_add(out, ",\"servers\":[");
	for (size_t i = 0; i < v->server_count; i++) {
		text_add(out, i > 0 ? ",{\"name\":" : "{\"name\":");
		text_add_json(out, v->servers[i].name);
		text_addf(out, ",\"first\":\"%s\",", drill_state_key(v->servers[i].first));
		if (v->servers[i].began_with >= 0)
			text_addf(out, "\"began_with\":%" PRId64 ",", v->servers[i].began_with);
		add_series(out, d, v->servers[i].at);
		text_addc(out, '}');
	}
	text_add(out, "]}");
}

static void add_index(struct text *out, const char *key, size_t index)
{
	if (index == SIZE_MAX)
		text_addf(out, ",\"%s\":null", key);
	else
		text_addf(out, ",\"%s\":%zu", key, index);
}

static void add_event(struct text *out, const struct drill_event *e)
{
	text_addf(out, "{\"ms\":%" PRId64 ",\"kind\":\"%s\"", e->wall_ms, drill_kind_key(e->kind));
	add_index(out, "service", e->service);
	add_index(out, "server", e->server);
	text_addf(out, ",\"state\":\"%s\",\"good\":%s,\"sessions\":%" PRIu32 ",\"text\":",
	          drill_state_key(e->state), flag(e->good), e->sessions);
	text_add_json(out, e->text != NULL ? e->text : "");
	text_addc(out, '}');
}

void drillrecord_write(const struct drill *d, struct text *out)
{
	text_add(out, "{\"drill\":{\"name\":");
	text_add_json(out, d->name);
	text_add(out, ",\"source\":");
	text_add_json(out, d->source);
	text_addf(out,
	          ",\"from_ms\":%" PRId64 ",\"to_ms\":%" PRId64 ",\"samples_from_ms\":%" PRId64
	          ",\"every_ms\":%" PRIu32 ",\"truncated\":%s},\"services\":[",
	          d->from_ms, d->to_ms, d->samples_from_ms, d->every_ms, flag(d->truncated));
	for (size_t i = 0; i < d->service_count; i++) {
		if (i > 0)
			text_addc(out, ',');
		add_service(out, d, &d->services[i]);
	}
	text_add(out, "],\"events\":[");
	for (size_t i = 0; i < d->event_count; i++) {
		if (i > 0)
			text_addc(out, ',');
		add_event(out, &d->events[i]);
	}
	text_add(out, "]}");
}
