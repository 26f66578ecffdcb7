/* SPDX-License-Identifier: MIT */
#ifndef CONF_CONFSTEPS_H
#define CONF_CONFSTEPS_H

#include "draft.h"

/* The steps of a check as the file has them; `place` stands for the place of their groups. */
void confsteps_make(const struct settings_steps *steps, const config_setting_t *place,
                    struct mem_arena *arena, struct draft_list *ret);

#endif
