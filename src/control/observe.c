/* SPDX-License-Identifier: MIT */
#include "observe.h"

#include "base/tick.h"
#include "pace.h"
#include "transition.h"

#include <stdio.h>

static void fail(struct roster *r, struct topology_server *s, enum state_event event,
                 const char *words)
{
	struct probe_result result = { .code = PROBE_HANA };
	struct transition t = { .event = event, .cause = JOURNAL_BY_TRAFFIC, .check = &result };

	snprintf(result.info, sizeof(result.info), "%s", words);
	t.why = result.info;
	s->check = result;
	s->check_wall_ms = tick_wall_ms();
	transition_apply(r, s, &t);
	pace_set_server(r, s);
}

void observe_failure(struct roster *r, struct topology_server *s, const char *what)
{
	uint32_t errors = atomic_load_explicit(&s->errors, memory_order_relaxed);
	char words[128];

	if (!s->settings->observe || s->tracked || s->check_disabled || !s->limits.checked ||
	    errors < s->settings->error_limit)
		return;
	atomic_store_explicit(&s->errors, 0, memory_order_relaxed);
	snprintf(words, sizeof(words), "Detected %u consecutive errors, last one was: %s", errors,
	         what);
	switch (s->settings->on_error) {
	case SETTINGS_ON_ERROR_FASTINTER:
		break;
	case SETTINGS_ON_ERROR_FAIL_CHECK:
		fail(r, s, STATE_CHECK_FAILED, words);
		break;
	case SETTINGS_ON_ERROR_SUDDEN_DEATH:
		fail(r, s, STATE_SUDDEN_DEATH, words);
		break;
	case SETTINGS_ON_ERROR_MARK_DOWN:
		fail(r, s, STATE_MARK_DOWN, words);
		break;
	}
	pace_hurry(r, s);
}
