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

/* hcfgproxy.c: the sections of proxies; passes on to those below. */
void hcfgproxy_read(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_proxy *p);

/* hcfglog.c: "log TARGET ..."; puts it before *list, which stays as it is for others. */
void hcfglog_read(struct hcfgreader *r, const struct hcfgmodel_log **list);

/* hcfgbind.c: "bind ..." and "stats socket ..." */
void hcfgbind_read(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgbind_read_control(struct hcfgreader *r);

/* hcfgserver.c: "server", "server-template" and "default-server". */
void hcfgserver_read(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgserver_read_template(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgserver_read_default(struct hcfgreader *r, struct hcfgmodel_proxy *p);

/* hcfghealth.c: "option httpchk" and its like, "http-check ..." and "tcp-check connect". */
void hcfghealth_read_option(struct hcfgreader *r, enum hcfgwords_proxy id,
                            struct hcfgmodel_health *h);
void hcfghealth_read_connect(struct hcfgreader *r, struct hcfgmodel_health *h);
void hcfghealth_read_send(struct hcfgreader *r, struct hcfgmodel_health *h);
void hcfghealth_read_expect(struct hcfgreader *r, struct hcfgmodel_health *h);

/* hcfgaccess.c: "acl" and "tcp-request connection". */
void hcfgaccess_read_acl(struct hcfgreader *r, struct hcfgmodel_proxy *p);
void hcfgaccess_read_rule(struct hcfgreader *r, struct hcfgmodel_proxy *p);

#endif
