/* SPDX-License-Identifier: MIT */
#include "hcfgservice.h"

#include <string.h>

/* Networks of one kind while the rules are read in their order. */
struct nets {
	struct addr_net *at;
	size_t count;
};

static void add(struct hcfgservice *c, struct nets *n, const struct addr_net *more, size_t count)
{
	struct addr_net *all = mem_arena_zalloc(c->arena, (n->count + count) * sizeof(*all));

	if (n->count)
		memcpy(all, n->at, n->count * sizeof(*all));
	memcpy(all + n->count, more, count * sizeof(*all));
	n->at = all;
	n->count += count;
}

static void lose(struct hcfgservice *c, const struct hcfgmodel_rule *r, const char *why)
{
	hcfgnote_add(c->notes, HCFGNOTE_LOSS, r->place, "\"tcp-request connection %s\": %s",
	             r->accept ? "accept" : "reject", why);
}

/* All that no earlier rule was about. */
static void deny_all(struct hcfgservice *c, struct nets *deny)
{
	static const char *const all[] = { "0.0.0.0/0", "::/0" };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct addr_net net;

		if (addr_net_parse(all[i], &net, NULL))
			add(c, deny, &net, 1);
	}
}

/*
 * HAProxy's first rule that fits decides; in sluice `allow` wins over `deny`, and with `allow`
 * alone all others are refused.  False once the rest of the rules cannot matter.
 */
static bool take_rule(struct hcfgservice *c, const struct hcfgmodel_rule *r, struct nets *allow,
                      struct nets *deny)
{
	if (!r->acl && r->accept)
		return false;
	if (!r->acl) {
		if (!allow->count || deny->count)
			deny_all(c, deny);
		return false;
	}
	if (r->accept && r->inverted) {
		lose(c, r, "for all clients but some; sluice takes lists of those it lets in");
	} else if (r->accept) {
		if (deny->count)
			lose(c, r,
			     "after a reject, which came first in HAProxy; in sluice allow "
			     "comes first");
		add(c, allow, r->acl->nets, r->acl->count);
	} else if (r->inverted) {
		add(c, allow, r->acl->nets, r->acl->count);
		if (deny->count) {
			lose(c, r,
			     "after another reject, which came first in HAProxy; in sluice "
			     "allow comes first");
			deny_all(c, deny);
		}
		return false;
	} else {
		add(c, deny, r->acl->nets, r->acl->count);
	}
	return true;
}

/* --- how often ---------------------------------------------------------------------------- */

/* The table that a rule names, or the proxy's own; NULL after an error. */
static const struct hcfgmodel_table *find_table(struct hcfgservice *c,
                                                const struct hcfgmodel_proxy *front,
                                                const char *name, struct hcfgnote_place place)
{
	const struct hcfgmodel_proxy *p = front;

	if (name && strcmp(name, front->name) != 0)
		STAILQ_FOREACH(p, &c->model->proxies, next)
			if (p->table.set && strcmp(p->name, name) == 0)
				break;
	if (p && p->table.set)
		return &p->table;
	hcfgnote_add(c->notes, HCFGNOTE_ERROR, place,
	             "\"tcp-request connection\": there is no stick-table of \"%.60s\"",
	             name ? name : front->name);
	return NULL;
}

struct rate {
	const struct hcfgmodel_table *tracked; /* since a track rule */
	bool accepted;                         /* some were let in before */
	struct settings_rate_limit limit;
};

static void track(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                  const struct hcfgmodel_rule *r, struct rate *rate)
{
	const struct hcfgmodel_table *t = find_table(c, front, r->table, r->place);

	if (!rate->tracked)
		rate->tracked = t;
}

static void limit(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                  const struct hcfgmodel_rule *r, struct rate *rate)
{
	const struct hcfgmodel_table *t = rate->tracked;

	if (r->acl->table)
		t = find_table(c, front, r->acl->table, r->place);
	if (!rate->tracked)
		hcfgnote_add(
		    c->notes, HCFGNOTE_REMARK, r->place,
		    "\"tcp-request connection %s\": never, as no track-sc0 comes before it",
		    r->accept ? "accept" : "reject");
	if (!t || !rate->tracked)
		return;
	if (r->accept || r->inverted || t != rate->tracked || !t->of_addresses ||
	    !t->conn_period_ms || !r->acl->limit || rate->limit.count) {
		lose(c, r,
		     "sluice has one limit, for connections of one address in a time that a "
		     "stick-table of addresses stores (conn_rate_limit)");
		return;
	}
	if (rate->accepted)
		lose(c, r, "the limit is also for those that are accepted before it");
	rate->limit = (struct settings_rate_limit){ .count = r->acl->limit,
		                                    .period_ms = t->conn_period_ms,
		                                    .size = t->size };
}

/* --- the rules ---------------------------------------------------------------------------- */

/* Oldest first. */
static const struct hcfgmodel_rule **order(struct hcfgservice *c,
                                           const struct hcfgmodel_rule *rules, size_t *ret_count)
{
	const struct hcfgmodel_rule **ordered;
	size_t count = 0;
	size_t i;

	for (const struct hcfgmodel_rule *r = rules; r; r = r->next)
		count++;
	ordered = mem_arena_zalloc(c->arena, (count + 1) * sizeof(const struct hcfgmodel_rule *));
	i = count;
	for (const struct hcfgmodel_rule *r = rules; r; r = r->next)
		ordered[--i] = r;
	*ret_count = count;
	return ordered;
}

void hcfgclients_set(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                     struct settings_frontend *f)
{
	const struct hcfgmodel_rule **rules;
	struct nets allow = { 0 };
	struct nets deny = { 0 };
	struct rate rate = { 0 };
	bool open = true;
	size_t count;

	rules = order(c, front->rules, &count);
	for (size_t i = 0; i < count; i++) {
		if (rules[i]->track) {
			track(c, front, rules[i], &rate);
		} else if (rules[i]->acl && rules[i]->acl->look == HCFGMODEL_LOOK_RATE) {
			limit(c, front, rules[i], &rate);
		} else if (!take_rule(c, rules[i], &allow, &deny)) {
			open = rules[i]->accept;
			break;
		}
		rate.accepted = rate.accepted || allow.count;
	}
	/* Where whoever fits no rule comes in, accept means something before a reject only. */
	if (open && !deny.count)
		allow.count = 0;
	f->allow = allow.count ? allow.at : NULL;
	f->allow_count = allow.count;
	f->deny = deny.at;
	f->deny_count = deny.count;
	f->conn_rate_limit = rate.limit;
}
