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
	bool direct, redispatch; /* see hcfgconvert_options */
	const struct hcfgpair *pairs;
	size_t pair_count;
	struct settings_target *targets;
	size_t target_count; /* of the services before */
};

/* How many targets a service of this backend has at most. */
size_t hcfgservice_count_targets(const struct hcfgmodel_proxy *back);

/* `c->targets` has room for its targets.  Logs are set later, by hcfgoutput. */
struct settings_service hcfgservice_make(struct hcfgservice *c, const struct hcfgpair *pair);

/* hcfgfarm.c: the servers of a service with their targets. */
void hcfgfarm_make(struct hcfgservice *c, const struct hcfgpair *pair, struct settings_service *s);

/* hcfgfront.c: a frontend. */
struct settings_frontend hcfgfront_make(struct hcfgservice *c, const struct hcfgpair *pair,
                                        const struct hcfgmodel_proxy *front);

/* hcfgtarget.c: how a server is checked, and how its agent is asked. */
struct settings_check hcfgtarget_check(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                                       const struct hcfgmodel_server *s);
struct settings_check hcfgtarget_agent(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                                       const struct hcfgmodel_server *s);

/* hcfgsteps.c: rules as steps, in their order. */
struct settings_steps hcfgsteps_copy(struct hcfgservice *c, const struct hcfgmodel_rules *rules);
/* Those of an HTTP check, with the request of "option httpchk" and the expectation at the end. */
struct settings_steps hcfgsteps_http(struct hcfgservice *c, const struct hcfgmodel_health *h);

/* hcfgtrack.c: whose health a server has that tracks; false: nobody's, or after an error. */
bool hcfgtrack_find(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                    const struct hcfgmodel_server *s, const struct hcfgmodel_proxy **ret_back,
                    const struct hcfgmodel_server **ret_server);

/* hcfgclients.c: which clients are let in. */
void hcfgclients_set(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                     struct settings_frontend *f);

#endif
