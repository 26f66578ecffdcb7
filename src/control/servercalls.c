/* SPDX-License-Identifier: MIT */
#include "call.h"

#include "base/mem.h"
#include "base/number.h"
#include "dynamiccalls.h"
#include "orders.h"
#include "serveraddr.h"

#include <stdlib.h>
#include <string.h>

static struct roster *roster_of(const struct call *c)
{
	return c->ctx->daemon->roster;
}

/* The service of "service/server", and its second half; NULL when an error has been answered. */
static struct topology_service *find_service(struct call *c, const char *path,
                                             const char **ret_name)
{
	const char *slash = path ? strchr(path, '/') : NULL;
	struct topology_service *service;
	char *name;

	if (!slash || slash == path || !slash[1]) {
		call_say(c, CALL_ERROR, "Require 'backend/server'.");
		return NULL;
	}
	name = mem_strndup(path, (size_t)(slash - path));
	service = topology_find_service(c->ctx->daemon->topology, name);
	free(name);
	if (!service)
		call_say(c, CALL_ERROR, "No such backend.");
	*ret_name = slash + 1;
	return service;
}

/* NULL when an error has been answered. */
static struct topology_server *find_server(struct call *c, const char *path)
{
	const char *name;
	struct topology_server *s;

	if (!find_service(c, path, &name))
		return NULL;
	s = topology_find_server(c->ctx->daemon->topology, path);
	if (!s)
		call_say(c, CALL_ERROR, "No such server.");
	return s;
}

/* --- weight and maxconn ------------------------------------------------------------------- */

/*
 * A number as HAProxy reads one: digits, then `end`.  A number too large for it is UINT64_MAX.
 * False when an error has been answered; `what` is "weight" or "maxconn".
 */
static bool parse_number(struct call *c, const char *words, const char *what, uint64_t *ret,
                         const char **end)
{
	size_t digits = strspn(words, "0123456789");
	char *number;

	if (!digits) {
		call_say(c, CALL_ERROR, "%s string empty or preceded by garbage", what);
		return false;
	}
	number = mem_strndup(words, digits);
	if (!number_parse(number, UINT64_MAX, ret))
		*ret = UINT64_MAX;
	free(number);
	*end = words + digits;
	return true;
}

static void change_weight(struct call *c, struct topology_server *s, const char *words)
{
	const char *end;
	bool percent;
	uint64_t n;

	if (!words || !*words) {
		call_say(c, CALL_ERROR, "Require <weight> or <weight%%>.");
		return;
	}
	if (words[0] == '-' && words[1] && !words[1 + strspn(words + 1, "0123456789")]) {
		call_say(c, CALL_ERROR, "Absolute weight can only be between 0 and 256 inclusive.");
		return;
	}
	if (!parse_number(c, words, "Empty weight", &n, &end))
		return;
	percent = *end == '%';
	if (end[percent]) {
		call_say(c, CALL_ERROR, "Trailing garbage in weight string");
		return;
	}
	if (!percent && n > 256) {
		call_say(c, CALL_ERROR, "Absolute weight can only be between 0 and 256 inclusive.");
		return;
	}
	if (percent)
		n = orders_relative_weight(s, n);
	if (!orders_allow_weight(s, (uint32_t)n)) {
		call_say(c, CALL_ERROR,
		         "Backend is using a static LB algorithm and only accepts weights '0%%' "
		         "and '100%%'.");
		return;
	}
	roster_set_weight(roster_of(c), s, (uint32_t)n);
}

void servercalls_get_weight(struct call *c)
{
	struct topology_server *s = find_server(c, call_arg(c, 0));

	if (s)
		text_addf(c->out, "%u (initial %u)\n",
		          atomic_load_explicit(&s->weight, memory_order_relaxed), s->iweight);
}

void servercalls_set_weight(struct call *c)
{
	struct topology_server *s = find_server(c, call_arg(c, 0));

	if (s)
		change_weight(c, s, call_arg(c, 1));
}

/* Stricter than HAProxy, to which "-1" and 99999999999 are limits, too. */
void servercalls_set_maxconn(struct call *c)
{
	struct topology_server *s = find_server(c, call_arg(c, 0));
	const char *words = call_arg(c, 1);
	const char *end;
	uint64_t n;

	if (!s)
		return;
	if (!words || !*words)
		call_say(c, CALL_ERROR, "Require <maxconn>.");
	else if (!parse_number(c, words, "maxconn", &n, &end))
		return;
	else if (*end)
		call_say(c, CALL_ERROR, "Trailing garbage in maxconn string");
	else if (n > INT32_MAX)
		call_say(c, CALL_ERROR, "Value out of range.");
	else
		roster_set_maxconn(roster_of(c), s, (uint32_t)n);
}

/* --- set server --------------------------------------------------------------------------- */

struct word_order {
	const char *word;
	enum roster_order order;
};

static const struct word_order states[] = { { "ready", ROSTER_READY },
	                                    { "drain", ROSTER_DRAIN },
	                                    { "maint", ROSTER_MAINT } };
static const struct word_order healths[] = { { "up", ROSTER_HEALTH_UP },
	                                     { "stopping", ROSTER_HEALTH_NOLB },
	                                     { "down", ROSTER_HEALTH_DOWN } };

static void obey(struct call *c, struct topology_server *s, const struct word_order orders[3],
                 const char *otherwise)
{
	const char *word = call_arg(c, 2);

	for (size_t i = 0; word && i < 3; i++)
		if (strcmp(word, orders[i].word) == 0) {
			roster_order(roster_of(c), s, orders[i].order);
			return;
		}
	call_say(c, CALL_ERROR, "%s", otherwise);
}

static void set_state(struct call *c, struct topology_server *s)
{
	obey(c, s, states, "'set server <srv> state' expects 'ready', 'drain' and 'maint'.");
}

static void set_health(struct call *c, struct topology_server *s)
{
	if (s->tracked)
		call_say(c, CALL_ERROR, "cannot change health on a tracking server.");
	else
		obey(c, s, healths,
		     "'set server <srv> health' expects 'up', 'stopping', or 'down'.");
}

static void set_agent(struct call *c, struct topology_server *s)
{
	const char *word = call_arg(c, 2);
	bool up = word && strcmp(word, "up") == 0;

	if (s->agent_slot == SIZE_MAX || s->agent_disabled)
		call_say(c, CALL_ERROR, "agent checks are not enabled on this server.");
	else if (up || (word && strcmp(word, "down") == 0))
		roster_set_agent(roster_of(c), s, up);
	else
		call_say(c, CALL_ERROR, "'set server <srv> agent' expects 'up' or 'down'.");
}

static void set_agent_send(struct call *c, struct topology_server *s)
{
	if (s->agent_slot == SIZE_MAX)
		call_say(c, CALL_ERROR, "agent checks are not enabled on this server.");
	else
		roster_set_agent_send(roster_of(c), s, call_arg(c, 2) ? call_arg(c, 2) : "");
}

static void set_weight(struct call *c, struct topology_server *s)
{
	change_weight(c, s, call_arg(c, 2));
}

/* Names are looked up all the time, but not under another name than the configured one. */
static void set_fqdn(struct call *c, struct topology_server *s)
{
	(void)s;
	call_say(c, CALL_ERROR,
	         call_arg(c, 2)
	             ? "set server <b>/<s> fqdn failed because no resolution is configured."
	             : "set server <b>/<s> fqdn requires a FQDN.");
}

static void set_ssl(struct call *c, struct topology_server *s)
{
	(void)s;
	call_say(
	    c, CALL_ERROR,
	    "'set server <srv> ssl' cannot be set.  default-server should define ssl settings");
}

static const struct {
	const char *word;
	void (*run)(struct call *c, struct topology_server *s);
} properties[] = {
	{ "addr", serveraddr_set },
	{ "agent", set_agent },
	{ "agent-addr", serveraddr_set_agent },
	{ "agent-port", serveraddr_set_agent_port },
	{ "agent-send", set_agent_send },
	{ "check-addr", serveraddr_set_check },
	{ "check-port", serveraddr_set_check_port },
	{ "fqdn", set_fqdn },
	{ "health", set_health },
	{ "ssl", set_ssl },
	{ "state", set_state },
	{ "weight", set_weight },
};

void servercalls_set_server(struct call *c)
{
	struct topology_server *s = find_server(c, call_arg(c, 0));
	const char *word = call_arg(c, 1);

	if (!s)
		return;
	for (size_t i = 0; word && i < ARRAY_LEN(properties); i++)
		if (strcmp(word, properties[i].word) == 0) {
			properties[i].run(c, s);
			return;
		}
	call_say(c, CALL_ERROR,
	         "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | "
	         "agent-send | check-addr | check-port | fqdn | health | ssl | state | weight");
}

/* --- on and off --------------------------------------------------------------------------- */

static void order(struct call *c, enum roster_order what)
{
	struct topology_server *s = find_server(c, call_arg(c, 0));

	if (s)
		roster_order(roster_of(c), s, what);
}

void servercalls_enable_server(struct call *c)
{
	order(c, ROSTER_READY);
}

void servercalls_disable_server(struct call *c)
{
	order(c, ROSTER_MAINT);
}

static void switch_health(struct call *c, bool on)
{
	struct topology_server *s = find_server(c, call_arg(c, 0));

	if (!s)
		return;
	if (s->check_slot != SIZE_MAX && s->target->check.type != SETTINGS_CHECK_NONE &&
	    !s->tracked)
		roster_enable_check(roster_of(c), s, on);
	else if (on)
		call_say(c, CALL_ERROR,
		         "Health check was not configured on this server, cannot enable.");
}

static void switch_agent(struct call *c, bool on)
{
	struct topology_server *s = find_server(c, call_arg(c, 0));

	if (!s)
		return;
	if (s->agent_slot != SIZE_MAX)
		roster_enable_agent(roster_of(c), s, on);
	else if (on)
		call_say(c, CALL_ERROR, "Agent was not configured on this server, cannot enable.");
}

void servercalls_enable_health(struct call *c)
{
	switch_health(c, true);
}

void servercalls_disable_health(struct call *c)
{
	switch_health(c, false);
}

void servercalls_enable_agent(struct call *c)
{
	switch_agent(c, true);
}

void servercalls_disable_agent(struct call *c)
{
	switch_agent(c, false);
}

void servercalls_shutdown_sessions(struct call *c)
{
	struct topology_server *s = find_server(c, call_arg(c, 0));

	if (s)
		daemon_end_sessions(c->ctx->daemon, s);
}

/* --- servers that come and go ------------------------------------------------------------- */

void servercalls_add_server(struct call *c)
{
	const char *name;
	struct topology_service *service = find_service(c, call_arg(c, 0), &name);
	struct error err;

	if (!service)
		return;
	if (dynamiccalls_add(c->ctx->daemon, service, name, &c->args[1], &err))
		call_say(c, CALL_INFO, "New server registered.");
	else
		call_say(c, CALL_ERROR, "%s", err.text);
}

void servercalls_del_server(struct call *c)
{
	struct topology_server *s = find_server(c, call_arg(c, 0));
	struct error err;

	if (!s)
		return;
	if (dynamiccalls_remove(c->ctx->daemon, s, &err))
		call_say(c, CALL_INFO, "Server deleted.");
	else
		call_say(c, CALL_ERROR, "%s", err.text);
}
