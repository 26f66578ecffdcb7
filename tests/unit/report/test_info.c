/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/info.h"

#include <jansson.h>

static const struct info_form plain = { .kind = INFO_PLAIN };
static const struct info_form typed = { .kind = INFO_TYPED };
static const struct info_form json = { .kind = INFO_JSON };

static int setup(void **state)
{
	struct fixture f;

	fixture_init(&f);
	f.process.description = "eu: the first";
	*state = snapshot_take(f.topology, &f.process);
	fixture_release(&f);
	return 0;
}

static int teardown(void **state)
{
	snapshot_free(*state);
	return 0;
}

static void keys_are_those_of_haproxy_in_its_order(void **state)
{
	static const char keys[] =
	    "Name,Version,Release_date,Nbthread,Nbproc,Process_num,Pid,Uptime,Uptime_sec,Memmax_MB,"
	    "PoolAlloc_MB,PoolUsed_MB,PoolFailed,Ulimit-n,Maxsock,Maxconn,Hard_maxconn,CurrConns,"
	    "CumConns,CumReq,MaxSslConns,CurrSslConns,CumSslConns,Maxpipes,PipesUsed,PipesFree,"
	    "ConnRate,"
	    "ConnRateLimit,MaxConnRate,SessRate,SessRateLimit,MaxSessRate,SslRate,SslRateLimit,"
	    "MaxSslRate,SslFrontendKeyRate,SslFrontendMaxKeyRate,SslFrontendSessionReuse_pct,"
	    "SslBackendKeyRate,SslBackendMaxKeyRate,SslCacheLookups,SslCacheMisses,CompressBpsIn,"
	    "CompressBpsOut,CompressBpsRateLim,Tasks,Run_queue,Idle_pct,node,description,Stopping,"
	    "Jobs,"
	    "Unstoppable Jobs,Listeners,ActivePeers,ConnectedPeers,DroppedLogs,BusyPolling,"
	    "FailedResolutions,TotalBytesOut,TotalSplicdedBytesOut,BytesOutRate,"
	    "DebugCommandsIssued,"
	    "CumRecvLogs,Build "
	    "info,Memmax_bytes,PoolAlloc_bytes,PoolUsed_bytes,Start_time_sec,Tainted,";
	AUTO_TEXT out = { 0 };
	AUTO_TEXT found = { 0 };

	info_write_form(*state, &plain, &out);
	for (const char *p = text_str(&out); *p; p = strchr(p, '\n') + 1) {
		text_addn(&found, p, strcspn(p, ":"));
		text_addc(&found, ',');
	}
	assert_string_equal(text_str(&found), keys);
}

static void values_are_those_of_the_process(void **state)
{
	static const char *const lines[] = { "Name: HAProxy",
		                             "Version: 2.6.0-sluice-0.1.0",
		                             "Pid: 4711",
		                             "Uptime: 0d 2h05m00s",
		                             "Uptime_sec: 7500",
		                             "Maxconn: 4096",
		                             "CurrConns: 7",
		                             "CumConns: 37",
		                             "MaxConnRate: 12",
		                             "node: lb1",
		                             "description: eu- the first",
		                             "Listeners: 2",
		                             "TotalBytesOut: 2500",
		                             "Start_time_sec: 1795169221" };
	AUTO_TEXT out = { 0 };
	char line[128];
	char start[64];

	info_write_form(*state, &plain, &out);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		snprintf(start, sizeof(start), "%.*s:", (int)strcspn(lines[i], ":"), lines[i]);
		assert_string_equal(fixture_line(text_str(&out), start, line, sizeof(line)),
		                    lines[i]);
	}
}

static void no_line_has_two_colons(void **state)
{
	AUTO_TEXT out = { 0 };

	info_write_form(*state, &plain, &out);
	for (const char *p = text_str(&out); *p; p = strchr(p, '\n') + 1) {
		const char *colon = strchr(p, ':');
		const char *second = strchr(colon + 1, ':');

		assert_int_equal(colon[1], ' ');
		assert_true(!second || second > strchr(p, '\n'));
	}
}

static void the_typed_form_has_the_positions_of_haproxy(void **state)
{
	AUTO_TEXT out = { 0 };
	char line[128];

	info_write_form(*state, &typed, &out);
	assert_string_equal(fixture_line(text_str(&out), "0.", line, sizeof(line)),
	                    "0.Name.1:POS:str:HAProxy");
	assert_string_equal(fixture_line(text_str(&out), "47.", line, sizeof(line)),
	                    "47.Tasks.1:MGP:u32:9");
	assert_string_equal(fixture_line(text_str(&out), "71.", line, sizeof(line)),
	                    "71.Tainted.1:SGP:str:0");
	assert_null(strstr(text_str(&out), "Zlib"));
}

static void the_json_form_can_be_parsed(void **state)
{
	AUTO_TEXT out = { 0 };
	json_t *o;

	info_write_form(*state, &json, &out);
	o = json_loads(text_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_int_equal(json_array_size(o), 70);
	json_decref(o);
}

static void descriptions_are_added_when_asked(void **state)
{
	struct info_form form = { .described = true };
	AUTO_TEXT out = { 0 };

	info_write_form(*state, &form, &out);
	assert_non_null(strstr(text_str(&out),
	                       "\nPid: 4711:\"This worker process identifier for the system\"\n"));
	text_clear(&out);
	form.kind = INFO_TYPED;
	info_write_form(*state, &form, &out);
	assert_non_null(strstr(text_str(&out),
	                       "\n4.Nbproc.1:CGS:u32:1:\"Number of started worker processes "
	                       "(historical, always 1)\"\n"));
	text_clear(&out);
	form.kind = INFO_JSON;
	info_write_form(*state, &form, &out);
	assert_null(strstr(text_str(&out), "historical"));
}

/* Keys, positions, tags and types, as HAProxy 2.6.12 with "typed float" has them. */
static void rates_and_times_can_be_fractions(void **state)
{
	static const char *const lines[] = { "8.Uptime_sec.1:MDP:flt:7500",
		                             "26.ConnRate.1:MRP:flt:4",
		                             "35.SslFrontendKeyRate.1:MRP:flt:0",
		                             "37.SslFrontendSessionReuse_pct.1:MRP:flt:0",
		                             "42.CompressBpsIn.1:MRP:flt:0",
		                             "63.BytesOutRate.1:MRP:u64:100",
		                             "70.Start_time_sec.1:MDP:flt:1795169221.095" };
	struct info_form form = { .kind = INFO_TYPED, .floats = true };
	AUTO_TEXT out = { 0 };
	char line[128];
	char start[64];

	info_write_form(*state, &form, &out);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		snprintf(start, sizeof(start), "%.*s", (int)strcspn(lines[i], ":"), lines[i]);
		assert_string_equal(fixture_line(text_str(&out), start, line, sizeof(line)),
		                    lines[i]);
	}
}

static void limits_are_those_that_commands_have_set(void **state)
{
	struct info_form form = { .hard_maxconn = 9000,
		                  .conn_rate_limit = 20,
		                  .session_rate_limit = 10 };
	AUTO_TEXT out = { 0 };

	info_write_form(*state, &form, &out);
	assert_non_null(strstr(text_str(&out), "\nMaxconn: 4096\nHard_maxconn: 9000\n"));
	assert_non_null(strstr(text_str(&out), "\nConnRateLimit: 20\n"));
	assert_non_null(strstr(text_str(&out), "\nSessRateLimit: 10\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_those_of_haproxy_in_its_order),
		cmocka_unit_test(values_are_those_of_the_process),
		cmocka_unit_test(no_line_has_two_colons),
		cmocka_unit_test(the_typed_form_has_the_positions_of_haproxy),
		cmocka_unit_test(the_json_form_can_be_parsed),
		cmocka_unit_test(descriptions_are_added_when_asked),
		cmocka_unit_test(rates_and_times_can_be_fractions),
		cmocka_unit_test(limits_are_those_that_commands_have_set),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
