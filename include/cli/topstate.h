/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPSTATE_H
#define CLI_TOPSTATE_H

#include "cli/toporder.h"

/*
 * What the person at `sluice top` has chosen: the tab, and of each tab the order, the filter and
 * the row; what is being asked, and what was said last.
 */
enum topstate_tab {
	TOPSTATE_SERVICES,
	TOPSTATE_SESSIONS,
	TOPSTATE_EVENTS,
	TOPSTATE_PROCESS,
	TOPSTATE_TABS
};

enum topstate_mode {
	TOPSTATE_LOOK,
	TOPSTATE_HELP,
	TOPSTATE_DETAIL, /* all of the chosen row, where the table has no room for it */
	TOPSTATE_FILTER, /* typed into the list's filter */
	TOPSTATE_VALUE,  /* typed into the order's value */
	TOPSTATE_CONFIRM /* yes or no to the order */
};

/* What a list is sorted by, as far as its tab has it; 0 is the order that it has by itself. */
enum topstate_services_sort {
	TOPSTATE_SERVICES_ORDER,
	TOPSTATE_SERVICES_STATE,
	TOPSTATE_SERVICES_SESSIONS,
	TOPSTATE_SERVICES_RATE,
	TOPSTATE_SERVICES_SINCE,
	TOPSTATE_SERVICES_LOST,
	TOPSTATE_SERVICES_NAME
};

enum topstate_sessions_sort {
	TOPSTATE_SESSIONS_AGE,
	TOPSTATE_SESSIONS_IDLE,
	TOPSTATE_SESSIONS_IN,
	TOPSTATE_SESSIONS_OUT,
	TOPSTATE_SESSIONS_SERVER,
	TOPSTATE_SESSIONS_CLIENT,
	TOPSTATE_SESSIONS_ID
};

enum {
	TOPSTATE_FILTER_MAX = 80,
	TOPSTATE_KEY_MAX = 160,
	TOPSTATE_SAID_MS = 10000 /* how long it stays */
};

struct topstate_list {
	unsigned int sort;
	bool reverse;
	char filter[TOPSTATE_FILTER_MAX];
	char chosen[TOPSTATE_KEY_MAX]; /* toprows_key() of the row, "": none was chosen yet */
	size_t index;                  /* where that row was, should it go */
	size_t first;                  /* the row at the top of the screen */
};

struct topstate {
	enum topstate_tab tab;
	enum topstate_mode mode;
	bool troubles; /* only what is not well */
	bool writable; /* orders may be given */
	struct topstate_list lists[TOPSTATE_TABS];
	char before[TOPSTATE_FILTER_MAX]; /* FILTER: what ESC brings back */
	struct toporder order;            /* VALUE, CONFIRM */
	char said[300];                   /* "": nothing */
	bool said_bad;
	int64_t said_ms;
	size_t help_first; /* the first line of the help that is shown */
};

struct topstate_list *topstate_list(struct topstate *s);

const char *topstate_tab_name(enum topstate_tab tab); /* "Services" */
/* In any case; also by its number, "1".  False if there is none. */
bool topstate_find_tab(const char *name, enum topstate_tab *ret);

/* What the lists of a tab can be sorted by, in words; NULL after the last. */
const char *topstate_sort_name(enum topstate_tab tab, unsigned int sort);

void topstate_say(struct topstate *s, bool bad, int64_t now_ms, const char *fmt, ...) PRINTF(4, 5);

#endif
