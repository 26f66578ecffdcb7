/* SPDX-License-Identifier: MIT */
#include "core/tierplan.h"

#include "explainparts.h"
#include "plain.h"

#include <inttypes.h>

enum { NAME_MIN = 8, NAME_MAX = 40 };

static const char *describe(const struct settings_service *s)
{
	switch (s->balance) {
	case SETTINGS_ROUNDROBIN:
		return "Servers take turns; one of weight 2 has two where others have one. Each "
		       "gets its "
		       "share of the new sessions, however long they last.";
	case SETTINGS_STATIC_RR:
		return "Servers take turns by weights that never change while it runs, so that "
		       "slowstart has no effect.";
	case SETTINGS_LEASTCONN:
		return "A new session goes to the server with the fewest sessions for its weight; "
		       "equals "
		       "take turns. The shares are those of the sessions that are open; one that "
		       "comes "
		       "back gets new ones until it has its share.";
	case SETTINGS_RANDOM:
		return "Some servers are drawn by weight (random_draws), and the one of them with "
		       "the "
		       "fewest sessions for its weight gets the session: the shares come out so on "
		       "average.";
	case SETTINGS_FIRST:
		return "The first server with a free place (maxconn) gets the session: it fills "
		       "one "
		       "after the other, in the order of their ids, and weights have no effect.";
	case SETTINGS_SOURCE:
		return "The client's address decides: one address always gets the same server, as "
		       "long "
		       "as the servers stay the same. The shares are those of the addresses: few "
		       "addresses are not spread evenly, and all clients behind one NAT get one "
		       "server.";
	case SETTINGS_HASH:
		return "A hash decides (hash.input): the same input always gets the same server, "
		       "as long "
		       "as the servers stay the same. The shares are those of the inputs.";
	}
	return "";
}

static uint64_t weight_of_all(const struct settings_service *s,
                              bool (*is)(const struct settings_server *server))
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->server_count; i++)
		if (is(&s->servers[i]))
			sum += s->servers[i].weight;
	return sum;
}

static size_t widest_name(const struct settings_service *s)
{
	size_t width = NAME_MIN;

	for (size_t i = 0; i < s->server_count; i++)
		if (plain_width(s->servers[i].name) > width)
			width = plain_width(s->servers[i].name);
	return width < NAME_MAX ? width : NAME_MAX;
}

static void add_limits(const struct settings_server *server, struct text *out)
{
	if (server->maxconn)
		text_addf(out, "   at most %" PRIu32, server->maxconn);
	if (server->slowstart_ms) {
		text_add(out, "   slowstart ");
		explain_add_ms(out, server->slowstart_ms, 0);
	}
}

static void add_server(const struct settings_service *s, const struct settings_server *server,
                       uint64_t permille, struct text *out)
{
	text_add(out, "  ");
	plain_add_left(out, server->name, widest_name(s));
	text_addf(out, "  weight %3u", server->weight);
	if (s->balance != SETTINGS_FIRST)
		text_addf(out, "  %3" PRIu64 ".%" PRIu64 " %%", permille / 10, permille % 10);
}

/* --- tiers -------------------------------------------------------------------------------- */

enum { NOBODY = -1 };

/* The shares of all tiers while everybody is usable but one (NOBODY: not even that one). */
static uint64_t spread_without(const struct tierplan *p, int away, struct tiers_health *ret)
{
	const struct settings_service *s = p->service;

	for (size_t i = 0; i < TIERS_MAX; i++)
		ret[i] = (struct tiers_health){ 0 };
	for (size_t i = 0; i < s->server_count; i++) {
		struct tiers_health *h = &ret[p->tier[i] % TIERS_MAX];

		if (s->servers[i].backup)
			continue;
		h->total += s->servers[i].weight;
		if (explain_is_active(&s->servers[i]) && (int)i != away)
			h->usable += s->servers[i].weight;
	}
	return tiers_spread(ret, p->count, s->spill);
}

static uint64_t permille_of(uint64_t share, uint64_t weight, uint64_t sum)
{
	return sum ? (share * weight * 1000 / sum + TIERS_ALL / 2) / TIERS_ALL : 0;
}

static void add_actives(const struct tierplan *p, struct text *out)
{
	const struct settings_service *s = p->service;
	struct tiers_health at[TIERS_MAX];
	uint64_t spread = spread_without(p, NOBODY, at);

	for (size_t i = 0; i < s->server_count; i++) {
		uint32_t tier = p->tier[i];

		if (!explain_is_active(&s->servers[i]))
			continue;
		add_server(
		    s, &s->servers[i],
		    permille_of(tiers_share(spread, tier), s->servers[i].weight, at[tier].usable),
		    out);
		if (p->count > 1)
			text_addf(out, "   tier %" PRIu32, tier);
		add_limits(&s->servers[i], out);
		text_addc(out, '\n');
	}
	if (p->count > 1)
		explain_add_words(out, 2,
		                  "Shares while all of them are usable: near servers come first "
		                  "(`sluice explain tiers`).");
	else if (p->basis == TIERPLAN_LATENCY)
		explain_add_words(out, 2,
		                  "Shares while all are equally near: the measured times make "
		                  "tiers (`sluice explain tiers`).");
}

/* The heaviest server of the nearest tier that has one. */
static int most_of_nearest(const struct tierplan *p)
{
	const struct settings_server *servers = p->service->servers;
	int found = NOBODY;

	for (size_t i = 0; i < p->service->server_count; i++) {
		const struct settings_server *best = &servers[found > 0 ? found : 0];

		if (explain_is_active(&servers[i]) &&
		    (found == NOBODY || p->tier[i] < p->tier[found] ||
		     (p->tier[i] == p->tier[found] && servers[i].weight > best->weight)))
			found = (int)i;
	}
	return found;
}

/* What that one less means for those beside it, and for those further away. */
static void add_loss_of_tier(const struct tierplan *p, struct text *out)
{
	int away = most_of_nearest(p);
	const char *name = away == NOBODY ? NULL : p->service->servers[away].name;
	uint32_t tier = away == NOBODY ? 0 : p->tier[away];
	struct tiers_health before[TIERS_MAX], after[TIERS_MAX];
	uint64_t full = spread_without(p, NOBODY, before);
	uint64_t less = spread_without(p, away, after);
	uint64_t old = tiers_share(full, tier), now = tiers_share(less, tier);
	uint64_t further = (now < old ? (old - now) * 100 + TIERS_ALL / 2 : 0) / TIERS_ALL;

	if (!name || p->service->balance == SETTINGS_FIRST || old == 0)
		return;
	if (after[tier].usable) {
		uint64_t had = old * after[tier].usable, has = now * before[tier].usable;

		explain_add_words(out, 2,
		                  "Without %s the others of tier %" PRIu32 " get %" PRIu64
		                  " %% more each, and the tiers behind it %" PRIu64 " %% of all.",
		                  name, tier, has > had ? ((has - had) * 100 + had / 2) / had : 0,
		                  further);
	} else if (further) {
		explain_add_words(
		    out, 2, "Without %s the tiers behind tier %" PRIu32 " get its %" PRIu64 " %%.",
		    name, tier, further);
	}
}

/* --- without tiers ------------------------------------------------------------------------ */

/* Without allbackups the first one that is able gets all, whatever it weighs. */
static void add_backups(const struct settings_service *s, struct text *out)
{
	uint64_t sum = weight_of_all(s, explain_is_backup);
	uint64_t first = 1000;

	if (!sum)
		return;
	text_add(out, s->allbackups ? "\n  Backups, when no other is usable:\n"
	                            : "\n  Backups, when no other is usable: the first usable one "
	                              "gets all:\n");
	for (size_t i = 0; i < s->server_count; i++) {
		if (!explain_is_backup(&s->servers[i]))
			continue;
		add_server(s, &s->servers[i],
		           s->allbackups ? (s->servers[i].weight * UINT64_C(1000) + sum / 2) / sum
		                         : first,
		           out);
		first = 0;
		add_limits(&s->servers[i], out);
		text_addc(out, '\n');
	}
}

/* What one server less means for the others. */
static void add_loss(const struct settings_service *s, struct text *out)
{
	uint64_t sum = weight_of_all(s, explain_is_active);
	uint64_t most = 0;
	const char *name = NULL;

	for (size_t i = 0; i < s->server_count; i++)
		if (explain_is_active(&s->servers[i]) && s->servers[i].weight > most) {
			most = s->servers[i].weight;
			name = s->servers[i].name;
		}
	if (!name || most == sum || s->balance == SETTINGS_FIRST)
		return;
	explain_add_words(out, 2, "Without %s the others get %" PRIu64 " %% more each.", name,
	                  (most * 100 + (sum - most) / 2) / (sum - most));
}

static void add_idle(const struct settings_service *s, struct text *out)
{
	AUTO_TEXT names = { 0 };

	if (explain_add_servers(s, explain_is_idle, &names))
		explain_add_words(out, 2, "No new sessions: %s (weight 0, or disabled).",
		                  text_str(&names));
}

void explain_balance(const struct settings *s, struct text *out)
{
	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *service = &s->services[i];
		struct tierplan p;

		tierplan_make(&p, service);
		text_add(out, i ? "\n" : "");
		plain_add(out, service->name);
		text_addf(out, ": %s, ", settings_balance_name(service->balance));
		plain_add_count(out, service->server_count, "server");
		text_addc(out, '\n');
		explain_add_words(out, 2, "%s", describe(service));
		text_addc(out, '\n');
		add_actives(&p, out);
		add_backups(service, out);
		add_idle(service, out);
		if (p.count > 1)
			add_loss_of_tier(&p, out);
		else
			add_loss(service, out);
		tierplan_release(&p);
	}
}
