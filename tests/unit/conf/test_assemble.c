/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "fixture.h"

static const char two_services[] =
    "locality = \"region=a\"; maxconn = 100;\n"
    "cluster = { nodes = (\n"
    "  { name = \"n1\"; host = \"10.0.0.1\"; locality = \"region=a\"; },\n"
    "  { name = \"n2\"; host = \"crdb2\"; sql_port = 26258; http_port = 8081; weight = 5; backup = "
    "true; disabled = true; }\n"
    " ); server = { weight = 7; maxconn = 50; }; };\n"
    "timeout = { connect = \"1s\"; }; retries = 9; balance = \"leastconn\";\n"
    "services = (\n"
    "  { name = \"psql\"; bind = \":26257\"; },\n"
    "  { name = \"ui\"; bind = ( \"[::]:8080\", { address = \"unix:/run/ui\"; name = \"local\"; "
    "maxconn "
    "= 3; } );\n"
    "    port = \"http\"; retries = 1; timeout = { client = \"2s\"; }; allow = \"10.0.0.0/8\"; }\n"
    ");";

static void nodes_become_servers_of_each_service(void **state)
{
	struct settings *s = valid(two_services);
	const struct settings_service *psql = &s->services[0];
	const struct settings_service *ui = &s->services[1];

	(void)state;
	assert_int_equal(s->service_count, 2);
	assert_int_equal(psql->server_count, 2);
	assert_int_equal(ui->server_count, 2);
	assert_string_equal(psql->servers[0].name, "n1");
	assert_string_equal(psql->servers[0].host, "10.0.0.1");
	assert_string_equal(psql->servers[0].locality, "region=a");
	assert_int_equal(psql->servers[0].port, 26257);
	assert_int_equal(psql->servers[0].weight, 7);
	assert_int_equal(psql->servers[0].maxconn, 50);
	assert_int_equal(psql->servers[0].line, 3);
	assert_int_equal(psql->servers[1].port, 26258);
	assert_int_equal(psql->servers[1].weight, 5);
	assert_true(psql->servers[1].backup && psql->servers[1].disabled);
	assert_int_equal(ui->servers[0].port, 8080);
	assert_int_equal(ui->servers[1].port, 8081);
	assert_int_equal(ui->servers[1].node, psql->servers[1].node);
	settings_free(s);
}

static void a_node_is_one_target_however_many_services_use_it(void **state)
{
	struct settings *s = valid(two_services);

	(void)state;
	assert_int_equal(s->target_count, 2);
	assert_string_equal(s->targets[1].name, "n2");
	assert_string_equal(s->targets[1].host, "crdb2");
	assert_int_equal(s->targets[1].check_port, 8081);
	assert_int_equal(s->targets[1].check.type, SETTINGS_CHECK_HTTP);
	assert_int_equal(s->targets[1].check.port, SETTINGS_PORT_HTTP);
	assert_string_equal(s->targets[1].check.path, "/health?ready=1");
	assert_int_equal(s->targets[1].line, 4);
	settings_free(s);
}

static void services_take_defaults_from_the_top_level(void **state)
{
	struct settings *s = valid(two_services);
	const struct settings_service *psql = &s->services[0];
	const struct settings_service *ui = &s->services[1];

	(void)state;
	assert_int_equal(psql->retries, 9);
	assert_int_equal(ui->retries, 1);
	assert_int_equal(psql->balance, SETTINGS_LEASTCONN);
	assert_int_equal(psql->timeout.connect_ms, 1000);
	assert_int_equal(ui->timeout.connect_ms, 1000);
	assert_int_equal(psql->timeout.client_ms, 600000);
	assert_int_equal(ui->timeout.client_ms, 2000);
	assert_int_equal(ui->allow_count, 1);
	assert_int_equal(ui->line, 9);
	settings_free(s);
}

static void binds_are_addresses_paths_and_descriptors(void **state)
{
	struct settings *s =
	    valid(CLUSTER "services = ( { name = \"p\"; bind = ( \":1\", \"[::1]:2\", "
	                  "\"unix:/run/x\", \"fd:7\", { address = \"10.0.0.5:3\"; "
	                  "backlog = 9; v6only = true; defer_accept = true; interface "
	                  "= \"eth0\"; name = \"b\"; maxconn = 4; } ); } );");
	static const char *const want[] = { "0.0.0.0:1", "[::1]:2", "unix:/run/x", "-",
		                            "10.0.0.5:3" };
	const struct settings_bind *b = s->services[0].binds;
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(s->services[0].bind_count, 5);
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_string_equal(addr_format(&b[i].addr, text), want[i]);
	assert_string_equal(b[0].text, ":1");
	assert_int_equal(b[3].kind, SETTINGS_BIND_FD);
	assert_int_equal(b[3].fd, 7);
	assert_int_equal(b[4].backlog, 9);
	assert_true(b[4].v6only && b[4].defer_accept);
	assert_string_equal(b[4].interface, "eth0");
	assert_string_equal(b[4].name, "b");
	assert_int_equal(b[4].maxconn, 4);
	settings_free(s);
}

static void own_servers_are_checked_as_the_service_says(void **state)
{
	struct settings *s = valid("services = ( { name = \"pg\"; bind = \":1\"; port = 5432;\n"
	                           "  check = { inter = \"1s\"; fall = 7; };\n"
	                           "  servers = ( { name = \"a\"; address = \"10.0.0.1\"; },\n"
	                           "    { name = \"b\"; address = \"h:1\"; check = { type = "
	                           "\"http\"; inter = \"9s\"; port = 80; "
	                           "}; },\n"
	                           "    { name = \"c\"; address = \"unix:/run/pg\"; check = { type "
	                           "= \"none\"; }; } ); },\n"
	                           " { name = \"raw\"; bind = \":2\"; servers = ( { name = \"a\"; "
	                           "address = \"h:1\"; } ); } );");
	const struct settings_target *t = s->targets;

	(void)state;
	assert_int_equal(s->target_count, 4);
	assert_string_equal(t[0].name, "pg/a");
	assert_int_equal(t[0].check.type, SETTINGS_CHECK_TCP);
	assert_int_equal(t[0].check.inter_ms, 1000);
	assert_int_equal(t[0].check.fall, 7);
	assert_int_equal(t[0].check_port, 5432);
	assert_null(t[0].check.path);
	assert_int_equal(s->services[0].servers[0].port, 5432);
	assert_int_equal(t[1].check.type, SETTINGS_CHECK_HTTP);
	assert_int_equal(t[1].check.inter_ms, 9000);
	assert_int_equal(t[1].check.fall, 7);
	assert_int_equal(t[1].check_port, 80);
	assert_int_equal(s->services[0].servers[1].port, 1);
	assert_int_equal(t[2].check.type, SETTINGS_CHECK_NONE);
	assert_string_equal(t[2].host, "unix:/run/pg");
	assert_int_equal(s->services[0].servers[2].port, 0);
	assert_string_equal(t[3].name, "raw/a");
	assert_int_equal(t[3].check.type, SETTINGS_CHECK_NONE);
	assert_int_equal(s->services[1].servers[0].node, 3);
	settings_free(s);
}

static void a_check_has_the_port_that_fits_its_type(void **state)
{
	static const struct {
		const char *check;
		enum settings_port_ref ref;
		uint16_t port;
	} cases[] = {
		{ "", SETTINGS_PORT_HTTP, 8080 },
		{ "type = \"https\";", SETTINGS_PORT_HTTP, 8080 },
		{ "type = \"tcp\";", SETTINGS_PORT_SQL, 26257 },
		{ "type = \"pgsql\";", SETTINGS_PORT_SQL, 26257 },
		{ "type = \"tcp\"; port = \"http\";", SETTINGS_PORT_HTTP, 8080 },
		{ "port = 99;", SETTINGS_PORT_NUMBER, 99 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		struct settings *s;

		snprintf(text, sizeof(text),
		         "cluster = { nodes = ( { name = \"n\"; host = \"h\"; } ); check = { %s }; "
		         "};" SERVICES,
		         cases[i].check);
		s = valid(text);
		assert_int_equal(s->targets[0].check.port, cases[i].ref);
		assert_int_equal(s->targets[0].check_port, cases[i].port);
		settings_free(s);
	}
}

static void statuses_are_ranges(void **state)
{
	struct settings *s =
	    valid("cluster = { nodes = ( { name = \"n\"; host = \"h\"; } ); check = { "
	          "expect = ( 200, \"300-302\" ); drain_status = [ ]; headers = ( \"A: "
	          "b\", \"C: d\" ); }; };" SERVICES);
	const struct settings_check *c = &s->targets[0].check;

	(void)state;
	assert_int_equal(c->expect_status.count, 2);
	assert_true(settings_ranges_contain(&c->expect_status, 200));
	assert_true(settings_ranges_contain(&c->expect_status, 301));
	assert_false(settings_ranges_contain(&c->expect_status, 303));
	assert_int_equal(c->drain_status.count, 0);
	assert_int_equal(c->headers.count, 2);
	assert_string_equal(c->headers.at[1], "C: d");
	settings_free(s);
}

static void log_targets_name_where_and_as_whom(void **state)
{
	static const struct {
		const char *target;
		enum settings_log_kind kind;
		const char *path;
		const char *addr;
		int facility;
	} cases[] = {
		{ "stderr", SETTINGS_LOG_STDERR, NULL, "-", 3 },
		{ "syslog", SETTINGS_LOG_SYSLOG, "/dev/log", "-", 3 },
		{ "syslog:local0", SETTINGS_LOG_SYSLOG, "/dev/log", "-", 16 },
		{ "syslog:/run/log", SETTINGS_LOG_SYSLOG, "/run/log", "-", 3 },
		{ "syslog:local7@/dev/log", SETTINGS_LOG_SYSLOG, "/dev/log", "-", 23 },
		{ "udp://10.0.0.9", SETTINGS_LOG_UDP, NULL, "10.0.0.9:514", 3 },
		{ "udp://local1@[::1]:5140", SETTINGS_LOG_UDP, NULL, "[::1]:5140", 17 },
		{ "file:/var/log/x", SETTINGS_LOG_FILE, "/var/log/x", "-", 3 },
		{ "stdout", SETTINGS_LOG_STDOUT, NULL, "-", 3 },
		{ "fd:7", SETTINGS_LOG_FD, NULL, "-", 3 },
	};
	char addr[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		struct settings *s;

		snprintf(text, sizeof(text), BASE "log = ( { target = \"%s\"; } );",
		         cases[i].target);
		s = valid(text);
		assert_int_equal(s->logs[0].kind, cases[i].kind);
		assert_string_equal(s->logs[0].text, cases[i].target);
		if (cases[i].path)
			assert_string_equal(s->logs[0].path, cases[i].path);
		assert_string_equal(addr_format(&s->logs[0].addr, addr), cases[i].addr);
		assert_int_equal(s->logs[0].facility, cases[i].facility);
		settings_free(s);
	}
	expect_problems(
	    BASE "log = ( { target = \"syslog:locl0@/dev/log\"; } );",
	    "x.conf:1: log[0].target: \"locl0\" is not a syslog facility; did you mean "
	    "\"local0\"?: write kern, user, mail, daemon, auth, ... or local0 to local7");
}

static void logs_default_by_their_format(void **state)
{
	struct settings *s =
	    valid(BASE "log = ( { target = \"stderr\"; format = \"haproxy\"; },\n"
	               "{ target = \"stderr\"; format = \"haproxy\"; level = \"notice\"; "
	               "},\n{ target = \"stderr\"; format = \"json\"; sessions = true; } "
	               ");");

	(void)state;
	assert_true(s->logs[0].sessions);
	assert_string_equal(s->logs[0].tag, "haproxy");
	assert_false(s->logs[1].sessions);
	assert_int_equal(s->logs[1].level, LOG_LEVEL_NOTICE);
	assert_int_equal(s->logs[1].line, 2);
	assert_true(s->logs[2].sessions);
	assert_string_equal(s->logs[2].tag, "sluice");
	settings_free(s);
}

static void what_is_not_written_has_its_default(void **state)
{
	struct settings *s = valid(BASE);
	struct settings_service d = settings_service_default();
	const struct settings_service *have = &s->services[0];

	(void)state;
	assert_int_equal(s->log_count, 1);
	assert_int_equal(s->logs[0].kind, SETTINGS_LOG_STDERR);
	assert_int_equal(s->logs[0].level, LOG_LEVEL_INFO);
	assert_false(s->logs[0].sessions);
	assert_int_equal(s->logs[0].line, 0);
	assert_string_equal(s->admins[0].bind, "127.0.0.1:8404");
	assert_int_equal(addr_port(&s->admins[0].addr), 8404);
	assert_string_equal(s->sockets[0].text, "/run/sluice/admin.sock");
	assert_null(s->file);
	assert_memory_equal(&have->timeout, &d.timeout, sizeof(d.timeout));
	assert_memory_equal(&have->keepalive, &d.keepalive, sizeof(d.keepalive));
	assert_int_equal(have->retries, d.retries);
	assert_int_equal(have->balance, d.balance);
	assert_int_equal(have->redispatch, d.redispatch);
	assert_int_equal(have->tcp_user_timeout_ms, d.tcp_user_timeout_ms);
	settings_free(s);
}

static void admin_can_be_switched_off(void **state)
{
	struct settings *s = valid(BASE "admin = { bind = \"\"; socket = \"\"; }; log = ( );");

	(void)state;
	assert_int_equal(s->admin_count, 0);
	assert_int_equal(s->socket_count, 0);
	assert_int_equal(s->log_count, 0);
	settings_free(s);
}

static void frontends_have_what_their_service_says(void **state)
{
	struct settings *s = valid(
	    CLUSTER
	    "dontlognull = true; services = ( { name = \"p\"; allow = \"10.0.0.0/8\"; maxconn = "
	    "9;\n"
	    "  timeout = { client = \"3s\"; }; keepalive = { idle = \"5s\"; }; log_format = "
	    "\"%ci %{+Q}bp\"; log = ( { target = \"stdout\"; } ); conn_rate_limit = { count = 4; "
	    "};\n"
	    "  frontends = ( { name = \"f\"; bind = \":1\"; },\n"
	    "    { name = \"g\"; bind = ( \":2\", \":3\" ); maxconn = 7; allow = ( ); log = ( ); "
	    "dontlognull = false; log_format = \"\"; timeout = { client_fin = \"1s\"; }; } ); } "
	    ");");
	const struct settings_service *p = &s->services[0];
	const struct settings_frontend *f = p->frontends;

	(void)state;
	assert_int_equal(p->frontend_count, 2);
	assert_int_equal(p->bind_count, 0);
	assert_int_equal(f[0].bind_count, 1);
	assert_int_equal(f[0].allow_count, 1);
	assert_int_equal(f[0].maxconn, 0);
	assert_int_equal(f[0].client_ms, 3000);
	assert_int_equal(f[0].keepalive.idle_s, 5);
	assert_int_equal(f[0].conn_rate_limit.count, 4);
	assert_true(f[0].dontlognull && f[0].own_logs && f[0].log_addresses);
	assert_int_equal(f[0].log_count, 1);
	assert_int_equal(f[0].session_log, SETTINGS_SESSION_FORMAT);
	assert_int_equal(f[0].line, 3);
	assert_int_equal(f[1].bind_count, 2);
	assert_int_equal(f[1].allow_count, 0);
	assert_int_equal(f[1].maxconn, 7);
	assert_int_equal(f[1].client_ms, 3000);
	assert_int_equal(f[1].client_fin_ms, 1000);
	assert_true(f[1].own_logs);
	assert_int_equal(f[1].log_count, 0);
	assert_false(f[1].dontlognull || f[1].log_addresses);
	assert_int_equal(f[1].session_log, SETTINGS_SESSION_TCPLOG);
	settings_free(s);
}

static void a_format_with_other_addresses_is_noticed(void **state)
{
	static const struct {
		const char *format;
		bool addresses;
	} cases[] = {
		{ "%ci:%cp", false }, { "%bi", true },         { "%fp", true },    { "%si", true },
		{ "%{+Q}sp", true },  { "%%bi", false },       { "%b/%s", false }, { "%f", false },
		{ "%[dst]", true },   { "%[src] %ft", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[400];
		struct settings *s;

		snprintf(text, sizeof(text),
		         CLUSTER
		         "services = ( { name = \"p\"; frontends = ( { name = \"f\"; bind = "
		         "\":1\"; log_format = \"%s\"; } ); } );",
		         cases[i].format);
		s = valid(text);
		assert_int_equal(s->services[0].frontends[0].log_addresses, cases[i].addresses);
		settings_free(s);
	}
}

static void several_groups_of_admin_share_no_default_address(void **state)
{
	struct settings *s = valid(
	    BASE
	    "admin = ( { sockets = ( { address = \"127.0.0.1:9\"; }, { address = \"fd:3\"; level "
	    "= \"admin\"; mode = \"0600\"; } ); },\n{ bind = \"unix:/run/x\"; }, { socket = "
	    "\"/run/y\"; } );");

	(void)state;
	assert_int_equal(s->admin_count, 2);
	assert_string_equal(s->admins[0].bind, "127.0.0.1:8404");
	assert_string_equal(s->admins[1].bind, "unix:/run/x");
	assert_int_equal(s->admins[1].line, 2);
	assert_int_equal(s->socket_count, 4);
	assert_string_equal(s->sockets[0].text, "/run/sluice/admin.sock");
	assert_int_equal(s->sockets[0].level, SETTINGS_LEVEL_ADMIN);
	assert_int_equal(s->sockets[1].level, SETTINGS_LEVEL_OPERATOR);
	assert_int_equal(addr_port(&s->sockets[1].addr), 9);
	assert_int_equal(s->sockets[2].addr.len, 0);
	assert_int_equal(s->sockets[2].fd, 3);
	assert_int_equal(s->sockets[2].mode, 0600);
	assert_string_equal(s->sockets[3].text, "/run/y");
	settings_free(s);
}

static void a_cluster_that_no_service_uses_is_not_checked(void **state)
{
	struct settings *s =
	    valid(CLUSTER "services = ( { name = \"p\"; bind = \":1\"; servers = ( { "
	                  "name = \"a\"; address = \"h:1\"; } ); } );");

	(void)state;
	assert_int_equal(s->target_count, 1);
	assert_string_equal(s->targets[0].name, "p/a");
	settings_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_become_servers_of_each_service),
		cmocka_unit_test(a_node_is_one_target_however_many_services_use_it),
		cmocka_unit_test(services_take_defaults_from_the_top_level),
		cmocka_unit_test(binds_are_addresses_paths_and_descriptors),
		cmocka_unit_test(own_servers_are_checked_as_the_service_says),
		cmocka_unit_test(a_check_has_the_port_that_fits_its_type),
		cmocka_unit_test(statuses_are_ranges),
		cmocka_unit_test(log_targets_name_where_and_as_whom),
		cmocka_unit_test(logs_default_by_their_format),
		cmocka_unit_test(what_is_not_written_has_its_default),
		cmocka_unit_test(admin_can_be_switched_off),
		cmocka_unit_test(frontends_have_what_their_service_says),
		cmocka_unit_test(a_format_with_other_addresses_is_noticed),
		cmocka_unit_test(several_groups_of_admin_share_no_default_address),
		cmocka_unit_test(a_cluster_that_no_service_uses_is_not_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
