/* SPDX-License-Identifier: MIT */
/*
 * `drain` with a deadline, and `rebalance`.
 */
#include "base/mem.h"
#include "base/number.h"
#include "base/suggest.h"
#include "call.h"

#include <stdlib.h>
#include <string.h>

/* False when an error has been answered.  *ret_ms 0: none was asked for. */
static bool parse_deadline(struct call *c, uint32_t *ret_ms)
{
	const char *time = call_arg(c, 2);
	uint64_t ms = 0;

	*ret_ms = 0;
	if (c->count == 1)
		return true;
	if (strcmp(c->args[1], "deadline") != 0 || !time || c->count > 3) {
		call_say(c, CALL_ERROR, "Usage: drain <bk>/<srv> [deadline <time>]");
		return false;
	}
	if (!number_parse_duration(time, &ms) || !ms || ms > INT32_MAX) {
		call_say(c, CALL_ERROR, "Invalid duration.");
		return false;
	}
	*ret_ms = (uint32_t)ms;
	return true;
}

void closecalls_drain(struct call *c)
{
	const char *path = call_arg(c, 0);
	struct topology_server *s;
	uint32_t deadline_ms;

	if (!path || !strchr(path, '/')) {
		call_say(c, CALL_ERROR, "Require 'backend/server'.");
		return;
	}
	s = topology_find_server(c->ctx->daemon->topology, path);
	if (!s)
		call_say(c, CALL_ERROR, "No such server.");
	else if (parse_deadline(c, &deadline_ms))
		roster_drain(c->ctx->daemon->roster, s, deadline_ms);
}

static void refuse_service(struct call *c, const char *name)
{
	const struct topology *t = c->ctx->daemon->topology;
	const char **names = mem_zalloc((t->service_count + 1) * sizeof(*names)), *near;

	for (size_t i = 0; i < t->service_count; i++)
		names[i] = t->services[i]->settings->name;
	near = suggest_nearest(name, names, t->service_count);
	if (near)
		call_say(c, CALL_ERROR, "no service \"%s\": did you mean \"%s\"?", name, near);
	else
		call_say(c, CALL_ERROR, "no service \"%s\"; `sluice status` shows them", name);
	free(names);
}

/* The last line of a success is "done". */
void closecalls_rebalance(struct call *c)
{
	bool dry = c->count > 0 && strcmp(c->args[c->count - 1], "dry-run") == 0;
	size_t names = c->count - dry;
	const struct topology_service *service = NULL;

	if (names > 1) {
		call_say(c, CALL_ERROR, "Usage: rebalance [<backend>] [dry-run]");
		return;
	}
	if (names)
		service = topology_find_service(c->ctx->daemon->topology, c->args[0]);
	if (names && !service) {
		refuse_service(c, c->args[0]);
		return;
	}
	roster_rebalance(c->ctx->daemon->roster, service, dry, c->out);
	text_add(c->out, "done\n");
}
