/* SPDX-License-Identifier: MIT */
#include "report/historyjson.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <stdlib.h>

/* The changes of one server after each other: index of the next one, SIZE_MAX: none. */
struct chains {
	size_t *next;  /* of each event */
	size_t *first; /* of each server, those of all services in a row */
	size_t *base;  /* of each service: its first server's place in the row */
};

static bool is_of_server(const struct drill *d, const struct drill_event *e)
{
	return e->kind == DRILL_STATE && e->service < d->service_count &&
	       e->server < d->services[e->service].server_count;
}

/* Also with thousands of changes and hundreds of servers each is looked at once. */
static void link_states(const struct drill *d, struct chains *c)
{
	size_t servers = 0;

	c->base = mem_zalloc(d->service_count * sizeof(c->base[0]));
	for (size_t i = 0; i < d->service_count; i++) {
		c->base[i] = servers;
		servers += d->services[i].server_count;
	}
	c->first = mem_zalloc(servers * sizeof(c->first[0]));
	for (size_t i = 0; i < servers; i++)
		c->first[i] = SIZE_MAX;
	c->next = mem_zalloc(d->event_count * sizeof(c->next[0]));
	for (size_t i = d->event_count; i-- > 0;) {
		const struct drill_event *e = &d->events[i];
		size_t *first;

		if (!is_of_server(d, e))
			continue;
		first = &c->first[c->base[e->service] + e->server];
		c->next[i] = *first;
		*first = i;
	}
}

static void free_chains(struct chains *c)
{
	free(c->next);
	free(c->first);
	free(c->base);
}

/* Hundreds of thousands of them in a history of many servers: printf() would be most of it. */
static void add_count(struct text *out, uint32_t n)
{
	char digits[16];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	text_addn(out, digits + at, sizeof(digits) - at);
}

static void add_curve(const struct drill *d, const uint32_t *const at[DRILL_SERIES_COUNT],
                      enum drill_series k, struct text *out)
{
	text_addf(out, "\"%s\":[", drill_series_key(k));
	for (size_t i = 0; i < d->samples; i++) {
		if (i)
			text_addc(out, ',');
		if (at[k][i] == DRILL_NO_COUNT)
			text_addn(out, "null", 4);
		else
			add_count(out, at[k][i]);
	}
	text_addc(out, ']');
}

static void add_states(const struct drill *d, const struct chains *c, size_t first,
                       struct text *out)
{
	text_add(out, ",\"states\":[");
	for (size_t i = first; i != SIZE_MAX; i = c->next[i]) {
		const struct drill_event *e = &d->events[i];

		text_addf(out, "%s[%" PRId64 ",\"%s\",", i == first ? "" : ",", e->wall_ms,
		          drill_state_key(e->state));
		text_add_json(out, e->text);
		text_addc(out, ']');
	}
	text_addc(out, ']');
}

static void add_curves(const struct drill *d, const uint32_t *const at[DRILL_SERIES_COUNT],
                       struct text *out)
{
	add_curve(d, at, DRILL_SERIES_CONNECTED, out);
	text_addc(out, ',');
	add_curve(d, at, DRILL_SERIES_SESSIONS, out);
	text_addc(out, ',');
	add_curve(d, at, DRILL_SERIES_CUT, out);
	text_addc(out, ',');
}

static void add_service(const struct drill *d, const struct chains *c, size_t index,
                        struct text *out)
{
	const struct drill_service *s = &d->services[index];

	text_add_json(out, s->name);
	text_add(out, ":{");
	add_curves(d, s->at, out);
	add_curve(d, s->at, DRILL_SERIES_FAILED, out);
	text_add(out, ",\"servers\":{");
	for (size_t i = 0; i < s->server_count; i++) {
		const struct drill_server *server = &s->servers[i];

		text_add(out, i ? ",\n" : "\n");
		text_add_json(out, server->name);
		text_add(out, ":{");
		add_curves(d, server->at, out);
		text_addf(out, "\"first\":\"%s\"", drill_state_key(server->first));
		add_states(d, c, c->first[c->base[index] + i], out);
		text_addc(out, '}');
	}
	text_add(out, "}}");
}

static void add_drills(const struct historyjson_span *drills, size_t count, struct text *out)
{
	text_add(out, ",\"drills\":[");
	for (size_t i = 0; i < count; i++) {
		text_add(out, i ? ",{\"name\":" : "{\"name\":");
		text_add_json(out, drills[i].name);
		text_addf(out, ",\"from\":%" PRId64 ",\"to\":", drills[i].from_ms);
		if (drills[i].to_ms)
			text_addf(out, "%" PRId64 "}", drills[i].to_ms);
		else
			text_add(out, "null}");
	}
	text_addc(out, ']');
}

static void add_marks(const struct drill *d, struct text *out)
{
	bool any = false;

	text_add(out, ",\"marks\":[");
	for (size_t i = 0; i < d->event_count; i++) {
		const struct drill_event *e = &d->events[i];

		if (e->kind != DRILL_MARK)
			continue;
		text_addf(out, "%s[%" PRId64 ",", any ? "," : "", e->wall_ms);
		text_add_json(out, e->text);
		text_addc(out, ']');
		any = true;
	}
	text_addc(out, ']');
}

void historyjson_write(const struct drill *d, const struct historyjson_span *drills, size_t count,
                       struct text *out)
{
	struct chains c;

	link_states(d, &c);
	text_addf(out, "{\"from\":%" PRId64 ",\"every_ms\":%" PRIu32 ",\"points\":%zu",
	          d->samples_from_ms, d->every_ms, d->samples);
	text_add(out, ",\"services\":{");
	for (size_t i = 0; i < d->service_count; i++) {
		text_add(out, i ? ",\n" : "\n");
		add_service(d, &c, i, out);
	}
	text_addc(out, '}');
	add_drills(drills, count, out);
	add_marks(d, out);
	text_addc(out, '}');
	free_chains(&c);
}
