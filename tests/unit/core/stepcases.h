/* SPDX-License-Identifier: MIT */
#ifndef TEST_STEPCASES_H
#define TEST_STEPCASES_H

#include "core/probe.h"

#include "answers.h"

/* Rules in few words, and tables of them with an answer and its verdict. */

#define BYTES(s) .bytes = (s), .len = sizeof(s) - 1
#define SEND(s)                                                                                    \
	{                                                                                          \
		.kind = SETTINGS_STEP_SEND, BYTES(s)                                               \
	}
#define EXPECT(m, s, ...)                                                                          \
	{                                                                                          \
		.kind = SETTINGS_STEP_EXPECT, .match = SETTINGS_MATCH_##m, BYTES(s), __VA_ARGS__   \
	}

static const struct settings_range only_200[] = { { 200, 200 } };
#define STATUS(...)                                                                                \
	{                                                                                          \
		.kind = SETTINGS_STEP_EXPECT, .match = SETTINGS_MATCH_STATUS,                      \
		.statuses = { only_200, 1 }, __VA_ARGS__                                           \
	}

struct step_case {
	struct settings_step steps[4];
	size_t count;
	struct answer answer;
};

static inline void stepcases_check(enum settings_check_type type, const struct step_case *cases,
                                   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct settings_check check = settings_check_default(type);

		check.steps = (struct settings_steps){ cases[i].steps, cases[i].count };
		check.drain_status.count = 0;
		answers_expect_verdict(&check, &cases[i].answer, cases[i].answer.len + 1, 1);
	}
}

#endif
