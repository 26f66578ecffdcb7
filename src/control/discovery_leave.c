/* SPDX-License-Identifier: MIT */
/*
 * Nodes that the cluster lets go: those that have sessions stay as servers, in drain, until the
 * last one has ended.
 */
#include "base/log.h"
#include "base/tick.h"
#include "conf/nodeset.h"
#include "discoveryparts.h"
#include "rosterlog.h"
#include "supervising.h"

#include <string.h>

enum {
	ROOM = 140,     /* for names: an event has 160 bytes */
	IDLE_MS = 2000, /* who waits for the end of the sessions sees it */
};

static bool is_of(const struct topology_server *s, const char *node)
{
	return !s->own && strcmp(s->target->name, node) == 0 &&
	       strcmp(s->settings->name, node) == 0;
}

/* Also those of processes before this one. */
static bool has_sessions(const struct topology_server *s)
{
	return atomic_load_explicit(&s->active, memory_order_relaxed) ||
	       atomic_load_explicit(&s->queued, memory_order_relaxed) || s->active_before;
}

static bool is_busy(const struct topology *t, const char *node)
{
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			const struct topology_server *s = t->services[i]->servers[k];

			if (is_of(s, node) && has_sessions(s))
				return true;
		}
	return false;
}

/* Those of `from` with sessions, at the end of `to`. */
static void add_busy(const struct topology *t, const struct settings_nodes *from,
                     const struct settings_nodes *leavers, struct settings_node *to, size_t *count)
{
	for (size_t i = 0; i < from->count; i++) {
		struct settings_node n = from->at[i];
		enum settings_leaving reason = nodeset_reason(leavers, n.told ? n.told : n.name);

		if (!is_busy(t, n.name))
			continue;
		if (!n.leaving || reason != SETTINGS_LEFT)
			n.leaving = reason;
		to[(*count)++] = n;
	}
}

void discovery_leave(const struct discovery *d, struct mem_arena *arena, struct settings_nodes *ret)
{
	const struct settings *s = d->s->settings;
	const struct topology *t = d->s->daemon.topology;
	size_t most = s->joined.count + s->leaving.count;
	struct settings_node *at = mem_arena_zalloc(arena, (most + 1) * sizeof(*at));
	size_t count = 0;

	/* The newest first: more than NODESET_MAX are not kept. */
	add_busy(t, &s->joined, &d->leavers, at, &count);
	add_busy(t, &s->leaving, &d->leavers, at, &count);
	*ret = (struct settings_nodes){ at, count };
}

bool discovery_has_left(struct discovery *d)
{
	const struct settings *s = d->s->settings;
	int64_t now_ms = tick_ms();
	bool idle = false;

	for (size_t i = 0; i < s->leaving.count; i++)
		idle |= !is_busy(d->s->daemon.topology, s->leaving.at[i].name);
	if (!idle)
		d->idle_ms = 0;
	else if (!d->idle_ms)
		d->idle_ms = now_ms;
	return idle && now_ms - d->idle_ms >= IDLE_MS;
}

/* --- saying it ---------------------------------------------------------------------------- */

static void mark(struct discovery *d, int level, const struct text *what, const char *rest)
{
	AUTO_TEXT line = { 0 };

	if (!what->len)
		return;
	text_addf(&line, "discovery: %s%s", text_str(what), rest);
	rosterlog_mark(d->s->daemon.roster, level, text_str(&line));
}

/* Of those that were in drain, who is no server any more. */
static void tell_gone(struct discovery *d, const struct settings *before)
{
	const struct settings *after = d->s->settings;
	AUTO_TEXT names = { 0 };
	size_t more = 0;

	for (size_t i = 0; i < before->leaving.count; i++) {
		const char *name = before->leaving.at[i].name;

		if (nodeset_find(&after->leaving, name) || nodeset_find(&after->joined, name) ||
		    nodeset_find(&after->written, name))
			continue;
		if (names.len + strlen(name) > ROOM / 2)
			more++;
		else
			text_addf(&names, "%s%s", names.len ? ", " : "", name);
	}
	if (more)
		text_addf(&names, " and %zu more", more);
	mark(d, LOG_LEVEL_NOTICE, &names, ": the last session has ended");
}

void discovery_tell_change(struct discovery *d, const struct settings *before)
{
	const struct settings *after = d->s->settings;
	struct nodeset_news news = { before->joined, after->joined, d->leavers };
	AUTO_TEXT change = { 0 };
	AUTO_TEXT written = { 0 };

	nodeset_tell(&news, ROOM, &change);
	mark(d, LOG_LEVEL_NOTICE, &change, "");
	news.before = before->found;
	news.after = after->found;
	nodeset_tell_written(&news, &after->written, after->discover, ROOM / 2, &written);
	mark(d, LOG_LEVEL_WARN, &written, ", still written in the file: delete it there");
	tell_gone(d, before);
}
