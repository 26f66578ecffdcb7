/* SPDX-License-Identifier: MIT */
#ifndef CONF_LOGTARGET_H
#define CONF_LOGTARGET_H

#include "draft.h"

/* Readers of what says where log lines go, and which of them (draft_convert). */
void logtarget_target(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base);
void logtarget_sample(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base);

#endif
