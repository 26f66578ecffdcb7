/* SPDX-License-Identifier: MIT */
#include "hcfgparts.h"

#include <string.h>

enum { NETS_MAX = 4096 };

/* The networks in words[i] and after; NULL if one is none. */
static const struct addr_net *parse_nets(struct hcfgreader *r, const char *const *words,
                                         size_t count)
{
	struct addr_net *nets = mem_arena_zalloc(&r->model->arena, count * sizeof(*nets));

	for (size_t i = 0; i < count; i++)
		if (!addr_net_parse(words[i], &nets[i], NULL))
			return NULL;
	return nets;
}

static const struct hcfgmodel_acl *find(const struct hcfgmodel_acl *list, const char *name)
{
	for (; list; list = list->next)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

/* An acl that is written more than once is true if one of its lines is. */
static void join(struct hcfgreader *r, struct hcfgmodel_acl *acl, const struct hcfgmodel_acl *old)
{
	struct addr_net *nets;

	if (!acl->nets || !old->nets || acl->count + old->count > NETS_MAX) {
		acl->nets = NULL;
		acl->count = 0;
		return;
	}
	nets = mem_arena_zalloc(&r->model->arena, (acl->count + old->count) * sizeof(*nets));
	memcpy(nets, old->nets, old->count * sizeof(*nets));
	memcpy(nets + old->count, acl->nets, acl->count * sizeof(*nets));
	acl->nets = nets;
	acl->count += old->count;
}

void hcfgaccess_read_acl(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	struct hcfgmodel_acl *acl = mem_arena_zalloc(&r->model->arena, sizeof(*acl));
	const struct hcfgmodel_acl *old = find(p->acls, r->words[0]);

	acl->name = r->words[0];
	if (strcmp(r->words[1], "src") == 0 && r->count > 2) {
		acl->nets = parse_nets(r, r->words + 2, r->count - 2);
		acl->count = acl->nets ? r->count - 2 : 0;
	}
	if (!acl->nets)
		hcfgreader_remark(r,
		                  "sluice has no condition \"%.30s\"; what depends on it is "
		                  "named where it stands",
		                  r->words[1]);
	if (old)
		join(r, acl, old);
	acl->next = p->acls;
	p->acls = acl;
}

/* src NET... } , what follows the opening brace. */
static const struct hcfgmodel_acl *parse_anonymous(struct hcfgreader *r, const char *const *words,
                                                   size_t count)
{
	struct hcfgmodel_acl *acl;

	if (count < 3 || strcmp(words[0], "src") != 0 || strcmp(words[count - 1], "}") != 0)
		return NULL;
	acl = mem_arena_zalloc(&r->model->arena, sizeof(*acl));
	acl->name = "";
	acl->count = count - 2;
	acl->nets = parse_nets(r, words + 1, acl->count);
	return acl;
}

/* "if ACL", "unless !ACL", "if { src NET }"; false if it is anything else. */
static bool parse_condition(struct hcfgreader *r, const struct hcfgmodel_proxy *p,
                            struct hcfgmodel_rule *rule)
{
	const char *const *words = r->words + 2;
	size_t count = r->count - 2;
	const char *name;
	bool negated;

	if (r->count < 3 || (strcmp(r->words[1], "if") != 0 && strcmp(r->words[1], "unless") != 0))
		return false;
	negated = *words[0] == '!';
	name = words[0] + negated;
	if (!*name && count > 1) { /* "! ACL" */
		name = *++words;
		count--;
	}
	if (strcmp(name, "{") == 0)
		rule->acl = parse_anonymous(r, words + 1, count - 1);
	else if (count == 1)
		rule->acl = find(p->acls, name);
	rule->inverted = negated != (strcmp(r->words[1], "unless") == 0);
	return rule->acl && rule->acl->nets;
}

void hcfgaccess_read_rule(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	struct hcfgmodel_rule *rule = mem_arena_zalloc(&r->model->arena, sizeof(*rule));
	const char *action = r->words[0];

	rule->accept = strcmp(action, "accept") == 0;
	rule->place = r->line->place;
	if (!rule->accept && strcmp(action, "reject") != 0 && strcmp(action, "silent-drop") != 0) {
		hcfgreader_lose(r,
		                "%.40s: sluice knows which client addresses to take (allow, "
		                "deny), and that is all",
		                action);
		return;
	}
	if (r->count > 1 && !parse_condition(r, p, rule)) {
		hcfgreader_lose(r, "%s by a condition other than one list of client addresses%s",
		                action,
		                rule->accept ? "" : ": sluice lets these clients in; see deny");
		return;
	}
	rule->next = p->rules;
	p->rules = rule;
}
