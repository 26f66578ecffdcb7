/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGPARTS_H
#define CONF_HCFGPARTS_H

#include "hcfgreader.h"

/*
 * The readers of HAProxy's directives, one module for each kind of them.  Each takes one directive
 * and puts it into the model, or notes what is wrong with it.
 */

/* hcfgglobal.c: the sections "global" and "resolvers". */
void hcfgglobal_read(struct hcfgreader *r, enum hcfgwords_global id);
void hcfgglobal_read_resolvers(struct hcfgreader *r, enum hcfgwords_resolvers id,
                               struct hcfgmodel_resolvers *resolvers);

/* hcfgowner.c: the name of a user or group of this host, or the number in digits. */
const char *hcfgowner_name(const struct hcfgreader *r, bool user, uint32_t id);

/* hcfgproxy.c: the sections of proxies; passes on to those below. */
void hcfgproxy_read(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_proxy *p);

/* hcfgbalance.c: "balance", "hash-type" and "hash-balance-factor". */
void hcfgbalance_read(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgbalance_read_type(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgbalance_read_factor(struct hcfgreader *r, struct hcfgmodel_proxy *p);

/* hcfgpage.c: "stats ...", "monitor-uri" and "http-request". */
void hcfgpage_read_stats(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgpage_read_monitor(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgpage_read_http_request(struct hcfgreader *r, struct hcfgmodel_proxy *p);

/* hcfgformat.c: "log-format", and the same with "-" for what sluice has no value for. */
void hcfgformat_read(struct hcfgreader *r, struct hcfgmodel_proxy *p);
const char *hcfgformat_convert(struct mem_arena *arena, const char *format);
/* What in it is for HTTP only: a loss in a section of mode http, an error elsewhere. */
void hcfgformat_judge(struct hcfgnote_list *notes, const struct hcfgmodel_proxy *p);

/* hcfglog.c: "log TARGET ..."; puts it before *list, which stays as it is for others. */
void hcfglog_read(struct hcfgreader *r, const struct hcfgmodel_log **list);

/* hcfgbind.c: "bind ..." and "stats socket ..." */
void hcfgbind_read(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgbind_read_control(struct hcfgreader *r);

/* hcfgserver.c: "server", "server-template" and "default-server". */
void hcfgserver_read(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgserver_read_template(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgserver_read_default(struct hcfgreader *r, struct hcfgmodel_proxy *p);

/* hcfgserveropt.c: one option of a server line, a hcfgreader_option. */
void hcfgserveropt_carry(struct hcfgreader *r, int number, const char *const *args, void *server);
/* "source ADDR[:PORT[-PORT]] [interface DEV]" in words. */
void hcfgserveropt_read_source(struct hcfgreader *r, const char *const *words, size_t count,
                               struct settings_source *ret);
/* "HOST[:PORT]" of an "addr", for checks; nothing is set after a note.  Port 0: none. */
void hcfgserveropt_read_addr(struct hcfgreader *r, const char *word, const char **ret_host,
                             uint16_t *ret_port);

/* hcfghealth.c: "option httpchk" and its like, and "external-check". */
void hcfghealth_read_option(struct hcfgreader *r, enum hcfgwords_proxy id,
                            struct hcfgmodel_proxy *p);
void hcfghealth_read_external(struct hcfgreader *r, enum hcfgwords_proxy id,
                              struct hcfgmodel_proxy *p);
/* Whether `method` and so on may stand in a request; losses are noted. */
void hcfghealth_take_method(struct hcfgreader *r, const char **ret, const char *word);
void hcfghealth_take_path(struct hcfgreader *r, const char **ret, const char *word);

/* hcfgrule.c: the rules of "tcp-check" and "http-check"; false for other words. */
bool hcfgrule_read(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_proxy *p);
/* hcfgcheckstep.c: a new last step of the proxy's own list. */
struct settings_step *hcfgcheckstep_add(struct hcfgreader *r, struct hcfgmodel_rules *rules,
                                        const struct hcfgmodel_proxy *p);
/* Bytes of "0a0b"; false after an error. */
bool hcfgcheckstep_parse_hex(struct hcfgreader *r, const char *word, const char **ret,
                             size_t *ret_len);

/* hcfgexpect.c: "expect ..." of either. */
void hcfgexpect_read(struct hcfgreader *r, bool http, struct hcfgmodel_rules *rules,
                     const struct hcfgmodel_proxy *p);

/* hcfgaccess.c: "acl", "tcp-request connection" and "stick-table". */
void hcfgaccess_read_acl(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgaccess_read_rule(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgaccess_read_table(struct hcfgreader *r, struct hcfgmodel_proxy *p);
const struct hcfgmodel_acl *hcfgaccess_find(const struct hcfgmodel_acl *list, const char *name);
/* Whether `words`, what follows "if", name acls that exist; if not, that is an error. */
bool hcfgaccess_is_condition(struct hcfgreader *r, const struct hcfgmodel_proxy *p,
                             const char *const *words, size_t count);

#endif
