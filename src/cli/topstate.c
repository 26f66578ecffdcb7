/* SPDX-License-Identifier: MIT */
#include "cli/topstate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const tabs[TOPSTATE_TABS] = {
	[TOPSTATE_SERVICES] = "Services",
	[TOPSTATE_SESSIONS] = "Sessions",
	[TOPSTATE_EVENTS] = "Events",
	[TOPSTATE_PROCESS] = "Process",
};

static const char *const service_sorts[] = {
	[TOPSTATE_SERVICES_ORDER] = "configuration", [TOPSTATE_SERVICES_STATE] = "state",
	[TOPSTATE_SERVICES_SESSIONS] = "sessions",   [TOPSTATE_SERVICES_RATE] = "rate",
	[TOPSTATE_SERVICES_SINCE] = "since",         [TOPSTATE_SERVICES_LOST] = "lost",
	[TOPSTATE_SERVICES_NAME] = "name",
};

static const char *const session_sorts[] = {
	[TOPSTATE_SESSIONS_AGE] = "age",       [TOPSTATE_SESSIONS_IDLE] = "idle",
	[TOPSTATE_SESSIONS_IN] = "in",         [TOPSTATE_SESSIONS_OUT] = "out",
	[TOPSTATE_SESSIONS_SERVER] = "server", [TOPSTATE_SESSIONS_CLIENT] = "client",
	[TOPSTATE_SESSIONS_ID] = "id",
};

static const char *const event_sorts[] = { "time" };

struct topstate_list *topstate_list(struct topstate *s)
{
	return &s->lists[s->tab];
}

const char *topstate_tab_name(enum topstate_tab tab)
{
	return tabs[tab];
}

bool topstate_find_tab(const char *name, enum topstate_tab *ret)
{
	for (unsigned int i = 0; i < TOPSTATE_TABS; i++) {
		const char number[] = { (char)('1' + i), '\0' };

		if (strcasecmp(name, tabs[i]) == 0 || strcmp(name, number) == 0) {
			*ret = (enum topstate_tab)i;
			return true;
		}
	}
	return false;
}

const char *topstate_sort_name(enum topstate_tab tab, unsigned int sort)
{
	switch (tab) {
	case TOPSTATE_SERVICES:
		return sort < ARRAY_LEN(service_sorts) ? service_sorts[sort] : NULL;
	case TOPSTATE_SESSIONS:
		return sort < ARRAY_LEN(session_sorts) ? session_sorts[sort] : NULL;
	case TOPSTATE_EVENTS:
		return sort < ARRAY_LEN(event_sorts) ? event_sorts[sort] : NULL;
	case TOPSTATE_PROCESS:
	case TOPSTATE_TABS:
		break;
	}
	return NULL;
}

void topstate_say(struct topstate *s, bool bad, int64_t now_ms, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->said, sizeof(s->said), fmt, args);
	va_end(args);
	s->said_bad = bad;
	s->said_ms = now_ms;
}
