/* SPDX-License-Identifier: MIT */
#ifndef CORE_WHYWORDS_H
#define CORE_WHYWORDS_H

#include "core/why.h"

/* Parts of sentences that the verdict (why.c) and the rules (why_rules.c) share. */

void whywords_add_age(struct text *out, int64_t ms);  /* "12s", "4m12s" */
void whywords_add_wait(struct text *out, int64_t ms); /* "400 ms", "1.2s", "4m12s" */
void whywords_add_count(struct text *out, uint32_t n, const char *noun);

/* "`sluice ready psql/n1`" */
void whywords_add_order(struct text *out, const struct why_facts *f, const char *command);
/* `sluice ctl "enable health psql/n1"`; `after`: what follows the name, or "" */
void whywords_add_ctl(struct text *out, const struct why_facts *f, const char *command,
                      const char *after);

/* "a command", or also its agent. */
const char *whywords_who(const struct why_facts *f);

/* Failures in a row that take an UP or NOLB server down; good answers that bring one back. */
uint32_t whywords_failures_left(const struct why_facts *f);
uint32_t whywords_passes_left(const struct why_facts *f);

/* Are there checks that can change its health? */
bool whywords_is_checked(const struct why_facts *f);

/* Has it no room for one more session? */
bool whywords_is_full(const struct why_facts *f);

#endif
