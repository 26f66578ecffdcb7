/* SPDX-License-Identifier: MIT */
#include "report/simview.h"

#include "../core/simscene.h"

#include <jansson.h>
#include <stdlib.h>

static size_t columns_of(const char *line, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)line[i] & 0xc0) != 0x80;
	return n;
}

static void expect_width(const struct text *out, size_t width)
{
	const char *at = text_str(out);

	while (*at) {
		size_t len = strcspn(at, "\n");

		if (columns_of(at, len) > width)
			fail_msg("too wide: %.*s", (int)len, at);
		assert_true(!len || at[len - 1] != ' ');
		at += len + (at[len] == '\n');
	}
}

static void expect_said(const struct text *out, const char *words)
{
	if (!strstr(text_str(out), words))
		fail_msg("\"%s\" is not in\n%s", words, text_str(out));
}

static void a_node_that_was_away_is_shown(void **state)
{
	const struct simview v = { .width = 80 };
	struct simscene s;
	AUTO_TEXT out = { 0 };

	(void)state;
	simscene_open(&s, 3, SETTINGS_LEASTCONN);
	simscene_run(&s, "n2 dies at 10s, returns at 30s");
	simview_write(&v, &s.o, &s.r, &out);
	expect_width(&out, 80);
	expect_said(&out, "psql: leastconn, 3 servers; 50/s, each for 30s; 60s in steps of 5s, "
	                  "seed 1\n\n");
	expect_said(&out, "   time  new/s   cut  wait  lost  n1 ");
	expect_said(&out, "    10s  \342\227\217 n2 dies\n");
	expect_said(&out, "\342\226\274 psql/n2 UP -> DOWN: check failed: Connection refused");
	expect_said(&out, "\n    15s     50   167     -     -  ");
	expect_said(&out, "   0x");
	expect_said(&out, "\342\226\262 psql/n2 DOWN -> UP: check passed");
	expect_said(&out, "\nx down\n\nsessions    3001 came: ");
	expect_said(&out, " 167 cut, 0 moved, 0 refused, ");
	expect_said(&out, "\nevents      10s n2 dies: no new sessions after ");
	expect_said(&out, "; 167 sessions cut; ");
	expect_said(&out, "\n            30s n2 returns: new sessions after ");
	simscene_close(&s);
}

static void many_servers_are_signs(void **state)
{
	const struct simview v = { .width = 76, .ascii = true };
	struct simscene s;
	AUTO_TEXT out = { 0 };

	(void)state;
	simscene_open(&s, 12, SETTINGS_ROUNDROBIN);
	s.servers[3].locality = "region=eu,zone=a";
	simscene_run(&s, "region=eu vanishes at 10s; n12 drains at 10s; all slows 1ms at 20s");
	simview_write(&v, &s.o, &s.r, &out);
	expect_width(&out, 76);
	expect_said(&out, "  least   mean   most  of 12 servers\n");
	expect_said(&out, "  +++x+++++++x\n");
	expect_said(&out, "* region=eu vanishes\n");
	expect_said(&out, "\nx down\n");
	expect_said(&out, "20s all slows 1ms: as ordered");
	for (size_t i = 0; i < out.len; i++)
		assert_true((unsigned char)out.data[i] < 0x80);
	simscene_close(&s);
}

static void long_names_keep_what_they_differ_in(void **state)
{
	const struct simview v = { .width = 80 };
	struct simscene s;
	AUTO_TEXT out = { 0 };

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	s.o.pool = 10;
	s.servers[0].name = "crdb-eu-west-1.db.example.com-1";
	s.servers[1].name = "crdb-eu-west-1.db.example.com-2";
	s.servers[2].name = "n3";
	simscene_run(&s, "burst 1 at 10s");
	simview_write(&v, &s.o, &s.r, &out);
	expect_width(&out, 80);
	expect_said(&out, "-1  ");
	expect_said(&out, "-2  n3\n");
	simscene_close(&s);
}

static void a_pool_that_stays_uneven_is_told_its_cure(void **state)
{
	const struct simview v = { .width = 80 };
	struct simscene s;

	(void)state;
	for (int rebalances = 0; rebalances < 2; rebalances++) {
		AUTO_TEXT out = { 0 };

		simscene_open(&s, 3, SETTINGS_LEASTCONN);
		s.o.rate.count = 0;
		s.o.pool = 90;
		s.o.session.lasts = SIMARRIVAL_EVER;
		s.service->rebalance = rebalances;
		simscene_run(&s, "n2 dies at 10s, returns at 30s");
		simview_write(&v, &s.o, &s.r, &out);
		expect_width(&out, 80);
		assert_int_equal(strstr(text_str(&out), "\"rebalance = true;\"") != NULL,
		                 !rebalances);
		simscene_close(&s);
	}
}

static void each_width_is_kept(void **state)
{
	(void)state;
	for (size_t servers = 1; servers <= SIMSCENE_MAX; servers++)
		for (unsigned int width = 64; width < 200; width += 7) {
			const struct simview v = { .width = width };
			struct simscene s;
			AUTO_TEXT out = { 0 };

			simscene_open(&s, servers, SETTINGS_RANDOM);
			s.o.for_ms = 10000;
			s.o.step_ms = 3300;
			s.o.rate.count = 300;
			s.o.rate.poisson = true;
			s.o.pool = 1000;
			simscene_run(&s, "n1 dies at 3s; burst 20000 at 4s; maint n1 at 5s");
			simview_write(&v, &s.o, &s.r, &out);
			expect_width(&out, width);
			simscene_close(&s);
		}
}

static void colours_only_add(void **state)
{
	const struct simview plain = { .width = 80 };
	const struct simview coloured = { .width = 80, .colour = true };
	struct simscene s;
	AUTO_TEXT one = { 0 };
	AUTO_TEXT two = { 0 };
	AUTO_TEXT without = { 0 };

	(void)state;
	simscene_open(&s, 3, SETTINGS_LEASTCONN);
	simscene_run(&s, "n2 dies at 10s; maint n1 at 12s");
	simview_write(&plain, &s.o, &s.r, &one);
	simview_write(&coloured, &s.o, &s.r, &two);
	for (const char *c = text_str(&two); *c; c++) {
		if (*c == '\033')
			c += strcspn(c, "m");
		else
			text_addc(&without, *c);
	}
	assert_true(two.len > one.len);
	/* Padding is taken off the end of a line, unless a colour ends after it. */
	assert_int_equal(strncmp(text_str(&without), text_str(&one), 80), 0);
	simscene_close(&s);
}

static void rates_and_lengths_are_written_as_they_are_read(void **state)
{
	static const char *const rates[] = { "50/s", "poisson:3000/m", "1/h", "0/s" };
	static const char *const lengths[] = { "30s", "exp:1m30s", "ever" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct simarrival_rate rate;
		AUTO_TEXT out = { 0 };

		assert_true(simarrival_parse_rate(rates[i], &rate, NULL));
		simview_add_rate(&out, &rate);
		assert_string_equal(text_str(&out), rates[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct simarrival_session session;
		AUTO_TEXT out = { 0 };

		assert_true(simarrival_parse_session(lengths[i], &session, NULL));
		simview_add_session(&out, &session);
		assert_string_equal(text_str(&out), lengths[i]);
	}
}

static json_int_t number(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	assert_true(json_is_integer(n));
	return json_integer_value(n);
}

static void json_has_the_same(void **state)
{
	struct simscene s;
	json_t *o;
	const json_t *row;
	const json_t *cell;
	AUTO_TEXT out = { 0 };

	(void)state;
	simscene_open(&s, 3, SETTINGS_LEASTCONN);
	simscene_run(&s, "n2 dies at 10s; burst 5 at 20s");
	simview_write_json(&s.o, &s.r, &out);
	o = json_loads(text_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_int_equal(json_array_size(json_object_get(o, "steps")), 13);
	row = json_array_get(json_object_get(o, "steps"), 4);
	assert_int_equal(number(row, "time_ms"), 20000);
	assert_int_equal(number(row, "arrived"), 1000);
	cell = json_array_get(json_object_get(row, "servers"), 1);
	assert_string_equal(json_string_value(json_object_get(cell, "state")), "down");
	assert_int_equal(number(cell, "sessions"), 0);
	assert_int_equal(number(json_object_get(o, "summary"), "arrived"), 3006);
	assert_int_equal(json_array_size(json_object_get(o, "effects")), 1);
	assert_true(json_is_null(
	    json_object_get(json_array_get(json_object_get(o, "notes"), 0), "server")));
	json_decref(o);
	simscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_that_was_away_is_shown),
		cmocka_unit_test(many_servers_are_signs),
		cmocka_unit_test(long_names_keep_what_they_differ_in),
		cmocka_unit_test(a_pool_that_stays_uneven_is_told_its_cure),
		cmocka_unit_test(each_width_is_kept),
		cmocka_unit_test(colours_only_add),
		cmocka_unit_test(rates_and_lengths_are_written_as_they_are_read),
		cmocka_unit_test(json_has_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
