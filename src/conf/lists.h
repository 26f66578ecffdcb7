/* SPDX-License-Identifier: MIT */
#ifndef CONF_LISTS_H
#define CONF_LISTS_H

#include "draft.h"

/*
 * Readers of lists of words and numbers (draft_convert).  A list may be written with ( ) or [ ];
 * a single element needs neither.
 */
void lists_headers(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                   void *base);
void lists_statuses(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
void lists_nets(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                void *base);
void lists_names(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base);
void lists_nameservers(struct draft_context *c, const struct keytable_key *k,
                       const config_setting_t *v, void *base);

/* Elements of a list, or 1 for a value that is its own only element. */
size_t lists_length(const config_setting_t *v);
const config_setting_t *lists_element(const config_setting_t *v, size_t i);

#endif
