/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPORDER_H
#define CLI_TOPORDER_H

#include "base/text.h"
#include "cli/topmodel.h"

/*
 * What `sluice top --write` may do: an order in words, before it is given, and as a command of the
 * runtime API.
 */
enum toporder_kind {
	TOPORDER_DRAIN,
	TOPORDER_MAINT,
	TOPORDER_READY,
	TOPORDER_WEIGHT, /* `value`: "2", "50%" */
	TOPORDER_FAULT,  /* `value`: "delay 200ms for 1m", "none" */
	TOPORDER_KILL,   /* all sessions of the server */
	TOPORDER_END     /* the one session `session` */
};

struct toporder {
	enum toporder_kind kind;
	char service[JOURNAL_NAME_MAX], server[JOURNAL_NAME_MAX];
	uint64_t session;
	char value[128];
};

/* Is something to be typed first? */
bool toporder_wants_value(enum toporder_kind kind);

/* What is asked for then, in a sentence. */
void toporder_write_question(const struct toporder *o, const struct topmodel *m, struct text *out);

/* Can it be given?  An error says what to type, or that the server has gone. */
bool toporder_check(const struct toporder *o, const struct topmodel *m,
                    struct error *err) MUST_CHECK;

/*
 * What it will do, and to how many sessions: "drain psql/n1: no new sessions, the 12 there stay; 2
 * of 3 servers stay usable".  One line; returns whether it leaves the service without a server.
 */
bool toporder_describe(const struct toporder *o, const struct topmodel *m, struct text *out);

/* The command of the runtime API, without a newline. */
void toporder_write_command(const struct toporder *o, struct text *out);

/* From the daemon's answer: was it done?  `said` is told either way. */
bool toporder_judge(const struct toporder *o, const char *answer, struct text *said);

#endif
