/* SPDX-License-Identifier: MIT */
/* WRAP: crew_lock_rates crew_unlock_rates */
#include "scene.h"

#include "core/ratetable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct scene scene;
static struct command_context ctx;
static struct settings_frontend set;
static int locked;

struct ratetable *__wrap_crew_lock_rates(struct crew *c, const struct topology_frontend *f);
void __wrap_crew_unlock_rates(struct crew *c, const struct topology_frontend *f);

struct ratetable *__wrap_crew_lock_rates(struct crew *c, const struct topology_frontend *f)
{
	(void)c;
	locked++;
	return f->rates;
}

void __wrap_crew_unlock_rates(struct crew *c, const struct topology_frontend *f)
{
	(void)c;
	(void)f;
	locked--;
}

static void hit(struct ratetable *t, const char *host, int times)
{
	struct addr_ip ip;
	struct addr a;

	assert_true(addr_parse_ip(host, 0, &a));
	ip = addr_pack(&a);
	for (int i = 0; i < times; i++)
		ratetable_hit(t, &ip, tick_ms());
}

/* The table of `fe`: 127.0.0.5 has connected twice, 127.0.0.1 once. */
static int setup(void **state)
{
	struct topology_frontend *fe;

	(void)state;
	scene_open(&scene, NULL);
	fe = topology_find_frontend(scene.daemon.topology, "fe");
	set = *fe->settings;
	set.conn_rate_limit =
	    (struct settings_rate_limit){ .count = 9, .period_ms = 10000, .size = 100 };
	fe->settings = &set;
	fe->rates = ratetable_new(&set.conn_rate_limit, 1);
	hit(fe->rates, "127.0.0.5", 2);
	hit(fe->rates, "127.0.0.1", 1);
	ctx = (struct command_context){ .daemon = &scene.daemon, .level = SETTINGS_LEVEL_ADMIN };
	return 0;
}

static int teardown(void **state)
{
	struct topology_frontend *fe = topology_find_frontend(scene.daemon.topology, "fe");

	(void)state;
	ratetable_free(fe->rates);
	fe->rates = NULL;
	scene_close(&scene);
	assert_int_equal(locked, 0);
	return 0;
}

static void order(const char *line, const char *expected)
{
	AUTO_TEXT out = { 0 };

	command_run(&ctx, line, &out);
	if (strcmp(text_str(&out), expected) != 0)
		fail_msg("%s: %s", line, text_str(&out));
}

/* The keys of an answer: "2 127.0.0.1 127.0.0.5", the first number is that of used entries. */
static void expect(const char *line, const char *expected)
{
	AUTO_TEXT out = { 0 };
	AUTO_TEXT keys = { 0 };
	int used;

	command_run(&ctx, line, &out);
	assert_int_equal(
	    sscanf(text_str(&out), "# table: fe, type: ip, size:100, used:%d\n", &used), 1);
	text_addf(&keys, "%d", used);
	for (const char *k = strstr(text_str(&out), "key="); k; k = strstr(k + 1, "key=")) {
		text_addc(&keys, ' ');
		text_addn(&keys, k + 4, strcspn(k + 4, " "));
	}
	assert_string_equal(text_str(&keys), expected);
}

static void entries_are_shown_as_by_haproxy(void **state)
{
	AUTO_TEXT out = { 0 };
	int expires, rate;

	(void)state;
	expect("show table", "2");
	expect("show table fe", "2 127.0.0.1 127.0.0.5");
	command_run(&ctx, "show table fe key 127.0.0.5", &out);
	assert_int_equal(sscanf(strchr(text_str(&out), '\n') + 1,
	                        "0x%*x: key=127.0.0.5 use=0 exp=%d conn_rate(10000)=%d\n", &expires,
	                        &rate),
	                 2);
	assert_int_equal(rate, 2);
	order("show table fe key 127.0.0.9", "");
	order("show table fe key foo", "");
}

static void filters_compare(void **state)
{
	(void)state;
	expect("show table fe data.conn_rate gt 1", "2 127.0.0.5");
	expect("show table fe data.conn_rate lt 2", "2 127.0.0.1");
	expect("show table fe data.conn_rate eq 1", "2 127.0.0.1");
	expect("show table fe data.conn_rate ne 1", "2 127.0.0.5");
	expect("show table fe data.conn_rate ge 1 data.conn_rate le 1", "2 127.0.0.1");
}

/* Texts of 2.6.12. */
static void mistakes_are_told_as_by_haproxy(void **state)
{
	static const char *const table[][2] = {
		{ "show table psql", "No such table\n" },
		{ "show table fe key", "Key value expected\n" },
		{ "show table fe data.conn_rate xx 1",
		  "Filter entry #1: Require and operator among \"eq\", \"ne\", \"le\", \"ge\", "
		  "\"lt\", \"gt\"\n" },
		{ "show table fe data.conn_rate gt",
		  "Filter entry #1: Require a valid integer value to compare against\n" },
		{ "show table fe data.conn_rate gt 1 data.conn_rate gt x",
		  "Filter entry #2: Require a valid integer value to compare against\n" },
		{ "show table fe data.http_req_rate gt 1",
		  "Filter entry #1: Data type not stored in this table\n" },
		{ "show table fe data.foo gt 1", "Filter entry #1: Unknown data type\n" },
		{ "show table fe foo",
		  "Optional argument only supports \"data.<store_data_type>\" <operator> <value> "
		  "and key <key>\n" },
		{ "clear table fe foo", "Required arguments: <table> \"data.<store_data_type>\" "
		                        "<operator> <value> or <table> key <key>\n" },
		{ "clear table fe key", "Key value expected\n" },
		{ "set table fe foo", "Required arguments: <table> key <key> "
		                      "[data.<store_data_type> <value>]*\n" },
		{ "set table fe", "" },
		{ "set table fe key 127.0.0.7", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		order(table[i][0], table[i][1]);
}

static void entries_are_cleared(void **state)
{
	(void)state;
	order("clear table fe key 127.0.0.9", "");
	order("clear table fe data.conn_rate gt 5", "");
	expect("show table fe", "2 127.0.0.1 127.0.0.5");
	order("clear table fe key 127.0.0.5", "");
	expect("show table fe", "1 127.0.0.1");
	order("clear table fe data.conn_rate eq 1", "");
	expect("show table fe", "0");
	hit(topology_find_frontend(scene.daemon.topology, "fe")->rates, "::1", 1);
	expect("show table fe", "1 ::1");
	order("clear table fe", "");
	expect("show table fe", "0");
}

static void it_takes_an_operator_to_clear(void **state)
{
	(void)state;
	ctx.level = SETTINGS_LEVEL_USER;
	expect("show table fe", "2 127.0.0.1 127.0.0.5");
	order("show table fe key 127.0.0.5", "Permission denied\n");
	order("clear table fe", "Permission denied\n");
	order("set table fe key 127.0.0.5", "Permission denied\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(entries_are_shown_as_by_haproxy), TEST(filters_compare),
		TEST(mistakes_are_told_as_by_haproxy), TEST(entries_are_cleared),
		TEST(it_takes_an_operator_to_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
