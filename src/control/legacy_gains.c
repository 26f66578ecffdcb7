/* SPDX-License-Identifier: MIT */
/*
 * What a process counts after another one has taken its place.
 */
#include "base/mem.h"
#include "control/legacy.h"
#include "legacyline.h"
#include "legacynames.h"

#include <stdio.h>
#include <stdlib.h>

struct legacy_gains {
	const struct topology *topology;
	uint64_t *before; /* each counter, in the order of walk() */
	size_t count, at;
	struct text *out;
	bool begun; /* the line of the present object is being written */
};

static void resize(struct legacy_gains *g)
{
	size_t count = g->count ? 2 * g->count : 256;

	if (g->at < g->count)
		return;
	g->before = mem_resize(g->before, count, sizeof(g->before[0]));
	for (size_t i = g->count; i < count; i++)
		g->before[i] = 0;
	g->count = count;
}

/* `name` begins the line of the object, if it has gained anything. */
static void compare(struct legacy_gains *g, void (*name)(struct text *out, const void *object),
                    const void *object, const char *key, uint64_t now)
{
	resize(g);
	/* A counter that was cleared is behind. */
	if (now > g->before[g->at]) {
		if (!g->begun)
			name(g->out, object);
		g->begun = true;
		legacyline_number(g->out, key, now - g->before[g->at]);
	}
	g->before[g->at++] = now;
}

static void finish(struct legacy_gains *g)
{
	if (g->begun)
		legacyline_end(g->out);
	g->begun = false;
}

static void name_server(struct text *out, const void *object)
{
	const struct topology_server *s = object;

	legacyline_begin(out, "server-gain");
	legacyline_word(out, "service", s->service->settings->name);
	legacyline_word(out, "name", s->settings->name);
}

static void name_process(struct text *out, const void *object)
{
	(void)object;
	legacyline_begin(out, "process-gain");
}

static void name_service(struct text *out, const void *object)
{
	const struct topology_service *s = object;

	legacyline_begin(out, "service-gain");
	legacyline_word(out, "name", s->settings->name);
}

static void name_frontend(struct text *out, const void *object)
{
	const struct topology_frontend *f = object;

	legacyline_begin(out, "frontend-gain");
	legacyline_word(out, "service", f->service->settings->name);
	legacyline_word(out, "name", f->settings->name);
}

static void compare_counters(struct legacy_gains *g,
                             void (*name)(struct text *out, const void *object), const void *object,
                             struct counter_set *set)
{
	for (enum counter c = 0; c < COUNTER_COUNT; c++)
		compare(g, name, object, legacynames_counter(c), counter_get(set, c));
}

static void compare_service(struct legacy_gains *g, struct topology_service *s)
{
	for (enum reason r = 0; r < REASON_COUNT; r++) {
		char key[64];

		snprintf(key, sizeof(key), LEGACYNAMES_ENDED "%s", reason_key(r));
		compare(g, name_service, s, key,
		        atomic_load_explicit(&s->ended[r], memory_order_relaxed));
	}
	compare_counters(g, name_service, s, &s->count);
	finish(g);
}

static void walk(struct legacy_gains *g)
{
	const struct topology *t = g->topology;

	g->at = 0;
	compare(g, name_process, t, "gone_bytes_out", t->gone_bytes_out);
	finish(g);
	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *s = t->services[i];

		compare_service(g, s);
		for (size_t k = 0; k < s->frontend_count; k++) {
			compare_counters(g, name_frontend, s->frontends[k],
			                 &s->frontends[k]->count);
			finish(g);
		}
		for (size_t k = 0; k < s->server_count; k++) {
			compare_counters(g, name_server, s->servers[k], &s->servers[k]->count);
			finish(g);
		}
	}
}

struct legacy_gains *legacy_gains_new(const struct topology *t)
{
	struct legacy_gains *g = mem_zalloc(sizeof(*g));

	g->topology = t;
	return g;
}

void legacy_gains_write(struct legacy_gains *g, struct text *out)
{
	g->out = out;
	walk(g);
}

void legacy_gains_free(struct legacy_gains *g)
{
	if (g)
		free(g->before);
	free(g);
}
