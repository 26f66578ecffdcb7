/* SPDX-License-Identifier: MIT */
/* WRAP: crew_sessions crew_kill crew_end_sessions crew_pause_frontend crew_close_frontend */
/* WRAP: crew_set_maxconn crew_set_rate_limits crew_threads crew_load crew_listeners */
/* WRAP: crew_listener_count crew_listener crew_connections crew_accepted crew_dropped_records */
#include "scene.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "fakecrew.h"

static struct scene scene;

static int setup(void **state)
{
	(void)state;
	memset(&fakecrew, 0, sizeof(fakecrew));
	scene_open(&scene, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_close(&scene);
	return 0;
}

static char *answer_at(enum settings_level level, enum command_severity severity, const char *line)
{
	struct command_context ctx = { .daemon = &scene.daemon,
		                       .level = level,
		                       .severity = severity };
	struct text out = { 0 };

	command_run(&ctx, line, &out);
	return out.data ? text_take(&out) : mem_strdup("");
}

static void check(enum settings_level level, const char *line, const char *expected)
{
	char *answer = answer_at(level, COMMAND_PLAIN, line);

	if (strcmp(answer, expected) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", line, answer, expected);
	free(answer);
}

static void check_start(const char *line, const char *expected)
{
	char *answer = answer_at(SETTINGS_LEVEL_ADMIN, COMMAND_PLAIN, line);

	if (strncmp(answer, expected, strlen(expected)) != 0)
		fail_msg("%s: \"%s\" does not begin with \"%s\"", line, answer, expected);
	free(answer);
}

static bool has_handed_over(void *ctx)
{
	(void)ctx;
	return true;
}

static void after_a_hand_over_nothing_is_changed(void **state)
{
	static const char *const refused[] = {
		"set server be/s1 state drain", "set weight be/s1 1",
		"disable frontend fe",          "shutdown frontend fe",
		"shutdown session 0x1",         "clear counters all",
		"fault be/s1 refuse",           "drill start x",
		"set maxconn global 5",         "del server be/s1"
	};
	static const char *const shown[] = { "show stat", "show info", "get weight psql/n1",
		                             "help",      "prompt",    "set timeout cli 5s",
		                             "upgrade",   "reload" };

	(void)state;
	scene.daemon.upgrade.has_handed_over = has_handed_over;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		check(SETTINGS_LEVEL_ADMIN, refused[i], "an upgrade is under way: try again\n");
	check(SETTINGS_LEVEL_USER, refused[0], "Permission denied\n");
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		char *answer = answer_at(SETTINGS_LEVEL_ADMIN, COMMAND_PLAIN, shown[i]);

		assert_null(strstr(answer, "under way"));
		free(answer);
	}
	check(SETTINGS_LEVEL_ADMIN, "show backend", "# name\npsql\nbe\n");
}

/* What HAProxy 2.6.12 answers; "" is its empty answer of success. */
static void answers_are_those_of_haproxy(void **state)
{
	static const char rates[] =
	    "'set rate-limit' only supports :\n"
	    "   - 'connections global' to set the per-process maximum connection rate\n"
	    "   - 'sessions global' to set the per-process maximum session rate\n"
	    "   - 'ssl-sessions global' to set the per-process maximum SSL session rate\n"
	    "   - 'http-compression global' to set the per-process maximum compression speed in "
	    "kB/s\n";
	static const char severities[] =
	    "one of 'none', 'number', 'string' is a required argument\n";
	static const char status[] =
	    "Per-task CPU profiling              : off           # set profiling tasks "
	    "{on|auto|off}\n"
	    "Memory usage profiling              : off           # set profiling memory "
	    "{on|off}\n";
	static const char *const table[][2] = {
		{ "operator", "" },
		{ "operator foo", "" },
		{ "user", "" },
		{ "show cli level", "admin\n" },
		{ "show cli level foo", "admin\n" },
		{ "show backend", "# name\npsql\nbe\n" },
		{ "show backend foo", "# name\npsql\nbe\n" },
		{ "  show   backend\t\r", "# name\npsql\nbe\n" },
		{ "show servers state foo", "Can't find backend.\n" },
		{ "show servers state fe", "Can't find backend.\n" },
		{ "show servers state 2", "Can't find backend.\n" },
		{ "show servers state #3", "Can't find backend.\n" },
		{ "show servers conn foo", "Can't find backend.\n" },
		{ "show stat foo 7 -1", "No such proxy.\n" },
		{ "show stat 0 7 -1", "No such proxy.\n" },
		{ "show stat typed psql 4 1", "No such proxy.\n" },
		{ "show stat domain", "Invalid statistics domain.\n" },
		{ "show stat domain foo", "Invalid statistics domain.\n" },
		{ "show stat domain proxy foo 7 -1", "No such proxy.\n" },
		{ "show errors foo", "No such proxy.\n" },
		{ "show events foo", "No such event sink\n" },
		{ "show events stdout", "Nothing to report for this sink\n" },
		{ "show events buf0", "" },
		{ "show events buf0 -n", "" },
		{ "show events buf0 -x", "unknown option\n" },
		{ "show env NO_SUCH_VARIABLE", "Variable not found\n" },
		{ "show startup-logs", "\n" },
		{ "show resolvers foo", "Can't find that resolvers section\n" },
		{ "show profiling status", status },
		{ "show profiling foo", "Expects either 'all', 'status', 'tasks', 'memory', "
		                        "'byaddr' or a max number of output lines.\n" },
		{ "show profiling memory", "" },
		{ "show fd 999", "" },
		{ "show fd x", "" },
		{ "show sess 0x1", "Session not found.\n" },
		{ "show sess 1", "Session not found.\n" },
		{ "show sess", "" },
		{ "show tasks", "Running tasks: 0 (2 threads)\n  function                     "
		                "places     %    lat_tot   lat_avg\n" },
		{ "clear counters", "" },
		{ "clear counters all", "" },
		{ "clear counters foo", "" },
		{ "set maxconn frontend", "A frontend name is expected.\n" },
		{ "set maxconn frontend foo", "No such frontend.\n" },
		{ "set maxconn frontend foo 10", "No such frontend.\n" },
		{ "set maxconn frontend be 10", "No such frontend.\n" },
		{ "set maxconn frontend fe", "Integer value expected.\n" },
		{ "set maxconn frontend fe 100", "" },
		{ "set maxconn frontend psql 1001", "" },
		{ "set maxconn frontend #3 50", "" },
		{ "set maxconn frontend fe -1", "Value out of range.\n" },
		{ "set maxconn global", "Expects an integer value.\n" },
		{ "set maxconn global 500", "" },
		{ "set maxconn global 5000", "Value out of range.\n" },
		{ "set maxconn global 0", "" },
		{ "set rate-limit", rates },
		{ "set rate-limit sessions", rates },
		{ "set rate-limit sessions foo", rates },
		{ "set rate-limit foo global 5", rates },
		{ "set rate-limit connections foo 10", rates },
		{ "set rate-limit sessions global", "Expects an integer value.\n" },
		{ "set rate-limit sessions global -1", "Value out of range.\n" },
		{ "set rate-limit sessions global 10", "" },
		{ "set rate-limit connections global 10", "" },
		{ "set rate-limit ssl-sessions global 5", "" },
		{ "set rate-limit http-compression global 5", "" },
		{ "set timeout", "'set timeout' only supports 'cli'.\n" },
		{ "set timeout foo 10", "'set timeout' only supports 'cli'.\n" },
		{ "set timeout cli", "Expects an integer value.\n" },
		{ "set timeout cli 10", "" },
		{ "set timeout cli 5m", "" },
		{ "set timeout cli 0", "Invalid timeout value.\n" },
		{ "set timeout cli 10x", "Invalid timeout value.\n" },
		{ "set timeout cli abc", "Invalid timeout value.\n" },
		{ "set timeout cli 999999999999", "Invalid timeout value.\n" },
		{ "set severity-output", severities },
		{ "set severity-output foo", severities },
		{ "set severity-output number", "" },
		{ "disable frontend", "A frontend name is expected.\n" },
		{ "disable frontend foo", "No such frontend.\n" },
		{ "disable frontend be", "No such frontend.\n" },
		{ "disable frontend fe", "" },
		{ "disable frontend fe", "All sockets are already disabled.\n" },
		{ "enable frontend", "A frontend name is expected.\n" },
		{ "enable frontend foo", "No such frontend.\n" },
		{ "enable frontend fe", "" },
		{ "enable frontend fe", "All sockets are already enabled.\n" },
		{ "disable frontend #2", "" },
		{ "enable frontend #2", "" },
		{ "disable frontend #1", "No such frontend.\n" },
		{ "shutdown frontend", "A frontend name is expected.\n" },
		{ "shutdown frontend foo", "No such frontend.\n" },
		{ "shutdown frontend fe", "" },
		{ "disable frontend fe", "Frontend was previously shut down, cannot disable.\n" },
		{ "enable frontend fe", "Frontend was previously shut down, cannot enable.\n" },
		{ "shutdown frontend fe", "Frontend was already shut down.\n" },
		{ "shutdown session", "Session pointer expected (use 'show sess').\n" },
		{ "shutdown session foo", "Session pointer expected (use 'show sess').\n" },
		{ "shutdown session 0x", "Session pointer expected (use 'show sess').\n" },
		{ "shutdown session 0x12", "No such session (use 'show sess').\n" },
		{ "shutdown session 123", "No such session (use 'show sess').\n" },
		{ "get weight psql/n1", "1 (initial 1)\n" },
		{ "get weight psql/#1 foo", "1 (initial 1)\n" },
		{ "get weight psql\\/n1", "1 (initial 1)\n" },
		{ "get weight psql/n1\\;x", "No such server.\n" },
		{ "get weight foo/bar", "No such backend.\n" },
		{ "set weight psql/n1", "Require <weight> or <weight%>.\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		check(SETTINGS_LEVEL_ADMIN, table[i][0], table[i][1]);
}

/* The same of what this process does not have. */
static void absent_things_answer_like_those_of_a_bare_haproxy(void **state)
{
	static const char no_map[] = "Unknown map identifier. Please use #<id> or <file>.\n";
	static const char no_acl[] = "Unknown ACL identifier. Please use #<id> or <file>.\n";
	static const char *const table[][2] = {
		{ "experimental-mode", "experimental-mode is OFF\n" },
		{ "experimental-mode on", "" },
		{ "expert-mode on", "" },
		{ "show map", "# id (file) description\n" },
		{ "show map foo", no_map },
		{ "show acl foo", no_acl },
		{ "get map foo bar", no_map },
		{ "get acl", "Missing ACL identifier and/or key.\n" },
		{ "get acl x y", no_acl },
		{ "add map foo a", "'add map' expects three parameters (map identifier, key and "
		                   "value) or one parameter (map identifier) and a payload\n" },
		{ "add map foo a b", no_map },
		{ "add acl foo x", no_acl },
		{ "clear map", "Missing map identifier.\n" },
		{ "clear acl foo", no_acl },
		{ "del acl foo", "This command expects two parameters: ACL identifier and key.\n" },
		{ "del map x y", no_map },
		{ "set map x y", "'set map' expects three parameters: map identifier, key and "
		                 "value.\n" },
		{ "prepare map x", no_map },
		{ "commit acl @1 x", no_acl },
		{ "get var", "Missing process-wide variable identifier.\n" },
		{ "get var proc.foo", "Variable not found.\n" },
		{ "show table", "" },
		{ "show table foo", "No such table\n" },
		{ "clear table", "Required arguments: <table> \"data.<store_data_type>\" "
		                 "<operator> <value> or <table> key <key>\n" },
		{ "set table foo key x", "No such table\n" },
		{ "show ssl cert", "" },
		{ "show ssl cert foo", "Can't display the certificate: Not found or the "
		                       "certificate is a bundle!\n" },
		{ "show ssl crl-file", "# filename\n" },
		{ "show ssl crt-list foo", "didn't find the specified filename\n" },
		{ "show ssl ocsp-response 1", "Certificate ID does not match any certificate.\n" },
		{ "show ssl providers", "Loaded providers : \n\t- default\n" },
		{ "set ssl cert x y", "Can't replace what is not referenced by the "
		                      "configuration!\n" },
		{ "set ssl cert x",
		  "'set ssl cert expects a filename and a certificate as a payload\n" },
		{ "set ssl cert",
		  "'set ssl cert expects a filename and a certificate as a payload\n" },
		{ "commit ssl cert", "'commit ssl cert expects a filename\n" },
		{ "abort ssl cert x", "No ongoing transaction!\n" },
		{ "show tls-keys", "# id (file)\n" },
		{ "show cache", "" },
		{ "show peers", "" },
		{ "show peers foo", "No such peers\n" },
		{ "show libs", "" },
		{ "trace foo", "No such trace source\n" },
		{ "set profiling", "Expects either 'tasks' or 'memory'.\n" },
		{ "set profiling memory on", "Profiling not compiled in.\n" },
		{ "disable dynamic-cookie backend", "A backend name is expected.\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		check(SETTINGS_LEVEL_ADMIN, table[i][0], table[i][1]);
}

/* HAProxy takes these words for 0, and closes the service or the process with them. */
static void what_is_no_number_changes_nothing(void **state)
{
	struct topology_frontend *fe = topology_find_frontend(scene.daemon.topology, "fe");

	(void)state;
	check(SETTINGS_LEVEL_ADMIN, "set maxconn frontend fe 7", "");
	check(SETTINGS_LEVEL_ADMIN, "set maxconn frontend fe abc", "Integer value expected.\n");
	check(SETTINGS_LEVEL_ADMIN, "set maxconn frontend fe 10x", "Integer value expected.\n");
	check(SETTINGS_LEVEL_ADMIN, "set maxconn frontend fe 0", "Value out of range.\n");
	check(SETTINGS_LEVEL_ADMIN, "set maxconn frontend fe 99999999999999999999",
	      "Integer value expected.\n");
	assert_int_equal(atomic_load(&fe->maxconn), 7);
	check(SETTINGS_LEVEL_ADMIN, "set maxconn global abc", "Expects an integer value.\n");
	check(SETTINGS_LEVEL_ADMIN, "set maxconn global -5", "Value out of range.\n");
	check(SETTINGS_LEVEL_ADMIN, "set rate-limit sessions global x",
	      "Expects an integer value.\n");
	assert_int_equal(fakecrew.maxconn, 0);
}

static void levels_are_kept(void **state)
{
	static const struct {
		enum settings_level least;
		const char *line;
	} table[] = {
		{ SETTINGS_LEVEL_USER, "show info" },
		{ SETTINGS_LEVEL_USER, "show stat" },
		{ SETTINGS_LEVEL_USER, "show servers state" },
		{ SETTINGS_LEVEL_USER, "show events" },
		{ SETTINGS_LEVEL_USER, "show version" },
		{ SETTINGS_LEVEL_USER, "show pools" },
		{ SETTINGS_LEVEL_USER, "get weight psql/n1" },
		{ SETTINGS_LEVEL_USER, "set timeout cli 10" },
		{ SETTINGS_LEVEL_USER, "set severity-output none" },
		{ SETTINGS_LEVEL_USER, "show table" },
		{ SETTINGS_LEVEL_USER, "help" },
		{ SETTINGS_LEVEL_USER, "user" },
		{ SETTINGS_LEVEL_OPERATOR, "operator" },
		{ SETTINGS_LEVEL_OPERATOR, "clear counters" },
		{ SETTINGS_LEVEL_OPERATOR, "show sess" },
		{ SETTINGS_LEVEL_OPERATOR, "show errors" },
		{ SETTINGS_LEVEL_OPERATOR, "show env" },
		{ SETTINGS_LEVEL_OPERATOR, "show fd" },
		{ SETTINGS_LEVEL_OPERATOR, "show startup-logs" },
		{ SETTINGS_LEVEL_OPERATOR, "show events stdout" },
		{ SETTINGS_LEVEL_OPERATOR, "get var x" },
		{ SETTINGS_LEVEL_ADMIN, "clear counters all" },
		{ SETTINGS_LEVEL_ADMIN, "set weight psql/n1 1" },
		{ SETTINGS_LEVEL_ADMIN, "set server psql/n1 weight 1" },
		{ SETTINGS_LEVEL_ADMIN, "set maxconn global 1" },
		{ SETTINGS_LEVEL_ADMIN, "set maxconn frontend fe 1" },
		{ SETTINGS_LEVEL_ADMIN, "set rate-limit" },
		{ SETTINGS_LEVEL_ADMIN, "disable frontend" },
		{ SETTINGS_LEVEL_ADMIN, "enable frontend" },
		{ SETTINGS_LEVEL_ADMIN, "shutdown frontend" },
		{ SETTINGS_LEVEL_ADMIN, "shutdown session" },
		{ SETTINGS_LEVEL_ADMIN, "shutdown sessions server" },
		{ SETTINGS_LEVEL_ADMIN, "show cache" },
		{ SETTINGS_LEVEL_ADMIN, "show profiling" },
		{ SETTINGS_LEVEL_ADMIN, "add ssl crt-list" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (enum settings_level l = SETTINGS_LEVEL_USER; l <= SETTINGS_LEVEL_ADMIN; l++) {
			char *answer = answer_at(l, COMMAND_PLAIN, table[i].line);

			if ((strcmp(answer, "Permission denied\n") == 0) != (l < table[i].least))
				fail_msg("%s at level %d: %s", table[i].line, (int)l, answer);
			free(answer);
		}
}

static void a_level_only_goes_down(void **state)
{
	struct command_context ctx = { .daemon = &scene.daemon, .level = SETTINGS_LEVEL_ADMIN };
	AUTO_TEXT out = { 0 };

	(void)state;
	command_run(&ctx, "operator", &out);
	command_run(&ctx, "show cli level", &out);
	command_run(&ctx, "set weight psql/n1 1", &out);
	command_run(&ctx, "user", &out);
	command_run(&ctx, "show cli level", &out);
	command_run(&ctx, "operator", &out);
	assert_string_equal(text_str(&out),
	                    "operator\nPermission denied\nuser\nPermission denied\n");
}

/* As 2.6 has them: only feedback has a severity, what is dumped has none. */
static void severities_are_put_before_feedback(void **state)
{
	static const char *const table[][3] = {
		{ "get weight foo/bar", "[3]: No such backend.\n", "[err]: No such backend.\n" },
		{ "get weight psql/n1", "1 (initial 1)\n", "1 (initial 1)\n" },
		{ "show table foo", "[3]: No such table\n", "[err]: No such table\n" },
		{ "show sess 0x1", "Session not found.\n", "Session not found.\n" },
		{ "show cli level", "[6]: admin\n", "[info]: admin\n" },
		{ "show startup-logs", "[6]: \n", "[info]: \n" },
		{ "show backend", "# name\npsql\nbe\n", "# name\npsql\nbe\n" },
		{ "clear counters", "", "" },
		{ "enable frontend fe", "[5]: All sockets are already enabled.\n",
		  "[notice]: All sockets are already enabled.\n" },
		{ "experimental-mode", "[6]: experimental-mode is OFF\n",
		  "[info]: experimental-mode is OFF\n" },
		{ "show map", "# id (file) description\n", "# id (file) description\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (int k = 0; k < 2; k++) {
			char *answer = answer_at(SETTINGS_LEVEL_ADMIN,
			                         k ? COMMAND_WORDS : COMMAND_NUMBERS, table[i][0]);

			assert_string_equal(answer, table[i][1 + k]);
			free(answer);
		}
}

static void an_unknown_command_is_answered_with_what_is_near(void **state)
{
	static const char last[] =
	    "  help [<command>]                        : list matching or all commands\n"
	    "  prompt                                  : toggle interactive mode with prompt\n"
	    "  quit                                    : disconnect\n";
	char expected[2048];

	(void)state;
	snprintf(expected, sizeof(expected),
	         "Unknown command, but maybe one of the following ones is a better match:\n"
	         "  show info [desc|json|typed|float]*      : report information about the "
	         "running process\n%s",
	         last);
	check(SETTINGS_LEVEL_USER, "sh info", expected);
	snprintf(expected, sizeof(expected),
	         "Unknown command, but maybe one of the following ones is a better match:\n"
	         "  set maxconn frontend <frontend> <value> : change a frontend's maxconn "
	         "setting\n"
	         "  set maxconn global <value>              : change the per-process maxconn "
	         "setting\n"
	         "  set maxconn server <bk>/<srv>           : change a server's maxconn setting\n"
	         "%s",
	         last);
	check(SETTINGS_LEVEL_USER, "set maxconn", expected);
	snprintf(expected, sizeof(expected), "The following commands are valid at this level:\n%s",
	         last);
	check(SETTINGS_LEVEL_USER, "help quit", expected);
	snprintf(expected, sizeof(expected),
	         "Unknown command, but maybe one of the following ones is a better match:\n"
	         "  add acl [@<ver>] <acl> <pattern>        : add an acl entry\n"
	         "  show fd [num]                           : dump list of file descriptors in use "
	         "or a specific one\n"
	         "  show info [desc|json|typed|float]*      : report information about the "
	         "running process\n"
	         "  trace [<module>|0] [cmd [args...]]      : manage live tracing (empty to list, "
	         "0 to stop all)\n"
	         "  user                                    : lower the level of the current CLI "
	         "session to user\n%s",
	         last);
	check(SETTINGS_LEVEL_USER, "foo", expected);
	check_start("", "Unknown command. Please enter one of the following commands only:\n"
	                "  abort ssl ca-file <cafile>              : abort a transaction");
	check_start("help", "The following commands are valid at this level:\n  abort ssl");
}

static void every_command_is_listed(void **state)
{
	static const char *const words[] = {
#define COMMAND(words, arguments, level, handler, help) words,
#include "control/commands.def"
	};
	char *list = answer_at(SETTINGS_LEVEL_ADMIN, COMMAND_PLAIN, "help");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char line[64];

		snprintf(line, sizeof(line), "\n  %s ", words[i]);
		if (!strstr(list, line))
			fail_msg("help does not list \"%s\"", words[i]);
	}
	free(list);
}

/* HAProxy reads at most 64 words; any number of them, and any bytes, have an answer. */
static void odd_lines_are_answered(void **state)
{
	char line[4096];
	char *answer;

	(void)state;
	memset(line, 0, sizeof(line));
	for (size_t i = 0; i + 1 < sizeof(line); i++)
		line[i] = i % 2 ? ' ' : 'x';
	answer = answer_at(SETTINGS_LEVEL_ADMIN, COMMAND_PLAIN, line);
	assert_non_null(strstr(answer, "Unknown command"));
	free(answer);
	memset(line, '\\', sizeof(line) - 1);
	answer = answer_at(SETTINGS_LEVEL_ADMIN, COMMAND_PLAIN, line);
	assert_non_null(strstr(answer, "Unknown command"));
	free(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(after_a_hand_over_nothing_is_changed, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(answers_are_those_of_haproxy, setup, teardown),
		cmocka_unit_test_setup_teardown(absent_things_answer_like_those_of_a_bare_haproxy,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_number_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(levels_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_level_only_goes_down, setup, teardown),
		cmocka_unit_test_setup_teardown(severities_are_put_before_feedback, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(an_unknown_command_is_answered_with_what_is_near,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(every_command_is_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_lines_are_answered, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
