/* SPDX-License-Identifier: MIT */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The state of a server: three axes that never mix.  Health is what checks found out;
 * administrative flags are what people (and the configuration) decided, kept by origin so that
 * taking one back does not take the other; the third is what the server's agent says, if it has
 * one.  One pure function moves them all.
 *
 * The counter is HAProxy's (configuration manual 5.2 "rise", "fall"): 0 .. rise+fall-1, the
 * server is in its upper zone from `rise` on.  A failure takes one; falling below `rise` makes it
 * 0.  A success adds one; reaching `rise` makes it full.
 */

/* STATE_HEALTH(name, word, css-safe lower-case key, explanation) */
#define STATE_HEALTH_TABLE(X)                                                                      \
	X(CHECKING, "CHECKING", "checking", "waiting for its first check")                         \
	X(UP, "UP", "up", "checks pass")                                                           \
	X(NOLB, "NOLB", "nolb", "the node asked to finish politely: no new sessions")              \
	X(DOWN, "DOWN", "down", "checks fail")                                                     \
	X(NOCHECK, "no check", "nocheck", "not checked, counts as usable")

enum state_health {
#define X(name, word, key, help) STATE_##name,
	STATE_HEALTH_TABLE(X)
#undef X
	    STATE_HEALTH_COUNT
};

/*
 * Administrative flags by origin; numbers are HAProxy's srv_admin_state (management manual 9.3),
 * but for DRAIN_LEFT, which it does not know: the cluster has let go of the node.
 */
enum state_admin {
	STATE_MAINT_COMMAND = 0x01,
	STATE_MAINT_INHERITED = 0x02,
	STATE_MAINT_CONFIG = 0x04,
	STATE_DRAIN_COMMAND = 0x08,
	STATE_DRAIN_INHERITED = 0x10,
	STATE_DRAIN_LEFT = 0x80,
	STATE_MAINT_ANY = 0x07,
	STATE_DRAIN_ANY = 0x98
};

struct state {
	enum state_health health;
	uint16_t counter;   /* 0 .. rise+fall-1 */
	uint16_t recovered; /* NOLB only: good answers in a row since the last drain answer */
	uint8_t admin;      /* enum state_admin flags */
	bool agent_down;    /* its agent says so, whatever checks find */
};

struct state_limits {
	uint16_t rise, fall; /* both at least 1 */
	bool checked;        /* false: there is no check, health is NOCHECK for good */
	bool start_up;       /* init_state = "up": UP before the first check */
	bool agent;          /* an agent speaks for it, too */
};

enum state_event {
	STATE_CHECK_PASSED,
	STATE_CHECK_DRAINING, /* an answer in drain_status: the node says "finish politely" */
	STATE_CHECK_CONDPASS, /* passed, but "no new sessions" (HAProxy's disable-on-404) */
	STATE_CHECK_FAILED,   /* refused, reset, timed out, or an unexpected answer */
	STATE_SUDDEN_DEATH,   /* traffic failed: one failure, and one more is fatal */
	STATE_MARK_DOWN,      /* traffic failed: a fatal failure */
	STATE_AGENT_UP,
	STATE_AGENT_DOWN,
	STATE_ENABLE_CHECK,  /* `limits.checked` is true from now on */
	STATE_DISABLE_CHECK, /* ... false */
	STATE_LOSE_CHECK,    /* ... false, and no check is there any more to be switched on */
	STATE_SET_MAINT,     /* by `flag` */
	STATE_CLEAR_MAINT,
	STATE_SET_DRAIN,
	STATE_CLEAR_DRAIN,
	STATE_UNRESOLVED, /* its name has no address: not checked or not, it can not be reached */
	STATE_RESOLVED,
	STATE_FORCE_UP, /* a person says so: `set server x health up` */
	STATE_FORCE_NOLB,
	STATE_FORCE_DOWN,
	STATE_EVENT_COUNT
};

/* The state of a new server with those administrative flags. */
struct state state_first(const struct state_limits *l, uint8_t admin);

/*
 * What comes after `s` when `event` happens.  `flag` is the administrative flag for the SET and
 * CLEAR events, otherwise 0.  Pure; the test is the table of all states and all events.
 *
 *  - CHECKING: the first result decides alone: passed -> UP (full), anything else -> DOWN.
 *  - UP: failures count down to DOWN; a drain answer -> NOLB at once and counts as a failure.
 *  - NOLB: drain answers and failures count down to DOWN; `rise` good answers in a row -> UP.
 *  - DOWN: `rise` good answers -> UP; all else -> counter 0.
 *  - Check results are ignored under maintenance: checks are paused there.
 *  - Leaving the last maintenance flag starts afresh, as at program start (state_first).
 *  - Without an address a server is DOWN; with one again a server without checks is NOCHECK, one
 *    with checks waits for them.
 *  - A conditional pass takes a server in its upper zone to NOLB with a full counter, and the next
 *    good answer takes it back; to a DOWN one it is a failure.
 *  - NOCHECK never changes by a check.  FORCE_* hold there, too: UP is NOCHECK then.
 *  - Checks that are switched on take NOCHECK to UP, where one failure is enough; switched off they
 *    leave what they last found, except that UP and CHECKING become NOCHECK.
 *  - One that has lost its check begins anew, as at program start; its agent's word stays.
 *  - The agent's word moves nothing but `agent_down`, also under maintenance.
 */
struct state state_next(struct state s, enum state_event event, uint8_t flag,
                        const struct state_limits *l);

/*
 * What becomes of a server whose health is that of another one (`track`): health and counter are
 * those of `leader`, its maintenance and drain are inherited; what was decided for `s` itself
 * stays. `reachable`: `s` has an address; without one it is DOWN.
 */
struct state state_follow(struct state s, const struct state *leader, bool reachable);

/* Health as it counts: DOWN while the agent says so. */
enum state_health state_effective(const struct state *s);
/* May it take new sessions (weight aside)? */
bool state_is_usable(const struct state *s);
/* Is it UP, as it counts, or not checked, and not in maintenance?  It may be draining. */
bool state_is_serving(const struct state *s);
/* Are checks paused? */
bool state_in_maint(const struct state *s);
/* Between UP (full) and DOWN (0): checks run at fastinter then. */
bool state_is_changing(const struct state *s, const struct state_limits *l);

/*
 * The one word (or two) that people and HAProxy's CSV show: "UP", "UP 2/3", "DOWN", "DOWN 1/2",
 * "NOLB", "NOLB 2/3", "DRAIN", "DRAIN (agent)", "DOWN (agent)", "MAINT", "no check", "CHECKING".
 * `via` names the origin of an inherited MAINT ("MAINT (via be/srv)") or is NULL.
 */
void state_describe(const struct state *s, const struct state_limits *l, const char *via, char *buf,
                    unsigned int size);

const char *state_health_name(enum state_health h); /* "UP" */
const char *state_health_key(enum state_health h);  /* "up" */
const char *state_health_help(enum state_health h); /* a sentence */

/* A state in one word for an _Atomic, and back. */
uint64_t state_pack(const struct state *s);
struct state state_unpack(uint64_t word);

/*
 * What HAProxy calls a change, too.  Not one: checks that are switched on or off make UP of "no
 * check" and the other way round; drain that begins or ends under maintenance.
 */
bool state_is_visible(const struct state *before, const struct state *after);

#endif
