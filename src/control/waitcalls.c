/* SPDX-License-Identifier: MIT */
#include "waitcalls.h"

#include "base/number.h"
#include "base/tick.h"

#include <string.h>

static void usage(struct call *c)
{
	call_say(c, CALL_INFO,
	         "Usage: wait {-h|<delay>[us|ms|s|m|h|d]} [condition [args...]]\n"
	         "  - '-h' displays this help\n"
	         "  - <delay> is the maximum delay, in milliseconds by default\n"
	         "Supported conditions:\n"
	         "  - srv-removable <bk>/<srv> : wait for this server to be removable\n"
	         "  - srv-drained <bk>/<srv> : wait for the last session of this server to end\n");
}

static bool is_condition(const char *word)
{
	return strcmp(word, "srv-removable") == 0 || strcmp(word, "srv-drained") == 0;
}

void waitcalls_wait(struct call *c)
{
	const char *condition = call_arg(c, 1);
	const struct topology_server *s;
	uint64_t delay_ms;

	if (!call_arg(c, 0) || strcmp(c->args[0], "-h") == 0) {
		usage(c);
		return;
	}
	if (!number_parse_duration(c->args[0], &delay_ms) || delay_ms > INT32_MAX) {
		call_say(c, CALL_ERROR, "Invalid duration.");
		return;
	}
	if (condition && !is_condition(condition)) {
		usage(c);
		return;
	}
	if (condition && !call_arg(c, 2)) {
		call_say(c, CALL_ERROR, "Missing server name (<backend>/<server>).");
		return;
	}
	if (condition) {
		s = topology_find_server(c->ctx->daemon->topology, c->args[2]);
		if (!s) {
			call_say(c, CALL_ERROR, "No such server.");
			return;
		}
		c->ctx->wait_service = s->service->id;
		c->ctx->wait_server = s->id;
		c->ctx->wait_drained = strcmp(condition, "srv-drained") == 0;
	}
	c->ctx->wait_until_ms = tick_ms() + (int64_t)delay_ms;
}

static struct topology_server *find(const struct command_context *ctx)
{
	const struct topology *t = ctx->daemon->topology;

	for (size_t i = 0; i < t->service_count; i++) {
		const struct topology_service *service = t->services[i];

		if (service->id != ctx->wait_service)
			continue;
		for (size_t k = 0; k < service->server_count; k++)
			if (service->servers[k]->id == ctx->wait_server)
				return service->servers[k];
	}
	return NULL;
}

/* Why it is not worth waiting however long; NULL: it is. */
static const char *refusal(const struct topology_server *s, bool drained)
{
	struct state state;

	if (!s)
		return "No such server.";
	state = topology_state(s);
	if (drained)
		return state_is_usable(&state) ? "This server takes sessions: drain it first."
		                               : NULL;
	return state_in_maint(&state) ? NULL : "Only servers in maintenance mode can be deleted.";
}

bool waitcalls_over(struct call *c)
{
	bool expired = tick_ms() >= c->ctx->wait_until_ms;
	struct topology_server *s;
	const char *why;

	if (!c->ctx->wait_service) {
		if (expired)
			call_say(c, CALL_INFO, "Done.");
		return expired;
	}
	s = find(c->ctx);
	why = refusal(s, c->ctx->wait_drained);
	if (why)
		call_say(c, CALL_ERROR, "%s", why);
	else if (daemon_is_free(c->ctx->daemon, s))
		call_say(c, CALL_INFO, "Done.");
	else if (expired)
		call_say(c, CALL_ERROR, "Wait delay expired.");
	else
		return false;
	return true;
}
