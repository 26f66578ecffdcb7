/* SPDX-License-Identifier: MIT */
#ifndef CONF_PLACES_H
#define CONF_PLACES_H

#include "draft.h"

/*
 * Readers of values that name something on this host: files, directories, users (draft_convert).
 * They look whether it exists, and open nothing.
 */
void places_path(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base);
void places_socket(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                   void *base);
void places_file(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base);
void places_program(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
void places_mode(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base);
void places_directory(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base);
void places_user(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base);
void places_group(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base);

#endif
