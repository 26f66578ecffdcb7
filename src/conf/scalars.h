/* SPDX-License-Identifier: MIT */
#ifndef CONF_SCALARS_H
#define CONF_SCALARS_H

#include "draft.h"

/*
 * Readers of values that are one word, number or switch (draft_convert; the types of
 * keytable.h say which is for what).
 */
void scalars_flag(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base);
void scalars_whole(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                   void *base);
void scalars_duration(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base);
void scalars_seconds(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base);
void scalars_decimal(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base);
void scalars_micros(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
/* "never" is 0, "idle 5m" five minutes. */
void scalars_idle(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base);
void scalars_word(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base);
void scalars_choice(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
void scalars_string(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
void scalars_name(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base);
void scalars_method(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
void scalars_url(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base);
void scalars_locality(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base);

/* The string of `v`, or NULL after a problem; `what` it should be goes into the message. */
const char *scalars_text(struct draft_context *c, const config_setting_t *v, const char *what);

/* A copy of a name in `*ret`, which is NULL before; false after a problem. */
bool scalars_read_name(struct draft_context *c, const config_setting_t *v, const char *example,
                       const char **ret);

/* Copies `s` into the target of `k`. */
void scalars_store_text(struct draft_context *c, const struct keytable_key *k, void *base,
                        const char *s);

/* key=value,key=value: CockroachDB's --locality.  Of at most 1024 bytes, all of them printable. */
bool scalars_locality_is_valid(const char *s);

#endif
