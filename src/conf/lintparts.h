/* SPDX-License-Identifier: MIT */
#ifndef CONF_LINTPARTS_H
#define CONF_LINTPARTS_H

#include "base/addr.h"
#include "conf/lint.h"
#include "core/settings.h"

/* What the parts of lint.c share: each looks at one thing at a time and adds what it finds. */

struct lint_view {
	struct lint *lint;
	const struct lintfile *file;
	const struct settings *settings;
	const struct lint_facts *facts;
	/* Of what is looked at for a service, or for one of its servers. */
	const struct settings_service *service;
	size_t service_index;
	bool sql;       /* its clients speak SQL */
	bool cockroach; /* its servers are nodes of CockroachDB */
	const struct settings_server *server;
	size_t server_index;
	const struct settings_target *target;
};

/*
 * Adds a finding: of `f` the rule, severity, place and cure are taken, and the words are its text.
 * `subject` (or NULL) joins those of a finding that is the same but for it.
 */
void lint_add(const struct lint_view *v, const struct lint_finding *f, const char *subject,
              const char *fmt, ...) PRINTF(4, 5);

/* A string that lives as long as the findings: a cure. */
const char *lint_print(const struct lint_view *v, const char *fmt, ...) PRINTF(2, 3);

/* A duration as the configuration has it: "2s". */
enum { LINT_DURATION_MAX = 64 };
const char *lint_duration(uint64_t ms, char buf[static LINT_DURATION_MAX]);

/* May it get new sessions from the start: neither in maintenance nor of weight 0? */
bool lint_is_able(const struct settings_server *s);

/* For a server, and the target that is checked for it. */
void lint_look_at_check(const struct lint_view *v);
/* For a service. */
void lint_look_at_times(const struct lint_view *v);
void lint_look_at_servers(const struct lint_view *v);
void lint_look_at_ports(const struct lint_view *v);
void lint_look_at_loops(const struct lint_view *v);
void lint_look_at_tiers(const struct lint_view *v);
/* For the process. */
void lint_look_at_descriptors(const struct lint_view *v);
void lint_look_at_access(const struct lint_view *v);
void lint_look_at_discover(const struct lint_view *v);

#endif
