/* SPDX-License-Identifier: MIT */
#ifndef REPORT_EXPLAINPARTS_H
#define REPORT_EXPLAINPARTS_H

#include "core/detection.h"
#include "report/explain.h"

/* What the parts of explain.c share. */
enum { EXPLAIN_WIDTH = 80 };

/* Of two targets that are checked alike: is all that is to be told of them the same? */
typedef bool explain_alike_fn(const struct settings *s, const struct settings_target *a,
                              const struct settings_target *b);

/* One way of checking, and the first of the targets that are checked so. */
struct explain_check {
	const struct settings *settings;
	const struct settings_target *target;
	struct detection d;
	explain_alike_fn *alike; /* NULL: it is */
};

/*
 * The next way of checking from *at on, which is moved behind it; false after the last.  Targets
 * that are checked as an earlier one, and are alike (NULL: all are), are left out, and agents.
 */
bool explain_next_check(const struct settings *s, explain_alike_fn *alike, size_t *at,
                        struct explain_check *ret);
/* "n1, n2 and n3", the targets that are checked so; then "http, GET /health?ready=1, port 8080". */
void explain_add_targets(const struct explain_check *c, struct text *out);
void explain_add_check(const struct explain_check *c, struct text *out);

/* "4.2s", right-aligned in so many columns; 0 is none. */
void explain_add_ms(struct text *out, uint64_t ms, int width);

/* The words, folded, each line indented by so many columns. */
void explain_add_words(struct text *out, size_t indent, const char *fmt, ...) PRINTF(3, 4);

/* Names of those servers of a service that `is` holds for: "n1, n2"; how many there were. */
size_t explain_add_servers(const struct settings_service *s,
                           bool (*is)(const struct settings_server *server), struct text *out);
/* Serves from the start: not in maintenance and with a weight; as a backup or not. */
bool explain_is_active(const struct settings_server *s);
bool explain_is_backup(const struct settings_server *s);
bool explain_is_idle(const struct settings_server *s); /* neither */

void explain_detection(const struct settings *s, struct text *out);
void explain_balance(const struct settings *s, struct text *out);
void explain_tiers(const struct settings *s, struct text *out);
void explain_drain(const struct settings *s, const struct explain_facts *facts, struct text *out);

#endif
