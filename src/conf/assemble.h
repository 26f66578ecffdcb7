/* SPDX-License-Identifier: MIT */
#ifndef CONF_ASSEMBLE_H
#define CONF_ASSEMBLE_H

#include "draft.h"

/*
 * Makes settings of a draft without problems: nodes become servers of each service that uses the
 * cluster, and what is checked becomes targets.  The draft's arena goes over to the result.
 */
void assemble_settings(const struct draft_context *c, struct draft_root *root,
                       struct settings *ret);

#endif
