/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGCOND_H
#define CONF_HCFGCOND_H

#include "base/error.h"

/*
 * The conditions of `.if` and `.elif` (HAProxy configuration manual, 2.4): numbers, predicates,
 * `!`, `&&`, `||` and parentheses.  Versions and features are answered as HAProxy 2.6 would, less
 * the features that sluice does not have.
 */

/* Looks up an environment variable; NULL if there is none. */
struct hcfgcond_variables {
	const char *(*get)(void *context, const char *name);
	void *context;
};

/* An empty expression is false. */
bool hcfgcond_eval(const char *expression, const struct hcfgcond_variables *variables, bool *ret,
                   struct error *err) MUST_CHECK;

#endif
