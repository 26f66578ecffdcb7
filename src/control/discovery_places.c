/* SPDX-License-Identifier: MIT */
/*
 * Whom discovery asks in a round.
 */
#include "discoveryparts.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/nodeset.h"

#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 16 }; /* known nodes that one round asks */

void discovery_places_clear(struct discovery_places *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->at[i].url);
	free(p->at);
	p->at = NULL;
	p->count = p->next = 0;
}

static void add(struct discovery_places *p, const char *url, bool is_seed)
{
	p->at = mem_resize(p->at, p->count + 1, sizeof(p->at[0]));
	p->at[p->count++] = (struct discovery_place){ mem_strdup(url), is_seed };
}

static bool is_there(const struct discovery_places *p, const char *url)
{
	struct url one;
	struct url other;

	if (!url_parse(url, &one, NULL))
		return true; /* nobody has such an address */
	for (size_t i = 0; i < p->count; i++)
		if (url_parse(p->at[i].url, &other, NULL) && one.port == other.port &&
		    strcasecmp(one.host, other.host) == 0)
			return true;
	return false;
}

/* As the first address of the file is written. */
static void add_url(const struct settings_node *n, const struct url *like, struct text *out)
{
	text_addf(out, strchr(n->host, ':') ? "http%s://[%s]:%u%s" : "http%s://%s:%u%s",
	          like->secure ? "s" : "", n->host, n->http_port, like->path);
}

/* A list could name any host: what is secret is shown to those alone who prove to be nodes. */
static bool may_ask_nodes(const struct settings_discover *w, const struct url *like)
{
	return !w->session || (like->secure && w->verify);
}

static void add_nodes(struct discovery_places *p, const struct settings *s, const struct url *like)
{
	size_t before = p->count;

	for (size_t i = 0; i < s->found.count && p->count - before < NODES_MAX; i++) {
		AUTO_TEXT url = { 0 };
		struct settings_node n;

		p->node = (p->node + 1) % s->found.count;
		n = nodeset_map(&s->found.at[p->node], s->discover);
		add_url(&n, like, &url);
		if (!is_there(p, text_str(&url)))
			add(p, text_str(&url), false);
	}
}

void discovery_places_fill(struct discovery_places *p, const struct settings *s)
{
	const struct settings_discover *w = s->discover;
	struct url like;

	discovery_places_clear(p);
	for (size_t i = 0; i < w->from.count; i++)
		add(p, w->from.at[(p->seed + i) % w->from.count], true);
	if (url_parse(w->from.at[0], &like, NULL) && may_ask_nodes(w, &like))
		add_nodes(p, s, &like);
}

const struct discovery_place *discovery_places_next(struct discovery_places *p)
{
	const struct discovery_place *at;
	struct url url;

	if (p->next == p->count)
		return NULL;
	at = &p->at[p->next++];
	if (url_parse(at->url, &url, NULL))
		url_authority(&url, p->name);
	return at;
}

const struct discovery_place *discovery_places_at(const struct discovery_places *p)
{
	return &p->at[p->next - 1];
}

void discovery_places_answered(struct discovery_places *p)
{
	if (discovery_places_at(p)->is_seed)
		p->seed += p->next - 1;
}
