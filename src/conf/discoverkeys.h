/* SPDX-License-Identifier: MIT */
#ifndef CONF_DISCOVERKEYS_H
#define CONF_DISCOVERKEYS_H

#include "draft.h"

/* What only the group cluster.discover has.  Readers of its values (draft_convert): */
void discoverkeys_seeds(struct draft_context *c, const struct keytable_key *k,
                        const config_setting_t *v, void *base);
void discoverkeys_filter(struct draft_context *c, const struct keytable_key *k,
                         const config_setting_t *v, void *base);
/* A path, or "" for none. */
void discoverkeys_kept(struct draft_context *c, const struct keytable_key *k,
                       const config_setting_t *v, void *base);

/* What no single key of it can tell; a part of validate.c. */
void discoverkeys_check(struct draft_context *c, const struct draft_discover *d);

/* The group as settings, in the arena; NULL if it was not written. */
const struct settings_discover *discoverkeys_make(const struct draft_context *c,
                                                  const struct draft_discover *d);

#endif
