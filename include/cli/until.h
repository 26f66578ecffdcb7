/* SPDX-License-Identifier: MIT */
#ifndef CLI_UNTIL_H
#define CLI_UNTIL_H

#include "base/error.h"
#include "report/statusjson.h"

/*
 * What a script waits for: "WHO STATE".
 *
 *   who      up                          down                        drained
 *   all      all servers are             all servers are             all servers are
 *   SERVICE  it has a usable server      it has none                 its servers are
 *   SERVER   it is UP and usable         it is DOWN or in            it takes no new sessions and
 *                                        maintenance                 has none left
 *
 * SERVER is "service/server", or a server's name alone: that server in every service.  A name that
 * a service and a server share is the service's.
 */
enum until_state { UNTIL_UP, UNTIL_DOWN, UNTIL_DRAINED, UNTIL_STATE_COUNT };

/* "up" */
const char *until_state_word(enum until_state s);

struct until {
	char who[160];
	enum until_state state;
};

/* Says what can be written, and the nearest word for one that is not known. */
bool until_parse(const char *text, struct until *ret, struct error *err) MUST_CHECK;

enum until_verdict {
	UNTIL_HOLDS,
	UNTIL_NOT_YET, /* `why` says what is missing */
	UNTIL_UNKNOWN  /* there is nobody of that name: `why` says who may be meant */
};

enum until_verdict until_judge(const struct until *u, const struct statusjson *status,
                               struct error *why);

#endif
