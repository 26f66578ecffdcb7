/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/logformat.h"

static struct settings_frontend front; /* the fixture's own, with what a test changes */
static struct settings_bind binds[2];

static struct addr_ip ip(const char *host, uint16_t port)
{
	struct addr a;

	assert_true(addr_parse_ip(host, port, &a));
	return addr_pack(&a);
}

/* The session of a fixture: psql/n2 took it. */
static struct record record_of(struct topology *t)
{
	struct topology_frontend *f = t->services[0]->frontends[0];

	front = *f->settings;
	binds[0] = binds[1] = front.binds[0];
	front.binds = binds;
	front.bind_count = 2;
	f->settings = &front;
	f->id = 7;
	t->services[0]->id = 8;
	t->services[0]->servers[1]->id = 2;
	return (struct record){
		.id = 39,
		.accepted_wall_ms = FIXTURE_WALL_MS,
		.service = t->services[0],
		.server = t->services[0]->servers[1],
		.frontend = f,
		.bind = &binds[0],
		.client = ip("127.0.0.1", 48094),
		.frontend_addr = ip("10.1.2.3", 26257),
		.source_addr = ip("10.1.2.4", 40000),
		.server_addr = ip("10.0.0.2", 5000),
		.queue_ms = 1,
		.connect_ms = 2,
		.total_ms = 7011,
		.bytes_in = 12,
		.bytes_out = 479,
		.process_conns = 6,
		.frontend_conns = 5,
		.service_conns = 4,
		.server_conns = 3,
		.server_queue = 9,
		.service_queue = 10,
		.ended = true,
		.reason = REASON_NORMAL,
	};
}

static void expect(const struct record *r, const char *format, const char *line)
{
	const struct logformat_process process = {
		.host = "lb1.example.com", .pid = 2424, .now_wall_ms = FIXTURE_WALL_MS, .lines = 40
	};
	struct logformat *f = NULL;
	struct error err;
	AUTO_TEXT out = { 0 };

	if (!logformat_new(format, &f, &err))
		fail_msg("%s: %s", format, err.text);
	logformat_write(f, r, &process, &out);
	assert_string_equal(text_str(&out), line);
	logformat_free(f);
}

/* Each as HAProxy 2.6.12 writes it. */
static void each_variable_is_haproxys(void **state)
{
	static const struct {
		const char *name, *plain, *quoted, *hex;
	} cases[] = {
		{ "B", "479", "479", "479" },
		{ "U", "12", "12", "12" },
		{ "H", "lb1.example.com", "\"lb1.example.com\"", "lb1.example.com" },
		{ "ID", "-", "\"\"", "-" },
		{ "ST", "0", "0", "0" },
		{ "T", "20/Nov/2026:12:12:01 +0000", "20/Nov/2026:12:12:01 +0000",
		  "20/Nov/2026:12:12:01 +0000" },
		{ "Tl", "20/Nov/2026:12:12:01 +0000", "20/Nov/2026:12:12:01 +0000",
		  "20/Nov/2026:12:12:01 +0000" },
		{ "t", "20/Nov/2026:12:12:01.095", "20/Nov/2026:12:12:01.095",
		  "20/Nov/2026:12:12:01.095" },
		{ "Ts", "1795176721", "1795176721", "6B003911" },
		{ "ms", "095", "095", "5F" },
		{ "Tc", "2", "2", "2" },
		{ "Td", "7008", "7008", "7008" },
		{ "Th", "0", "0", "0" },
		{ "Tt", "7011", "7011", "7011" },
		{ "Tu", "7011", "7011", "7011" },
		{ "Tw", "1", "1", "1" },
		{ "ac", "6", "6", "6" },
		{ "fc", "5", "5", "5" },
		{ "bc", "3", "3", "3" },
		{ "sc", "2", "2", "2" },
		{ "rc", "0", "0", "0" },
		{ "sq", "9", "9", "9" },
		{ "bq", "10", "10", "10" },
		{ "f", "psql", "\"psql\"", "psql" },
		{ "ft", "psql", "\"psql\"", "psql" },
		{ "b", "psql", "\"psql\"", "psql" },
		{ "s", "n2", "\"n2\"", "n2" },
		{ "ci", "127.0.0.1", "\"127.0.0.1\"", "7F000001" },
		{ "cp", "48094", "48094", "BBDE" },
		{ "fi", "10.1.2.3", "\"10.1.2.3\"", "0A010203" },
		{ "fp", "26257", "26257", "6691" },
		{ "bi", "10.1.2.4", "\"10.1.2.4\"", "0A010204" },
		{ "bp", "40000", "40000", "9C40" },
		{ "si", "10.0.0.2", "\"10.0.0.2\"", "0A000002" },
		{ "sp", "5000", "5000", "1388" },
		{ "hr", "", "", "" },
		{ "hrl", "", "", "" },
		{ "hs", "", "", "" },
		{ "hsl", "", "", "" },
		{ "lc", "40", "40", "0028" },
		{ "pid", "2424", "2424", "0978" },
		{ "rt", "39", "39", "0027" },
		{ "sslc", "-", "\"\"", "-" },
		{ "sslv", "-", "\"\"", "-" },
		{ "ts", "--", "--", "--" },
		{ "tsc", "----", "----", "----" },
		{ "[src]", "127.0.0.1", "\"127.0.0.1\"", "127.0.0.1" },
		{ "[src_port]", "48094", "\"48094\"", "48094" },
		{ "[dst]", "10.1.2.3", "\"10.1.2.3\"", "10.1.2.3" },
		{ "[dst_port]", "26257", "\"26257\"", "26257" },
		{ "[fc_src]", "127.0.0.1", "\"127.0.0.1\"", "127.0.0.1" },
		{ "[fc_src_port]", "48094", "\"48094\"", "48094" },
		{ "[fc_dst]", "10.1.2.3", "\"10.1.2.3\"", "10.1.2.3" },
		{ "[fc_dst_port]", "26257", "\"26257\"", "26257" },
		{ "[bc_src]", "10.1.2.4", "\"10.1.2.4\"", "10.1.2.4" },
		{ "[bc_src_port]", "40000", "\"40000\"", "40000" },
		{ "[bc_dst]", "10.0.0.2", "\"10.0.0.2\"", "10.0.0.2" },
		{ "[bc_dst_port]", "5000", "\"5000\"", "5000" },
		{ "[fc_rcvd_proxy]", "0", "\"0\"", "0" },
		{ "[fe_name]", "psql", "\"psql\"", "psql" },
		{ "[fe_id]", "7", "\"7\"", "7" },
		{ "[fe_conn]", "5", "\"5\"", "5" },
		{ "[be_name]", "psql", "\"psql\"", "psql" },
		{ "[be_id]", "8", "\"8\"", "8" },
		{ "[be_conn]", "4", "\"4\"", "4" },
		{ "[srv_name]", "n2", "\"n2\"", "n2" },
		{ "[srv_id]", "2", "\"2\"", "2" },
		{ "[so_name]", "-", "\"\"", "-" },
		{ "[so_id]", "1", "\"1\"", "1" },
		{ "[hostname]", "lb1.example.com", "\"lb1.example.com\"", "lb1.example.com" },
		{ "[date]", "1795176721", "\"1795176721\"", "1795176721" },
		{ "[unique-id]", "-", "\"\"", "-" },
		{ "[str(a]b)]", "a]b", "\"a]b\"", "a]b" },
		{ "[int(-5)]", "-5", "\"-5\"", "-5" },
		{ "[bool(1)]", "1", "\"1\"", "1" },
		{ "[bool(true)]", "1", "\"1\"", "1" },
		{ "[bool(false)]", "0", "\"0\"", "0" },
	};
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char format[64];

		snprintf(format, sizeof(format), "%%%s", cases[i].name);
		expect(&r, format, cases[i].plain);
		snprintf(format, sizeof(format), "%%{+Q}%s", cases[i].name);
		expect(&r, format, cases[i].quoted);
		snprintf(format, sizeof(format), "%%{+X}%s", cases[i].name);
		expect(&r, format, cases[i].hex);
	}
	fixture_release(&f);
}

static void flags_are_haproxys(void **state)
{
	static const struct {
		const char *format, *line;
	} cases[] = {
		{ "%{+E}[str(a]b)] %{+E,+Q}[str(a]b)]", "a\\]b \"a\\]b\"" },
		{ "%{-M}ID|x%{-M}ID|%{-M,+Q}ID|%{+M}ID", "|x|\"\"|-" },
		{ "%{+Q}o %ci %B %f %t", "\"127.0.0.1\" 479 \"psql\" 20/Nov/2026:12:12:01.095" },
		{ "%{+X}o %ci %{-X}ci %{-X}o %cp", "7F000001 127.0.0.1 48094" },
		{ "%{+Q+X}ci %{+X,+Q}ci", "7F000001 7F000001" },
		{ "a  b %% %hr %hsl c %{-M}ID d", "a b % c  d" },
	};
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(&r, cases[i].format, cases[i].line);
	fixture_release(&f);
}

static void the_usual_lines_are_haproxys(void **state)
{
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	expect(&r, LOGFORMAT_TCPLOG,
	       "127.0.0.1:48094 [20/Nov/2026:12:12:01.095] psql psql/n2 1/2/7011 479 -- 6/5/3/2/0 "
	       "9/10");
	expect(&r, LOGFORMAT_CLF,
	       "127.0.0.1 - - [20/Nov/2026:12:12:01 +0000] \"TCP \" 000 479 \"\" \"\" 48094 095 "
	       "\"psql\" \"psql\" \"n2\" 0 1 2 7011 12 ---- 6 5 3 2 0 9 10 \"\" \"\" ");
	r.retries = 1;
	r.redispatched = true;
	r.reason = REASON_SERVER_RESET;
	expect(&r, LOGFORMAT_TCPLOG,
	       "127.0.0.1:48094 [20/Nov/2026:12:12:01.095] psql psql/n2 1/2/7011 479 SD 6/5/3/2/+1 "
	       "9/10");
	fixture_release(&f);
}

static void what_there_is_not_is_a_dash(void **state)
{
	static const char format[] =
	    "%s %{+Q}s %[srv_name] %{+Q}[srv_name] %[srv_id] %Tw/%Tc/%Tt/%Td "
	    "%bi:%bp %si:%sp %{+X}si %{+Q}bi %bc/%sc %ts %[bc_dst] %[bc_src_port]";
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	r.server = NULL;
	r.queue_ms = r.connect_ms = -1;
	r.total_ms = 0;
	r.server_conns = 0;
	r.source_addr = r.server_addr = (struct addr_ip){ 0 };
	r.reason = REASON_NO_SERVER;
	expect(&r, format, "<NOSRV> \"<NOSRV>\" - \"\" - -1/-1/0/-1 -:- -:- - \"\" 3/0 SC - -");
	fixture_release(&f);
}

static void all_families_have_addresses(void **state)
{
	static const char format[] = "%ci:%cp %fi:%fp %{+X}ci:%{+X}cp";
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	r.client = ip("::1", 52702);
	r.frontend_addr = ip("fd00::9", 26257);
	expect(&r, format, "::1:52702 fd00::9:26257 00000000000000000000000000000001:CDDE");
	/* The second listener; HAProxy's hexadecimal ends the line there. */
	r.bind = &binds[1];
	r.client = r.frontend_addr = (struct addr_ip){ .family = AF_UNIX };
	expect(&r, format, "unix:2 unix:2 unix:2");
	binds[1].id = 77;
	binds[1].name = "local";
	binds[1].accept_proxy = true;
	expect(&r, "%cp %[so_id] %[so_name] %[fc_rcvd_proxy]", "77 77 local 1");
	fixture_release(&f);
}

static void a_line_before_the_end_says_so(void **state)
{
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	front.logasap = true;
	r.ended = false;
	r.total_ms = 3;
	r.bytes_in = r.bytes_out = 0;
	expect(&r, "%Tw/%Tc/%Tt %Tu %Td %B %U %ts %ac/%fc/%bc/%sc", "1/2/+3 +3 0 +0 0 -- 6/5/4/3");
	fixture_release(&f);
}

static void local_times_have_their_offset(void **state)
{
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	setenv("TZ", "NST3:30", 1);
	tzset();
	r = record_of(f.topology);
	expect(&r, "%t %Tl %T",
	       "20/Nov/2026:08:42:01.095 20/Nov/2026:08:42:01 -0330 20/Nov/2026:12:12:01 +0000");
	fixture_release(&f);
}

static void a_wrong_format_is_refused(void **state)
{
	struct logformat *f = NULL;
	struct error err;

	(void)state;
	assert_false(logformat_new("%ci %cpu", &f, &err));
	assert_null(f);
	assert_string_equal(err.text, "there is no variable %cpu; did you mean %cp?");
	logformat_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_variable_is_haproxys),
		cmocka_unit_test(flags_are_haproxys),
		cmocka_unit_test(the_usual_lines_are_haproxys),
		cmocka_unit_test(what_there_is_not_is_a_dash),
		cmocka_unit_test(all_families_have_addresses),
		cmocka_unit_test(a_line_before_the_end_says_so),
		cmocka_unit_test(local_times_have_their_offset),
		cmocka_unit_test(a_wrong_format_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
