/* SPDX-License-Identifier: MIT */
#ifndef CONF_WIREBYTES_H
#define CONF_WIREBYTES_H

#include "draft.h"

/*
 * Readers of strings that go over the wire or are compared with what comes from there, with
 * whatever characters (draft_convert).
 */
void wirebytes_bytes(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base);
void wirebytes_hex(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                   void *base);
void wirebytes_text(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
/* Compiles it, to see whether it is one. */
void wirebytes_regex(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base);
/* "" is NULL. */
void wirebytes_optional(struct draft_context *c, const struct keytable_key *k,
                        const config_setting_t *v, void *base);

#endif
