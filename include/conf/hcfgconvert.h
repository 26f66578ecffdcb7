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
 * A backend with its frontends becomes a service with the backend's name, and a settings_frontend
 * for each; a `listen` of its own becomes a service without any.  Sections that only show
 * statistics become admin endpoints, one for each of their addresses.
 */
struct hcfgconvert_options {
	/* Without a statistics page or socket in the file: sluice's own defaults instead of none.
	 */
	bool own_admin;
	/*
	 * The settings run at once in HAProxy's place, and are not written to a file: backends
	 * without frontends, frontends without backends and what is disabled are there, too; all
	 * have HAProxy's numbers.  What HAProxy refuses when it checks the whole is an error.
	 */
	bool direct;
	/* A proxy that does not say whether it redispatches does. */
	bool redispatch;
};

struct hcfgconvert {
	struct settings *settings;  /* owns all that follows; to be freed by the caller */
	const char *const *origins; /* of each service: "listen psql (haproxy.cfg:35)" */
};

/* False if there is an error among the notes, also an earlier one; then nothing is returned. */
bool hcfgconvert_model(const struct hcfgmodel *m, const struct hcfgconvert_options *o,
                       struct hcfgnote_list *notes, struct hcfgconvert *ret) MUST_CHECK;

#endif
