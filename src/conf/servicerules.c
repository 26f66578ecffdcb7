/* SPDX-License-Identifier: MIT */
#include "servicerules.h"

#include "base/error.h"

/* One key that needs others: whether it is there, and whether it can be. */
struct need {
	const char *key;
	bool (*wants)(const struct settings_service *s);
	bool (*can)(const struct settings_service *s);
	const char *cure;
};

static bool follows_pgwire(const struct settings_service *s)
{
	return s->protocol == SETTINGS_PROTOCOL_PGWIRE;
}

/* Whether it is free where a client goes that comes back. */
static bool spreads(const struct settings_service *s)
{
	return s->balance != SETTINGS_SOURCE && s->balance != SETTINGS_HASH &&
	       s->balance != SETTINGS_FIRST;
}

static bool has_age(const struct settings_service *s)
{
	return s->max_session_age_ms;
}

static bool rebalances(const struct settings_service *s)
{
	return s->rebalance;
}

static bool rebalances_encrypted(const struct settings_service *s)
{
	return s->rebalance_encrypted_ms;
}

static bool may_close(const struct settings_service *s)
{
	return follows_pgwire(s) || s->rebalance_encrypted_ms;
}

static bool rebalances_well(const struct settings_service *s)
{
	return s->rebalance && spreads(s);
}

static const struct need needs[] = {
	{ "max_session_age", has_age, follows_pgwire,
	  "only sessions of PostgreSQL's protocol are followed: write protocol = \"pgwire\", or "
	  "leave this out" },
	{ "rebalance", rebalances, spreads,
	  "with this balance clients come back to the same server: write balance = \"leastconn\" "
	  "or "
	  "\"roundrobin\", or leave this out" },
	{ "rebalance", rebalances, may_close,
	  "there is nothing that it may close: write protocol = \"pgwire\" or rebalance_encrypted "
	  "= "
	  "\"idle 5m\"" },
	{ "rebalance_encrypted", rebalances_encrypted, rebalances_well,
	  "it is a part of rebalance: write rebalance = true, or leave this out" },
};

static bool is_written(const config_setting_t *group, const char *key)
{
	return config_setting_is_group(group) && config_setting_get_member(group, key);
}

/* True if the problem is said, or there is none. */
static bool check_own(struct draft_context *c, const struct need *need,
                      const struct draft_service *d)
{
	if (!need->wants(&d->s) || need->can(&d->s))
		return true;
	if (!is_written(d->at, need->key))
		return false;
	problem_add_key(c->problems, d->at, need->key, "%s", need->cure);
	return true;
}

void servicerules_check(struct draft_context *c, const struct draft_root *root)
{
	const struct draft_service *services = root->services.at;

	for (size_t n = 0; n < ARRAY_LEN(needs); n++) {
		size_t unfit = 0;
		size_t users = 0;

		for (size_t i = 0; i < root->services.count; i++) {
			if (!check_own(c, &needs[n], &services[i]))
				unfit++;
			else if (needs[n].wants(&services[i].s))
				users++;
		}
		if (unfit && !users)
			problem_add_key(c->problems, root->at, needs[n].key, "%s", needs[n].cure);
	}
}

void servicerules_settle(struct settings_service *s)
{
	if (!follows_pgwire(s))
		s->max_session_age_ms = 0;
	if (!spreads(s) || !may_close(s))
		s->rebalance = false;
	if (!s->rebalance)
		s->rebalance_encrypted_ms = 0;
}
