/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGCONVERT_H
#define CONF_HCFGCONVERT_H

#include "conf/hcfgmodel.h"
#include "conf/hcfgnote.h"
#include "core/settings.h"

/*
 * HAProxy's configuration as settings of sluice that behave like it: what HAProxy does by default
 * is said where sluice's default is another (servers are taken to be UP at start, no redispatch
 * without the option, no time-out that was not written, ...).
 *
 * A `listen`, or a frontend with its backend, becomes a service with the backend's name.  A backend
 * of several frontends becomes one service with all their addresses if they agree in everything
 * else, otherwise one service for each.  Sections that only show statistics become admin.bind.
 */
struct hcfgconvert_options {
	/* Without a statistics page or socket in the file: sluice's own defaults instead of none.
	 */
	bool own_admin;
};

struct hcfgconvert {
	struct settings *settings;  /* owns all that follows; to be freed by the caller */
	const char *const *origins; /* of each service: "listen psql (haproxy.cfg:35)" */
};

/* False if there is an error among the notes, also an earlier one; then nothing is returned. */
bool hcfgconvert_model(const struct hcfgmodel *m, const struct hcfgconvert_options *o,
                       struct hcfgnote_list *notes, struct hcfgconvert *ret) MUST_CHECK;

#endif
