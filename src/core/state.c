/* SPDX-License-Identifier: MIT */
#include "core/state.h"

#include <assert.h>
#include <stdio.h>

static const struct {
	const char *word, *key, *help;
} table[] = {
#define X(name, word_, key_, help_)                                                                \
	[STATE_##name] = { .word = (word_), .key = (key_), .help = (help_) },
	STATE_HEALTH_TABLE(X)
#undef X
};

static uint16_t full(const struct state_limits *l)
{
	unsigned int n = l->rise + l->fall - 1U;

	assert(l->rise > 0 && l->fall > 0 && n <= UINT16_MAX);
	return (uint16_t)n;
}

static struct state with_health(struct state s, enum state_health health, uint16_t counter)
{
	s.health = health;
	s.counter = counter;
	s.recovered = 0;
	return s;
}

struct state state_first(const struct state_limits *l, uint8_t admin)
{
	struct state s = { .admin = admin };

	if (!l->checked)
		return with_health(s, STATE_NOCHECK, full(l));
	/* As HAProxy starts: up, but one failure is enough. */
	if (l->start_up)
		return with_health(s, STATE_UP, l->rise);
	return with_health(s, STATE_CHECKING, 0);
}

static struct state pass(struct state s, const struct state_limits *l)
{
	switch (s.health) {
	case STATE_CHECKING:
	case STATE_UP:
		return with_health(s, STATE_UP, full(l));
	case STATE_NOLB:
		s.counter = full(l);
		if (++s.recovered >= l->rise)
			return with_health(s, STATE_UP, full(l));
		return s;
	case STATE_DOWN:
		if (s.counter + 1 >= l->rise)
			return with_health(s, STATE_UP, full(l));
		s.counter++;
		return s;
	case STATE_NOCHECK:
	case STATE_HEALTH_COUNT:
		break;
	}
	return s;
}

/* A failure, or an answer that asks to finish politely. */
static struct state fail(struct state s, bool draining, const struct state_limits *l)
{
	switch (s.health) {
	case STATE_UP:
	case STATE_NOLB:
		if (s.counter <= l->rise)
			return with_health(s, STATE_DOWN, 0);
		return with_health(s, draining ? STATE_NOLB : s.health, s.counter - 1);
	case STATE_CHECKING:
	case STATE_DOWN:
		return with_health(s, STATE_DOWN, 0);
	case STATE_NOCHECK:
	case STATE_HEALTH_COUNT:
		break;
	}
	return s;
}

/* The application says "no new sessions" and will say when it takes them again. */
static struct state pass_conditionally(struct state s, const struct state_limits *l)
{
	switch (s.health) {
	case STATE_CHECKING:
	case STATE_UP:
	case STATE_NOLB:
		s = with_health(s, STATE_NOLB, full(l));
		s.recovered = (uint16_t)(l->rise - 1);
		return s;
	case STATE_DOWN:
		return fail(s, false, l);
	case STATE_NOCHECK:
	case STATE_HEALTH_COUNT:
		break;
	}
	return s;
}

/* HAProxy configuration manual 5.2, "on-error": a failure after which `left` more are fatal. */
static struct state fail_hard(struct state s, unsigned int left, const struct state_limits *l)
{
	if (s.counter > l->rise + left)
		s.counter = (uint16_t)(l->rise + left);
	return fail(s, false, l);
}

static struct state switch_check(struct state s, bool on, const struct state_limits *l)
{
	if (on && s.health == STATE_NOCHECK)
		return with_health(s, STATE_UP, l->rise);
	if (!on && (s.health == STATE_UP || s.health == STATE_CHECKING))
		return with_health(s, STATE_NOCHECK, full(l));
	return s;
}

/* Under maintenance health stands still, so that leaving it is the only way on. */
static bool is_frozen(const struct state *s)
{
	return state_in_maint(s) || s->health == STATE_NOCHECK;
}

static struct state afresh(struct state s, const struct state_limits *l)
{
	struct state fresh = state_first(l, s.admin);

	fresh.agent_down = s.agent_down;
	return fresh;
}

static struct state clear_maint(struct state s, uint8_t flag, const struct state_limits *l)
{
	bool was = state_in_maint(&s);

	s.admin &= (uint8_t) ~(flag & STATE_MAINT_ANY);
	return was && !state_in_maint(&s) ? afresh(s, l) : s;
}

static struct state after_check(struct state s, enum state_event event,
                                const struct state_limits *l)
{
	if (event == STATE_CHECK_PASSED)
		return pass(s, l);
	if (event == STATE_CHECK_CONDPASS)
		return pass_conditionally(s, l);
	if (event == STATE_SUDDEN_DEATH)
		return fail_hard(s, 1, l);
	if (event == STATE_MARK_DOWN)
		return fail_hard(s, 0, l);
	return fail(s, event == STATE_CHECK_DRAINING, l);
}

static struct state force(struct state s, enum state_health health, const struct state_limits *l)
{
	if (state_in_maint(&s))
		return s;
	if (health == STATE_UP && !l->checked)
		health = STATE_NOCHECK;
	return with_health(s, health, health == STATE_DOWN ? 0 : full(l));
}

struct state state_next(struct state s, enum state_event event, uint8_t flag,
                        const struct state_limits *l)
{
	switch (event) {
	case STATE_CHECK_PASSED:
	case STATE_CHECK_DRAINING:
	case STATE_CHECK_CONDPASS:
	case STATE_CHECK_FAILED:
	case STATE_SUDDEN_DEATH:
	case STATE_MARK_DOWN:
		return is_frozen(&s) ? s : after_check(s, event, l);
	case STATE_AGENT_UP:
	case STATE_AGENT_DOWN:
		s.agent_down = event == STATE_AGENT_DOWN;
		return s;
	case STATE_ENABLE_CHECK:
	case STATE_DISABLE_CHECK:
		return switch_check(s, event == STATE_ENABLE_CHECK, l);
	case STATE_LOSE_CHECK:
		return afresh(s, l);
	case STATE_SET_MAINT:
		s.admin |= flag & STATE_MAINT_ANY;
		return s;
	case STATE_CLEAR_MAINT:
		return clear_maint(s, flag, l);
	case STATE_SET_DRAIN:
		s.admin |= flag & STATE_DRAIN_ANY;
		return s;
	case STATE_CLEAR_DRAIN:
		s.admin &= (uint8_t) ~(flag & STATE_DRAIN_ANY);
		return s;
	case STATE_UNRESOLVED:
		return state_in_maint(&s) ? s : with_health(s, STATE_DOWN, 0);
	case STATE_RESOLVED:
		return l->checked || state_in_maint(&s) ? s
		                                        : with_health(s, STATE_NOCHECK, full(l));
	case STATE_FORCE_UP:
		return force(s, STATE_UP, l);
	case STATE_FORCE_NOLB:
		return force(s, STATE_NOLB, l);
	case STATE_FORCE_DOWN:
		return force(s, STATE_DOWN, l);
	case STATE_EVENT_COUNT:
		break;
	}
	return s;
}

struct state state_follow(struct state s, const struct state *leader, bool reachable)
{
	s.health = reachable ? state_effective(leader) : STATE_DOWN;
	s.counter = s.health == leader->health ? leader->counter : 0;
	s.recovered = s.health == leader->health ? leader->recovered : 0;
	s.admin &= (uint8_t) ~(STATE_MAINT_INHERITED | STATE_DRAIN_INHERITED);
	if (state_in_maint(leader))
		s.admin |= STATE_MAINT_INHERITED;
	if (leader->admin & STATE_DRAIN_ANY)
		s.admin |= STATE_DRAIN_INHERITED;
	return s;
}

enum state_health state_effective(const struct state *s)
{
	return s->agent_down ? STATE_DOWN : s->health;
}

bool state_is_usable(const struct state *s)
{
	return !s->admin && !s->agent_down && (s->health == STATE_UP || s->health == STATE_NOCHECK);
}

bool state_is_serving(const struct state *s)
{
	enum state_health health = state_effective(s);

	return !state_in_maint(s) && (health == STATE_UP || health == STATE_NOCHECK);
}

bool state_in_maint(const struct state *s)
{
	return s->admin & STATE_MAINT_ANY;
}

bool state_is_changing(const struct state *s, const struct state_limits *l)
{
	switch (s->health) {
	case STATE_UP:
		return s->counter < full(l);
	case STATE_DOWN:
		return s->counter > 0;
	case STATE_NOLB:
		return true;
	case STATE_CHECKING:
	case STATE_NOCHECK:
	case STATE_HEALTH_COUNT:
		break;
	}
	return false;
}

/* "UP", or "UP 2/3" when failures have been counted (HAProxy management manual 9.1, "status"). */
static void describe_upper(const char *word, const struct state *s, const struct state_limits *l,
                           char *buf, unsigned int size)
{
	if (s->counter < full(l))
		snprintf(buf, size, "%s %d/%d", word, s->counter - l->rise + 1, l->fall);
	else
		snprintf(buf, size, "%s", word);
}

static void describe_health(const struct state *s, const struct state_limits *l, char *buf,
                            unsigned int size)
{
	const char *word = table[s->health].word;

	if (s->health == STATE_UP || s->health == STATE_NOLB)
		describe_upper(word, s, l, buf, size);
	else if (s->health == STATE_DOWN && s->counter > 0)
		snprintf(buf, size, "%s %d/%d", word, s->counter, l->rise);
	else
		snprintf(buf, size, "%s", word);
}

static void describe_drain(const struct state *s, const struct state_limits *l, char *buf,
                           unsigned int size)
{
	if (l->agent)
		snprintf(buf, size, "DRAIN (agent)");
	else if (s->health == STATE_UP)
		describe_upper("DRAIN", s, l, buf, size);
	else
		snprintf(buf, size, "DRAIN");
}

void state_describe(const struct state *s, const struct state_limits *l, const char *via, char *buf,
                    unsigned int size)
{
	bool up = s->health == STATE_UP || s->health == STATE_NOCHECK;

	if (via && (s->admin & STATE_MAINT_INHERITED))
		snprintf(buf, size, "MAINT (via %s)", via);
	else if (state_in_maint(s))
		snprintf(buf, size, "MAINT");
	else if (s->agent_down)
		snprintf(buf, size, "DOWN (agent)");
	else if (up && (s->admin & STATE_DRAIN_ANY))
		describe_drain(s, l, buf, size);
	else
		describe_health(s, l, buf, size);
}

const char *state_health_name(enum state_health h)
{
	return table[h].word;
}

const char *state_health_key(enum state_health h)
{
	return table[h].key;
}

const char *state_health_help(enum state_health h)
{
	return table[h].help;
}

uint64_t state_pack(const struct state *s)
{
	return (uint64_t)s->health | (uint64_t)s->admin << 8 | (uint64_t)s->counter << 16 |
	       (uint64_t)s->recovered << 32 | (uint64_t)s->agent_down << 48;
}

struct state state_unpack(uint64_t word)
{
	return (struct state){
		.health = (enum state_health)(word & 0xff),
		.admin = (uint8_t)(word >> 8),
		.counter = (uint16_t)(word >> 16),
		.recovered = (uint16_t)(word >> 32),
		.agent_down = word >> 48 & 1,
	};
}

bool state_is_visible(const struct state *before, const struct state *after)
{
	uint8_t flags = before->admin ^ after->admin;
	bool stays_in_maint = state_in_maint(before) && state_in_maint(after);

	if (stays_in_maint ? flags & STATE_MAINT_ANY : flags)
		return true;
	return state_effective(before) != state_effective(after) &&
	       !(state_is_serving(before) && state_is_serving(after));
}
