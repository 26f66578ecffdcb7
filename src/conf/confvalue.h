/* SPDX-License-Identifier: MIT */
#ifndef CONF_CONFVALUE_H
#define CONF_CONFVALUE_H

#include "base/text.h"
#include "keytable.h"

/*
 * The value of a key as it is written in a file; the other way than scalars.c, endpoints.c,
 * places.c and lists.c.
 */

/*
 * `base` is the structure of the key's group (draft.h).  Adds nothing if the value is one that is
 * not written.  Not for keys that hold groups.
 */
void confvalue_add(const struct keytable_key *k, const void *base, struct text *out);

/* As a string of libconfig. */
void confvalue_add_string(const char *s, struct text *out);

#endif
