/* SPDX-License-Identifier: MIT */
#include "core/tierplan.h"

#include "explainparts.h"
#include "plain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	LABEL = 11,      /* columns before what is said of a tier */
	NAMES_SHOWN = 9, /* servers of a tier, each with its locality */
	NAME_MAX = 24,   /* columns for a name */
	ROWS = 7,        /* of the table */
	QUARTERS = 4     /* of a tier whose servers nobody knows yet */
};

/* Why no server is nearer than another; NULL: one may be. */
static const char *why_not(const struct tierplan *p)
{
	switch (p->basis) {
	case TIERPLAN_OFF:
		return "No tiers: tiers = \"none\", so no server is nearer than another.";
	case TIERPLAN_HASH:
		return "No tiers: with balance = \"source\" or \"hash\" the hash chooses from all "
		       "servers, near or far.";
	case TIERPLAN_NOWHERE:
		return "No tiers: the file does not say where this proxy stands (locality), so no "
		       "server is nearer than another.";
	case TIERPLAN_LOCALITY:
	case TIERPLAN_LATENCY:
		break;
	}
	return NULL;
}

/* --- who stands where --------------------------------------------------------------------- */

static void add_label(struct text *out, const char *label)
{
	text_addf(out, "  %-*s", LABEL - 2, label);
}

static void add_folded(struct text *out, const char *words)
{
	plain_add_folded(out, words, LABEL, EXPLAIN_WIDTH, LABEL);
	text_addc(out, '\n');
}

/* "1 part of the locality in common: region=eu": the least of the tier's servers. */
static void add_common(const struct tierplan *r, uint32_t tier, struct text *out)
{
	const struct settings_service *s = r->service;
	uint32_t most = 0;
	uint32_t least = UINT32_MAX;
	const char *end = s->here;
	AUTO_TEXT line = { 0 };

	for (size_t i = 0; i < s->server_count; i++) {
		uint32_t shared = tiers_shared(s->here, s->servers[i].locality);

		if (!tierplan_is_in(r, i, tier))
			continue;
		most = shared > most ? shared : most;
		least = shared < least ? shared : least;
	}
	for (uint32_t i = 0; i < most; i++)
		end += strcspn(end, ",") + (end[strcspn(end, ",")] == ',');
	if (!most) {
		text_add(&line, "nothing of the locality in common");
	} else {
		plain_add_count(&line, most, "part");
		text_addf(&line, "%s of the locality in common: %.*s",
		          least < most ? " or less" : "", (int)(end - s->here - (end[-1] == ',')),
		          s->here);
	}
	add_folded(out, text_str(&line));
}

static size_t widest_name(const struct settings_service *s)
{
	size_t width = 0;

	for (size_t i = 0; i < s->server_count; i++)
		if (plain_width(s->servers[i].name) > width)
			width = plain_width(s->servers[i].name);
	return width < NAME_MAX ? width : NAME_MAX;
}

static void add_member(const struct settings_service *s, const struct settings_server *server,
                       struct text *out)
{
	text_addf(out, "%*s", LABEL, "");
	plain_add_left(out, server->name, widest_name(s));
	text_add(out, "  ");
	plain_add(out, server->locality ? server->locality : "no locality");
	if (explain_is_idle(server))
		text_add(out, server->disabled ? "; disabled" : "; weight 0");
	text_addc(out, '\n');
}

static void add_members(const struct tierplan *r, uint32_t tier, struct text *out)
{
	const struct settings_service *s = r->service;
	size_t n = 0;

	for (size_t i = 0; i < s->server_count; i++)
		if (tierplan_is_in(r, i, tier) && n++ < NAMES_SHOWN)
			add_member(s, &s->servers[i], out);
	if (n > NAMES_SHOWN)
		text_addf(out, "%*sand %zu more\n", LABEL, "", n - NAMES_SHOWN);
}

static void add_ranks(const struct tierplan *r, struct text *out)
{
	for (uint32_t tier = 0; tier < r->count; tier++) {
		char label[16];

		snprintf(label, sizeof(label), "tier %" PRIu32, tier);
		add_label(out, label);
		add_common(r, tier, out);
		add_members(r, tier, out);
	}
}

/* Those who serve as long as they are usable, if none is nearer. */
static void add_actives(const struct settings_service *s, struct text *out)
{
	AUTO_TEXT names = { 0 };
	size_t n = explain_add_servers(s, explain_is_active, &names);

	if (!n)
		return;
	add_label(out, "active");
	add_folded(out, text_str(&names));
	explain_add_words(out, LABEL, "%s",
	                  n == 1 ? "serves as long as it is usable"
	                         : "serve as long as one of them is usable");
}

/* --- the sums ----------------------------------------------------------------------------- */

/* "1.4" */
static void add_spill(uint32_t percent, struct text *out)
{
	uint32_t hundredths = percent % 100;

	text_addf(out, "%" PRIu32 ".%" PRIu32, percent / 100, hundredths / 10);
	if (hundredths % 10)
		text_addf(out, "%" PRIu32, hundredths % 10);
}

static void add_rule(const struct settings_service *s, struct text *out)
{
	AUTO_TEXT spill = { 0 };
	uint32_t away = s->spill > 100 ? 1000 - 100000 / s->spill : 0;

	add_spill(s->spill, &spill);
	if (!s->spill) {
		explain_add_words(out, 2,
		                  "With spill = 0 a tier takes all new sessions as long as one of "
		                  "its servers is usable.");
		return;
	}
	explain_add_words(out, 2,
	                  "Of the new sessions a tier takes healthy x spill, but no more than the "
	                  "nearer tiers leave; healthy is the part of its weight that is usable.");
	if (away)
		explain_add_words(out, 2,
		                  "With spill = %s a tier keeps them all until more than %" PRIu32
		                  ".%" PRIu32 " %% of it is away.",
		                  text_str(&spill), away / 10, away % 10);
	else
		explain_add_words(out, 2, "With spill = %s a tier %s.", text_str(&spill),
		                  s->spill == 100
		                      ? "gives away as much as is away of it"
		                      : "gives some away even when all of it is usable");
}

static void add_head(const struct settings_service *s, uint32_t tiers, struct text *out)
{
	text_addf(out, "\n    %-13s%-25s", "usable", s->spill ? "healthy x spill" : "healthy");
	for (uint32_t i = 0; i < tiers; i++)
		text_addf(out, "  tier %" PRIu32, i);
	text_addc(out, '\n');
}

static void add_row(const struct settings_service *s, const char *usable,
                    const struct tiers_health *at, uint32_t tiers, struct text *out)
{
	uint64_t spread = tiers_spread(at, tiers, s->spill);
	uint64_t total = at[0].total ? at[0].total : 1;
	uint64_t healthy = (at[0].usable * 1000 + total / 2) / total;
	uint64_t part = (at[0].usable * 10 * s->spill + total / 2) / total;
	AUTO_TEXT sum = { 0 };

	text_addf(&sum, "%3" PRIu64 ".%" PRIu64 " %%", healthy / 10, healthy % 10);
	if (s->spill) {
		text_add(&sum, " x ");
		add_spill(s->spill, &sum);
		text_addf(&sum, " = %3" PRIu64 ".%" PRIu64 " %%", part / 10, part % 10);
	}
	text_addf(out, "    %-13s%-25s", usable, text_str(&sum));
	for (uint32_t i = 0; i < tiers; i++)
		text_addf(out, "   %3" PRIu32 " %%",
		          (tiers_share(spread, i) * 100 + TIERS_ALL / 2) / TIERS_ALL);
	text_addc(out, '\n');
}

/* All servers of all tiers, but of tier 0 only the first `usable` of those that can be. */
static void count_health(const struct tierplan *r, size_t usable, struct tiers_health *at)
{
	const struct settings_service *s = r->service;
	size_t n = 0;

	memset(at, 0, TIERS_MAX * sizeof(*at));
	for (size_t i = 0; i < s->server_count; i++) {
		struct tiers_health *h = &at[r->tier[i] % TIERS_MAX];

		if (s->servers[i].backup)
			continue;
		h->total += s->servers[i].weight;
		if (explain_is_active(&s->servers[i]) && (r->tier[i] || n++ < usable))
			h->usable += s->servers[i].weight;
	}
}

/* With all of those that can serve, and with ever fewer. */
static void add_rows(const struct tierplan *r, size_t able, size_t all, struct text *out)
{
	size_t step = able > ROWS ? (able + ROWS - 1) / ROWS : 1;

	for (size_t away = 0; away < able + step; away += step) {
		size_t usable = away < able ? able - away : 0;
		struct tiers_health at[TIERS_MAX];
		char label[48];

		snprintf(label, sizeof(label), "%zu of %zu", usable, all);
		count_health(r, usable, at);
		add_row(r->service, label, at, r->count, out);
	}
}

static void add_sums(const struct tierplan *r, struct text *out)
{
	const struct settings_service *s = r->service;
	size_t able = 0;
	size_t all = 0;

	for (size_t i = 0; i < s->server_count; i++) {
		able += tierplan_is_in(r, i, 0) && explain_is_active(&s->servers[i]);
		all += tierplan_is_in(r, i, 0);
	}
	add_rule(s, out);
	add_head(s, r->count, out);
	add_rows(r, able, all, out);
	explain_add_words(out, 4, "(while all servers of the tiers behind it are usable)");
}

/* --- by measured times -------------------------------------------------------------------- */

static void add_latency(const struct settings_service *s, struct text *out)
{
	static const char *const parts[] = { "4 of 4", "3 of 4", "2 of 4", "1 of 4", "0 of 4" };
	size_t actives = 0;

	explain_add_words(
	    out, 2,
	    "Tiers by measured time (tiers = \"latency\"): what its checks take, each "
	    "new one counting an eighth, is how far a server is away. Tier 0 are the "
	    "nearest server and all that are no more than twice as far, or within %d "
	    "ms; what is further away begins the next tier, at most %d. Every ten "
	    "seconds the order is looked at; a new one counts when it is found twice "
	    "in a row. `sluice status` shows the present one.",
	    TIERS_GAP_MS, TIERS_MAX);
	for (size_t i = 0; i < s->server_count; i++)
		actives += !s->servers[i].backup;
	if (actives < 2)
		return;
	add_rule(s, out);
	text_add(out, "\n  Of a service with four servers near and some further away:\n");
	add_head(s, 2, out);
	for (uint32_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct tiers_health at[TIERS_MAX] = { { QUARTERS, QUARTERS - i },
			                              { QUARTERS, QUARTERS } };

		add_row(s, parts[i], at, 2, out);
	}
}

/* --- when there is nobody ----------------------------------------------------------------- */

static void add_backups(const struct settings_service *s, struct text *out)
{
	AUTO_TEXT names = { 0 };
	size_t n = explain_add_servers(s, explain_is_backup, &names);

	if (!n)
		return;
	add_label(out, "backup");
	add_folded(out, text_str(&names));
	explain_add_words(
	    out, LABEL, "%s",
	    n == 1 ? "serves when no other server is usable, however near or far"
	    : s->allbackups
	        ? "serve when no other server is usable, all of them (allbackups)"
	        : "when no other server is usable the first usable one serves, in this order, "
	          "alone");
}

static void add_panic(const struct settings_service *s, struct text *out)
{
	switch (s->panic) {
	case SETTINGS_PANIC_REFUSE:
		break;
	case SETTINGS_PANIC_ROUTE:
		explain_add_words(
		    out, 2,
		    "While most servers ask for patience or are silent, all that were "
		    "not proven dead take sessions (panic = \"route\").");
		break;
	case SETTINGS_PANIC_HOLD:
		explain_add_words(out, 2,
		                  "While most servers ask for patience or are silent, new clients "
		                  "wait (panic = \"hold\").");
		break;
	}
}

static void add_end(const struct settings_service *s, struct text *out)
{
	AUTO_TEXT hold = { 0 };

	add_panic(s, out);
	explain_add_ms(&hold, s->hold_ms, 0);
	if (s->hold_ms)
		explain_add_words(out, 2,
		                  "When none of them is usable clients wait for up to %s (hold).",
		                  text_str(&hold));
	else
		explain_add_words(out, 2,
		                  "When none of them is usable clients are refused (hold is 0).");
}

/* --- all ---------------------------------------------------------------------------------- */

static bool is_joined(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->joined.count; i++)
		if (strcmp(s->joined.at[i].name, name) == 0)
			return true;
	return false;
}

/* Has it no servers but those that the cluster will tell, and those that stand for them? */
static bool is_found(const struct settings *s, const struct settings_service *service)
{
	if (!s->discover || s->found_wall_ms)
		return false;
	for (size_t i = 0; i < service->server_count; i++)
		if (!is_joined(s, s->targets[service->servers[i].node].name))
			return false;
	return true;
}

/* `found`: only the cluster knows where its servers stand. */
static void add_service(const struct settings_service *s, bool found, struct text *out)
{
	struct tierplan p;
	AUTO_TEXT idle = { 0 };

	tierplan_make(&p, s);
	plain_add(out, s->name);
	text_addc(out, '\n');
	if (p.count > 1)
		add_ranks(&p, out);
	else
		add_actives(s, out);
	add_backups(s, out);
	if (found && p.basis == TIERPLAN_LOCALITY)
		explain_add_words(out, 2,
		                  "The cluster tells its servers and where they stand "
		                  "(cluster.discover); `sluice status` shows their tiers.");
	else if (!found && explain_add_servers(s, explain_is_idle, &idle) == s->server_count)
		explain_add_words(out, 2, "Nobody serves: no server is enabled and has a weight.");
	if (idle.len && p.count == 1)
		explain_add_words(out, 2, "In none: %s (weight 0, or disabled).", text_str(&idle));
	if (why_not(&p))
		explain_add_words(out, 2, "%s", why_not(&p));
	else if (p.basis == TIERPLAN_LATENCY)
		add_latency(s, out);
	else if (found)
		add_rule(s, out);
	else if (p.count == 1)
		explain_add_words(out, 2, "One tier: all are equally near.");
	else
		add_sums(&p, out);
	add_end(s, out);
	tierplan_release(&p);
}

void explain_tiers(const struct settings *s, struct text *out)
{
	if (s->locality) {
		text_add(out, "This proxy stands in ");
		plain_add(out, s->locality);
		text_add(out, ".\n\n");
	}
	for (size_t i = 0; i < s->service_count; i++) {
		text_add(out, i ? "\n" : "");
		add_service(&s->services[i], is_found(s, &s->services[i]), out);
	}
}
