/* SPDX-License-Identifier: MIT */
#ifndef CONF_CHECKRULES_H
#define CONF_CHECKRULES_H

#include "draft.h"

/* What no single key of a check can tell; a part of validate.c. */

/*
 * `owner` is the group that the check is written in, `without_type` the type of a check that
 * names none.
 */
void checkrules_check(struct draft_context *c, const struct draft_root *root,
                      const struct draft_check *check, const config_setting_t *owner,
                      const char *without_type);

/* Whether via_tls or a step has the check connect over TLS, whatever its type. */
bool checkrules_has_tls(const struct draft_check *check);

#endif
