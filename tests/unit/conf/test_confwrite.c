/* SPDX-License-Identifier: MIT */
#include "conf/confwrite.h"

#include "conf/generate.h"
#include "conf/keys.h"
#include "samesettings.h"

static void write_settings(const struct settings *s, struct text *out)
{
	confwrite_settings(s, NULL, out);
}

/* Text, settings, text, settings: both settings are equal, and so are both texts. */
static void expect_round_trip(const char *conf)
{
	struct settings *first = valid(conf);
	AUTO_TEXT once = { 0 };
	AUTO_TEXT twice = { 0 };
	struct settings *second;

	write_settings(first, &once);
	second = valid(text_str(&once));
	write_settings(second, &twice);
	same_settings(first, second);
	assert_string_equal(text_str(&once), text_str(&twice));
	settings_free(first);
	settings_free(second);
}

/* What a service's own servers can be; S is completed to a whole file. */
#define S(keys) "services = ( { name = \"a\"; bind = \":1\"; " keys " } );"
#define ONE     "servers = ( { name = \"x\"; address = \"h:1\"; } );"

static const char *const confs[] = {
	BASE,
	S(ONE),
	S("servers = ( { name = \"x\"; address = \"h:1\"; }, { name = \"y\"; address = "
	  "\"[::1]:2\"; weight = "
	  "0; backup = true; maxconn = 5; disabled = true; }, { name = \"z\"; address = "
	  "\"unix:/run/z\"; } );"),
	/* checks: common, overridden, missing, and such that nothing is common */
	S("check = { type = \"http\"; port = 8080; inter = \"1s\"; }; " ONE),
	S("check = { type = \"http\"; path = \"/x\"; host = \"h\"; }; servers = ( { name = \"x\"; "
	  "address = "
	  "\"h:1\"; check = { port = 1; }; }, { name = \"y\"; address = \"h:2\"; check = { port = "
	  "2; rise = 9; "
	  "drain_status = ( ); expect = ( 200, \"300-302\" ); }; }, { name = \"z\"; address = "
	  "\"h:3\"; check = "
	  "{ type = \"none\"; }; } );"),
	S("servers = ( { name = \"x\"; address = \"h:1\"; check = { type = \"tcp\"; }; }, { name = "
	  "\"y\"; address "
	  "= \"h:2\"; check = { type = \"pgsql\"; user = \"u\"; }; }, { name = \"z\"; address = "
	  "\"h:3\"; } );"),
	S("servers = ( { name = \"x\"; address = \"h:1\"; check = { type = \"http\"; host = \"a\"; "
	  "}; }, { name = "
	  "\"y\"; address = \"h:2\"; check = { type = \"http\"; method = \"HEAD\"; headers = ( "
	  "\"A: b\", \"C: "
	  "d\" ); }; } );"),
	S("servers = ( { name = \"x\"; address = \"h:1\"; check = { type = \"tcp\"; address = "
	  "\"h9\"; port = 9; }; "
	  "}, { name = \"y\"; address = \"h:2\"; check = { type = \"tcp\"; address = \"h9\"; }; } "
	  ");"),
	S("check = { type = \"https\"; verify = false; sni = \"n\"; ca = \"/etc/passwd\"; cert = "
	  "\"/etc/passwd\"; "
	  "key = \"/etc/passwd\"; expect_string = \"a\\\"b\\\\c\"; }; " ONE),
	S("check = { inter = \"1m30s\"; fastinter = \"500ms\"; downinter = \"5s\"; timeout = "
	  "\"3s\"; fall = 1; "
	  "init_state = \"up\"; version = \"1.1\"; type = \"http\"; }; " ONE),
	/* services */
	"services = ( { name = \"a\"; bind = ( \":1\", { address = \"[::]:2\"; v6only = true; name "
	"= \"n\"; "
	"maxconn = 3; backlog = 4; defer_accept = true; interface = \"eth0\"; }, \"unix:/run/s\", "
	"\"fd:3\" ); " ONE " } );",
	"services = ( { name = \"a\"; bind = { address = \":1\"; maxconn = 3; }; " ONE " } );",
	S(ONE "balance = \"leastconn\"; retries = 0; redispatch = false; allbackups = true; "
	      "maxconn = 7; "
	      "log_health_checks = true; dontlognull = true; tcp_user_timeout = \"0s\"; allow = ( "
	      "\"10.0.0.0/8\", "
	      "\"::1\" ); deny = \"0.0.0.0/0\"; timeout = { connect = \"0s\"; client = 1; "
	      "server_fin = \"1h\"; }; "
	      "keepalive = { client = false; idle = \"1m\"; count = 0; };"),
	"balance = \"leastconn\"; timeout = { client = \"1h\"; }; services = ( { name = \"a\"; "
	"bind = \":1\"; " ONE " }, { name = \"b\"; bind = \":2\"; balance = \"roundrobin\"; " ONE
	" } );",
	"retries = 9; keepalive = { idle = \"9s\"; }; services = ( { name = \"a\"; bind = "
	"\":1\"; " ONE " }, { name = \"b\"; bind = \":2\"; timeout = { client = \"3s\"; }; " ONE
	" } );",
	/* the process */
	"threads = 3; maxconn = 4; nofile = 5; user = \"root\"; group = \"root\"; chroot = \"/\"; "
	"pidfile = "
	"\"/run/p\"; hard_stop_after = \"9s\"; locality = \"region=r\"; resolver = { nameservers = "
	"( "
	"\"10.0.0.2\", \"[::1]:5353\" ); every = \"10s\"; timeout = \"1s\"; };" BASE,
	"admin = { bind = \"\"; socket = \"\"; };" BASE,
	"admin = { bind = \"unix:/run/a\"; socket = \"/run/b\"; };" BASE,
	"admin = { bind = \"[::1]:1\"; };" BASE,
	"log = ( );" BASE,
	"log = ( { target = \"syslog\"; }, { target = \"syslog:local3@/run/log\"; level = \"err\"; "
	"tag = \"t\"; }, "
	"{ target = \"udp://local7@10.0.0.1:99\"; format = \"json\"; sessions = true; }, { target "
	"= "
	"\"file:/var/log/x\"; format = \"haproxy\"; sessions = false; tag = \"sluice\"; } );" BASE,
	/* clusters */
	"cluster = { nodes = ( { name = \"a\"; host = \"h1\"; locality = \"region=r\"; }, { name = "
	"\"b\"; host = "
	"\"h2\"; sql_port = 1; http_port = 2; weight = 3; backup = true; disabled = true; } ); "
	"check = { type = "
	"\"tcp\"; rise = 4; }; server = { maxconn = 5; weight = 6; }; }; services = ( { name = "
	"\"s\"; bind = "
	"\":1\"; }, { name = \"h\"; bind = \":2\"; port = \"http\"; }, { name = \"n\"; bind = "
	"\":3\"; port = 99; "
	"} );",
	"cluster = { nodes = ( { name = \"a\"; host = \"h1\"; http_port = 26257; } ); check = { "
	"port = 77; }; }; "
	"services = ( { name = \"h\"; bind = \":2\"; port = \"http\"; }, { name = \"own\"; bind = "
	"\":3\"; " ONE " } );",
	"cluster = { nodes = ( { name = \"a\"; host = \"h1\"; } ); check = { port = \"sql\"; }; }; "
	"services = ( { "
	"name = \"s\"; bind = \":2\"; }, { name = \"t\"; bind = \":3\"; } );",
	/* clusters that tell their nodes */
	"cluster = { discover = { from = \"http://h:1\"; }; check = { rise = 7; }; }; " SERVICES,
	"cluster = { nodes = ( { name = \"a\"; host = \"h1\"; } ); discover = { from = ( "
	"\"https://h:1\", \"https://[::1]:2/api/v2/nodes/\" ); every = \"3s\"; session = "
	"\"a\\\\b\"; "
	"ca = \"/etc/passwd\"; cert = \"/etc/passwd\"; key = \"/etc/passwd\"; verify = false; map "
	"= ( "
	"{ node = \"n1\"; host = \"h\"; }, { node = \"10.0.0.2\"; sql_port = 3; http_port = 4; } "
	"); "
	"locality = \"region=a|b\"; minimum = 3; cache = \"\"; }; }; " SERVICES,
	/* checks: each type, with all that belongs to it */
	S("servers = ( { name = \"a\"; address = \"h:1\"; check = { type = \"mysql\"; user = "
	  "\"u\"; via_tls = true; verify = false; alpn = \"x,y\"; sni = \"n\"; send_proxy = "
	  "\"v2\"; }; }, { name = \"b\"; address = \"h:2\"; check = { type = \"redis\"; "
	  "send_proxy = \"v1\"; }; }, { name = \"c\"; address = \"h:3\"; check = { type = "
	  "\"ldap\"; }; }, { name = \"d\"; address = \"h:4\"; check = { type = \"smtp\"; hello "
	  "= \"EHLO x\"; }; }, { name = \"e\"; address = \"h:5\"; check = { type = "
	  "\"ssl-hello\"; }; }, { name = \"f\"; address = \"h:6\"; check = { type = \"smtp\"; "
	  "}; } );"),
	"external_checks = true;" S("check = { type = \"external\"; command = \"/bin/true\"; "
	                            "search_path = \"/bin\"; };" ONE),
	S("check = { type = \"http\"; rexpect_string = \"^a\\\\.b\"; expect_not = true; "
	  "disable_on_404 = true; drain_status = ( ); };" ONE),
	S("check = { steps = ( { connect = { }; }, { send = \"PING\\r\\n\"; comment = \"c\"; }, { "
	  "expect = { string = \"+P\\x01\\t\"; }; }, { send_hex = \"00FF0a\"; }, { expect = { hex "
	  "= \"4142\"; not = true; min_recv = 4; }; }, { connect = { port = 99; address = "
	  "\"10.0.0.2\"; "
	  "tls = true; sni = \"s\"; alpn = \"h2\"; linger = true; send_proxy = true; as_server = "
	  "true; }; }, { expect = { regex = \"^a|b\"; ok_status = \"L7OKC\"; error_status = "
	  "\"L7STS\"; timeout_status = \"L7TOUT\"; on_success = \"yes\"; on_error = \"no\"; }; }, "
	  "{ "
	  "expect = { hex_regex = \"^4\"; }; } ); };" ONE),
	S("check = { type = \"https\"; steps = ( { request = { }; }, { expect = { status = ( 200, "
	  "\"300-302\" ); }; }, { request = { method = \"POST\"; path = \"/x\"; version = \"1.1\"; "
	  "host = \"h\"; headers = ( \"A: b\" ); body = \"a\\n\\\"b\\\"\"; }; }, { expect = { "
	  "status_regex = \"^2\"; }; }, { expect = { header = \"X\"; value = \"y\"; }; }, { expect "
	  "= "
	  "{ header = \"X\"; not = true; }; } ); };" ONE),
	/* one server has steps, the others have not */
	S("check = { type = \"http\"; path = \"/p\"; }; servers = ( { name = \"x\"; address = "
	  "\"h:1\"; }, { name = \"y\"; address = \"h:2\"; check = { steps = ( { request = { path = "
	  "\"/q\"; }; } ); }; } );"),
	/* servers */
	S("check = { }; servers = ( { name = \"x\"; address = \"h:1\"; id = 7; maxconn = 9; "
	  "minconn "
	  "= 2; maxqueue = 3; slowstart = \"10s\"; send_proxy = \"v1\"; source = "
	  "\"10.0.0.1:1000-2000\"; tcp_user_timeout = \"5s\"; on_marked_down = "
	  "\"shutdown-sessions\"; on_marked_up = \"shutdown-backup-sessions\"; observe = "
	  "\"layer4\"; error_limit = 5; on_error = \"mark-down\"; agent = { port = 5; address = "
	  "\"h3\"; inter = \"1s\"; timeout = \"2s\"; rise = 3; fall = 4; send = \"x\\n\"; }; }, { "
	  "name = \"y\"; address = \"h:2\"; track = \"x\"; send_proxy = \"v2\"; source = { address "
	  "= \"[::1]\"; interface = \"eth0\"; }; on_error = \"fastinter\"; }, { name = \"z\"; "
	  "address = \"h:3\"; source = { interface = \"eth1\"; }; }, { name = \"w\"; address = "
	  "\"h:4\"; source = \"[::1]:80\"; on_error = \"sudden-death\"; check = { type = \"none\"; "
	  "}; } );"),
	/* services */
	S("id = 5; description = \"d\"; disabled = true; balance = \"hash\"; random_draws = 3; "
	  "hash "
	  "= { type = \"consistent\"; function = \"crc32\"; input = \"dst_port\"; avalanche = "
	  "true; balance_factor = 150; }; fullconn = 10; timeout = { queue = \"9s\"; }; rate_limit "
	  "= 4; conn_rate_limit = { count = 3; period = \"1s\"; size = 100; }; session_log = "
	  "\"clf\"; dontlog_normal = true; log_separate_errors = true; logasap = true; "
	  "socket_stats = true; log = ( { target = \"stdout\"; }, { target = \"fd:5\"; } );" ONE),
	S("balance = \"first\"; log = ( ); log_format = \"%ci %{+Q}fi\";" ONE),
	"log_format = \"%ci\"; services = ( { name = \"a\"; bind = \":1\"; " ONE
	" }, { name = \"b\"; bind = \":2\"; log_format = \"\"; session_log = \"connect\"; " ONE
	" } );",
	"balance = \"static-rr\"; hash = { function = \"wt6\"; }; services = ( { name = \"a\"; "
	"bind = \":1\"; " ONE " }, { name = \"b\"; bind = \":2\"; hash = { input = \"src_port\"; "
	"}; " ONE " } );",
	"services = ( { name = \"a\"; bind = ( { address = \"unix:/run/x\"; mode = \"0600\"; user "
	"= "
	"\"root\"; group = \"root\"; id = 3; }, { address = \":1\"; accept_proxy = true; "
	"tcp_user_timeout = \"3s\"; } );" ONE " } );",
	/* frontends, that have and take back what the service says */
	"log = ( { target = \"syslog\"; } ); services = ( { name = \"a\"; allow = \"10.0.0.0/8\"; "
	"log_format = \"%ci\"; dontlognull = true; rate_limit = 5; conn_rate_limit = { count = 9; "
	"}; "
	"log = ( { target = \"stdout\"; } ); timeout = { client = \"3s\"; }; keepalive = { server "
	"= "
	"false; idle = \"4s\"; }; frontends = ( { name = \"f\"; bind = \":1\"; }, { name = \"g\"; "
	"bind = ( \":2\", { address = \":3\"; name = \"n\"; } ); id = 8; description = \"d\"; "
	"disabled = true; maxconn = 3; backlog = 4; allow = ( ); deny = \"::/0\"; conn_rate_limit "
	"= "
	"{ count = 0; }; timeout = { client = \"9s\"; client_fin = \"1s\"; }; keepalive = { client "
	"= "
	"false; idle = \"8s\"; interval = \"7s\"; count = 6; }; tcp_user_timeout = \"1s\"; "
	"dontlognull = false; dontlog_normal = true; log_separate_errors = true; logasap = true; "
	"session_log = \"connect\"; log_format = \"\"; socket_stats = true; rate_limit = 0; log = "
	"( ); } );" ONE " }, { name = \"b\"; frontends = ( { name = \"b\"; bind = \":9\"; } );" ONE
	" } );",
	/* the process */
	"node = \"n\"; description = \"d\"; conn_rate_limit = 4; session_rate_limit = 5; "
	"external_checks = true; spin = \"70us\"; operator_timeout = \"9s\";" BASE,
	"admin = ( { bind = \":8404\"; socket = \"/run/a\"; sockets = ( { address = "
	"\"unix:/run/b\"; level = \"user\"; mode = \"0666\"; user = \"root\"; group = \"root\"; }, "
	"{ "
	"address = \"127.0.0.1:9999\"; }, { address = \"fd:7\"; level = \"admin\"; }, { address = "
	"\"/run/c\"; } ); users = ( { name = \"a\"; password = \"b\"; }, { name = \"c\"; password "
	"= "
	"\"$6$x\"; } ); writable = true; tls = { cert = \"/etc/passwd\"; key = \"/etc/group\"; ca "
	"= "
	"\"/etc/passwd\"; }; stats_uri = \"/s\"; metrics_path = \"/m\"; monitor_uri = \"/alive\"; "
	"realm = \"r\"; refresh = \"5s\"; hide_version = true; scope = ( \"psql\" ); }, { bind = "
	"\":8405\"; socket = \"/run/d\"; }, { bind = \"unix:/run/e\"; } );" BASE,
	"admin = { bind = \"\"; socket = \"\"; sockets = ( { address = \"/run/x\"; } ); };" BASE,
	"admin = ( );" BASE,
	"log = ( { target = \"fd:3\"; framing = \"rfc5424\"; min_level = \"notice\"; len = 2048; "
	"sample = \"1,3-4:10\"; hostname = \"h\"; }, { target = \"stdout\"; framing = \"raw\"; } "
	");" BASE,
	/* a cluster whose nodes have something in common, and something of their own */
	"cluster = { nodes = ( { name = \"a\"; host = \"h1\"; id = 4; maxqueue = 2; }, { name = "
	"\"b\"; host = \"h2\"; maxconn = 8; slowstart = \"3s\"; } ); server = { maxconn = 9; "
	"minconn "
	"= 3; slowstart = \"2s\"; send_proxy = \"v2\"; source = \"10.0.0.1\"; tcp_user_timeout = "
	"\"1s\"; on_marked_down = \"shutdown-sessions\"; on_marked_up = "
	"\"shutdown-backup-sessions\"; observe = \"layer4\"; error_limit = 3; on_error = "
	"\"sudden-death\"; agent = { port = 9; send = \"y\"; }; }; }; services = ( { name = \"s\"; "
	"bind = \":1\"; }, { name = \"t\"; bind = \":2\"; port = \"http\"; } );",
};

static void what_is_written_loads_as_the_same_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(confs); i++)
		expect_round_trip(confs[i]);
}

static void the_reference_configuration_goes_round(void **state)
{
	AUTO_TEXT t = { 0 };

	(void)state;
	keys_write_reference(&t);
	expect_round_trip(text_str(&t));
}

static void generated_configurations_go_round(void **state)
{
	static const struct nodelist_options options = { "nodes", 26257, 8080, 0 };
	static const char *const lists[] = {
		"a\nb:1:2\n", "a h region=r,zone=a\nb i region=s\nc j:5 region=r\n"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct generate_options o = { .here = "region=r" };
		AUTO_TEXT t = { 0 };
		struct nodelist l;
		struct error err;

		assert_true(nodelist_parse(lists[i], &options, &l, &err));
		generate_conf(&l, &o, &t);
		nodelist_release(&l);
		expect_round_trip(text_str(&t));
	}
}

static void each_key_is_explained_once(void **state)
{
	static const char help[] = "Further attempts when a server cannot be connected to.";
	struct settings *s = valid("services = ( { name = \"a\"; bind = \":1\"; retries = 1; " ONE
	                           " }, { name = \"b\"; bind = \":2\"; retries = 2; " ONE " } );");
	AUTO_TEXT t = { 0 };
	const char *first;

	(void)state;
	write_settings(s, &t);
	first = strstr(text_str(&t), help);
	assert_non_null(first);
	assert_null(strstr(first + 1, help));
	settings_free(s);
}

static void comments_stand_where_they_belong(void **state)
{
	static const char *const origins[] = { "from here" };
	static const struct confwrite_comments comments = { "one\n\ntwo", origins };
	struct settings *s = valid(BASE);
	AUTO_TEXT t = { 0 };

	(void)state;
	confwrite_settings(s, &comments, &t);
	assert_int_equal(strncmp(text_str(&t), "# one\n#\n# two\n\n", 15), 0);
	assert_non_null(strstr(text_str(&t), "\t# from here\n\t{\n"));
	settings_free(s);
}

static void odd_characters_stay_inside_their_strings(void **state)
{
	struct settings *s = valid(S("check = { type = \"http\"; path = \"/a\\\"b\\\\\"; }; " ONE));
	AUTO_TEXT t = { 0 };

	(void)state;
	write_settings(s, &t);
	assert_non_null(strstr(text_str(&t), "path = \"/a\\\"b\\\\\";"));
	settings_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_loads_as_the_same_settings),
		cmocka_unit_test(the_reference_configuration_goes_round),
		cmocka_unit_test(generated_configurations_go_round),
		cmocka_unit_test(each_key_is_explained_once),
		cmocka_unit_test(comments_stand_where_they_belong),
		cmocka_unit_test(odd_characters_stay_inside_their_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
