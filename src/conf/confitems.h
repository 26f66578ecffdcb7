/* SPDX-License-Identifier: MIT */
#ifndef CONF_CONFITEMS_H
#define CONF_CONFITEMS_H

#include "base/text.h"
#include "draft.h"
#include "keytable.h"

/*
 * What a group of a configuration file says, as items "key = value;", one a line: only those that
 * have to be written.  `base` is the group's structure (draft.h), `other` the one that the loader
 * begins it with, or NULL for the defaults.
 */
void confitems_add(const char *group, const void *base, const void *other, struct text *items);

/* Whether a key of a check means something for its type (conf/keys.def, flags). */
bool confitems_applies(const struct keytable_key *k, const void *base);

/* One key of it; an inner group is in one line. */
void confitems_add_key(const struct keytable_key *k, const void *base, const void *other,
                       struct text *items);

/* ":26257", or a group if there is more to say than the address. */
void confitems_add_bind(const struct keytable_key *k, const struct draft_bind *b, struct text *out);

/* The value alone, of any kind but MANY; nothing if it is not written. */
void confitems_add_value(const struct keytable_key *k, const void *base, struct text *out);

/* Whether `value` of that key has to be written. */
bool confitems_is_needed(const struct keytable_key *k, const void *base, const void *other,
                         const struct text *value);

/* "{ a = 1; b = 2; }" */
void confitems_add_inline(const char *items, struct text *out);

#endif
