/* SPDX-License-Identifier: MIT */
#ifndef CONF_KEYREADER_H
#define CONF_KEYREADER_H

#include "draft.h"

/* Reads groups through the table of keys: each key by the reader of its type. */

/* The whole file into `root`, defaults first. */
void keyreader_root(struct draft_context *c, const config_setting_t *v, struct draft_root *root);

/* Nodes that no file has, after those that are written: they begin as any node does. */
void keyreader_add_nodes(struct draft_context *c, struct draft_cluster *cluster,
                         const struct settings_nodes *nodes);

/* The initial column of the table as a configuration, to be parsed once per file. */
struct text;
void keyreader_write_defaults(struct text *out);

/* Readers of values that are groups (draft_convert). */
void keyreader_group(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base);
void keyreader_groups(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base);
void keyreader_many(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
void keyreader_source(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base);
void keyreader_binds(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base);

#endif
