/* SPDX-License-Identifier: MIT */
#include "core/why.h"

#include "core/tiers.h"
#include "whywords.h"

#include <inttypes.h>
#include <stdio.h>

/* --- what is said of any ------------------------------------------------------------------ */

static void add_state(const struct why_facts *f, struct text *out)
{
	char words[64];

	state_describe(&f->state, &f->limits, NULL, words, sizeof(words));
	text_addf(out, "%s for ", words);
	whywords_add_age(out, f->age_ms);
}

/* `one`, `many`: "goes on", "go on" */
static void add_sessions(const struct why_facts *f, const char *one, const char *many,
                         struct text *out)
{
	if (!f->sessions)
		return;
	text_add(out, "; ");
	whywords_add_count(out, f->sessions, "session");
	text_addf(out, " %s", f->sessions == 1 ? one : many);
}

static void add_next(const struct why_facts *f, struct text *out)
{
	if (f->next_check_ms < 0)
		return;
	if (f->next_check_ms == 0) {
		text_add(out, "; a check runs now");
		return;
	}
	text_add(out, "; the next check is in ");
	whywords_add_wait(out, f->next_check_ms);
}

/* "; it comes back after 2 good checks in a row (rise = 2)" */
static void add_return(const struct why_facts *f, struct text *out)
{
	uint32_t left = whywords_passes_left(f);

	if (!whywords_is_checked(f)) {
		text_add(out, "; it is not checked: ");
		whywords_add_ctl(out, f, "set server", " health up");
		text_add(out, " brings it back");
		return;
	}
	text_addf(out, "; it comes back after %" PRIu32, left);
	text_add(out, left == f->limits.rise ? " good check" : " more good check");
	text_addf(out, "%s (rise = %u)", left == 1 ? "" : "s in a row", f->limits.rise);
	add_next(f, out);
}

static void add_panic(const struct why_facts *f, struct text *out)
{
	if (f->pressed)
		text_add(out, "; it gets new sessions all the same, because most servers of the "
		              "service do not serve (panic)");
}

static void add_fault(const struct why_facts *f, struct text *out)
{
	if (f->fault.kind == FAULT_NONE)
		return;
	text_add(out, "; a fault is on the way to it: ");
	fault_describe(&f->fault, out);
}

/* --- under maintenance, draining ---------------------------------------------------------- */

/* " for 12s, by a command"; `ordered`, `configured`: flags of its own that stand for that */
static void add_origin(const struct why_facts *f, uint8_t ordered, uint8_t configured,
                       struct text *out)
{
	text_add(out, " for ");
	whywords_add_age(out, f->age_ms);
	if (f->state.admin & ordered)
		text_addf(out, ", by %s", whywords_who(f));
	else if (f->state.admin & configured)
		text_add(out, ", by the configuration (disabled)");
	else if (f->state.admin & STATE_DRAIN_LEFT)
		text_addf(out, ", as it %s", settings_leaving_words(f->leaving));
	else if (f->tracked)
		text_addf(out, ", as %s, which it tracks", f->tracked);
}

/* Who ends it: an order for this server, or for the one that it tracks. */
static void add_end(const struct why_facts *f, bool own, struct text *out)
{
	text_add(out, "; ");
	if (own || !f->tracked)
		whywords_add_order(out, f, "ready");
	else
		text_addf(out, "`sluice ready %s`", f->tracked);
	text_add(out, " ends it");
}

static void add_maint(const struct why_facts *f, struct text *out)
{
	text_add(out, "in maintenance");
	add_origin(f, STATE_MAINT_COMMAND, STATE_MAINT_CONFIG, out);
	text_add(out, ": no new sessions, no checks");
	add_sessions(f, "goes on", "go on", out);
	add_end(f, f->state.admin & (STATE_MAINT_COMMAND | STATE_MAINT_CONFIG), out);
}

static void add_drain(const struct why_facts *f, struct text *out)
{
	text_add(out, "draining");
	add_origin(f, STATE_DRAIN_COMMAND, 0, out);
	text_add(out, ": no new sessions");
	if (!f->sessions)
		text_add(out, "; none is left on it");
	add_sessions(f, "goes on", "go on", out);
	if (f->sessions && f->drain_left_ms >= 0) {
		text_add(out, ", what is left in ");
		whywords_add_wait(out, f->drain_left_ms);
		text_add(out, " is ended");
	}
	if (f->state.admin & STATE_DRAIN_LEFT)
		text_add(out, "; with the last one it goes");
	else
		add_end(f, f->state.admin & STATE_DRAIN_COMMAND, out);
}

/* --- DOWN --------------------------------------------------------------------------------- */

static const char *words_of(const struct why_facts *f)
{
	return f->last_bad[0] ? f->last_bad : f->decided_words;
}

static void add_failed_checks(const struct why_facts *f, struct text *out)
{
	const struct checklog_entry *d = f->decided;

	if (state_unpack(d->before).health == STATE_CHECKING)
		text_add(out, "its first check failed");
	else if (d->run >= f->limits.fall)
		text_addf(out, "%" PRIu32 " failed check%s%s (fall = %u)", f->limits.fall + 0U,
		          f->limits.fall == 1 ? "" : "s", f->limits.fall == 1 ? "" : " in a row",
		          f->limits.fall);
	else
		text_add(out, "a check failed, and it had no other to spare");
	text_addf(out, ": %s", words_of(f));
}

static void add_fatal(const struct why_facts *f, struct text *out)
{
	if (f->decided->cause == JOURNAL_BY_CHECK)
		text_addf(out, "clients and a check found the same, which is enough: %s",
		          f->decided_words);
	else
		text_addf(out, "its sessions failed (observe): %s", f->decided_words);
}

static void add_cause(const struct why_facts *f, struct text *out)
{
	text_add(out, f->cause[0] ? f->cause : "what decided is not known any more");
}

static void add_decision(const struct why_facts *f, struct text *out)
{
	switch ((enum state_event)f->decided->event) {
	case STATE_CHECK_DRAINING:
	case STATE_CHECK_CONDPASS:
	case STATE_CHECK_FAILED:
		add_failed_checks(f, out);
		break;
	case STATE_SUDDEN_DEATH:
	case STATE_MARK_DOWN:
		add_fatal(f, out);
		break;
	case STATE_UNRESOLVED:
		text_addf(out, "\"%s\" did not resolve; it does now", f->host);
		break;
	case STATE_FORCE_UP:
	case STATE_FORCE_NOLB:
	case STATE_FORCE_DOWN:
		text_add(out, "set by a command (set server ... health)");
		break;
	case STATE_CHECK_PASSED:
	case STATE_AGENT_UP:
	case STATE_AGENT_DOWN:
	case STATE_ENABLE_CHECK:
	case STATE_DISABLE_CHECK:
	case STATE_LOSE_CHECK:
	case STATE_SET_MAINT:
	case STATE_CLEAR_MAINT:
	case STATE_SET_DRAIN:
	case STATE_CLEAR_DRAIN:
	case STATE_RESOLVED:
	case STATE_EVENT_COUNT:
		add_cause(f, out);
		break;
	}
}

static void add_reason(const struct why_facts *f, struct text *out)
{
	if (f->tracked && f->decided)
		text_addf(out, "as %s, which it tracks: ", f->tracked);
	if (f->decided)
		add_decision(f, out);
	else
		add_cause(f, out);
}

static void add_down(const struct why_facts *f, struct text *out)
{
	add_state(f, out);
	text_add(out, ": ");
	if (!f->has_address) {
		text_addf(out, "\"%s\" does not resolve", f->host);
		if (f->last[0])
			text_addf(out, " (%s)", f->last);
		text_add(out, "; it is looked up again and again");
	} else {
		add_reason(f, out);
		add_return(f, out);
	}
	add_sessions(f, "is still on it", "are still on it", out);
	add_panic(f, out);
}

static void add_agent_down(const struct why_facts *f, struct text *out)
{
	add_state(f, out);
	text_add(out, ": its agent says so");
	if (f->agent && f->agent[0])
		text_addf(out, " (%s)", f->agent);
	text_add(out, "; it comes back when the agent says up, or with ");
	whywords_add_ctl(out, f, "set server", " agent up");
	add_sessions(f, "is still on it", "are still on it", out);
}

/* --- NOLB, CHECKING ----------------------------------------------------------------------- */

static void add_request(const struct why_facts *f, struct text *out)
{
	const struct checklog_entry *d = f->decided;

	if (d && d->event == STATE_CHECK_DRAINING)
		text_addf(out, "its node answered %u (drain_status), which asks for none",
		          d->status);
	else if (d && d->event == STATE_CHECK_CONDPASS)
		text_addf(out, "its node answered %u (disable_on_404), which asks for none",
		          d->status ? d->status : 404U);
	else if (d)
		add_decision(f, out);
	else
		add_cause(f, out);
}

static void add_nolb(const struct why_facts *f, struct text *out)
{
	add_state(f, out);
	text_add(out, ": no new sessions: ");
	if (f->tracked && f->decided)
		text_addf(out, "as %s, which it tracks: ", f->tracked);
	add_request(f, out);
	add_sessions(f, "goes on", "go on", out);
	add_return(f, out);
	add_panic(f, out);
}

static void add_checking(const struct why_facts *f, struct text *out)
{
	add_state(f, out);
	text_add(out, ": no sessions before its first check");
	if (!f->has_address)
		text_addf(out, "; \"%s\" is being looked up", f->host);
	add_next(f, out);
}

/* --- UP ----------------------------------------------------------------------------------- */

static void add_limit(const struct why_facts *f, struct text *out)
{
	text_addf(out, ", but full: %" PRIu32 " of %" PRIu32 " sessions (maxconn)", f->sessions,
	          f->maxconn);
	if (f->queued)
		text_addf(out, ", %" PRIu32 " wait for it", f->queued);
}

static void add_weightless(const struct why_facts *f, struct text *out)
{
	char words[32];

	snprintf(words, sizeof(words), " weight %" PRIu32,
	         f->weight_configured ? f->weight_configured : 1);
	text_add(out, ", but its weight is 0: no new sessions");
	add_sessions(f, "goes on", "go on", out);
	text_add(out, "; ");
	whywords_add_ctl(out, f, "set server", words);
	text_add(out, " gives it a share");
}

static void add_spare(const struct why_facts *f, struct text *out)
{
	text_add(out, ", but not needed: it is a backup, and ");
	if (f->actives == 1)
		text_add(out, "another server is usable");
	else if (f->actives)
		text_addf(out, "%" PRIu32 " other servers are usable", f->actives);
	else
		text_addf(out, "%s comes before it (allbackups = false)", f->before_it);
}

static bool is_spare(const struct why_facts *f)
{
	return f->backup && (f->actives || f->before_it);
}

/* Are there servers so near, and so well, that none is left for it? */
static bool is_passed_over(const struct why_facts *f)
{
	return !f->backup && f->tiers > 1 && !f->tier_share;
}

static void add_passed_over(const struct why_facts *f, struct text *out)
{
	text_addf(out,
	          ", but nearer servers are healthy: 0 %% of new sessions come here (tier %" PRIu32
	          ")",
	          f->tier);
}

static void add_tier(const struct why_facts *f, struct text *out)
{
	uint32_t percent = (uint32_t)((f->tier_share * 100 + TIERS_ALL / 2) / TIERS_ALL);

	if (f->backup || f->tiers <= 1 || percent == 100)
		return;
	if (percent)
		text_addf(out, "; %" PRIu32 " %% of them come to its tier (%" PRIu32 ")", percent,
		          f->tier);
	else
		text_addf(out, "; less than 1 %% of them come to its tier (%" PRIu32 ")", f->tier);
}

static void add_serving(const struct why_facts *f, struct text *out)
{
	text_add(out, ": gets new sessions");
	if (f->ramp < 100)
		text_addf(out, ", %" PRIu32 " %% of its share while it starts slowly (slowstart)",
		          f->ramp);
	add_tier(f, out);
	if (f->state.health == STATE_NOCHECK)
		text_add(out, f->check_disabled ? "; its checks are switched off"
		                                : "; nothing checks it");
}

/* "; a check failed (connection refused): 2 more take it down" */
static void add_doubt(const struct why_facts *f, struct text *out)
{
	uint32_t left = whywords_failures_left(f);

	if (f->state.health != STATE_UP || left >= f->limits.fall)
		return;
	if (f->last_bad[0])
		text_addf(out, "; %s (%s): ",
		          left + 1 == f->limits.fall ? "a check failed" : "checks failed",
		          f->last_bad);
	else
		text_add(out, "; it was not checked yet: ");
	text_addf(out, "%" PRIu32 " more take%s it down (fall = %u)", left, left == 1 ? "s" : "",
	          f->limits.fall);
}

static void add_up(const struct why_facts *f, struct text *out)
{
	if (f->state.health == STATE_NOCHECK) {
		text_add(out, "usable for ");
		whywords_add_age(out, f->age_ms);
	} else {
		add_state(f, out);
	}
	if (!f->weight)
		add_weightless(f, out);
	else if (is_spare(f))
		add_spare(f, out);
	else if (is_passed_over(f))
		add_passed_over(f, out);
	else if (whywords_is_full(f))
		add_limit(f, out);
	else
		add_serving(f, out);
	add_doubt(f, out);
}

/* --- all ---------------------------------------------------------------------------------- */

bool why_gets_sessions(const struct why_facts *f)
{
	return (state_is_usable(&f->state) || f->pressed) && f->weight && !is_spare(f) &&
	       !is_passed_over(f) && !whywords_is_full(f);
}

static void add_health(const struct why_facts *f, struct text *out)
{
	bool draining = f->state.admin & STATE_DRAIN_ANY;

	switch (f->state.health) {
	case STATE_UP:
	case STATE_NOCHECK:
		(draining ? add_drain : add_up)(f, out);
		break;
	case STATE_NOLB:
		add_nolb(f, out);
		break;
	case STATE_CHECKING:
		add_checking(f, out);
		break;
	case STATE_DOWN:
	case STATE_HEALTH_COUNT:
		add_down(f, out);
		break;
	}
}

/* In the order in which the one word of its state is chosen: state_describe(). */
void why_verdict(const struct why_facts *f, struct text *out)
{
	if (state_in_maint(&f->state))
		add_maint(f, out);
	else if (f->state.agent_down)
		add_agent_down(f, out);
	else
		add_health(f, out);
	add_fault(f, out);
}
