/* SPDX-License-Identifier: MIT */
#include "serveraddr.h"

#include "base/number.h"

#include <string.h>

/* How HAProxy names those who ask over its socket. */
static const char by_command[] = "by 'stats socket command'";

/* --- where traffic goes ------------------------------------------------------------------- */

static bool is_port(const char *word, uint16_t *ret)
{
	uint64_t n;

	if (!word || !number_parse(word, UINT16_MAX, &n) || !n)
		return false;
	*ret = (uint16_t)n;
	return true;
}

static void describe_change(struct topology_server *s, const struct addr *addr, uint16_t port,
                            struct text *out)
{
	char before[ADDR_TEXT_MAX] = "(none)";
	char after[ADDR_TEXT_MAX];
	struct addr now;
	uint32_t old_port = atomic_load_explicit(&s->port, memory_order_relaxed);

	if (topology_address(s, &now))
		addr_format_host(&now, before);
	addr_format_host(addr, after);
	if (strcmp(before, after) != 0)
		text_addf(out, "IP changed from '%s' to '%s'", before, after);
	else
		text_add(out, "no need to change the addr");
	if (port && port != old_port)
		text_addf(out, ", port changed from '%u' to '%u'", old_port, port);
	else if (port)
		text_add(out, ", no need to change the port");
}

void serveraddr_set(struct call *c, struct topology_server *s)
{
	const char *host = call_arg(c, 2);
	const char *word = call_arg(c, 3) && strcmp(call_arg(c, 3), "port") == 0
	                       ? call_arg(c, 4) ? call_arg(c, 4) : ""
	                       : NULL;
	AUTO_TEXT words = { 0 };
	struct addr addr;
	uint16_t port = 0;

	if (!host) {
		call_say(c, CALL_ERROR,
		         "set server <b>/<s> addr requires an address and optionally a port.");
	} else if (!*host || *host == '*' || !addr_parse_ip(host, 0, &addr)) {
		call_say(c, CALL_WARNING, "Invalid addr '%s' %s", host, by_command);
	} else if (s->unix_addr.len) {
		call_say(c, CALL_WARNING,
		         "Update for the current server address family is only supported through "
		         "configuration file %s",
		         by_command);
	} else if (word && (*word == '+' || *word == '-')) {
		call_say(
		    c, CALL_WARNING,
		    "no need to change the addr, can't change <port> to port map because it is "
		    "incompatible with current health check port configuration (use 'port' "
		    "statement from the 'server' directive. %s",
		    by_command);
	} else if (word && !is_port(word, &port)) {
		call_say(c, CALL_WARNING,
		         "no need to change the addr, problem converting port '%s' to an int %s",
		         word, by_command);
	} else {
		describe_change(s, &addr, port, &words);
		addr_set_port(&addr, port);
		roster_set_address(c->ctx->daemon->roster, s, &addr);
		call_say(c, CALL_WARNING, "%s %s", text_str(&words), by_command);
	}
}

/* --- where checks go ---------------------------------------------------------------------- */

static bool is_configured(const struct topology_server *s, bool agent)
{
	if (agent)
		return s->agent_slot != SIZE_MAX;
	return s->check_slot != SIZE_MAX && !s->tracked &&
	       s->target->check.type != SETTINGS_CHECK_NONE;
}

static void refuse(struct call *c, bool agent)
{
	call_say(c, CALL_WARNING, "%s checks are not enabled on this server",
	         agent ? "agent" : "health");
}

static bool parse_port(struct call *c, const char *word, uint16_t *ret)
{
	uint64_t n;

	if (!*word || word[strspn(word, "0123456789")]) {
		call_say(c, CALL_WARNING, "provided port is not an integer");
		return false;
	}
	if (!number_parse(word, UINT16_MAX, &n)) {
		call_say(c, CALL_WARNING, "provided port is invalid");
		return false;
	}
	*ret = (uint16_t)n;
	return true;
}

static void set_address(struct call *c, struct topology_server *s, bool agent)
{
	const char *host = call_arg(c, 2);
	const char *word = call_arg(c, 3);
	struct addr addr;
	uint16_t port = 0;

	if (!host) {
		call_say(c, CALL_ERROR,
		         "set server <b>/<s> %s-addr requires an address and optionally a port.",
		         agent ? "agent" : "check");
		return;
	}
	if (word && strcmp(word, "port") == 0 &&
	    !parse_port(c, call_arg(c, 4) ? call_arg(c, 4) : "", &port))
		return;
	if (!is_configured(s, agent))
		refuse(c, agent);
	else if (!*host || *host == '*' || !addr_parse_ip(host, 0, &addr))
		call_say(c, CALL_WARNING, "invalid addr '%s'", host);
	else
		roster_set_check_address(c->ctx->daemon->roster, s, agent, &addr, port);
}

static void set_port(struct call *c, struct topology_server *s, bool agent)
{
	const char *word = call_arg(c, 2);
	uint16_t port;

	if (!word)
		call_say(c, CALL_ERROR, "set server <b>/<s> %s-port requires a port.",
		         agent ? "agent" : "check");
	else if (!is_configured(s, agent))
		refuse(c, agent);
	else if (parse_port(c, word, &port))
		roster_set_check_address(c->ctx->daemon->roster, s, agent, NULL, port);
}

void serveraddr_set_check(struct call *c, struct topology_server *s)
{
	set_address(c, s, false);
}

void serveraddr_set_check_port(struct call *c, struct topology_server *s)
{
	set_port(c, s, false);
}

void serveraddr_set_agent(struct call *c, struct topology_server *s)
{
	set_address(c, s, true);
}

void serveraddr_set_agent_port(struct call *c, struct topology_server *s)
{
	set_port(c, s, true);
}
