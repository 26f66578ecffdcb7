/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGSERVICE_H
#define CONF_HCFGSERVICE_H

#include "hcfgpair.h"

/*
 * One service of the settings from a backend and its frontends.
 */
struct hcfgservice {
	const struct hcfgmodel *model;
	struct hcfgnote_list *notes;
	struct mem_arena *arena; /* of the settings: all strings are copied into it */
	struct settings_target *targets;
	size_t target_count; /* servers of the services before */
};

/* How many servers a service of this backend has. */
size_t hcfgservice_count_servers(const struct hcfgmodel_proxy *back);

/* `c->targets` has room for its servers. */
struct settings_service hcfgservice_make(struct hcfgservice *c, const struct hcfgpair *pair);

/* hcfgtarget.c: how a server is checked. */
struct settings_check hcfgtarget_check(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                                       const struct hcfgmodel_server *s);

/* hcfgclients.c: which clients are let in. */
void hcfgclients_set(struct hcfgservice *c, const struct hcfgmodel_rule *rules,
                     struct settings_service *s);

#endif
