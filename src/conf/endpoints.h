/* SPDX-License-Identifier: MIT */
#ifndef CONF_ENDPOINTS_H
#define CONF_ENDPOINTS_H

#include "draft.h"

/*
 * Readers of values that name a place in the network: hosts, ports, addresses to listen on or to
 * come from, servers (draft_convert).  Nothing is resolved.
 */
void endpoints_host(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
void endpoints_interface(struct draft_context *c, const struct keytable_key *k,
                         const config_setting_t *v, void *base);
void endpoints_port(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base);
void endpoints_listen(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base);
void endpoints_admin(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base);
void endpoints_address(struct draft_context *c, const struct keytable_key *k,
                       const config_setting_t *v, void *base);
void endpoints_control(struct draft_context *c, const struct keytable_key *k,
                       const config_setting_t *v, void *base);
void endpoints_source(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base);
void endpoints_track(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base);

/* The number of "fd:N". */
bool endpoints_parse_fd(const char *s, int *ret, struct error *err) MUST_CHECK;

/* A host name (RFC 1123 section 2.1, and '_', which container platforms use) or an address. */
bool endpoints_host_is_valid(const char *host, struct error *err) MUST_CHECK;

#endif
