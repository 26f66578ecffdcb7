/* SPDX-License-Identifier: MIT */
#ifndef CONF_SERVICERULES_H
#define CONF_SERVICERULES_H

#include "draft.h"

/*
 * Keys of services that need each other.  What a service says itself must fit; what stands at the
 * top level for all is an error only if no service can use it, and is left out of those that
 * cannot.
 */
void servicerules_check(struct draft_context *c, const struct draft_root *root);

/* Takes what `s` cannot use out of it. */
void servicerules_settle(struct settings_service *s);

#endif
