/* SPDX-License-Identifier: MIT */
#ifndef TEST_WHYSCENE_H
#define TEST_WHYSCENE_H

#include "core/why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Facts about psql/n1, which is UP and of which there is nothing to say, and how to change them. */
struct whyscene {
	struct why_facts f;
	struct settings_check check;
	struct checklog_entry decided;
};

static inline void whyscene_init(struct whyscene *s)
{
	memset(s, 0, sizeof(*s));
	s->check = settings_check_default(SETTINGS_CHECK_HTTP);
	s->check.inter_ms = 2000;
	s->f = (struct why_facts){
		.service = "psql",
		.server = "n1",
		.state = { .health = STATE_UP, .counter = 4 },
		.limits = { .rise = 2, .fall = 3, .checked = true },
		.age_ms = 12345,
		.cause = "",
		.check = &s->check,
		.target = "n1",
		.where = "10.0.0.1:8080",
		.last = "",
		.last_bad = "",
		.next_check_ms = 400,
		.decided_words = "",
		.host = "10.0.0.1",
		.has_address = true,
		.weight = 1,
		.weight_configured = 1,
		.ramp = 100,
		.drain_left_ms = -1,
		.fault_left_ms = -1,
		.error_limit = 10,
	};
}

static inline void whyscene_health(struct whyscene *s, enum state_health health, uint16_t counter)
{
	s->f.state.health = health;
	s->f.state.counter = counter;
}

/* That event made its health what it is, after so many like it in a row. */
static inline void whyscene_decide(struct whyscene *s, enum state_event event,
                                   enum journal_cause cause, enum state_health before, uint32_t run)
{
	struct state was = { .health = before, .counter = 4 };

	s->decided = (struct checklog_entry){ .ms = 1,
		                              .before = state_pack(&was),
		                              .after = state_pack(&s->f.state),
		                              .event = (uint8_t)event,
		                              .cause = (uint8_t)cause,
		                              .run = run };
	s->f.decided = &s->decided;
}

/* DOWN after three checks were refused. */
static inline void whyscene_refused(struct whyscene *s)
{
	whyscene_health(s, STATE_DOWN, 0);
	whyscene_decide(s, STATE_CHECK_FAILED, JOURNAL_BY_CHECK, STATE_UP, 3);
	s->f.last = s->f.last_bad = s->f.decided_words = "Connection refused";
	s->f.bad = PROBE_L4CON;
}

/* NOLB after a 503. */
static inline void whyscene_draining(struct whyscene *s)
{
	whyscene_health(s, STATE_NOLB, 3);
	whyscene_decide(s, STATE_CHECK_DRAINING, JOURNAL_BY_CHECK, STATE_UP, 1);
	s->decided.status = 503;
	s->f.last = s->f.last_bad = s->f.decided_words = "HTTP 503 \"Service Unavailable\"";
	s->f.bad = PROBE_L7STS;
}

static inline void whyscene_expect(const struct whyscene *s, const char *want)
{
	AUTO_TEXT out = { 0 };

	why_verdict(&s->f, &out);
	assert_string_equal(text_str(&out), want);
}

#endif
