/* SPDX-License-Identifier: MIT */
#include "sim/simlist.h"

#include "base/number.h"

#include <string.h>

static const char status_path[] = "/_status/nodes", api_path[] = "/api/v2/nodes/",
                  settings_path[] = "/_admin/v1/settings";

/* The key of a setting is the name that it had first: server.shutdown.initial_wait is new. */
static const struct {
	const char *key, *name;
} settings[] = {
	{ "server.shutdown.drain_wait", "server.shutdown.initial_wait" },
	{ "sql.defaults.statement_timeout", "sql.defaults.statement_timeout" },
};

bool simlist_is_path(const char *path)
{
	return strcmp(path, status_path) == 0 || strcmp(path, api_path) == 0 ||
	       strcmp(path, settings_path) == 0;
}

const char *simlist_stand(struct simlist *l, enum simlist_standing standing)
{
	l->standing = standing;
	switch (standing) {
	case SIMLIST_TRUE:
		return "is in the list of nodes as it is";
	case SIMLIST_DECOMMISSIONING:
		return "is being decommissioned";
	case SIMLIST_DECOMMISSIONED:
		return "is decommissioned";
	case SIMLIST_DEAD:
		return "is dead in the list of nodes";
	case SIMLIST_ABSENT:
		break;
	}
	return "is not in the list of nodes";
}

bool simlist_set(struct simlist *l, const char *name, uint64_t ms)
{
	if (strcmp(name, settings[0].name) == 0)
		l->initial_wait_ms = ms;
	else if (strcmp(name, settings[1].name) == 0)
		l->statement_ms = ms;
	else
		return false;
	return true;
}

enum simpage_liveness simlist_judge(const struct simlist *l, enum simpage_liveness truth)
{
	switch (l->standing) {
	case SIMLIST_DECOMMISSIONING:
		return SIMPAGE_DECOMMISSIONING;
	case SIMLIST_DECOMMISSIONED:
		return SIMPAGE_DECOMMISSIONED;
	case SIMLIST_DEAD:
		return SIMPAGE_DEAD;
	case SIMLIST_TRUE:
	case SIMLIST_ABSENT:
		break;
	}
	return truth;
}

/* "a=b; session=VALUE; c=d" */
static bool has_cookie(const char *cookies, const char *value)
{
	static const char name[] = "session=";
	size_t len = strlen(value);

	for (const char *at = cookies; at; at = strchr(at, ';')) {
		at += strspn(at, "; ");
		if (strncmp(at, name, sizeof(name) - 1) != 0)
			continue;
		at += sizeof(name) - 1;
		if (strncmp(at, value, len) == 0 && (!at[len] || at[len] == ';'))
			return true;
	}
	return false;
}

static bool may_see(const struct simlist *l, const struct simhttp_request *request)
{
	if (!*l->session)
		return true;
	if (strcmp(request->path, api_path) != 0)
		return has_cookie(request->cookie, l->session);
	return request->session && strcmp(request->session, l->session) == 0;
}

/* "keys=a&keys=b"; without any all are wanted. */
static bool is_wanted(const char *query, const char *key)
{
	static const char name[] = "keys=";
	size_t len = strlen(key);
	bool any = false;

	for (const char *at = query; *at; at += *at == '&') {
		const char *value = at + sizeof(name) - 1;

		if (strncmp(at, name, sizeof(name) - 1) == 0) {
			any = true;
			if (strcspn(value, "&") == len && memcmp(value, key, len) == 0)
				return true;
		}
		at += strcspn(at, "&");
	}
	return !any;
}

static void add_settings(const struct simlist *l, const char *query, struct text *out)
{
	const uint64_t ms[] = { l->initial_wait_ms, l->statement_ms };
	const char *separator = "";

	text_add(out, "{\"keyValues\":{");
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		char value[64];

		if (!is_wanted(query, settings[i].key))
			continue;
		number_format_duration(ms[i], value, sizeof(value));
		text_addf(out,
		          "%s\"%s\":{\"value\":\"%s\",\"type\":\"d\",\"description\":\"\","
		          "\"public\":true,\"lastUpdated\":null,\"name\":\"%s\"}",
		          separator, settings[i].key, ms[i] ? value : "0s", settings[i].name);
		separator = ",";
	}
	text_add(out, "}}");
}

void simlist_answer(const struct simlist *l, const struct simhttp_request *request,
                    const struct simpage_node *nodes, size_t count, struct simhttp_reply *reply)
{
	if (!may_see(l, request)) {
		reply->status = 401;
		text_add(&reply->body, "a valid authentication cookie could not be found\n");
		return;
	}
	reply->status = 200;
	reply->type = "application/json";
	if (strcmp(request->path, settings_path) == 0)
		add_settings(l, request->query, &reply->body);
	else if (strcmp(request->path, status_path) == 0)
		simpage_nodes(&reply->body, nodes, count);
	else
		simpage_nodes_v2(&reply->body, nodes, count);
}
