/* SPDX-License-Identifier: MIT */
#include "conf/hcfgconvert.h"

#include "hcfgfixture.h"
#include "samesettings.h"

#include <dirent.h>

#define SERVER "server s 10.0.0.1:5 "

/* One directive at a time, and what it becomes. */
static const struct listen_case cases[] = {
	{ SERVER "\n", "", "{ name = \"s\"; address = \"10.0.0.1:5\"; }" },
	/* time-outs: what is not written is none */
	{ SERVER "\n", "", "timeout = { connect = \"0s\"; client = \"0s\"; server = \"0s\"; };" },
	{ "timeout connect 1s\ntimeout client 2m\ntimeout server 3h\n" SERVER "\n", "",
	  "timeout = { connect = \"1s\"; client = \"2m\"; server = \"3h\"; };" },
	{ "timeout client-fin 1s\ntimeout server-fin 2s\n" SERVER "\n", "",
	  "client_fin = \"1s\"; server_fin = \"2s\";" },
	{ "timeout client 1s\ntimeout tunnel 1h\n" SERVER "\n",
	  "h.cfg:4: note: \"timeout tunnel\": it becomes timeout client and server, which it "
	  "replaces "
	  "in HAProxy once a session is connected\n",
	  "client = \"1h\"; server = \"1h\";" },
	/* balance, retries */
	{ SERVER "\n", "", "balance = \"roundrobin\"" },
	{ "balance leastconn\n" SERVER "\n", "", "balance = \"leastconn\"" },
	{ "balance static-rr\n" SERVER "\n", "", "balance = \"static-rr\"" },
	{ "balance random(2)\n" SERVER "\n", "", "balance = \"random\"" },
	{ "balance\n" SERVER "\n", "", "balance = \"roundrobin\"" },
	{ "retries 0\n" SERVER "\n", "", "retries = 0;" },
	{ SERVER "\n", "", "redispatch = false;" },
	{ "option redispatch 0\n" SERVER "\n", "", "redispatch = false;" },
	/* keep-alive and TCP_USER_TIMEOUT */
	{ "option clitcpka\n" SERVER "\n", "",
	  "keepalive = { server = false; idle = \"0s\"; interval = \"0s\"; count = 0; };" },
	{ "option srvtcpka\nsrvtcpka-idle 5\nsrvtcpka-intvl 1500ms\nsrvtcpka-cnt 9\nclitcpka-idle "
	  "9\n" SERVER "\n",
	  "", "keepalive = { client = false; idle = \"5s\"; interval = \"2s\"; count = 9; };" },
	{ SERVER "tcp-ut 5s\nbind :1001 tcp-ut 5s\n", "",
	  "bind = ( \":1000\", { address = \":1001\"; tcp_user_timeout = \"5s\"; } );" },
	/* servers */
	{ SERVER "weight 0 backup disabled maxconn 7\n", "",
	  "{ name = \"s\"; address = \"10.0.0.1:5\"; weight = 0; maxconn = 7; backup = true; "
	  "disabled = "
	  "true; }" },
	{ SERVER "backup no-backup disabled enabled\n", "",
	  "{ name = \"s\"; address = \"10.0.0.1:5\"; }" },
	{ "server s \"${NODE}:5\"\n", "", "address = \"10.0.0.7:5\"" },
	{ "server s ::1:5\n", "", "address = \"[::1]:5\"" },
	{ "server s ipv6@[fd00::1]:5\n", "", "address = \"[fd00::1]:5\"" },
	{ "server s unix@/run/s\n", "", "address = \"unix:/run/s\"" },
	{ "server s host\n", "", "address = \"host:1000\"" },
	{ "server s host:+5\n", "", "address = \"host:1005\"" },
	{ "server s host:-5\n", "", "address = \"host:995\"" },
	{ "server s host:-1000\n", "h.cfg:3: \"server s\": its port would be 0\n", NULL },
	{ "server-template n 2-3 host:5\n",
	  "h.cfg:3: not carried over: \"server-template\": each server got another address of "
	  "\"host:5\"; in sluice each has the first one: write a line for each address\n",
	  "{ name = \"n2\"; address = \"host:5\"; },\n\t\t\t{ name = \"n3\"" },
	/* checks */
	{ SERVER "check\n", "",
	  "check = { type = \"tcp\"; inter = \"2s\"; rise = 2; fall = 3; init_state = \"up\"; };" },
	{ "timeout check 4s\n" SERVER
	  "check inter 1 fastinter 2s downinter 3s rise 4 fall 5 port 6 addr 10.0.0.9\n",
	  "",
	  "check = {\n\t\t\ttype = \"tcp\"; port = 6; address = \"10.0.0.9\"; inter = \"1ms\"; "
	  "fastinter = "
	  "\"2s\";\n\t\t\tdowninter = \"3s\"; rise = 4; fall = 5; timeout = \"4s\"; "
	  "connect_timeout = \"1ms\";\n\t\t\tinit_state = \"up\";\n\t\t};" },
	{ "timeout connect 1s\ntimeout check 1500\n" SERVER "check\n", "",
	  "timeout = \"1s500ms\"; connect_timeout = \"1s\";" },
	{ "timeout connect 9s\ntimeout check 1900\n" SERVER "check\n", "",
	  "timeout = \"1s900ms\"; init_state = \"up\";" },
	{ SERVER "check init-state fully-down\n", "",
	  "check = { type = \"tcp\"; inter = \"2s\"; rise = 2; fall = 3; };" },
	{ "option httpchk\n" SERVER "check\n", "",
	  "init_state = \"up\";\n\t\t\tmethod = \"OPTIONS\"; path = \"/\"; drain_status = ( );" },
	{ "option httpchk /x\n" SERVER "check\n", "", "method = \"OPTIONS\"; path = \"/x\";" },
	{ "option httpchk HEAD /x HTTP/1.1\\r\\nHost:\\ www\\r\\nA:\\ b\n" SERVER "check\n", "",
	  "method = \"HEAD\"; path = \"/x\"; version = \"1.1\"; host = \"www\";\n\t\t\theaders = ( "
	  "\"A: b\" ); drain_status = ( );" },
	{ "http-check send meth GET hdr A b hdr Host h\noption httpchk OPTIONS /x HTTP/1.1\n" SERVER
	  "check\n",
	  "", "path = \"/x\"; version = \"1.1\"; host = \"h\";\n\t\t\theaders = ( \"A: b\" );" },
	{ "option httpchk\nhttp-check expect ! status 500-599\n" SERVER "check\n", "",
	  "expect = ( \"100-499\" );" },
	{ "option httpchk\nhttp-check expect comment x status 200\n" SERVER "check\n", "",
	  "{ expect = { status = ( 200 ); }; comment = \"x\"; }" },
	{ "option httpchk\nhttp-check expect status 200\n" SERVER "check\n", "",
	  "expect = ( 200 );" },
	{ "option httpchk\nhttp-check expect string ok\n" SERVER "check\n", "",
	  "expect = ( \"100-599\" ); expect_string = \"ok\";" },
	{ "option httpchk\nhttp-check disable-on-404\n" SERVER "check\n", "",
	  "disable_on_404 = true; drain_status = ( );" },
	{ "option httpchk\nhttp-check connect port 9 ssl sni n\n" SERVER "check verify none\n", "",
	  "check = {\n\t\t\ttype = \"https\"; port = 9; inter = \"2s\"; rise = 2; fall = 3;\n"
	  "\t\t\tinit_state = \"up\"; method = \"OPTIONS\"; path = \"/\"; drain_status = ( );\n"
	  "\t\t\tverify = false; sni = \"n\";" },
	{ "option httpchk\n" SERVER "check check-ssl verify required verifyhost n\n", "",
	  "type = \"https\"" },
	{ "option tcp-check\n" SERVER "check\n", "", "type = \"tcp\"" },
	{ "option pgsql-check user u\n" SERVER "check\n", "", "type = \"pgsql\"" },
	{ "option httpchk\noption ssl-hello-chk\n" SERVER "check\n",
	  "h.cfg:4: note: \"option ssl-hello-chk\": servers of today refuse the SSLv3 hello that "
	  "it "
	  "sends; write check-ssl on the server lines instead\n",
	  "type = \"ssl-hello\"" },
	{ "option ssl-hello-chk\noption httpchk\n" SERVER "check\n", "", "type = \"http\"" },
	{ SERVER "check check-ssl verify none\n", "", "via_tls = true;" },
	{ "option tcp-check\ntcp-check connect port 8080 ssl\ntcp-check send x\n" SERVER
	  "check verify none\n",
	  "", "verify = false;" },
	{ "option httpchk\nhttp-check connect ssl linger comment c\n" SERVER
	  "check verify none check-sni n check-alpn http/1.1\n",
	  "", "verify = false; sni = \"n\"; alpn = \"http/1.1\";" },
	{ "option httpchk\nhttp-check connect addr db linger\n" SERVER "check\n", "",
	  "address = \"db\"" },
	{ "option httpchk\nhttp-check connect port 9 linger\n" SERVER
	  "check check-ssl verify none\n",
	  "", "type = \"http\"" },
	/* who may connect */
	{ "acl a src 10.0.0.0/8\ntcp-request connection reject if a\n" SERVER "\n", "",
	  "deny = ( \"10.0.0.0/8\" );" },
	{ "acl a src 10.0.0.0/8\nacl a src ::1\ntcp-request connection reject unless a\n" SERVER
	  "\n",
	  "", "allow = ( \"10.0.0.0/8\", \"::1\" );" },
	{ "tcp-request connection accept if { src 10.0.0.1 }\ntcp-request connection "
	  "reject\n" SERVER "\n",
	  "", "allow = ( \"10.0.0.1\" );" },
	{ "tcp-request connection reject if !{ src 10.0.0.1 }\n" SERVER "\n", "",
	  "allow = ( \"10.0.0.1\" );" },
	{ "tcp-request connection reject\n" SERVER "\n", "",
	  "deny = ( \"0.0.0.0/0\", \"::/0\" );" },
	{ "acl a src 10.0.0.0/8\nacl b src 10.0.0.1\ntcp-request connection reject if b\n"
	  "tcp-request connection reject unless a\n" SERVER "\n",
	  "h.cfg:6: not carried over: \"tcp-request connection reject\": after another reject, "
	  "which "
	  "came first in HAProxy; in sluice allow comes first\n",
	  "deny = ( \"10.0.0.1\", \"0.0.0.0/0\", \"::/0\" );" },
	/* addresses */
	{ "bind *:1,10.0.0.1:2\n" SERVER "\n", "",
	  "bind = ( \":1000\", \":1\", \"10.0.0.1:2\" );" },
	{ "bind :1-3\n" SERVER "\n", "", "bind = ( \":1000\", \":1\", \":2\", \":3\" );" },
	{ "bind ipv6@:7\nbind [::]:8 v4v6\nbind /run/x\nbind fd@4\n" SERVER "\n", "",
	  "bind = ( \":1000\", \"[::]:7\", \"[::]:8\", \"unix:/run/x\", \"fd:4\" );" },
	{ "maxconn 5\n" SERVER "\n", "", "maxconn = 5;" },
	{ "maxconn 5\nbacklog 6\n" SERVER "\nfrontend b\nbind :3\ndefault_backend a\n", "",
	  "frontends = ( { name = \"a\"; bind = { address = \":1000\"; backlog = 6; }; maxconn = "
	  "5; "
	  "backlog = 6; }, { name = \"b\"; bind = \":3\"; } );" },
	{ "option allbackups\noption log-health-checks\noption dontlognull\n" SERVER "\n", "",
	  "log_health_checks = true;\n\t\tdontlognull = true;" },
	{ "mode http\n" SERVER "\n",
	  "h.cfg:3: note: \"mode http\": sluice relays the bytes of \"listen a\" "
	  "without "
	  "looking at HTTP: one server for all requests of a connection, no headers or pages of "
	  "its "
	  "own\n",
	  "name = \"a\"" },
	{ "stats enable\n" SERVER "\n",
	  "h.cfg:3: note: \"stats\": HAProxy has the page in mode http only, and \"a\" is not\n",
	  "admin = { bind = \"\"; socket = \"\"; };" },
	/* log */
	{ SERVER "\n", "", "log = (\n\t{ target = \"stderr\"; sessions = false; }\n);" },
	{ "log /dev/log local0\noption tcplog\n" SERVER "\n", "",
	  "{ target = \"syslog:local0@/dev/log\"; format = \"haproxy\"; sessions = true; }" },
	{ "log 10.0.0.1 local1 notice\noption tcplog\n" SERVER "\n", "",
	  "{ target = \"udp://local1@10.0.0.1:514\"; format = \"haproxy\"; level = \"notice\"; "
	  "sessions = "
	  "false; }" },
	{ "log 10.0.0.1 local1 notice\noption tcplog\noption log-separate-errors\n" SERVER "\n", "",
	  "{ target = \"udp://local1@10.0.0.1:514\"; format = \"haproxy\"; level = \"notice\"; "
	  "sessions = true; }" },
	{ "log 10.0.0.1 local1 crit\noption tcplog\noption log-separate-errors\n" SERVER "\n", "",
	  "level = \"crit\"; sessions = false; }" },
	{ "log 10.0.0.1:99 len 2000 format local local1 debug\nno log\n" SERVER "\n", "",
	  "{ target = \"stderr\"; sessions = false; }" },
};

static void each_directive_becomes_what_it_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_listen(&cases[i]);
}

/* What is converted, written and loaded again is what was converted. */
static void expect_loads(struct translation *t, const char *name)
{
	AUTO_TEXT conf = { 0 };
	struct settings *s;

	if (!t->result.settings)
		fail_msg("%s: %s", name, text_str(&t->notes));
	confwrite_settings(t->result.settings, NULL, &conf);
	s = valid(text_str(&conf));
	same_settings(t->result.settings, s);
	settings_free(s);
}

static void each_result_loads_as_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT cfg = { 0 };
		struct translation t;

		text_addf(&cfg, "listen a\nbind :1000\n%s", cases[i].lines);
		translate(&t, text_str(&cfg));
		if (t.result.settings)
			expect_loads(&t, cases[i].lines);
		else
			assert_true(t.list.of_kind[HCFGNOTE_ERROR] > 0);
		translation_release(&t);
	}
}

static void without_a_page_sluice_has_its_own_if_it_is_asked(void **state)
{
	static const char *const cfgs[] = {
		"listen a\nbind :1\nserver s h:1\n",
		"listen a\nbind :8404\nserver s h:1\n",
		("global\nstats socket /run/x level admin\nlisten a\nbind :1\nserver s h:1\n"
		 "frontend p\nmode http\nbind :8080\nstats uri /\n"),
	};
	static const char *const own[] = {
		"admin = { bind = \"127.0.0.1:8404\"; socket = \"/run/sluice/admin.sock\"; };",
		"admin = { bind = \"\"; socket = \"/run/sluice/admin.sock\"; };",
		("admin = { bind = \":8080\"; socket = \"/run/x\"; stats_uri = \"/\"; "
		 "realm = \"HAProxy Statistics\"; };"),
	};
	static const char *const none[] = {
		"admin = { bind = \"\"; socket = \"\"; };",
		"admin = { bind = \"\"; socket = \"\"; };",
		("admin = { bind = \":8080\"; socket = \"/run/x\"; stats_uri = \"/\"; "
		 "realm = \"HAProxy Statistics\"; };"),
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(cfgs); i++) {
		struct translation t = { 0 };

		hcfglex_text(&t.lex, "h.cfg", cfgs[i / 2], strlen(cfgs[i / 2]), &t.list);
		translate_lines(&t, i % 2);
		assert_non_null(strstr(text_str(&t.conf), i % 2 ? own[i / 2] : none[i / 2]));
		translation_release(&t);
	}
}

static bool has_bind(const struct settings *s)
{
	for (size_t i = 0; i < s->service_count; i++) {
		if (s->services[i].bind_count && !s->services[i].disabled)
			return true;
		for (size_t f = 0; f < s->services[i].frontend_count; f++)
			if (s->services[i].frontends[f].bind_count &&
			    !s->services[i].frontends[f].disabled)
				return true;
	}
	return s->admin_count || s->socket_count;
}

/* Each "=== STATUS NAME" of the file with its lines; sluice must refuse what HAProxy refuses. */
static void haproxy_and_sluice_take_the_same_configurations(void **state)
{
	char *text = read_whole(TEST_DATA "/haproxy/verdicts.txt");
	size_t count = 0;

	(void)state;
	assert_non_null(text);
	for (char *s = strstr(text, "=== "); s; count++) {
		char *lines = strchr(s, '\n') + 1;
		char *next = strstr(lines, "=== ");
		struct translation t;

		translate_direct(&t, lines, next ? (size_t)(next - lines) : strlen(lines));
		/* Without a listener HAProxy does not start, though nothing is wrong. */
		if ((t.result.settings != NULL && has_bind(t.result.settings)) != (s[4] == '0'))
			fail_msg("%.*s\n%s", (int)(lines - s - 1), s, text_str(&t.notes));
		translation_release(&t);
		s = next;
	}
	assert_true(count > 500);
	free(text);
}

static void translate_file(struct translation *t, const char *dir, const char *name)
{
	char path[512];
	char *text;

	memset(t, 0, sizeof(*t));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	text = read_whole(path);
	assert_non_null(text);
	t->lex.environment.get = fixture_variable;
	hcfglex_text(&t->lex, name, text, strlen(text), &t->list);
	translate_lines(t, true);
	free(text);
}

/* tests/data/haproxy/NAME.cfg gives NAME.conf and the notes in NAME.notes. */
static void the_examples_give_their_golden_files(void **state)
{
	static const char *const names[] = { "gen", "full", "pairs", "losses", "errors", "odd" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct translation t;
		char file[64];
		char path[512];

		snprintf(file, sizeof(file), "%s.cfg", names[i]);
		translate_file(&t, TEST_DATA "/haproxy", file);
		snprintf(path, sizeof(path), TEST_DATA "/haproxy/%s.notes", names[i]);
		expect_file(path, text_str(&t.notes));
		snprintf(path, sizeof(path), TEST_DATA "/haproxy/%s.conf", names[i]);
		if (strcmp(names[i], "errors") != 0) {
			expect_file(path, text_str(&t.conf));
			expect_loads(&t, file);
		}
		translation_release(&t);
	}
}

/* Public configurations that front CockroachDB, where they lie beside the tree. */
static void public_configurations_are_translated(void **state)
{
	static const char dir[] = TEST_DATA "/../../../shared/corpus/haproxy_cfgs";
	DIR *d = opendir(dir);
	const struct dirent *e;
	size_t count = 0;

	(void)state;
	if (!d)
		skip();
	while ((e = readdir(d)) != NULL) {
		struct translation t;

		if (!strstr(e->d_name, ".cfg"))
			continue;
		translate_file(&t, dir, e->d_name);
		if (!t.result.settings)
			fail_msg("%s: %s", e->d_name, text_str(&t.notes));
		/* Users and folders of that host need not be here. */
		t.result.settings->user = t.result.settings->group = NULL;
		t.result.settings->chroot = NULL;
		expect_loads(&t, e->d_name);
		translation_release(&t);
		count++;
	}
	closedir(d);
	assert_true(count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_directive_becomes_what_it_meant),
		cmocka_unit_test(each_result_loads_as_itself),
		cmocka_unit_test(without_a_page_sluice_has_its_own_if_it_is_asked),
		cmocka_unit_test(haproxy_and_sluice_take_the_same_configurations),
		cmocka_unit_test(the_examples_give_their_golden_files),
		cmocka_unit_test(public_configurations_are_translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
