/* SPDX-License-Identifier: MIT */
#ifndef CONF_CONFDIFFPARTS_H
#define CONF_CONFDIFFPARTS_H

#include "confitems.h"

/* Between the parts of conf/confdiff.h. */

/* Whether the key has the same value in both structures of its group. */
bool confdiff_same_key(const struct keytable_key *k, const void *a, const void *b);

/* Whether it is the same thing to listen on, however it is written. */
bool confdiff_same_place(const struct settings_bind *a, const struct settings_bind *b);

/*
 * What no key of the table has: it comes from HAProxy's files, or from the nodes of a cluster.
 * Calls `say` for each of it that differs, with its value in both.
 */
typedef void confdiff_say(void *data, const char *name, const char *before, const char *after);
void confdiff_keyless_service(const struct settings_service *a, const struct settings_service *b,
                              confdiff_say *say, void *data);
void confdiff_keyless_admin(const struct settings_admin *a, const struct settings_admin *b,
                            confdiff_say *say, void *data);

/* Whether all nodes of the cluster are checked in the same way. */
bool confdiff_one_check(const struct settings *s);

#endif
