/* SPDX-License-Identifier: MIT */
#include "report/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { NODES = 3 };

/* Three nodes behind one service; what a test changes is in here. */
struct world {
	struct settings settings;
	struct settings_service service;
	struct settings_server servers[NODES];
	struct settings_target targets[NODES];
};

static void make(struct world *w)
{
	static const char *const names[] = { "n1", "n2", "n3" };

	*w = (struct world){ .service = settings_service_default() };
	for (size_t i = 0; i < NODES; i++) {
		w->servers[i] = settings_server_default();
		w->servers[i].name = names[i];
		w->servers[i].host = "10.0.0.1";
		w->servers[i].port = 26257;
		w->servers[i].node = i;
		w->targets[i] = (struct settings_target){ .name = names[i],
			                                  .host = "10.0.0.1",
			                                  .check_port = 8080,
			                                  .check = settings_check_default(
			                                      SETTINGS_CHECK_HTTP) };
	}
	w->service.name = "psql";
	w->service.balance = SETTINGS_LEASTCONN;
	w->service.servers = w->servers;
	w->service.server_count = NODES;
	w->settings.services = &w->service;
	w->settings.service_count = 1;
	w->settings.targets = w->targets;
	w->settings.target_count = NODES;
}

static void contains(const struct text *t, const char *part)
{
	if (!strstr(text_str(t), part))
		fail_msg("\"%s\" is not in:\n%s", part, text_str(t));
}

static void lacks(const struct text *t, const char *part)
{
	if (strstr(text_str(t), part))
		fail_msg("\"%s\" is in:\n%s", part, text_str(t));
}

/* Of known facts: none. */
static void explain(const struct world *w, enum explain_topic topic, struct text *out)
{
	static const struct explain_facts facts = { 0 };

	text_clear(out);
	explain_write(topic, &w->settings, &facts, out);
}

static void topics_are_found_by_their_words(void **state)
{
	enum explain_topic topic;
	struct error err;

	(void)state;
	assert_true(explain_find("drain", &topic, &err));
	assert_int_equal(topic, EXPLAIN_DRAIN);
	assert_false(explain_find("detecton", &topic, &err));
	assert_non_null(strstr(err.text, "did you mean \"detection\"?"));
	assert_false(explain_find("xyz", &topic, &err));
	assert_non_null(strstr(err.text, "there are detection, balance, tiers and drain"));
}

static void detection_shows_its_sums(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	explain(&w, EXPLAIN_DETECTION, &out);
	contains(&out, "n1, n2, n3: http, GET /health?ready=1, port 8080\n");
	contains(&out, "worst, draining:  2.2s (inter + 10 %) + 2s (timeout) = 4.2s\n");
	contains(&out, "worst, refusing:  2.2s (inter + 10 %) + 2 x 2.2s (fastinter + 10 %) = "
	               "6.6s\n");
	contains(&out, "(fastinter + 10 %) + 3 x 2s\n");
	contains(&out, "(timeout) = 12.6s\n");
	contains(&out, "until it gets no new sessions         0s        1s      4.2s\n");
	contains(&out,
	         "timeout    2s     then a check without an answer ends (not written: inter)\n");
	lacks(&out, "frozen");
}

static void checks_that_differ_are_told_apart(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	w.targets[1].check = settings_check_default(SETTINGS_CHECK_TCP);
	w.targets[2].check = settings_check_default(SETTINGS_CHECK_NONE);
	explain(&w, EXPLAIN_DETECTION, &out);
	contains(&out, "n1: http, GET");
	contains(&out, "\nn2: tcp, port 8080\n");
	contains(&out, "A process that is frozen");
	contains(&out, "Whether a CockroachDB node drains is not asked for");
	contains(&out, "\nn3: no check\n");
	contains(&out, "It counts as usable whatever happens");
}

static void agents_are_no_checks(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	w.targets[2].check = settings_check_default(SETTINGS_CHECK_AGENT);
	explain(&w, EXPLAIN_DETECTION, &out);
	contains(&out, "n1, n2: http");
	lacks(&out, "n3");
}

static void balance_shows_shares(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	w.servers[1].weight = 2;
	w.servers[1].maxconn = 500;
	w.servers[2].slowstart_ms = 30000;
	explain(&w, EXPLAIN_BALANCE, &out);
	contains(&out, "psql: leastconn, 3 servers\n");
	contains(&out, "n1        weight   1   25.0 %\n");
	contains(&out, "n2        weight   2   50.0 %   at most 500\n");
	contains(&out, "n3        weight   1   25.0 %   slowstart 30s\n");
	contains(&out, "Without n2 the others get 100 % more each.");
}

static void balance_tells_backups_and_idle_servers(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	w.servers[1].backup = true;
	w.servers[2].weight = 0;
	explain(&w, EXPLAIN_BALANCE, &out);
	contains(&out, "n1        weight   1  100.0 %");
	contains(&out, "the first usable one gets all:\n  n2 ");
	contains(&out, "No new sessions: n3 ");
	lacks(&out, "Without");
}

static void without_allbackups_the_first_backup_gets_all(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	w.servers[0].disabled = w.servers[0].backup = true;
	w.servers[1].backup = w.servers[2].backup = true;
	w.servers[2].weight = 3;
	explain(&w, EXPLAIN_BALANCE, &out);
	contains(&out, "the first usable one gets all:\n  n2        weight   1  100.0 %\n"
	               "  n3        weight   3    0.0 %\n");
	w.service.allbackups = true;
	explain(&w, EXPLAIN_BALANCE, &out);
	contains(&out, "Backups, when no other is usable:\n  n2        weight   1   25.0 %\n"
	               "  n3        weight   3   75.0 %\n");
}

static void every_algorithm_has_its_words(void **state)
{
	(void)state;
	for (int b = SETTINGS_ROUNDROBIN; b <= SETTINGS_STATIC_RR; b++) {
		AUTO_TEXT out = { 0 };
		AUTO_TEXT head = { 0 };
		struct world w;

		make(&w);
		w.service.balance = (enum settings_balance)b;
		explain(&w, EXPLAIN_BALANCE, &out);
		text_addf(&head, "psql: %s, 3 servers\n  ",
		          settings_balance_name(w.service.balance));
		contains(&out, text_str(&head));
		assert_int_equal(strstr(text_str(&out), "33.3 %") == NULL, b == SETTINGS_FIRST);
	}
}

static void tiers_are_actives_then_backups(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	w.settings.locality = w.service.here = "region=eu";
	w.servers[1].backup = w.servers[2].backup = true;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "This proxy stands in region=eu.\n");
	contains(&out, "psql\n  active   n1\n           serves as long as it is usable\n"
	               "  backup   n2, n3\n");
	contains(&out, "One tier: all are equally near.");
	contains(&out, "the first usable one");
	contains(&out, "clients are refused (hold is 0)");
	w.service.allbackups = true;
	w.service.hold_ms = 5000;
	w.servers[0].disabled = true;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "psql\n  backup   n2, n3\n");
	contains(&out, "all of them (allbackups)");
	contains(&out, "In none: n1 ");
	contains(&out, "wait for up to 5s (hold)");
}

/* n1 and n2 near, n3 far. */
static void spread_out(struct world *w)
{
	make(w);
	w->settings.locality = w->service.here = "region=eu,zone=a";
	w->service.tiers = SETTINGS_TIERS_LOCALITY;
	w->service.spill = 140;
	w->servers[0].locality = "region=eu,zone=b";
	w->servers[1].locality = "region=eu,zone=c";
	w->servers[2].locality = "region=us";
}

static void near_servers_come_before_far_ones(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	spread_out(&w);
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "This proxy stands in region=eu,zone=a.\n");
	contains(&out, "  tier 0   1 part of the locality in common: region=eu\n"
	               "           n1  region=eu,zone=b\n           n2  region=eu,zone=c\n"
	               "  tier 1   nothing of the locality in common\n"
	               "           n3  region=us\n");
	contains(&out,
	         "With spill = 1.4 a tier keeps them all until more than 28.6 % of it is away.");
	contains(&out, "2 of 2       100.0 % x 1.4 = 140.0 %     100 %     0 %\n");
	contains(&out, "1 of 2        50.0 % x 1.4 =  70.0 %      70 %    30 %\n");
	contains(&out, "0 of 2         0.0 % x 1.4 =   0.0 %       0 %   100 %\n");
	lacks(&out, "No tiers");
}

static void balance_knows_the_tiers(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	spread_out(&w);
	explain(&w, EXPLAIN_BALANCE, &out);
	contains(&out, "n1        weight   1   50.0 %   tier 0\n");
	contains(&out, "n2        weight   1   50.0 %   tier 0\n");
	contains(&out, "n3        weight   1    0.0 %   tier 1\n");
	contains(&out, "near servers come first (`sluice explain");
	contains(&out,
	         "Without n1 the others of tier 0 get 40 % more each, and the tiers behind it 30"
	         "\n  % of all.");
	w.service.spill = 0;
	w.servers[1].weight = 3;
	explain(&w, EXPLAIN_BALANCE, &out);
	contains(&out, "n2        weight   3   75.0 %   tier 0\n");
	contains(&out,
	         "Without n2 the others of tier 0 get 300 % more each, and the tiers behind it 0"
	         "\n  % of all.");
	w.servers[0].disabled = true;
	explain(&w, EXPLAIN_BALANCE, &out);
	contains(&out, "n2        weight   3  100.0 %   tier 0\n");
	contains(&out, "Without n2 the tiers behind tier 0 get its 100 %.");
	w.service.tiers = SETTINGS_TIERS_LATENCY;
	explain(&w, EXPLAIN_BALANCE, &out);
	lacks(&out, "tier 0");
	contains(&out, "the measured times make tiers");
}

static void what_cannot_serve_counts_against_its_tier(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	spread_out(&w);
	w.servers[0].disabled = true;
	w.servers[1].locality = "region=eu,zone=a";
	w.servers[2].locality = NULL;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "2 parts of the locality in common: region=eu,zone=a\n           n2  ");
	contains(&out, "n1  region=eu,zone=b; disabled\n");
	contains(&out, "tier 2   nothing of the locality in common\n           n3  no locality\n");
	contains(&out, "1 of 1       100.0 % x 1.4 = 140.0 %     100 %     0 %     0 %\n");
	contains(&out, "0 of 1         0.0 % x 1.4 =   0.0 %       0 %     0 %   100 %\n");
	w.servers[2].disabled = true;
	w.service.spill = 100;
	w.servers[1].locality = "region=eu";
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "1 of 2        50.0 % x 1.0 =  50.0 %     100 %     0 %\n");
	contains(&out, "With spill = 1.0 a tier gives away as much as is away of it.");
}

static void spill_0_keeps_everything(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	spread_out(&w);
	w.service.spill = 0;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "With spill = 0 a tier takes all new sessions as long as");
	contains(&out, "1 of 2        50.0 %                     100 %     0 %\n");
	w.service.spill = 75;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "With spill = 0.75 a tier gives some away even when all of it is usable.");
	contains(&out, "2 of 2       100.0 % x 0.75 =  75.0 %     75 %    25 %\n");
}

static void measured_times_are_explained(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	w.service.tiers = SETTINGS_TIERS_LATENCY;
	w.service.spill = 140;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "Tiers by measured time (tiers = \"latency\")");
	contains(&out, "2 of 4        50.0 % x 1.4 =  70.0 %      70 %    30 %\n");
}

static void a_service_without_tiers_says_why(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	spread_out(&w);
	w.service.tiers = SETTINGS_TIERS_NONE;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "No tiers: tiers = \"none\"");
	contains(&out, "  active   n1, n2, n3\n");
	w.service.tiers = SETTINGS_TIERS_LATENCY;
	w.service.balance = SETTINGS_HASH;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "No tiers: with balance = \"source\" or \"hash\"");
	lacks(&out, "measured");
	w.service.balance = SETTINGS_RANDOM;
	w.service.tiers = SETTINGS_TIERS_LOCALITY;
	w.service.here = NULL;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "No tiers: the file does not say where this proxy stands (locality)");
}

static void servers_that_the_cluster_tells_are_not_known(void **state)
{
	static const struct settings_discover discover = { 0 };
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	spread_out(&w);
	w.settings.discover = &discover;
	explain(&w, EXPLAIN_TIERS, &out);
	lacks(&out, "cluster.discover");
	w.service.server_count = 0;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "The cluster tells its servers");
	lacks(&out, "Nobody serves");
	lacks(&out, "One tier");
}

static void a_panic_is_told(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	explain(&w, EXPLAIN_TIERS, &out);
	lacks(&out, "(panic");
	w.service.panic = SETTINGS_PANIC_ROUTE;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "(panic = \"route\")");
	w.service.panic = SETTINGS_PANIC_HOLD;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "(panic =");
}

static void nobody_serves_if_all_are_idle(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	for (size_t i = 0; i < NODES; i++)
		w.servers[i].disabled = true;
	explain(&w, EXPLAIN_TIERS, &out);
	contains(&out, "Nobody serves");
	explain(&w, EXPLAIN_BALANCE, &out);
	contains(&out, "No new sessions: n1, n2, n3 ");
}

static void a_drain_is_told_phase_by_phase(void **state)
{
	static const struct explain_facts known = { true, 6000 };
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	explain(&w, EXPLAIN_DRAIN, &out);
	contains(&out, "  1  server.shutdown.initial_wait\n");
	contains(&out, "0s to 4.2s\n     after the drain began, typically 1s");
	contains(&out, "SET CLUSTER SETTING server.shutdown.initial_wait = '6s';\n");
	contains(&out, "Its sessions stay");
	contains(&out, "  5  it is back\n");
	text_clear(&out);
	explain_write(EXPLAIN_DRAIN, &w.settings, &known, &out);
	contains(&out, "It is 6s: long enough by 1.8s");
	lacks(&out, "SET CLUSTER");
}

static void a_drain_that_cuts_sessions_says_so(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	w.servers[0].shutdown_on_down = true;
	w.servers[1].shutdown_on_down = w.servers[2].shutdown_on_down = true;
	explain(&w, EXPLAIN_DRAIN, &out);
	contains(&out, "Its sessions are cut then");
	contains(&out, "n1, n2, n3: http");
	for (size_t i = 0; i < NODES; i++)
		w.servers[i].down_grace_ms = 60000;
	explain(&w, EXPLAIN_DRAIN, &out);
	contains(&out, "Its sessions end 1m after that");
	contains(&out, "n1, n2, n3: http");
}

/* Whose name stands first says nothing of the others. */
static void servers_whose_sessions_end_otherwise_are_told_apart(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;
	const char *second;

	(void)state;
	make(&w);
	w.servers[1].shutdown_on_down = true;
	w.servers[1].down_grace_ms = 7000;
	explain(&w, EXPLAIN_DRAIN, &out);
	second = strstr(text_str(&out), "\nn2: http, GET /health?ready=1, port 8080\n");
	assert_non_null(second);
	contains(&out, "n1, n3: http");
	assert_true(strstr(text_str(&out), "Its sessions stay") < second);
	assert_null(strstr(second, "Its sessions stay"));
	assert_non_null(strstr(second, "Its sessions end 7s after that"));
	w.servers[0].shutdown_on_down = w.servers[2].shutdown_on_down = true;
	explain(&w, EXPLAIN_DRAIN, &out);
	contains(&out, "n1, n3: http");
	contains(&out, "\nn2: http");
	explain(&w, EXPLAIN_DETECTION, &out);
	contains(&out, "n1, n2, n3: http");
	for (size_t i = 0; i < NODES; i++)
		w.targets[i].check.path = "/health";
	explain(&w, EXPLAIN_DRAIN, &out);
	contains(&out, "n1, n2, n3: http");
}

static void a_drain_that_is_not_seen_says_so(void **state)
{
	AUTO_TEXT out = { 0 };
	struct world w;

	(void)state;
	make(&w);
	for (size_t i = 0; i < NODES; i++)
		w.targets[i].check.path = "/health";
	explain(&w, EXPLAIN_DRAIN, &out);
	contains(&out, "A drain is not seen");
	lacks(&out, "initial_wait");
}

static void lines_fit_80_columns(void **state)
{
	struct world w;

	(void)state;
	spread_out(&w);
	w.servers[2].backup = true;
	w.servers[0].locality = "cloud=one";
	for (int t = 0; t < EXPLAIN_TOPICS; t++) {
		AUTO_TEXT out = { 0 };

		explain(&w, (enum explain_topic)t, &out);
		assert_true(out.len > 100);
		for (const char *s = text_str(&out); *s; s += strcspn(s, "\n") + 1)
			if (strcspn(s, "\n") > 80)
				fail_msg("too wide: %s", s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topics_are_found_by_their_words),
		cmocka_unit_test(detection_shows_its_sums),
		cmocka_unit_test(checks_that_differ_are_told_apart),
		cmocka_unit_test(agents_are_no_checks),
		cmocka_unit_test(balance_shows_shares),
		cmocka_unit_test(balance_tells_backups_and_idle_servers),
		cmocka_unit_test(without_allbackups_the_first_backup_gets_all),
		cmocka_unit_test(every_algorithm_has_its_words),
		cmocka_unit_test(tiers_are_actives_then_backups),
		cmocka_unit_test(near_servers_come_before_far_ones),
		cmocka_unit_test(balance_knows_the_tiers),
		cmocka_unit_test(what_cannot_serve_counts_against_its_tier),
		cmocka_unit_test(spill_0_keeps_everything),
		cmocka_unit_test(measured_times_are_explained),
		cmocka_unit_test(a_service_without_tiers_says_why),
		cmocka_unit_test(servers_that_the_cluster_tells_are_not_known),
		cmocka_unit_test(a_panic_is_told),
		cmocka_unit_test(nobody_serves_if_all_are_idle),
		cmocka_unit_test(a_drain_is_told_phase_by_phase),
		cmocka_unit_test(a_drain_that_cuts_sessions_says_so),
		cmocka_unit_test(servers_whose_sessions_end_otherwise_are_told_apart),
		cmocka_unit_test(a_drain_that_is_not_seen_says_so),
		cmocka_unit_test(lines_fit_80_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
