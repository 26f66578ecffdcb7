/* SPDX-License-Identifier: MIT */
#ifndef CONF_VALIDATE_H
#define CONF_VALIDATE_H

#include "draft.h"

/*
 * What no single key can tell: things that are missing, that are there twice, or that do not fit
 * together.  Every problem goes to `c->problems`.
 */
void validate_draft(struct draft_context *c, const struct draft_root *root);

#endif
