/* SPDX-License-Identifier: MIT */
#include "edges.h"

#include "report/csv.h"

#include <jansson.h>

/* The columns of HAProxy 2.6 up to agg_check_status, as clients know them. */
static const char header[] =
    "# "
    "pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,"
    "status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,"
    "tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,"
    "hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_"
    "abrt,"
    "comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,"
    "agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,"
    "check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,"
    "conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,"
    "qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,"
    "need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,-,";

static const struct csv_filter no_filter = { .proxy_id = -1, .server_id = -1 };

static int setup(void **state)
{
	struct fixture f;

	fixture_init(&f);
	*state = snapshot_take(f.topology, &f.process);
	fixture_release(&f);
	return 0;
}

static int teardown(void **state)
{
	snapshot_free(*state);
	return 0;
}

static size_t count(const char *s, char c)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == c;
	return n;
}

static void the_header_is_that_of_haproxy(void **state)
{
	AUTO_TEXT out = { 0 };
	char line[4096];

	csv_write(*state, NULL, &out);
	assert_string_equal(fixture_line(text_str(&out), "#", line, sizeof(line)), header);
}

static void every_line_has_as_many_commas(void **state)
{
	AUTO_TEXT out = { 0 };
	char *rest;
	size_t lines = 0;

	csv_write(*state, NULL, &out);
	for (char *line = strtok_r(out.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		assert_int_equal(count(line, ','), 104);
		assert_int_equal(line[strlen(line) - 1], ',');
		lines++;
	}
	assert_int_equal(lines, 10);
}

static void rows_are_what_haproxy_would_show(void **state)
{
	static const char *const rows[] = {
		"psql,FRONTEND,,,7,11,4096,37,1000,2500,0,0,0,,,,,OPEN,,,,,,,,,1,2,0,,,,0,4,0,0,,,,"
		",,,,,,,0,"
		"0,0,,,0,0,0,0,,,,,,,,,,,,,,,,,,,,,tcp,,0,0,40,,3,0,0,,,,,,,,,,,0,,,,,,,,,-,",
		"psql,n1,0,0,5,9,,30,1000,2000,,0,,0,0,0,0,UP,1,1,0,0,0,65,0,,1,2,1,,29,,2,4,,0,"
		"L7OK,200,"
		"1,,,,,,,,,,,0,0,,,,,3,,,0,0,0,0,,,,Layer7 check "
		"passed,,2,3,4,,,,10.0.0.1:26257,,tcp,,,,,"
		",,,0,30,0,,,0,,0,0,0,0,0,0,0,5,5,1,,,,-,",
		"psql,n3,0,0,0,0,,0,0,0,,0,,2,0,0,0,DOWN,1,1,0,3,1,65,70,,1,2,3,,0,,2,0,,0,L4CON,,"
		"1,,,,,,,,"
		",,,0,0,,,,,-1,Connection refused,,0,0,0,0,,,,Layer4 connection "
		"problem,,2,3,0,,,,-,,tcp,,,"
		",,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,1,,,,-,",
		"psql,BACKEND,0,0,7,11,410,37,1000,2500,0,0,,3,1,0,0,UP,1,1,1,,0,600,0,,1,2,0,,29,,"
		"1,4,,0,"
		",,,,,,,,,,,,,0,1,0,0,0,0,3,,,0,0,0,0,,,,,,,,,,,,,,tcp,leastconn,,,,,,,0,38,0,,,,,"
		"0,0,0,0,"
		"0,,,,,1,0,0,0,-,",
	};
	AUTO_TEXT out = { 0 };
	char line[4096];
	char start[32];

	csv_write(*state, NULL, &out);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *end = strchr(strchr(rows[i], ',') + 1, ',');

		snprintf(start, sizeof(start), "%.*s,", (int)(end - rows[i]), rows[i]);
		assert_string_equal(fixture_line(text_str(&out), start, line, sizeof(line)),
		                    rows[i]);
	}
}

/* What HAProxy 2.6 shows for such a file, field by field. */
static const char *const edge_rows[] = {
	"fe,FRONTEND,,,0,0,50,9,60,0,0,0,0,,,,,OPEN,,,,,,,,,1,2,0,,,,0,3,7,0,,,,"
	",,,,,,,0,0,0,,,0,0,0,0,,,,,,,,,,,,,,,,,,,,,tcp,,5,6,12,,2,1,0,,,,,,,,,,,0,,,,,,,,,"
	"-,",
	"fe2,FRONTEND,,,0,0,1000,0,0,0,0,0,0,,,,,PAUSED,,,,,,,,,1,5,0,,,,0,0,0,0,,,,"
	",,,,,,,0,0,0,,,0,0,0,0,,,,,,,,,,,,,,,,,,,,,tcp,,0,0,1,,0,0,0,,,,,,,,,,,0,,,,,,,,,-"
	",",
	"both,lst,,,2,2,2,77,0,0,0,0,0,,,,,FULL,,,,,,,,,1,3,1,,,,3"
	",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,127.0.0.1:19003,,tcp,,,,,,0,0,0,,,,,,,,,,"
	",0,,,,,,,,,-,",
	"both,sock-2,,,1,4,0,5,0,0,0,0,0,,,,,OPEN,,,,,,,,,1,3,2,,,,3"
	",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,unix,,tcp,,,,,,0,0,0,,,,,,,,,,,0,,,,,,,,,"
	"-,",
	"both,a,2,6,0,0,4,0,0,0,,0,,0,0,0,0,UP,1,1,0,0,0,100000,0,9,1,3,1,12,0,,2,0,,0,"
	"L4OK,,2,,,,,,,0,,,,0,0,,,,,-1,,via agent : up,0,0,0,0,L7OK,0,2,Layer4 check "
	"passed,"
	"Layer7 check "
	"passed,2,3,4,1,1,1,10.0.0.1:5432,,tcp,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,"
	"0,7,,,,-,",
	"both,c,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP,1,1,0,,,100000,,,1,3,2,,0,both/"
	"a,2,0,,0,,,,,,,,,"
	",,,,,0,0,,,,,-1,,,0,0,0,0,,,,,,,,,,,,10.0.0.1:5432,,tcp,,,,,,,,0,0,0,,,0,,0,0,0,0,"
	"0,"
	"0,0,0,0,1,,,,-,",
	"both,BACKEND,0,0,2,0,100,0,0,0,0,0,,0,0,0,0,UP,2,2,0,,0,100000,0,,1,3,0,,0,,1,0,,"
	"0,,,"
	",,,,,,,,,,,0,0,0,0,0,0,-1,,,0,0,0,0,,,,,,,,,,,,,,tcp,random,,,,,,,0,0,0,,,,,0,0,0,"
	"0,"
	"0,,,,,8,0,0,0,-,",
	"be,BACKEND,3,8,3,0,105,10,100,0,0,0,,0,0,0,0,UP,1,1,0,,0,100000,0,,1,4,0,,0,,1,0,,"
	"0,"
	",,,,,,,,,,,,,0,0,0,0,0,0,-1,,,0,0,0,0,,,,,,,,,,,,,,tcp,roundrobin,,,,,,,0,0,0,,,,,"
	"0,0,0,0,0,,,,,1,0,0,0,-,",
	"stats,FRONTEND,,,1,2,1000,40,1000,90000,0,0,1,,,,,OPEN,,,,,,,,,1,6,0,,,,0,1,0,9,,,"
	",0,"
	"50,1,3,1,0,,2,11,55,,,0,0,0,0,,,,,,,,,,,,,,,,,,,,,http,,1,9,40,55,0,0,0,,,0,0,,,,,"
	",,"
	"0,,,,,,,,,-,",
	"stats,BACKEND,0,0,0,0,100,0,1000,90000,0,0,,0,0,0,0,UP,0,0,0,,0,600,,,1,6,0,,0,,1,"
	"0,,"
	"0,,,,0,0,0,0,0,0,,,,0,0,0,0,0,0,0,-1,,,0,0,0,0,,,,,,,,,,,,,,http,roundrobin,,,,,,,"
	"0,"
	"0,0,0,0,,,0,0,0,0,0,,,,,0,0,0,0,-,",
};

static void proxies_of_haproxy_have_its_rows(void **state)
{
	struct fixture f;
	struct snapshot *s;
	AUTO_TEXT out = { 0 };
	char line[4096];
	char start[32];

	(void)state;
	edges_init(&f);
	s = snapshot_take(f.topology, &f.process);
	csv_write(s, NULL, &out);
	for (size_t i = 0; i < ARRAY_LEN(edge_rows); i++) {
		const char *end = strchr(strchr(edge_rows[i], ',') + 1, ',');

		snprintf(start, sizeof(start), "%.*s,", (int)(end - edge_rows[i]), edge_rows[i]);
		assert_string_equal(fixture_line(text_str(&out), start, line, sizeof(line)),
		                    edge_rows[i]);
	}
	snapshot_free(s);
	fixture_release(&f);
}

static const char *column(const struct snapshot *s, const char *row, enum metric m, char *buf,
                          size_t size)
{
	AUTO_TEXT out = { 0 };
	char line[4096];
	const char *p;

	csv_write(s, NULL, &out);
	p = fixture_line(text_str(&out), row, line, sizeof(line));
	for (enum metric i = 0; i < m; i++)
		p = strchr(p, ',') + 1;
	snprintf(buf, size, "%.*s", (int)strcspn(p, ","), p);
	return buf;
}

static void states_have_the_words_of_haproxy(void **state)
{
	static const struct {
		struct state state;
		const char *word;
	} cases[] = {
		{ { .health = STATE_CHECKING }, "DOWN" },
		{ { .health = STATE_UP, .counter = 4 }, "UP" },
		{ { .health = STATE_UP, .counter = 3 }, "UP 2/3" },
		{ { .health = STATE_NOLB, .counter = 4 }, "NOLB" },
		{ { .health = STATE_DOWN }, "DOWN" },
		{ { .health = STATE_DOWN, .counter = 1 }, "DOWN 1/2" },
		{ { .health = STATE_UP, .counter = 4, .admin = STATE_DRAIN_COMMAND }, "DRAIN" },
		{ { .health = STATE_UP, .counter = 4, .admin = STATE_MAINT_COMMAND }, "MAINT" },
		{ { .health = STATE_CHECKING, .admin = STATE_MAINT_CONFIG }, "MAINT" },
	};
	struct fixture f;
	char buf[64];

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct snapshot *s;

		topology_set_state(f.topology->services[0]->servers[0], cases[i].state);
		s = snapshot_take(f.topology, &f.process);
		assert_string_equal(column(s, "psql,n1", METRIC_STATUS, buf, sizeof(buf)),
		                    cases[i].word);
		snapshot_free(s);
	}
	fixture_release(&f);
}

static void a_running_check_has_a_star(void **state)
{
	struct fixture f;
	struct snapshot *s;
	char buf[64];

	(void)state;
	fixture_init(&f);
	f.topology->services[0]->servers[0]->check_running = true;
	s = snapshot_take(f.topology, &f.process);
	assert_string_equal(column(s, "psql,n1", METRIC_CHECK_STATUS, buf, sizeof(buf)), "* L7OK");
	assert_string_equal(column(s, "psql,n1", METRIC_CHECK_CODE, buf, sizeof(buf)), "0");
	snapshot_free(s);
	fixture_release(&f);
}

static void names_with_commas_are_quoted(void **state)
{
	struct fixture f;
	struct snapshot *s;
	AUTO_TEXT out = { 0 };

	(void)state;
	fixture_init_named(&f, "a,\"b");
	s = snapshot_take(f.topology, &f.process);
	csv_write(s, NULL, &out);
	assert_non_null(strstr(text_str(&out), "\npsql,\"a,\"\"b\",0,0,5,"));
	snapshot_free(s);
	fixture_release(&f);
}

static void filters_choose_rows(void **state)
{
	static const struct {
		struct csv_filter f;
		size_t rows;
	} cases[] = {
		{ { .proxy_id = -1, .server_id = -1 }, 9 },
		{ { .proxy_id = 2, .server_id = -1 }, 6 },
		{ { .proxy = "web", .proxy_id = -1, .server_id = -1 }, 3 },
		{ { .proxy_id = -1, .server_id = -1, .types = CSV_FRONTENDS }, 2 },
		{ { .proxy_id = -1, .server_id = -1, .types = CSV_BACKENDS | CSV_SERVERS }, 7 },
		{ { .proxy_id = 2, .server_id = 3, .types = CSV_SERVERS }, 1 },
		{ { .proxy_id = -1, .server_id = -1, .types = CSV_SERVERS, .hide_down = true }, 4 },
		{ { .proxy = "none", .proxy_id = -1, .server_id = -1 }, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };

		csv_write(*state, &cases[i].f, &out);
		assert_int_equal(count(text_str(&out), '\n'), cases[i].rows + 1);
		assert_int_equal(csv_filter_matches(*state, &cases[i].f), cases[i].rows > 0);
	}
}

static size_t rows_of(const struct snapshot *s, const struct csv_filter *f)
{
	AUTO_TEXT out = { 0 };

	csv_write(s, f, &out);
	return count(text_str(&out), '\n') - 1;
}

static void scopes_and_kinds_choose_proxies(void **state)
{
	static const char *const some[] = { "be", "." };
	static const struct settings_strings listed = { .at = some, .count = 2 };
	static const struct {
		struct csv_filter f;
		size_t rows;
	} cases[] = {
		{ { .proxy_id = -1, .server_id = -1 }, 12 },
		{ { .proxy_id = -1, .server_id = -1, .types = CSV_LISTENERS }, 2 },
		{ { .proxy_id = 3, .server_id = 2, .types = CSV_LISTENERS }, 1 },
		{ { .proxy_id = 2, .server_id = -1 }, 1 },
		{ { .proxy = "fe2", .proxy_id = -1, .server_id = -1 }, 1 },
		{ { .proxy_id = -1, .server_id = -1, .scope = "FE" }, 2 },
		{ { .proxy_id = -1, .server_id = -1, .proxies = &listed, .self = "stats" }, 4 },
		{ { .proxy_id = -1, .server_id = -1, .proxies = &listed }, 2 },
	};
	struct fixture f;
	struct snapshot *s;

	(void)state;
	edges_init(&f);
	s = snapshot_take(f.topology, &f.process);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(rows_of(s, &cases[i].f), cases[i].rows);
	snapshot_free(s);
	fixture_release(&f);
}

static void a_backend_tells_how_many_are_up_when_servers_are_hidden(void **state)
{
	struct csv_filter filter = no_filter;
	AUTO_TEXT out = { 0 };
	char line[4096];

	filter.hide_down = true;
	csv_write(*state, &filter, &out);
	fixture_line(text_str(&out), "psql,BACKEND", line, sizeof(line));
	assert_non_null(strstr(line, ",UP (3/4),"));
	fixture_line(text_str(&out), "web,BACKEND", line, sizeof(line));
	assert_non_null(strstr(line, ",UP (1/1),"));
}

static void columns_of_checks_follow_the_check(void **state)
{
	struct fixture f;
	struct topology_server *n1;
	char buf[64];

	(void)state;
	fixture_init(&f);
	n1 = f.topology->services[0]->servers[0];
	for (int off = 0; off < 2; off++) {
		struct snapshot *s;

		n1->check_disabled = off;
		s = snapshot_take(f.topology, &f.process);
		assert_string_equal(column(s, "psql,n1", METRIC_CHECK_CODE, buf, sizeof(buf)),
		                    off ? "" : "200");
		assert_string_equal(column(s, "psql,n1", METRIC_CHKFAIL, buf, sizeof(buf)),
		                    off ? "" : "0");
		assert_string_equal(column(s, "psql,n1", METRIC_CHECK_RISE, buf, sizeof(buf)),
		                    off ? "" : "2");
		snapshot_free(s);
	}
	fixture_release(&f);
}

static void a_tracking_server_says_where_its_maintenance_comes_from(void **state)
{
	struct fixture f;
	struct snapshot *s;
	char buf[64];

	(void)state;
	edges_init(&f);
	topology_set_state(f.topology->services[1]->servers[1],
	                   fixture_state(STATE_UP, 4, STATE_MAINT_INHERITED));
	s = snapshot_take(f.topology, &f.process);
	assert_string_equal(column(s, "both,c", METRIC_STATUS, buf, sizeof(buf)),
	                    "MAINT (via both/a)");
	snapshot_free(s);
	fixture_release(&f);
}

static void disabled_proxies_are_not_shown(void **state)
{
	struct fixture f;
	struct snapshot *s;

	(void)state;
	fixture_init(&f);
	topology_free(f.topology);
	f.topology = topology_new(edges_settings(true));
	s = snapshot_take(f.topology, &f.process);
	assert_int_equal(rows_of(s, NULL), 4);
	snapshot_free(s);
	fixture_release(&f);
}

static void no_maint_hides_servers_in_maintenance(void **state)
{
	struct csv_filter filter = no_filter;
	struct fixture f;
	struct snapshot *s;
	AUTO_TEXT out = { 0 };

	(void)state;
	filter.hide_maint = true;
	fixture_init(&f);
	topology_set_state(f.topology->services[0]->servers[0],
	                   (struct state){ .admin = STATE_MAINT_COMMAND });
	s = snapshot_take(f.topology, &f.process);
	csv_write(s, &filter, &out);
	assert_null(strstr(text_str(&out), "psql,n1"));
	assert_non_null(strstr(text_str(&out), "psql,n2"));
	snapshot_free(s);
	fixture_release(&f);
}

static void addresses_are_hidden_when_asked(void **state)
{
	struct csv_filter filter = no_filter;
	AUTO_TEXT out = { 0 };

	filter.hide_secrets = true;
	csv_write(*state, &filter, &out);
	assert_null(strstr(text_str(&out), "10.0.0.1"));
	assert_null(strstr(text_str(&out), "leastconn"));
	assert_int_equal(count(text_str(&out), ','), 104 * 10);
}

static void the_typed_form_names_each_field(void **state)
{
	AUTO_TEXT out = { 0 };
	char line[256];

	csv_write_typed(*state, NULL, false, &out);
	assert_string_equal(fixture_line(text_str(&out), "S.2.2.17.", line, sizeof(line)),
	                    "S.2.2.17.status.1:SGP:str:NOLB 2/3");
	assert_string_equal(fixture_line(text_str(&out), "S.2.1.19.", line, sizeof(line)),
	                    "S.2.1.19.act.1:SGP:u32:1");
	assert_string_equal(fixture_line(text_str(&out), "B.2.0.19.", line, sizeof(line)),
	                    "B.2.0.19.act.1:MGP:u32:1");
	assert_string_equal(fixture_line(text_str(&out), "B.2.0.33.", line, sizeof(line)),
	                    "B.2.0.33.rate.1:MGP:u32:4");
	assert_string_equal(fixture_line(text_str(&out), "S.2.1.56.", line, sizeof(line)),
	                    "S.2.1.56.last_chk.1:MOP:str:");
	assert_string_equal(fixture_line(text_str(&out), "B.2.0.6.", line, sizeof(line)),
	                    "B.2.0.6.slim.1:CLP:u32:410");
	assert_string_equal(fixture_line(text_str(&out), "F.3.0.33.", line, sizeof(line)),
	                    "F.3.0.33.rate.1:MRP:u32:0");
	assert_non_null(strstr(text_str(&out), "0\nS.2.1.0.pxname.1:KNS:str:psql\n"));
}

static void the_typed_form_can_describe_its_fields(void **state)
{
	static const char first[] = "F.2.0.0.pxname.1:KNS:str:psql:\"name of the service\"\n";
	AUTO_TEXT out = { 0 };

	csv_write_typed(*state, NULL, true, &out);
	assert_memory_equal(text_str(&out), first, sizeof(first) - 1);
}

static void the_json_form_can_be_parsed(void **state)
{
	AUTO_TEXT out = { 0 };
	json_t *rows;
	json_t *field;

	csv_write_json(*state, NULL, &out);
	rows = json_loads(text_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(rows);
	assert_int_equal(json_array_size(rows), 9);
	field = json_array_get(json_array_get(rows, 1), 1);
	assert_string_equal(json_string_value(json_object_get(field, "objType")), "Server");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(field, "tags"), "nature")), "Name");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(field, "value"), "value")), "n1");
	json_decref(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_is_that_of_haproxy),
		cmocka_unit_test(every_line_has_as_many_commas),
		cmocka_unit_test(rows_are_what_haproxy_would_show),
		cmocka_unit_test(proxies_of_haproxy_have_its_rows),
		cmocka_unit_test(states_have_the_words_of_haproxy),
		cmocka_unit_test(a_running_check_has_a_star),
		cmocka_unit_test(names_with_commas_are_quoted),
		cmocka_unit_test(filters_choose_rows),
		cmocka_unit_test(scopes_and_kinds_choose_proxies),
		cmocka_unit_test(a_backend_tells_how_many_are_up_when_servers_are_hidden),
		cmocka_unit_test(columns_of_checks_follow_the_check),
		cmocka_unit_test(a_tracking_server_says_where_its_maintenance_comes_from),
		cmocka_unit_test(disabled_proxies_are_not_shown),
		cmocka_unit_test(the_typed_form_can_describe_its_fields),
		cmocka_unit_test(no_maint_hides_servers_in_maintenance),
		cmocka_unit_test(addresses_are_hidden_when_asked),
		cmocka_unit_test(the_typed_form_names_each_field),
		cmocka_unit_test(the_json_form_can_be_parsed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
