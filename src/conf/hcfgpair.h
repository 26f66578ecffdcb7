/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGPAIR_H
#define CONF_HCFGPAIR_H

#include "conf/hcfgmodel.h"

/*
 * Which frontends and which backend make a service together.
 */
struct hcfgpair {
	const char *name;                      /* of the service */
	const struct hcfgmodel_proxy *back;    /* of a frontend without a backend: itself */
	const struct hcfgmodel_proxy **fronts; /* `direct`: perhaps none */
	size_t front_count;
	int port; /* only the addresses with this port; 0: all */
};

/* Notes what becomes no service.  `direct` as in hcfgconvert_options.  The array is in `arena`. */
size_t hcfgpair_plan(const struct hcfgmodel *m, bool direct, struct mem_arena *arena,
                     struct hcfgnote_list *notes, struct hcfgpair **ret);

/* Whether the section shows statistics, and that is all it does. */
bool hcfgpair_only_shows(const struct hcfgmodel_proxy *p);

/* Whether one section is all of it. */
bool hcfgpair_is_listen(const struct hcfgpair *pair);

#endif
