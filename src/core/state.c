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

/* Under maintenance health stands still, so that leaving it is the only way on. */
static bool is_frozen(const struct state *s)
{
	return state_in_maint(s) || s->health == STATE_NOCHECK;
}

static struct state clear_maint(struct state s, uint8_t flag, const struct state_limits *l)
{
	bool was = state_in_maint(&s);

	s.admin &= (uint8_t) ~(flag & STATE_MAINT_ANY);
	return was && !state_in_maint(&s) ? state_first(l, s.admin) : s;
}

struct state state_next(struct state s, enum state_event event, uint8_t flag,
                        const struct state_limits *l)
{
	switch (event) {
	case STATE_CHECK_PASSED:
		return is_frozen(&s) ? s : pass(s, l);
	case STATE_CHECK_DRAINING:
		return is_frozen(&s) ? s : fail(s, true, l);
	case STATE_CHECK_FAILED:
		return is_frozen(&s) ? s : fail(s, false, l);
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
		return is_frozen(&s) ? s : with_health(s, STATE_UP, full(l));
	case STATE_FORCE_NOLB:
		return is_frozen(&s) ? s : with_health(s, STATE_NOLB, full(l));
	case STATE_FORCE_DOWN:
		return is_frozen(&s) ? s : with_health(s, STATE_DOWN, 0);
	case STATE_EVENT_COUNT:
		break;
	}
	return s;
}

bool state_is_usable(const struct state *s)
{
	return !s->admin && (s->health == STATE_UP || s->health == STATE_NOCHECK);
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

void state_describe(const struct state *s, const struct state_limits *l, const char *via, char *buf,
                    unsigned int size)
{
	const char *word = table[s->health].word;
	bool drain = s->admin & STATE_DRAIN_ANY;

	if (via && (s->admin & STATE_MAINT_INHERITED))
		snprintf(buf, size, "MAINT (via %s)", via);
	else if (state_in_maint(s))
		snprintf(buf, size, "MAINT");
	else if (s->health == STATE_UP || s->health == STATE_NOLB)
		describe_upper(drain && s->health == STATE_UP ? "DRAIN" : word, s, l, buf, size);
	else if (s->health == STATE_DOWN && s->counter > 0)
		snprintf(buf, size, "%s %d/%d", word, s->counter, l->rise);
	else
		snprintf(buf, size, "%s", drain && s->health == STATE_NOCHECK ? "DRAIN" : word);
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
	       (uint64_t)s->recovered << 32;
}

struct state state_unpack(uint64_t word)
{
	return (struct state){
		.health = (enum state_health)(word & 0xff),
		.admin = (uint8_t)(word >> 8),
		.counter = (uint16_t)(word >> 16),
		.recovered = (uint16_t)(word >> 32),
	};
}
