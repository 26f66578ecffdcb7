/* SPDX-License-Identifier: MIT */
#include "core/tierplan.h"
#include "lintparts.h"

#include <inttypes.h>
#include <string.h>

static struct lint_finding at(enum lint_id rule, enum lint_severity severity,
                              struct lintfile_place place)
{
	return (struct lint_finding){
		.rule = rule, .severity = severity, .place = place, .cure_kind = LINT_CONFIGURATION
	};
}

static bool counts(const struct settings_server *s)
{
	return lint_is_able(s) && !s->backup;
}

/* --- localities that are missing ---------------------------------------------------------- */

/* Up to the end of the first part: "region=eu". */
static bool is_same_part(const char *a, const char *b)
{
	size_t len = strcspn(a, ",");

	return strcspn(b, ",") == len && memcmp(a, b, len) == 0;
}

/* Servers that count, those with a locality, and two of them that stand far from each other. */
struct places {
	size_t servers, known;
	const char *one, *other;
	size_t first_unknown;
};

static struct places look_around(const struct settings_service *s)
{
	struct places p = { 0 };

	for (size_t i = 0; i < s->server_count; i++) {
		const char *where = s->servers[i].locality;

		if (!counts(&s->servers[i]))
			continue;
		if (!where && p.servers == p.known)
			p.first_unknown = i;
		p.servers++;
		if (!where)
			continue;
		p.known++;
		if (!p.one)
			p.one = where;
		else if (!p.other && !is_same_part(p.one, where))
			p.other = where;
	}
	return p;
}

static void look_at_here(const struct lint_view *v, const struct places *p)
{
	struct lint_finding f = at(LINT_NO_LOCALITY, LINT_NOTE, lintfile_find(v->file, "locality"));

	if (!p->other)
		return;
	f.cure = lint_print(v, "locality = \"%.*s\";", (int)strcspn(p->one, ","), p->one);
	lint_add(v, &f, v->service->name,
	         "its servers stand in %.*s, %.*s and so on, but the file does not say where this "
	         "proxy does: sessions go to near and far ones alike",
	         (int)strcspn(p->one, ","), p->one, (int)strcspn(p->other, ","), p->other);
}

static void add_capitals(struct text *out, const char *s, size_t len)
{
	for (; len; s++, len--)
		text_addf(out, "%c", *s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s);
}

/* "region=eu,zone=a" as somebody else has to fill it in: "region=REGION,zone=ZONE". */
static const char *form_of(const struct lint_view *v, const char *locality)
{
	AUTO_TEXT t = { 0 };

	while (*locality) {
		size_t len = strcspn(locality, ",");
		size_t key = strcspn(locality, "=,");

		text_addf(&t, "%s%.*s=", t.len ? "," : "", (int)key, locality);
		add_capitals(&t, locality, key);
		locality += len + (locality[len] == ',');
	}
	return lint_print(v, "locality = \"%s\";", text_str(&t));
}

static void look_at_unknown(const struct lint_view *v, const struct places *p)
{
	struct lint_finding f =
	    at(LINT_NO_LOCALITY, LINT_WARNING,
	       lintfile_server(v->file, v->service_index, p->first_unknown, "locality"));

	f.cure = form_of(v, p->one);
	lint_add(v, &f, v->service->servers[p->first_unknown].name,
	         "it has no locality while others have one: it counts as further away than all of "
	         "them, and gets what they cannot take");
}

static bool is_anywhere_near(const struct settings_service *s)
{
	for (size_t i = 0; i < s->server_count; i++)
		if (counts(&s->servers[i]) && tiers_shared(s->here, s->servers[i].locality))
			return true;
	return false;
}

static void look_at_stranger(const struct lint_view *v, const struct places *p)
{
	struct lint_finding f = at(LINT_NO_LOCALITY, LINT_NOTE, lintfile_find(v->file, "locality"));

	if (!p->known) {
		f.cure = lint_print(v,
		                    "nodes = ( { name = \"n1\"; host = \"ADDRESS\"; "
		                    "locality = \"%s\"; }, ... );",
		                    v->service->here);
		lint_add(v, &f, v->service->name,
		         "the proxy has a locality and no server has one: all count as equally "
		         "near");
		return;
	}
	f.cure = lint_print(v, "locality = \"%.*s\";", (int)strcspn(p->one, ","), p->one);
	lint_add(v, &f, v->service->name,
	         "no server begins like this proxy's %s (%s does not): all count as equally far",
	         v->service->here, p->one);
}

static void look_at_localities(const struct lint_view *v, enum tierplan_basis basis)
{
	struct places p = look_around(v->service);

	if (p.servers < 2)
		return;
	if (basis == TIERPLAN_NOWHERE) {
		look_at_here(v, &p);
		return;
	}
	/* Nodes that are found say themselves where they are. */
	if (!p.known && v->settings->discover)
		return;
	if (!is_anywhere_near(v->service))
		look_at_stranger(v, &p);
	else if (p.known < p.servers)
		look_at_unknown(v, &p);
}

/* --- a hash ------------------------------------------------------------------------------- */

static void look_at_hash(const struct lint_view *v)
{
	const struct settings_service *s = v->service;
	struct lint_finding f =
	    at(LINT_NO_LOCALITY, LINT_NOTE, lintfile_service(v->file, v->service_index, "balance"));
	struct places p = look_around(s);
	bool near_and_far = s->here && (p.known || v->settings->discover);

	if (p.servers < 2 || (s->tiers == SETTINGS_TIERS_LOCALITY && !near_and_far))
		return;
	f.cure = "balance = \"leastconn\";, or if it is meant so tiers = \"none\";";
	lint_add(v, &f, s->name,
	         "with balance = \"%s\" the hash chooses from all servers, near or far: %s no "
	         "effect",
	         settings_balance_name(s->balance),
	         s->tiers == SETTINGS_TIERS_LATENCY ? "tiers = \"latency\" has"
	                                            : "localities have");
}

/* --- one server alone --------------------------------------------------------------------- */

static size_t count_in(const struct tierplan *p, uint32_t tier, size_t *ret_first)
{
	const struct settings_service *s = p->service;
	size_t n = 0;

	for (size_t i = s->server_count; i-- > 0;)
		if (tierplan_is_in(p, i, tier) && counts(&s->servers[i])) {
			*ret_first = i;
			n++;
		}
	return n;
}

/* What is left of the proxy's locality if tier 1 is to be as near as tier 0. */
static const char *wider(const struct lint_view *v, const struct tierplan *p, size_t next)
{
	const char *here = p->service->here;
	uint32_t shared = tiers_shared(here, p->service->servers[next].locality);
	size_t len = 0;

	if (!shared)
		return "nodes = ( ..., { name = \"n2\"; host = \"ADDRESS\"; locality = "
		       "\"...\"; } );";
	for (uint32_t i = 0; i < shared; i++)
		len += strcspn(here + len, ",") + (i + 1 < shared);
	return lint_print(v, "locality = \"%.*s\";", (int)len, here);
}

static void look_at_loneliness(const struct lint_view *v, const struct tierplan *p)
{
	struct lint_finding f =
	    at(LINT_SINGLE_SERVER, LINT_NOTE, lintfile_find(v->file, "locality"));
	const struct settings_server *servers = p->service->servers;
	size_t alone = 0;
	size_t next = 0;
	size_t near = count_in(p, 0, &alone);
	size_t further = count_in(p, 1, &next);

	if (near == 1 && further) {
		f.cure = wider(v, p, next);
		lint_add(v, &f, v->service->name,
		         "%.64s is the only server of tier 0: it gets all new sessions of this "
		         "proxy, and each restart of it moves them to tier 1",
		         servers[alone].name);
	} else if (near > 1 && further == 1 && p->service->spill) {
		f.cure = wider(v, p, next);
		lint_add(v, &f, v->service->name,
		         "%.64s is the only server of tier 1: what the %zu nearer ones cannot take "
		         "falls on it alone",
		         servers[next].name, near);
	}
}

/* --- spill -------------------------------------------------------------------------------- */

static void look_at_spill(const struct lint_view *v, const struct tierplan *p)
{
	uint32_t spill = p->service->spill;
	struct lint_finding f =
	    at(LINT_SPILL, LINT_WARNING, lintfile_service(v->file, v->service_index, "spill"));
	size_t unused = 0;
	size_t near = count_in(p, 0, &unused);

	f.cure = "spill = 1.4;";
	if (spill && spill < 100) {
		lint_add(v, &f, v->service->name,
		         "with spill below 1 the near servers get only %" PRIu32
		         " %% of the new sessions even when all of them are well",
		         spill);
		return;
	}
	if (near < 2 || (spill && spill < 100 * near))
		return;
	f.severity = LINT_NOTE;
	lint_add(v, &f, v->service->name,
	         "with this spill one near server of %zu that is left takes all sessions of all of "
	         "them before a further one gets any",
	         near);
}

void lint_look_at_tiers(const struct lint_view *v)
{
	struct tierplan p;

	tierplan_make(&p, v->service);
	if (p.basis == TIERPLAN_LOCALITY || p.basis == TIERPLAN_NOWHERE)
		look_at_localities(v, p.basis);
	else if (p.basis == TIERPLAN_HASH)
		look_at_hash(v);
	if (p.count > 1) {
		look_at_loneliness(v, &p);
		look_at_spill(v, &p);
	}
	tierplan_release(&p);
}
