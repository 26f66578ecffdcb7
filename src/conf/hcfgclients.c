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

void hcfgclients_set(struct hcfgservice *c, const struct hcfgmodel_rule *rules,
                     struct settings_service *s)
{
	const struct hcfgmodel_rule **ordered;
	struct nets allow = { 0 };
	struct nets deny = { 0 };
	bool open = true;
	size_t count = 0;
	size_t i;

	for (const struct hcfgmodel_rule *r = rules; r; r = r->next)
		count++;
	if (!count)
		return;
	ordered = mem_arena_zalloc(c->arena, count * sizeof(const struct hcfgmodel_rule *));
	i = count;
	for (const struct hcfgmodel_rule *r = rules; r; r = r->next)
		ordered[--i] = r;
	for (i = 0; i < count; i++)
		if (!take_rule(c, ordered[i], &allow, &deny)) {
			open = ordered[i]->accept;
			break;
		}
	/* Where whoever fits no rule comes in, accept means something before a reject only. */
	if (open && !deny.count)
		allow.count = 0;
	s->allow = allow.count ? allow.at : NULL;
	s->allow_count = allow.count;
	s->deny = deny.at;
	s->deny_count = deny.count;
}
