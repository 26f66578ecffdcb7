/* SPDX-License-Identifier: MIT */
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

static void add_shares(const struct settings_service *s,
                       bool (*is)(const struct settings_server *server), struct text *out)
{
	uint64_t sum = weight_of_all(s, is);
	size_t width = widest_name(s);

	for (size_t i = 0; i < s->server_count; i++) {
		const struct settings_server *server = &s->servers[i];
		uint64_t permille;

		if (!is(server) || !sum)
			continue;
		permille = (server->weight * UINT64_C(1000) + sum / 2) / sum;
		text_add(out, "  ");
		plain_add_left(out, server->name, width);
		text_addf(out, "  weight %3u", server->weight);
		if (s->balance != SETTINGS_FIRST)
			text_addf(out, "  %3" PRIu64 ".%" PRIu64 " %%", permille / 10,
			          permille % 10);
		add_limits(server, out);
		text_addc(out, '\n');
	}
}

static void add_backups(const struct settings_service *s, struct text *out)
{
	if (!weight_of_all(s, explain_is_backup))
		return;
	text_add(out, s->allbackups ? "\n  Backups, when no other is usable:\n"
	                            : "\n  Backups, when no other is usable: the first usable one "
	                              "gets all:\n");
	add_shares(s, explain_is_backup, out);
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

		text_add(out, i ? "\n" : "");
		plain_add(out, service->name);
		text_addf(out, ": %s, ", settings_balance_name(service->balance));
		plain_add_count(out, service->server_count, "server");
		text_addc(out, '\n');
		explain_add_words(out, 2, "%s", describe(service));
		text_addc(out, '\n');
		add_shares(service, explain_is_active, out);
		add_backups(service, out);
		add_idle(service, out);
		add_loss(service, out);
	}
}
