/* SPDX-License-Identifier: MIT */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The table of all configuration keys (conf/keys.def), for whoever shows it: the man page, the
 * reference configuration, `sluice check`'s messages and the tests.
 */
struct keys_entry {
	const char
	    *group; /* where it stands: "", "cluster", "cluster.nodes", "services", "check", ... */
	const char *name;
	const char *type; /* in words: "duration", "whole number 0..256", "string", "list of ..." */
	const char *initial; /* its default as it would be written, or "" */
	const char *help;    /* one or two sentences */
};

size_t keys_count(void);
struct keys_entry keys_at(size_t i);

/* sluice.conf(5)'s list of keys, as troff (man macros). */
void keys_write_man(struct text *out);
/* A configuration that names every key with its default and its help as comments; valid as it is.
 */
void keys_write_reference(struct text *out);

#endif
