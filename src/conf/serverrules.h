/* SPDX-License-Identifier: MIT */
#ifndef CONF_SERVERRULES_H
#define CONF_SERVERRULES_H

#include "draft.h"

/* What no single key of a server can tell; a part of validate.c. */

/* Values that do not fit together; `at` is the server's group. */
void serverrules_limits(struct draft_context *c, const struct settings_server *s,
                        const config_setting_t *at);
void serverrules_going_down(struct draft_context *c, const struct settings_server *s,
                            const config_setting_t *at);
void serverrules_server(struct draft_context *c, const struct draft_server *s);

/* Warm connections: only where nothing can go wrong with them. */
void serverrules_warm(struct draft_context *c, const struct draft_root *root);

/* Servers that have their health from others: those must exist, and be checked in the end. */
void serverrules_tracks(struct draft_context *c, const struct draft_root *root);

#endif
