/* SPDX-License-Identifier: MIT */
#include "cli/until.h"

#include "base/suggest.h"
#include "cli/meant.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const words[] = {
	[UNTIL_UP] = "up", [UNTIL_DOWN] = "down", [UNTIL_DRAINED] = "drained"
};

const char *until_state_word(enum until_state s)
{
	return words[s];
}

/* --- the words ---------------------------------------------------------------------------- */

static bool find_state(const char *word, struct until *ret, struct error *err)
{
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], word) == 0) {
			ret->state = (enum until_state)i;
			return true;
		}
	near = suggest_nearest(word, words, ARRAY_LEN(words));
	if (near != NULL)
		return error_set(err, "nothing is ever \"%.80s\": did you mean \"%s %s\"?", word,
		                 ret->who, near);
	return error_set(err,
	                 "nothing is ever \"%.80s\": write \"%s up\", \"%s down\" or "
	                 "\"%s drained\"",
	                 word, ret->who, ret->who, ret->who);
}

bool until_parse(const char *text, struct until *ret, struct error *err)
{
	char word[16] = "";
	char more = '\0';
	int count = sscanf(text, " %159s %15s %c", ret->who, word, &more);

	if (count == 2)
		return find_state(word, ret, err);
	return error_set(err,
	                 "\"%.80s\" is not who and what: write \"all up\", \"SERVICE up\" or "
	                 "\"SERVER up\"; also down, drained",
	                 text);
}

/* --- whether it is so --------------------------------------------------------------------- */

static bool is_up(const struct statusjson_service *service, const struct statusjson_server *s,
                  struct error *why)
{
	if (s->usable && (s->health == STATE_UP || s->health == STATE_NOCHECK))
		return true;
	return error_set(why, "%s/%s is %s%s%s", service->name, s->name, s->state,
	                 s->cause[0] ? ": " : "", s->cause);
}

static bool is_down(const struct statusjson_service *service, const struct statusjson_server *s,
                    struct error *why)
{
	return s->health == STATE_DOWN || s->maint ||
	       error_set(why, "%s/%s is %s", service->name, s->name, s->state);
}

static bool is_drained(const struct statusjson_service *service, const struct statusjson_server *s,
                       struct error *why)
{
	int64_t sessions = s->sessions + s->sessions_before;

	if (s->usable)
		return error_set(why, "%s/%s is %s and takes sessions", service->name, s->name,
		                 s->state);
	return sessions == 0 ||
	       error_set(why, "%s/%s still has %" PRId64 " session%s", service->name, s->name,
	                 sessions, sessions == 1 ? "" : "s");
}

static bool is_so(enum until_state state, const struct statusjson_service *service,
                  const struct statusjson_server *server, struct error *why)
{
	switch (state) {
	case UNTIL_UP:
		return is_up(service, server, why);
	case UNTIL_DOWN:
		return is_down(service, server, why);
	case UNTIL_DRAINED:
	case UNTIL_STATE_COUNT:
		break;
	}
	return is_drained(service, server, why);
}

static bool each_is_so(enum until_state state, const struct statusjson_service *service,
                       struct error *why)
{
	for (size_t i = 0; i < service->server_count; i++)
		if (!is_so(state, service, &service->servers[i], why))
			return false;
	return true;
}

static bool service_is_so(enum until_state state, const struct statusjson_service *service,
                          struct error *why)
{
	if (state == UNTIL_DRAINED)
		return each_is_so(state, service, why);
	if (service->up == (state == UNTIL_UP))
		return true;
	return error_set(why, service->up ? "%s has a usable server" : "%s has no usable server",
	                 service->name);
}

/* A process from before an upgrade may have more sessions than are known. */
static bool all_is_told(const struct statusjson *status, struct error *why)
{
	for (size_t i = 0; i < status->predecessor_count; i++)
		if (!status->predecessors[i].known)
			return error_set(why, "a process from before an upgrade has not told what "
			                      "it still has");
	return true;
}

/* Of the servers that are meant; *ret_found: how many these are. */
static bool servers_are_so(const struct until *u, const struct statusjson *status,
                           size_t *ret_found, struct error *why)
{
	bool all = strcmp(u->who, "all") == 0;
	bool so = true;

	for (size_t i = 0; i < status->service_count; i++) {
		const struct statusjson_service *service = &status->services[i];

		for (size_t k = 0; k < service->server_count; k++) {
			const struct statusjson_server *server = &service->servers[k];

			if (!all && !meant_is(u->who, service, server))
				continue;
			++*ret_found;
			so = so && is_so(u->state, service, server, why);
		}
	}
	return so;
}

enum until_verdict until_judge(const struct until *u, const struct statusjson *status,
                               struct error *why)
{
	size_t found = 0;
	bool so;

	if (u->state == UNTIL_DRAINED && !all_is_told(status, why))
		return UNTIL_NOT_YET;
	for (size_t i = 0; i < status->service_count; i++)
		if (strcmp(u->who, status->services[i].name) == 0)
			return service_is_so(u->state, &status->services[i], why) ? UNTIL_HOLDS
			                                                          : UNTIL_NOT_YET;
	so = servers_are_so(u, status, &found, why);
	if (found == 0) {
		(void)meant_none(status, u->who, true, why);
		return UNTIL_UNKNOWN;
	}
	return so ? UNTIL_HOLDS : UNTIL_NOT_YET;
}
