/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_REPORT_WHYFIXTURE_H
#define TESTS_UNIT_REPORT_WHYFIXTURE_H

#include "fixture.h"

#include "report/whyjson.h"

/*
 * psql/n2, which three refused checks took down; one good check before them and its agent's word
 * are remembered, too.
 */
struct whyfixture {
	struct settings_check check;
	struct why_facts facts;
	struct checklog *checks, *agent_checks;
	struct journal *journal;
	struct whyjson_source source;
};

static inline void whyfixture_check(struct whyfixture *w, const struct probe_result *r,
                                    enum state_event event, struct state before, struct state after,
                                    int64_t ago_ms)
{
	struct checklog_moment m = { .wall_ms = FIXTURE_WALL_MS - ago_ms,
		                     .ms = FIXTURE_NOW_MS - ago_ms,
		                     .event = event,
		                     .check = r,
		                     .before = before,
		                     .after = after };

	if (before.health != after.health)
		checklog_decide(&w->checks, &m);
	checklog_add(&w->checks, &m);
}

static inline void whyfixture_fill(struct whyfixture *w)
{
	struct probe_result good = fixture_answer(PROBE_L7OK, 200, "OK");
	struct probe_result bad = fixture_answer(PROBE_L4CON, 0, "Connection refused");
	struct probe_result word = fixture_answer(PROBE_L7OK, 0, "up");
	struct journal_event e = fixture_event();
	struct checklog_moment m = { .wall_ms = FIXTURE_WALL_MS - 700,
		                     .ms = FIXTURE_NOW_MS - 700,
		                     .event = STATE_AGENT_UP,
		                     .check = &word,
		                     .before = fixture_state(STATE_DOWN, 0, 0),
		                     .after = fixture_state(STATE_DOWN, 0, 0) };

	whyfixture_check(w, &good, STATE_CHECK_PASSED, fixture_state(STATE_UP, 4, 0),
	                 fixture_state(STATE_UP, 4, 0), 18000);
	for (uint16_t i = 0; i < 3; i++)
		whyfixture_check(w, &bad, STATE_CHECK_FAILED, fixture_state(STATE_UP, 4 - i, 0),
		                 i < 2 ? fixture_state(STATE_UP, 3 - i, 0)
		                       : fixture_state(STATE_DOWN, 0, 0),
		                 16000 - 2000 * i);
	checklog_add(&w->agent_checks, &m);
	journal_append(w->journal, &e);
	snprintf(e.server, sizeof(e.server), "n1");
	journal_append(w->journal, &e);
	snprintf(e.server, sizeof(e.server), "n2");
	e.before = fixture_state(STATE_UP, 2, 0);
	e.after = fixture_state(STATE_DOWN, 0, 0);
	e.check = bad;
	e.wall_ms = FIXTURE_WALL_MS - 12000;
	journal_append(w->journal, &e);
}

static inline void whyfixture_init(struct whyfixture *w)
{
	setenv("TZ", "UTC", 1);
	tzset();
	memset(w, 0, sizeof(*w));
	w->check = settings_check_default(SETTINGS_CHECK_HTTP);
	w->check.inter_ms = 2000;
	w->journal = journal_new(64);
	whyfixture_fill(w);
	w->facts = (struct why_facts){
		.service = "psql",
		.server = "n2",
		.state = fixture_state(STATE_DOWN, 0, 0),
		.limits = { .rise = 2, .fall = 3, .checked = true },
		.age_ms = 12000,
		.cause = "check failed: Connection refused",
		.check = &w->check,
		.target = "n2",
		.where = "10.0.0.2:8080",
		.last = "Connection refused",
		.last_bad = "Connection refused",
		.bad = PROBE_L4CON,
		.next_check_ms = 400,
		.decided = checklog_decided(w->checks, STATE_DOWN),
		.decided_words = "Connection refused",
		.agent = "up",
		.host = "10.0.0.2",
		.has_address = true,
		.weight = 1,
		.weight_configured = 1,
		.ramp = 100,
		.drain_left_ms = -1,
		.fault_left_ms = -1,
	};
	w->source = (struct whyjson_source){ .facts = &w->facts,
		                             .now_wall_ms = FIXTURE_WALL_MS,
		                             .since_wall_ms = FIXTURE_WALL_MS - 12000,
		                             .checks = w->checks,
		                             .agent_checks = w->agent_checks,
		                             .journal = w->journal };
}

static inline void whyfixture_release(struct whyfixture *w)
{
	free(w->checks);
	free(w->agent_checks);
	journal_free(w->journal);
}

#endif
