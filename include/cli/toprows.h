/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPROWS_H
#define CLI_TOPROWS_H

#include "cli/topstate.h"

/*
 * The rows of a tab, after its filter and in its order: what is drawn, and what keys move in.
 * They point into the model and are made anew whenever it changes.
 */
enum toprows_kind {
	TOPROWS_SERVICE, /* a heading: `service` */
	TOPROWS_TIERS,   /* under its heading: which tiers the service has */
	TOPROWS_SERVER,  /* `service`, `server` */
	TOPROWS_CAUSE,   /* under its server: why it is not up */
	TOPROWS_FAULT,   /* under its server: the fault that is on it */
	TOPROWS_SESSION, /* `session` */
	TOPROWS_EVENT,   /* `event` */
	TOPROWS_FACT,    /* of the process: number `order` of enum toprows_fact */
	TOPROWS_SUMMARY, /* of a service: `service` */
	TOPROWS_BEFORE   /* number `order` of the status' predecessors */
};

enum toprows_fact {
	TOPROWS_VERSION,
	TOPROWS_PID,
	TOPROWS_UPTIME,
	TOPROWS_OPEN,
	TOPROWS_RATE,
	TOPROWS_BYTES,
	TOPROWS_LOGS,
	TOPROWS_NODES, /* with cluster.discover */
	TOPROWS_FACTS
};

struct toprows_row {
	enum toprows_kind kind;
	size_t order; /* without sorting */
	const struct statusjson_service *service;
	const struct statusjson_server *server;
	const struct sessionline *session;
	const struct journal_event *event;
};

struct toprows {
	struct toprows_row *rows;
	size_t count;
	size_t hidden; /* by the filter, or because they are well */
};

/* The rows of the tab that is shown; the caller releases them. */
void toprows_build(struct toprows *r, const struct topmodel *m, const struct topstate *s);
void toprows_release(struct toprows *r);

/* Can the row be chosen?  Then its key tells it from the others, also when they have changed. */
bool toprows_is_choice(const struct toprows_row *row);
void toprows_key(const struct toprows_row *row, char ret[static TOPSTATE_KEY_MAX]);

/*
 * Finds the chosen row again; if it has gone, the one in its place.  If none was chosen, the first
 * (of events: the last) is meant, which is not a choice: that list goes on to show its end.
 * Returns its number; `count` if there is none.
 */
size_t toprows_find(const struct toprows *r, enum topstate_tab tab, const struct topstate_list *l);

/* Chooses the row that is `step` choices further down, or the nearest to it. */
void toprows_move(const struct toprows *r, enum topstate_tab tab, struct topstate_list *l,
                  long step);

/* Does the row belong to a heading above it, which is shown in its place when it is the first one?
 */
bool toprows_is_under_heading(const struct toprows *r, size_t index);

/* Scrolls so that the chosen row is among the `height` rows that are shown. */
void toprows_scroll(const struct toprows *r, enum topstate_tab tab, struct topstate_list *l,
                    size_t height);

/* Are all words of the filter in `text`, whatever their case?  "=n1" is n1, but not n10. */
bool toprows_matches(const char *text, const char *filter);

#endif
