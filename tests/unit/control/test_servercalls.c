/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove crew_end_sessions */
#include "callscene.h"

static const struct topology_server *ended;

uint32_t __wrap_crew_end_sessions(struct crew *c, const struct topology_server *s,
                                  enum reason reason);

uint32_t __wrap_crew_end_sessions(struct crew *c, const struct topology_server *s,
                                  enum reason reason)
{
	(void)c;
	assert_int_equal(reason, REASON_KILLED);
	ended = s;
	return 1;
}

#define USAGE                                                                                      \
	"usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | "           \
	"agent-send | check-addr | check-port | fqdn | health | ssl | state | weight"
#define WHO      "Require 'backend/server'."
#define STATES   "'set server <srv> state' expects 'ready', 'drain' and 'maint'."
#define HEALTHS  "'set server <srv> health' expects 'up', 'stopping', or 'down'."
#define AGENTS   "'set server <srv> agent' expects 'up' or 'down'."
#define NO_AGENT "agent checks are not enabled on this server."

static void servers_are_named_or_numbered(void **state)
{
	static const struct callscene_exchange list[] = {
		{ "set server", WHO },
		{ "set server be", WHO },
		{ "set server be/", WHO },
		{ "set server /s1", WHO },
		{ "set server be/nope", "No such server." },
		{ "set server nobe/s1", "No such backend." },
		{ "set server #2/#1", USAGE },
		{ "set server #2/s1 state ready", "" },
		{ "set server be/#1 state ready", "" },
		{ "set server #2/#99", "No such server." },
		{ "set server #99/#1", "No such backend." },
		{ "set server be/s1", USAGE },
		{ "set server be/s1 foo", USAGE },
		{ "get weight", WHO },
		{ "get weight be/none", "No such server." },
		{ "get weight none/s1", "No such backend." },
		{ "set weight", WHO },
		{ "set maxconn server", WHO },
		{ "set maxconn server be", WHO },
		{ "enable server", WHO },
		{ "disable server be/zz", "No such server." },
		{ "enable health zz/s1", "No such backend." },
		{ "disable health", WHO },
		{ "enable agent be/zz", "No such server." },
		{ "disable agent be", WHO },
		{ "shutdown sessions server", WHO },
		{ "shutdown sessions server be/zz", "No such server." },
		{ "shutdown sessions server zz/s1", "No such backend." },
		{ "add server", WHO },
		{ "add server be/", WHO },
		{ "add server zz/n1 127.0.0.1:1", "No such backend." },
		{ "del server be", WHO },
		{ "del server be/zz", "No such server." },
	};
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	callscene_expect_all(&s, list, ARRAY_LEN(list));
	callscene_close(&s);
}

static void state_health_and_agent_are_set(void **state)
{
	static const struct {
		const char *server, *what, *answer, *status;
	} cases[] = {
		{ "be/s1", "state", STATES, "UP 1/3" },
		{ "be/s1", "state foo", STATES, "UP 1/3" },
		{ "be/s1", "state drain", "", "DRAIN 1/3" },
		{ "be/s1", "state drain", "", "DRAIN 1/3" },
		{ "be/s1", "state maint", "", "MAINT" },
		{ "be/s1", "state ready more words", "", "UP 1/3" },
		{ "be/s1", "health", HEALTHS, "UP 1/3" },
		{ "be/s1", "health foo", HEALTHS, "UP 1/3" },
		{ "be/s1", "health down", "", "DOWN" },
		{ "be/s1", "health stopping", "", "NOLB" },
		{ "be/s1", "health up", "", "UP" },
		{ "be/s2", "health down", "", "DOWN" },
		{ "be/s2", "health up", "", "no check" },
		{ "be/s4", "health up", "cannot change health on a tracking server.", "UP" },
		{ "be/s4", "state drain", "", "DRAIN" },
		{ "be/s4", "state ready", "", "UP" },
		{ "be/s1", "agent up", NO_AGENT, "UP" },
		{ "be/s2", "agent", NO_AGENT, "no check" },
		{ "be/s3", "agent", AGENTS, "UP 1/3" },
		{ "be/s3", "agent foo", AGENTS, "UP 1/3" },
		{ "be/s3", "agent down", "", "DOWN (agent)" },
		{ "be/s3", "agent up", "", "UP 1/3" },
		{ "be/s6", "state ready", "", "UP 1/3" },
	};
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char line[128];

		snprintf(line, sizeof(line), "set server %s %s", cases[i].server, cases[i].what);
		callscene_expect(&s, line, cases[i].answer);
		assert_string_equal(rosterscene_status(rosterscene_server(&s.r, cases[i].server)),
		                    cases[i].status);
	}
	callscene_close(&s);
}

#define GARBAGE  "Empty weight string empty or preceded by garbage"
#define TRAILING "Trailing garbage in weight string"
#define ABSOLUTE "Absolute weight can only be between 0 and 256 inclusive."
#define STATIC   "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'."

static void weights_are_set_and_shown(void **state)
{
	static const struct {
		const char *value, *answer;
		uint32_t weight;
	} cases[] = {
		{ "", "Require <weight> or <weight%>.", 10 },
		{ "foo", GARBAGE, 10 },
		{ "50%", "", 5 },
		{ "101%", "", 10 },
		{ "200%", "", 20 },
		{ "99999%", "", 256 },
		{ "100%", "", 10 },
		{ "1%", "", 1 }, /* HAProxy: 0, which drains it */
		{ "257", ABSOLUTE, 1 },
		{ "-1", ABSOLUTE, 1 },
		{ "99999999999999999999", ABSOLUTE, 1 },
		{ "256", "", 256 },
		{ "10x", TRAILING, 256 },
		{ "10.5", TRAILING, 256 },
		{ "%", GARBAGE, 256 },
		{ "10%x", TRAILING, 256 },
		{ "0", "", 0 },
		{ "20", "", 20 },
	};
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char line[128];

		snprintf(line, sizeof(line), "set server be/s1 weight %s", cases[i].value);
		callscene_expect(&s, line, cases[i].answer);
		assert_int_equal(rosterscene_server(&s.r, "be/s1")->weight, cases[i].weight);
		snprintf(line, sizeof(line), "set weight be/s1 %s", cases[i].value);
		callscene_expect(&s, line, cases[i].answer);
		assert_int_equal(rosterscene_server(&s.r, "be/s1")->weight, cases[i].weight);
	}
	callscene_expect(&s, "get weight be/s1", "20 (initial 10)");
	callscene_expect(&s, "get weight be/s1 x", "20 (initial 10)");
	callscene_expect(&s, "set weight be/s2 50%", "");
	callscene_expect(&s, "get weight be/s2", "1 (initial 1)"); /* HAProxy: 0 */
	callscene_close(&s);
}

static void static_algorithms_take_no_other_weights(void **state)
{
	static const struct callscene_exchange list[] = {
		{ "set weight be/s1 50%", STATIC }, { "set weight be/s1 0%", "" },
		{ "set weight be/s1 100%", "" },    { "set weight be/s1 5", STATIC },
		{ "set weight be/s1 0", "" },       { "set weight be/s1 10", "" },
	};
	static const enum settings_balance algorithms[] = { SETTINGS_STATIC_RR, SETTINGS_SOURCE,
		                                            SETTINGS_HASH };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		struct settings_service like = settings_service_default();
		struct callscene s;

		like.balance = algorithms[i];
		callscene_open(&s, &like);
		callscene_expect_all(&s, list, ARRAY_LEN(list));
		callscene_expect(
		    &s, "add server be/n1 127.0.0.1:1",
		    "Backend must use a dynamic load balancing to support dynamic servers.");
		callscene_close(&s);
		like.hash.type = SETTINGS_HASH_CONSISTENT;
		callscene_open(&s, &like);
		callscene_expect(&s, "set weight be/s1 5",
		                 algorithms[i] == SETTINGS_STATIC_RR ? STATIC : "");
		callscene_close(&s);
	}
}

static void limits_are_numbers(void **state)
{
	static const struct {
		const char *value, *answer;
		uint32_t maxconn;
	} cases[] = {
		{ "", "Require <maxconn>.", 10 },
		{ "abc", "maxconn string empty or preceded by garbage", 10 },
		{ "10x", "Trailing garbage in maxconn string", 10 },
		{ "5%", "Trailing garbage in maxconn string", 10 },
		{ "-1", "maxconn string empty or preceded by garbage", 10 }, /* HAProxy: taken */
		{ "99999999999", "Value out of range.", 10 },                /* HAProxy: taken */
		{ "7", "", 7 },
		{ "0", "", 0 },
	};
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char line[128];

		snprintf(line, sizeof(line), "set maxconn server be/s5 %s", cases[i].value);
		callscene_expect(&s, line, cases[i].answer);
		assert_int_equal(rosterscene_server(&s.r, "be/s5")->maxconn, cases[i].maxconn);
	}
	callscene_close(&s);
}

#define BY         " by 'stats socket command'"
#define SAME       "no need to change the addr"
#define NO_FQDN    "set server <b>/<s> fqdn failed because no resolution is configured."
#define NO_SSL     "'set server <srv> ssl' cannot be set.  default-server should define ssl settings"
#define NO_INTEGER "provided port is not an integer"
#define NO_CHECK   "health checks are not enabled on this server"
#define ADDR_WHAT  "addr requires an address and optionally a port."

static void addresses_of_traffic_are_set(void **state)
{
	static const struct callscene_exchange list[] = {
		{ "set server be/s1 addr", "set server <b>/<s> " ADDR_WHAT },
		{ "set server be/s1 addr foo", "Invalid addr 'foo'" BY },
		{ "set server be/s1 addr localhost", "Invalid addr 'localhost'" BY },
		{ "set server be/s1 addr 127.0.0.1:1", "Invalid addr '127.0.0.1:1'" BY },
		{ "set server be/s1 addr 127.0.0.1", SAME BY },
		{ "set server be/s1 addr 127.0.0.2",
		  "IP changed from '127.0.0.1' to '127.0.0.2'" BY },
		{ "set server be/s1 addr 127.0.0.2 port",
		  SAME ", problem converting port '' to an int" BY },
		{ "set server be/s1 addr 127.0.0.2 port abc",
		  SAME ", problem converting port 'abc' to an int" BY },
		/* HAProxy: 34463 */
		{ "set server be/s1 addr 127.0.0.2 port 99999",
		  SAME ", problem converting port '99999' to an int" BY },
		{ "set server be/s1 addr 127.0.0.2 port 27101",
		  SAME ", no need to change the port" BY },
		{ "set server be/s1 addr 127.0.0.2 port 27111",
		  SAME ", port changed from '27101' to '27111'" BY },
		{ "set server be/s1 addr 127.0.0.1 port 27101",
		  "IP changed from '127.0.0.2' to '127.0.0.1', port changed from '27111' to "
		  "'27101'" BY },
		{ "set server be/s1 addr 127.0.0.1 port +1",
		  SAME ", can't change <port> to port map because it is incompatible with current "
		       "health check port configuration (use 'port' statement from the 'server' "
		       "directive." BY },
		{ "set server be/s1 addr 127.0.0.1 bogus 5", SAME BY },
		{ "set server be/s1 addr ::1", "IP changed from '127.0.0.1' to '::1'" BY },
		{ "set server be/s1 addr 127.0.0.1", "IP changed from '::1' to '127.0.0.1'" BY },
		{ "set server be/sx addr 127.0.0.1",
		  "Update for the current server address family is only supported through "
		  "configuration file" BY },
		{ "set server be/s1 fqdn", "set server <b>/<s> fqdn requires a FQDN." },
		{ "set server be/s1 fqdn foo", NO_FQDN },
		{ "set server be/s1 ssl", NO_SSL },
		{ "set server be/s1 ssl on", NO_SSL },
	};
	struct callscene s;
	struct addr addr;
	char buf[ADDR_TEXT_MAX];

	(void)state;
	callscene_open(&s, NULL);
	callscene_expect_all(&s, list, ARRAY_LEN(list));
	assert_true(topology_address(rosterscene_server(&s.r, "be/s1"), &addr));
	assert_string_equal(addr_format(&addr, buf), "127.0.0.1:27101");
	assert_int_equal(s.r.checker.slots[0].port, 27101);
	assert_string_equal(s.r.checker.slots[0].address, "127.0.0.1");
	callscene_close(&s);
}

static void addresses_of_checks_are_set(void **state)
{
	static const struct callscene_exchange list[] = {
		{ "set server be/s1 check-port", "set server <b>/<s> check-port requires a port." },
		{ "set server be/s1 check-port abc", NO_INTEGER },
		{ "set server be/s1 check-port 10x", NO_INTEGER },
		{ "set server be/s1 check-port 99999", "provided port is invalid" },
		{ "set server be/s1 check-port 27199", "" },
		{ "set server be/s2 check-port 27199", NO_CHECK },
		{ "set server be/s4 check-port 27199", NO_CHECK },
		{ "set server be/s1 check-addr", "set server <b>/<s> check-" ADDR_WHAT },
		{ "set server be/s1 check-addr foo", "invalid addr 'foo'" },
		{ "set server be/s1 check-addr 127.0.0.3", "" },
		{ "set server be/s1 check-addr 127.0.0.4 port", NO_INTEGER },
		{ "set server be/s1 check-addr 127.0.0.4 port abc", NO_INTEGER },
		{ "set server be/s1 check-addr 127.0.0.4 port 99999", "provided port is invalid" },
		{ "set server be/s1 check-addr 127.0.0.4 port 27198", "" },
		{ "set server be/s2 check-addr 127.0.0.1", NO_CHECK },
		{ "set server be/s1 agent-addr", "set server <b>/<s> agent-" ADDR_WHAT },
		{ "set server be/s1 agent-addr 127.0.0.1",
		  "agent checks are not enabled on this server" },
		{ "set server be/s3 agent-addr foo", "invalid addr 'foo'" },
		{ "set server be/s3 agent-addr 127.0.0.6 port abc", NO_INTEGER },
		{ "set server be/s3 agent-addr 127.0.0.6 port 27204", "" },
		{ "set server be/s3 agent-port", "set server <b>/<s> agent-port requires a port." },
		{ "set server be/s3 agent-port 99999", "provided port is invalid" },
		{ "set server be/s1 agent-port 5", "agent checks are not enabled on this server" },
		{ "set server be/s1 agent-send foo", NO_AGENT },
		{ "set server be/s3 agent-send foo", "" },
	};
	struct callscene s;
	const struct fakechecker_slot *slots;

	(void)state;
	callscene_open(&s, NULL);
	slots = s.r.checker.slots;
	callscene_expect_all(&s, list, ARRAY_LEN(list));
	assert_string_equal(slots[0].address, "127.0.0.4");
	assert_int_equal(slots[0].port, 27198);
	assert_string_equal(slots[ARRAY_LEN(callscene_servers)].address, "127.0.0.6");
	assert_int_equal(slots[ARRAY_LEN(callscene_servers)].port, 27204);
	assert_string_equal(slots[ARRAY_LEN(callscene_servers)].send, "foo");
	callscene_close(&s);
}

static void things_are_switched_on_and_off(void **state)
{
	static const struct {
		const char *line, *answer, *server, *status;
	} cases[] = {
		{ "disable server be/s1", "", "be/s1", "MAINT" },
		{ "enable server be/s1 foo", "", "be/s1", "UP 1/3" },
		{ "enable server be/s6", "", "be/s6", "UP 1/3" },
		{ "enable health be/s1", "", "be/s1", "UP 1/3" },
		{ "disable health be/s1", "", "be/s1", "no check" },
		{ "enable health be/s1", "", "be/s1", "UP 1/3" },
		{ "enable health be/s2",
		  "Health check was not configured on this server, cannot enable.", "be/s2",
		  "no check" },
		{ "disable health be/s2", "", "be/s2", "no check" },
		{ "enable health be/s4",
		  "Health check was not configured on this server, cannot enable.", "be/s4",
		  "UP 1/3" },
		{ "disable health be/s4", "", "be/s4", "UP 1/3" },
		{ "enable agent be/s1", "Agent was not configured on this server, cannot enable.",
		  "be/s1", "UP 1/3" },
		{ "disable agent be/s1", "", "be/s1", "UP 1/3" },
		{ "disable agent be/s3", "", "be/s3", "UP 1/3" },
		{ "set server be/s3 agent down", NO_AGENT, "be/s3", "UP 1/3" },
		{ "enable agent be/s3", "", "be/s3", "UP 1/3" },
	};
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		callscene_expect(&s, cases[i].line, cases[i].answer);
		assert_string_equal(rosterscene_status(rosterscene_server(&s.r, cases[i].server)),
		                    cases[i].status);
	}
	callscene_expect(&s, "disable health be/s5", "");
	assert_int_equal(s.r.checker.slots[4].pace, CHECKER_PAUSED);
	callscene_close(&s);
}

static void sessions_of_a_server_are_ended(void **state)
{
	struct callscene s;

	(void)state;
	callscene_open(&s, NULL);
	ended = NULL;
	callscene_expect(&s, "shutdown sessions server be/s1", "");
	assert_ptr_equal(ended, rosterscene_server(&s.r, "be/s1"));
	callscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_named_or_numbered),
		cmocka_unit_test(state_health_and_agent_are_set),
		cmocka_unit_test(weights_are_set_and_shown),
		cmocka_unit_test(static_algorithms_take_no_other_weights),
		cmocka_unit_test(limits_are_numbers),
		cmocka_unit_test(addresses_of_traffic_are_set),
		cmocka_unit_test(addresses_of_checks_are_set),
		cmocka_unit_test(things_are_switched_on_and_off),
		cmocka_unit_test(sessions_of_a_server_are_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
