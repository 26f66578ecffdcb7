/* SPDX-License-Identifier: MIT */
#include "../../../src/conf/keyreader.h"
#include "conf/keys.h"
#include "fixture.h"
#include "keyrows.h"

/* Every key once: a value it takes, one it does not, and the whole message. */
struct row {
	const char *group, *name, *good, *bad;
	const char *message; /* after "x.conf:1: " */
};

#define NODE    "cluster.nodes[0] \"n1\": "
#define SERVICE "services[0] \"s\": "
#define SERVER  SERVICE "servers[0] \"a\": "
#define BIND    SERVICE "bind[0]"

static const struct row rows[] = {
	{ "", "locality", "\"region=a,zone=b\"", "\"east\"",
	  "locality: \"east\" is not a locality: write \"key=value,key=value\" from the largest to "
	  "the "
	  "smallest, as in \"region=us-east-2,zone=us-east-2a\"" },
	{ "", "threads", "4", "\"4\"",
	  "threads: \"4\" is not a whole number: write 0 to 1024 without quotes" },
	{ "", "maxconn", "4096", "-1", "maxconn: -1 is out of range: write 0 to 10000000" },
	{ "", "nofile", "65536L", "3000000000L",
	  "nofile: 3000000000 is out of range: write 0 to 2000000000" },
	{ "", "user", "\"root\"", "\"no-such-user\"",
	  "user: there is no user \"no-such-user\" on this host: create it (useradd --system) or "
	  "name "
	  "another" },
	{ "", "group", "\"root\"", "\"no-such-group\"",
	  "group: there is no group \"no-such-group\" on this host: create it (groupadd --system) "
	  "or "
	  "name another" },
	{ "", "chroot", "\"/\"", "\"/no/such\"", "chroot: \"/no/such\"" NO_FILE },
	{ "", "pidfile", "\"/run/x.pid\"", "\"x.pid\"",
	  "pidfile: \"x.pid\" is not an absolute path: begin it with \"/\", as in "
	  "\"/run/sluice/sluice.pid\"" },
	{ "", "hard_stop_after", "\"1m30s\"", "\"soon\"", "hard_stop_after: \"soon\"" DURATION },
	{ "", "resolver", "{ }", "1", "resolver: 1 is not a group: write resolver = { ... };" },
	{ "", "cluster", "{ nodes = ( { name = \"a\"; host = \"b\"; } ); }", "( )",
	  "cluster: a list is not a group: write cluster = { ... };" },
	{ "", "services", "( { name = \"a\"; bind = \":1\"; } )", "{ name = \"a\"; }",
	  "services: a group { } is not a list of groups: write services = ( { ... } );" },
	{ "", "admin", "{ }", "\"on\"", "admin: \"on\" is not a group: write admin = { ... };" },
	{ "", "log", "( )", "\"stderr\"",
	  "log: \"stderr\" is not a list of groups: write log = ( { ... } );" },

	{ "resolver", "nameservers", "( \"10.0.0.2\", \"[fd00::1]:5353\" )", "[ \"ns1\" ]",
	  "resolver.nameservers[0]: \"ns1\" is not the address of a name server: write "
	  "\"10.0.0.2\" or "
	  "\"10.0.0.2:53\"" },
	{ "resolver", "every", "\"1m\"", "\"1ms\"",
	  "resolver.every: \"1ms\" is out of range: write \"1s\" to \"1d\"" },
	{ "resolver", "timeout", "500", "-1", "resolver.timeout: -1" DURATION },

	{ "cluster", "nodes", "( { name = \"a\"; host = \"b\"; } )", "( \"b\" )",
	  "cluster.nodes[0]: \"b\" is not a group: write { ... }" },
	{ "cluster", "discover", "{ from = \"http://n1:8080\"; }", "\"http://n1:8080\"",
	  "cluster.discover: \"http://n1:8080\" is not a group: write discover = { ... };" },
	{ "cluster", "check", "{ type = \"tcp\"; }", "\"tcp\"",
	  "cluster.check: \"tcp\" is not a group: write check = { ... };" },
	{ "cluster", "server", "{ weight = 2; }", "2",
	  "cluster.server: 2 is not a group: write server = { ... };" },

	{ "cluster.nodes", "name", "\"roach-1.a_b:c\"", "\"a/b\"",
	  "cluster.nodes[0] \"a/b\": name: \"a/b\" is not a name: write 1 to 64 letters, digits, "
	  "'-', "
	  "'_', '.' or ':'" },
	{ "cluster.nodes", "host", "\"crdb-1.example.com.\"", "\"h:26257\"",
	  NODE "host: \"h:26257\" is not a host: write the host alone, its port is another key" },
	{ "cluster.nodes", "locality", "\"region=a\"", "\"region=\"",
	  NODE
	  "locality: \"region=\" is not a locality: write \"key=value,key=value\" from the largest "
	  "to the smallest, as in \"region=us-east-2,zone=us-east-2a\"" },
	{ "cluster.nodes", "sql_port", "26258", "0",
	  NODE "sql_port: 0 is out of range: write 1 to 65535" },
	{ "cluster.nodes", "http_port", "8081", "65536",
	  NODE "http_port: 65536 is out of range: write 1 to 65535" },
	{ "cluster.nodes", "weight", "256", "257",
	  NODE "weight: 257 is out of range: write 0 to 256" },
	{ "cluster.nodes", "backup", "true", "1", NODE "backup: 1" SWITCH },
	{ "cluster.nodes", "disabled", "false", "\"no\"", NODE "disabled: \"no\"" SWITCH },

	{ "cluster.server", "weight", "0", "1.5",
	  "cluster.server.weight: 1.5 is not a whole number: write 0 to 256 without quotes" },
	{ "cluster.server", "maxconn", "500", "true",
	  "cluster.server.maxconn: true is not a whole number: write 0 to 10000000 without "
	  "quotes" },

	{ "check", "type", "\"tcp\"", "\"htttp\"",
	  "cluster.check.type: \"htttp\" is not known here; did you mean \"http\"? Write \"none\", "
	  "\"tcp\", \"http\", \"https\", \"pgsql\", \"mysql\", \"redis\", \"ldap\", \"smtp\", "
	  "\"ssl-hello\" or \"external\"" },
	{ "check", "port", "\"sql\"", "\"dns\"",
	  "cluster.check.port: \"dns\" is not a port: write \"sql\", \"http\" or 1 to 65535 "
	  "without "
	  "quotes" },
	{ "check", "address", "\"fd00::1\"", "\"[fd00::1]\"",
	  "cluster.check.address: \"[fd00::1]\" is not a host: write the host alone, its port is "
	  "another "
	  "key" },
	{ "check", "inter", "\"500ms\"", "\"2 sec\"", "cluster.check.inter: \"2 sec\"" DURATION },
	{ "check", "fastinter", "\"0s\"", "true", "cluster.check.fastinter: true" DURATION },
	{ "check", "downinter", "5000", "\"2d\"",
	  "cluster.check.downinter: \"2d\" is out of range: write \"0ms\" to \"1d\"" },
	{ "check", "rise", "1", "0", "cluster.check.rise: 0 is out of range: write 1 to 1000" },
	{ "check", "fall", "5", "1001",
	  "cluster.check.fall: 1001 is out of range: write 1 to 1000" },
	{ "check", "timeout", "\"3s\"", "\"\"", "cluster.check.timeout: \"\"" DURATION },
	{ "check", "connect_timeout", "\"1s\"", "-1",
	  "cluster.check.connect_timeout: -1" DURATION },
	{ "check", "init_state", "\"up\"", "\"UP\"",
	  "cluster.check.init_state: \"UP\" is not known here: write \"down\" or \"up\"" },
	{ "check", "method", "\"HEAD\"", "\"get\"",
	  "cluster.check.method: \"get\" is not an HTTP method: write \"GET\", \"HEAD\" or "
	  "\"OPTIONS\", "
	  "in capitals" },
	{ "check", "path", "\"/\"", "\"health\"",
	  "cluster.check.path: \"health\" is not a path: begin it with \"/\" and write no spaces "
	  "and no "
	  "\"#\", as in \"/health?ready=1\"" },
	{ "check", "version", "\"1.1\"", "1.1",
	  "cluster.check.version: 1.1 is not known here: write \"1.0\" or \"1.1\"" },
	{ "check", "host", "\"crdb\"", "\"a\\nb\"",
	  "cluster.check.host: \"a\\x0ab\" has control characters: leave them out" },
	{ "check", "headers", "\"X-A: b\"", "( \"X-A: b\", \"bad\" )",
	  "cluster.check.headers[1]: \"bad\" is not a header: write \"Name: value\"" },
	{ "check", "expect", "[ 200, 204 ]", "( \"300-200\" )",
	  "cluster.check.expect[0]: \"300-200\" is not an HTTP status: write 100 to 599, or a "
	  "range such "
	  "as \"200-399\"" },
	{ "check", "expect_string", "\"ok\"", "\"\"",
	  "cluster.check.expect_string: it is empty: write \"ok\", or leave the key out" },
	{ "check", "drain_status", "[ ]", "99",
	  "cluster.check.drain_status: 99 is not an HTTP status: write 100 to 599, or a range such "
	  "as "
	  "\"200-399\"" },
	{ "check", "verify", "false", "0", "cluster.check.verify: 0" SWITCH },
	{ "check", "ca", "\"/etc/passwd\"", "\"/no/ca\"", "cluster.check.ca: \"/no/ca\"" NO_FILE },
	{ "check", "cert", "\"/etc/passwd\"", "\"/etc\"",
	  "cluster.check.cert: \"/etc\" is not a file" },
	{ "check", "key", "\"/etc/passwd\"", "\"/no/key\"",
	  "cluster.check.key: \"/no/key\"" NO_FILE },
	{ "check", "sni", "\"crdb\"", "5",
	  "cluster.check.sni: 5 is not a string: write \"crdb.example.com\" in double quotes" },
	{ "check", "user", "\"sluice\"", "( )",
	  "cluster.check.user: a list is not a string: write \"sluice\" in double quotes" },

	{ "services", "name", "\"p\"", "\"\"",
	  "services[0] \"\": name: \"\" is not a name: write 1 to 64 letters, digits, '-', '_', "
	  "'.' or "
	  "':'" },
	{ "services", "bind", "( \":1\", { address = \"[::]:2\"; } )", "\"localhost:1\"",
	  SERVICE
	  "bind: \"localhost:1\" is not a numeric address: write \"10.0.0.5:1\", or \":1\" for "
	  "all addresses" },
	{ "services", "port", "26258", "-1",
	  SERVICE "port: -1 is not a port: write \"sql\", \"http\" or 1 to 65535 without quotes" },
	{ "services", "maxconn", "1", "\"x\"",
	  SERVICE "maxconn: \"x\" is not a whole number: write 0 to 10000000 without quotes" },
	{ "services", "allow", "( \"10.0.0.0/8\", \"fd00::1\" )", "( 10, \"10.0.0.0/33\" )",
	  SERVICE
	  "allow[0]: 10 is not a string: write \"10.0.0.0/8\" in double quotes\nx.conf:1: " SERVICE
	  "allow[1]: \"10.0.0.0/33\": the prefix length must be 0 to 32: write \"10.0.0.7\" or "
	  "\"10.0.0.0/8\"" },
	{ "services", "deny", "\"0.0.0.0/0\"", "\"all\"",
	  SERVICE "deny: \"all\" is not an address or a network: write \"10.0.0.7\" or "
	          "\"10.0.0.0/8\"" },
	{ "services", "balance", "\"leastconn\"", "\"leastcon\"",
	  SERVICE "balance: \"leastcon\" is not known here; did you mean \"leastconn\"? Write "
	          "\"roundrobin\", \"leastconn\", \"random\", \"first\", \"source\", "
	          "\"hash\" or \"static-rr\"" },
	{ "services", "retries", "0", "101",
	  SERVICE "retries: 101 is out of range: write 0 to 100" },
	{ "services", "redispatch", "false", "\"off\"", SERVICE "redispatch: \"off\"" SWITCH },
	{ "services", "allbackups", "true", "{ }", SERVICE "allbackups: a group { }" SWITCH },
	{ "services", "timeout", "{ }", "\"5s\"",
	  SERVICE "timeout: \"5s\" is not a group: write timeout = { ... };" },
	{ "services", "keepalive", "{ }", "true",
	  SERVICE "keepalive: true is not a group: write keepalive = { ... };" },
	{ "services", "tcp_user_timeout", "\"1m\"", "\"1x\"",
	  SERVICE "tcp_user_timeout: \"1x\"" DURATION },
	{ "services", "log_health_checks", "true", "1", SERVICE "log_health_checks: 1" SWITCH },
	{ "services", "dontlognull", "true", "1", SERVICE "dontlognull: 1" SWITCH },
	{ "services", "check", "{ }", "5",
	  SERVICE "check: 5 is not a group: write check = { ... };" },
	{ "services", "servers", "( { name = \"a\"; address = \"b:1\"; } )", "( ( ) )",
	  SERVICE "servers[0]: a list is not a group: write { ... }" },

	{ "services.bind", "address", "\"unix:/tmp/x\"", "\"unix:x\"",
	  BIND
	  ".address: \"unix:x\": write an absolute path, as in \"unix:/run/sluice/sql.sock\"" },
	{ "services.bind", "name", "\"public\"", "5",
	  BIND ".name: 5 is not a string: write \"public\" in double quotes" },
	{ "services.bind", "backlog", "128", "-1",
	  BIND ".backlog: -1 is out of range: write 0 to 1000000" },
	{ "services.bind", "v6only", "true", "6", BIND ".v6only: 6" SWITCH },
	{ "services.bind", "defer_accept", "true", "6", BIND ".defer_accept: 6" SWITCH },
	{ "services.bind", "interface", "\"eth0\"", "\"much-too-long-a-name\"",
	  BIND ".interface: \"much-too-long-a-name\" is not a network interface: write a name of 1 "
	       "to 15 "
	       "characters, as `ip link` shows it" },
	{ "services.bind", "maxconn", "10", "-10",
	  BIND ".maxconn: -10 is out of range: write 0 to 10000000" },

	{ "services.servers", "name", "\"w1\"", "\"w 1\"",
	  SERVICE
	  "servers[0] \"w 1\": name: \"w 1\" is not a name: write 1 to 64 letters, digits, '-', "
	  "'_', '.' or ':'" },
	{ "services.servers", "address", "\"unix:/tmp/pg\"", "\"h:0\"",
	  SERVER "address: \"h:0\": the port must be 1 to 65535" },
	{ "services.servers", "weight", "0", "-1",
	  SERVER "weight: -1 is out of range: write 0 to 256" },
	{ "services.servers", "maxconn", "10", "\"10\"",
	  SERVER "maxconn: \"10\" is not a whole number: write 0 to 10000000 without quotes" },
	{ "services.servers", "backup", "true", "1", SERVER "backup: 1" SWITCH },
	{ "services.servers", "disabled", "true", "1", SERVER "disabled: 1" SWITCH },
	{ "services.servers", "check", "{ type = \"tcp\"; }", "true",
	  SERVER "check: true is not a group: write check = { ... };" },

	{ "timeout", "connect", "\"5s\"", "\"25d\"",
	  "timeout.connect: \"25d\" is out of range: write \"0ms\" to \"24d\"" },
	{ "timeout", "client", "600000", "\"10 m\"", "timeout.client: \"10 m\"" DURATION },
	{ "timeout", "server", "\"1h\"", "1.5", "timeout.server: 1.5" DURATION },
	{ "timeout", "client_fin", "\"1s\"", "\"-1s\"", "timeout.client_fin: \"-1s\"" DURATION },
	{ "timeout", "server_fin", "\"1s\"", "\"s\"", "timeout.server_fin: \"s\"" DURATION },

	{ "keepalive", "client", "false", "1", "keepalive.client: 1" SWITCH },
	{ "keepalive", "server", "false", "1", "keepalive.server: 1" SWITCH },
	{ "keepalive", "idle", "\"1m\"", "\"1500ms\"",
	  "keepalive.idle: \"1500ms\" is not in whole seconds, which is all the kernel takes: "
	  "write "
	  "\"30s\"" },
	{ "keepalive", "interval", "\"5s\"", "\"10h\"",
	  "keepalive.interval: \"10h\" is out of range: write \"0ms\" to \"9h6m7s\"" },
	{ "keepalive", "count", "9", "128",
	  "keepalive.count: 128 is out of range: write 0 to 127" },

	{ "admin", "bind", "\"\"", "\"8404\"",
	  "admin.bind: \"8404\" has no port: write \":26257\" or \"10.0.0.5:26257\"" },
	{ "admin", "socket", "\"\"", "\"a.sock\"",
	  "admin.socket: \"a.sock\" is not an absolute path: begin it with \"/\", as in "
	  "\"/run/sluice/admin.sock\"" },

	{ "log", "target", "\"file:/tmp/x.log\"", "\"sysloog\"",
	  "log[0].target: \"sysloog\" is not a log target: write \"stderr\", \"stdout\", "
	  "\"syslog:local0@/dev/log\", \"udp://10.0.0.9:514\", \"file:/var/log/sluice.log\" or "
	  "\"fd:3\"" },
	{ "log", "format", "\"json\"", "\"jsn\"",
	  "log[0].format: \"jsn\" is not known here; did you mean \"json\"? Write \"text\", "
	  "\"json\" or "
	  "\"haproxy\"" },
	{ "log", "level", "\"debug\"", "7",
	  "log[0].level: 7 is not known here: write \"emerg\", \"alert\", \"crit\", \"err\", "
	  "\"warning\", \"notice\", \"info\" or \"debug\"" },
	{ "log", "sessions", "true", "1", "log[0].sessions: 1" SWITCH },
	{ "log", "tag", "\"lb\"", "\"\"",
	  "log[0].tag: it is empty: write \"sluice\", or leave the key out" },
};

/* A configuration around one key, complete but for it; a name that the key brings is not doubled.
 */
static char *around(const struct row *r, const char *value)
{
	struct text t = { 0 };
	bool is_name = strcmp(r->name, "name") == 0;
	bool is_check = strcmp(r->group, "check") == 0;
	char key[256];

	snprintf(key, sizeof(key), "%s = %s; ", r->name, value);
	if (!*r->group) {
		text_addf(&t, "%s %s %s", key, strcmp(r->name, "cluster") == 0 ? "" : CLUSTER,
		          strcmp(r->name, "services") == 0 ? "" : SERVICES);
	} else if (strcmp(r->group, "cluster") == 0) {
		text_addf(&t, "cluster = { %s %s }; " SERVICES, key,
		          strcmp(r->name, "nodes") == 0
		              ? ""
		              : "nodes = ( { name = \"n1\"; host = \"h\"; } );");
	} else if (strcmp(r->group, "cluster.nodes") == 0) {
		text_addf(&t, "cluster = { nodes = ( { %s %s %s } ); }; " SERVICES, key,
		          is_name ? "" : "name = \"n1\";",
		          strcmp(r->name, "host") == 0 ? "" : "host = \"h\";");
	} else if (strcmp(r->group, "cluster.server") == 0 || is_check) {
		const char *type = strcmp(r->name, "user") == 0 ? "pgsql" : "https";

		text_addf(&t, "cluster = { nodes = ( { name = \"n1\"; host = \"h\"; } ); %s = { %s",
		          is_check ? "check" : "server", key);
		if (is_check && strcmp(r->name, "type") != 0)
			text_addf(&t, "type = \"%s\";", type);
		if (is_check && strcmp(r->name, "key") == 0)
			text_add(&t, "cert = \"/etc/passwd\";");
		text_add(&t, "}; }; " SERVICES);
	} else if (strcmp(r->group, "services") == 0) {
		text_addf(&t, CLUSTER "services = ( { %s %s %s %s } );", key,
		          is_name ? "" : "name = \"s\";",
		          strcmp(r->name, "bind") == 0 ? "" : "bind = \":1\";",
		          strcmp(r->name, "check") == 0
		              ? "servers = ( { name = \"a\"; address = \"b:1\"; } );"
		              : "");
	} else if (strcmp(r->group, "services.bind") == 0) {
		text_addf(&t, CLUSTER "services = ( { name = \"s\"; bind = ( { %s %s } ); } );",
		          key, strcmp(r->name, "address") == 0 ? "" : "address = \":1\";");
	} else if (strcmp(r->group, "services.servers") == 0) {
		text_addf(
		    &t,
		    "services = ( { name = \"s\"; bind = \":1\"; servers = ( { %s %s %s } ); } );",
		    key, is_name ? "" : "name = \"a\";",
		    strcmp(r->name, "address") == 0 ? "" : "address = \"b:1\";");
	} else if (strcmp(r->group, "log") == 0) {
		text_addf(&t, BASE "log = ( { %s %s } );", key,
		          strcmp(r->name, "target") == 0 ? "" : "target = \"stderr\";");
	} else {
		text_addf(&t, BASE "%s = { %s };", r->group, key);
	}
	return text_take(&t);
}

static const struct keyframe *frame_of(const struct keyrow *r)
{
	for (size_t i = 0; i < ARRAY_LEN(keyframes); i++)
		if (strcmp(keyframes[i].group, r->group) == 0)
			return &keyframes[i];
	fail_msg("no frame for %s", r->group);
	return NULL;
}

/* Keys of steps that only HTTP has. */
static bool needs_http(const struct keyrow *r)
{
	return strstr("request status status_regex header value", r->name) ||
	       strcmp(r->group, "steps.request") == 0;
}

static char *in_frame(const struct keyrow *r, const char *value)
{
	const struct keyframe *f = frame_of(r);
	struct text t = { 0 };

	text_add(&t, f->before);
	if (f->inner)
		text_addf(&t, "type = \"%s\"; %s", needs_http(r) ? "http" : "tcp", f->inner);
	text_addf(&t, " %s = %s ", r->name, value);
	if (!f->first[0] || strcmp(f->first[0], r->name) != 0)
		text_add(&t, f->first[1]);
	if (!f->second[0] || strcmp(f->second[0], r->name) != 0)
		text_add(&t, f->second[1]);
	text_add(&t, f->after);
	return text_take(&t);
}

static void every_further_key_takes_a_good_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keyrows); i++) {
		char *text = in_frame(&keyrows[i], keyrows[i].good);

		settings_free(valid(text));
		free(text);
	}
}

static void every_further_key_explains_a_bad_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keyrows); i++) {
		const struct keyrow *r = &keyrows[i];
		const struct keyframe *f = frame_of(r);
		bool nameless = f->nameless && strcmp(r->name, "name") == 0;
		char *text = in_frame(r, r->bad);
		char *lines = problems_of(text, NULL);
		char want[800];

		snprintf(want, sizeof(want), "x.conf:1: %s%s%s", nameless ? f->nameless : f->path,
		         r->name, r->message);
		if (strncmp(lines, want, strlen(want)) != 0)
			fail_msg("%s\n%s\n%s", text, lines, want);
		free(lines);
		free(text);
	}
}

static void every_key_takes_a_good_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = around(&rows[i], rows[i].good);

		settings_free(valid(text));
		free(text);
	}
}

static void every_key_explains_a_bad_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = around(&rows[i], rows[i].bad);
		char want[800];

		snprintf(want, sizeof(want), "x.conf:1: %s", rows[i].message);
		expect_problems(text, want);
		free(text);
	}
}

static bool has_row(const struct keys_entry *e)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(e->group, rows[i].group) == 0 && strcmp(e->name, rows[i].name) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(keyrows); i++)
		if (strcmp(e->group, keyrows[i].group) == 0 &&
		    strcmp(e->name, keyrows[i].name) == 0)
			return true;
	return false;
}

static void these_tables_have_every_key(void **state)
{
	(void)state;
	assert_int_equal(keys_count(), ARRAY_LEN(rows) + ARRAY_LEN(keyrows));
	for (size_t i = 0; i < keys_count(); i++) {
		struct keys_entry e = keys_at(i);

		if (!has_row(&e))
			fail_msg("no row for %s.%s", e.group, e.name);
	}
}

static void unknown_keys_are_told_with_the_nearest_one(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ BASE "maxcon = 1;",
		  "x.conf:1: unknown key \"maxcon\"; did you mean \"maxconn\"?" },
		{ BASE "hard-stop-after = 1;",
		  "x.conf:1: unknown key \"hard-stop-after\"; did you mean \"hard_stop_after\"?" },
		{ BASE "rettries = 1;",
		  "x.conf:1: unknown key \"rettries\"; did you mean \"retries\"?" },
		{ BASE "inter = 1;",
		  "x.conf:1: unknown key \"inter\" here: it belongs to \"check\"" },
		{ BASE "mode_of_operation = 1;", "x.conf:1: unknown key \"mode_of_operation\": "
		                                 "take it out (sluice.conf(5) lists all)" },
		{ CLUSTER "services = ( {\nname = \"psql\"; bind = \":1\";\nblance = \"rr\"; } );",
		  "x.conf:3: services[0] \"psql\": unknown key \"blance\"; did you mean "
		  "\"balance\"?" },
		{ BASE "timeout = { conect = 1; };",
		  "x.conf:1: timeout: unknown key \"conect\"; did you mean \"connect\"?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_problems(cases[i].text, cases[i].want);
}

static void a_decimal_keeps_two_places(void **state)
{
	struct settings *s = valid(BASE "spill = 1.29;");

	(void)state;
	assert_int_equal(s->services[0].spill, 129);
	settings_free(s);
	expect_problems(BASE "spill = 0.001;", "x.conf:1: spill: 0.001 has more than two places "
	                                       "after the point: write it as 1.4 or 0.25");
}

static void required_keys_are_missed(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "x.conf:1: the key \"services\" is missing: write services = ( { ... } );" },
		{ "cluster = { };" SERVICES,
		  "x.conf:1: cluster: the key \"nodes\" is missing: write nodes = ( { ... } );" },
		{ "cluster = { nodes = ( { } ); };" SERVICES,
		  "x.conf:1: cluster.nodes[0]: the key \"name\" is missing: write name = \"n1\";\n"
		  "x.conf:1: cluster.nodes[0]: the key \"host\" is missing: write host = "
		  "\"10.0.134.115\";" },
		{ CLUSTER "services = ( { name = \"a\"; } );",
		  "x.conf:1: services[0] \"a\": the key \"bind\" is missing: write bind = "
		  "\":26257\";" },
		{ BASE "log = ( { } );",
		  "x.conf:1: log[0]: the key \"target\" is missing: write target = \"stderr\";" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_problems(cases[i].text, cases[i].want);
}

static void no_node_more_changes_nothing(void **state)
{
	const struct settings_nodes none = { 0 };
	struct draft_node one = { .n.name = "n1" };
	struct draft_cluster cluster = { .nodes = { &one, 1, false } };
	struct mem_arena arena = { 0 };
	struct draft_context c = { .arena = &arena };

	(void)state;
	keyreader_add_nodes(&c, &cluster, &none);
	assert_ptr_equal(cluster.nodes.at, &one);
	assert_int_equal(cluster.nodes.count, 1);
	assert_false(cluster.nodes.set);
	mem_arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_takes_a_good_value),
		cmocka_unit_test(every_key_explains_a_bad_value),
		cmocka_unit_test(every_further_key_takes_a_good_value),
		cmocka_unit_test(every_further_key_explains_a_bad_value),
		cmocka_unit_test(these_tables_have_every_key),
		cmocka_unit_test(unknown_keys_are_told_with_the_nearest_one),
		cmocka_unit_test(a_decimal_keeps_two_places),
		cmocka_unit_test(required_keys_are_missed),
		cmocka_unit_test(no_node_more_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
