/* SPDX-License-Identifier: MIT */
#ifndef CONF_LINT_H
#define CONF_LINT_H

#include "base/mem.h"
#include "base/text.h"
#include "conf/lintfile.h"

#include <stdint.h>

/*
 * Risks in a valid configuration, by the rules of conf/lint.def: each with its place, what happens,
 * and the line or the SQL that cures it.  Looks at the settings alone and asks neither the network
 * nor the cluster; what the file cannot tell are facts that the caller has.
 */
enum lint_severity { LINT_WARNING, LINT_NOTE };
enum { LINT_SEVERITIES = LINT_NOTE + 1 };

enum lint_id {
#define LINT(id, name, severity, title, text) LINT_##id,
#include "conf/lint.def"
#undef LINT
	LINT_RULES
};

struct lint_rule {
	const char *name;            /* "initial-wait" */
	enum lint_severity severity; /* the greatest of its findings */
	const char *title, *text;
};

const struct lint_rule *lint_rule_of(enum lint_id id);
const char *lint_severity_name(enum lint_severity s); /* "warning", "note" */

struct lint_facts {
	bool initial_wait_given;
	uint64_t initial_wait_ms;     /* server.shutdown.initial_wait of the cluster */
	uint64_t statement_ms;        /* the longest statement; 0: not known */
	uint32_t proxies;             /* that check the same nodes; 0 is 1 */
	uint64_t nofile;              /* the limit where it will run; 0: not known */
	uint32_t processors;          /* there, which are as many threads; 0 is 1 */
	uint16_t port_low, port_high; /* local ports for connections; 0: the kernel's default */
};

/* What a cure is written into. */
enum lint_cure {
	LINT_CONFIGURATION, /* keys of sluice.conf */
	LINT_SQL,           /* a statement for the cluster */
	LINT_COMMAND        /* for a shell on the proxy's host */
};

const char *lint_cure_name(enum lint_cure c); /* "configuration", "sql", "command" */

struct lint_finding {
	enum lint_id rule;
	enum lint_severity severity;
	struct lintfile_place place;
	const char *const *subjects; /* names of services, nodes and servers; may be none */
	size_t subject_count;
	const char *text; /* what happens here, with its numbers; a sentence without a full stop */
	enum lint_cure cure_kind;
	const char *cure;
};

/* Initialise with { 0 }. */
struct lint {
	struct mem_arena arena; /* owns what findings point at, but for places */
	struct lint_finding *findings;
	size_t count;
	size_t of_severity[LINT_SEVERITIES];
};

/* All findings, in the order of the file; those without a line come last.  `file` must outlive
 * them.  Findings that differ in their subject only are one. */
void lint_settings(struct lint *l, const struct lintfile *file, const struct lint_facts *facts);
void lint_release(struct lint *l);

/* The rules as sections of sluice(1), as troff (man macros). */
void lint_write_man(struct text *out);

#endif
