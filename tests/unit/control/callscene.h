/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONTROL_CALLSCENE_H
#define TESTS_CONTROL_CALLSCENE_H

#include "control/command.h"
#include "rosterscene.h"

/*
 * Answers are those of HAProxy 2.6.12, asked over its socket.  Where it is wrong (a port above
 * 65535, a limit of -1, half of a weight of 1) the test says so.
 */
struct callscene {
	struct rosterscene r;
	struct daemon daemon;
};

static const struct rosterscene_server callscene_servers[] = {
	{ .name = "s1", .check = SETTINGS_CHECK_TCP, .set = { .weight = 10 } },
	{ .name = "s2", .check = SETTINGS_CHECK_NONE },
	{ .name = "s3", .check = SETTINGS_CHECK_TCP, .agent = true, .set = { .weight = 5 } },
	{ .name = "s4", .check = SETTINGS_CHECK_NONE, .set = { .track = "be/s1" } },
	{ .name = "s5", .check = SETTINGS_CHECK_TCP, .set = { .maxconn = 10 } },
	{ .name = "s6", .check = SETTINGS_CHECK_TCP, .set = { .backup = true, .disabled = true } },
	{ .name = "sx", .check = SETTINGS_CHECK_NONE, .host = "unix:/tmp/nosock" },
	{ .name = "other/a", .check = SETTINGS_CHECK_NONE },
};

static void callscene_open(struct callscene *s, const struct settings_service *like)
{
	memset(s, 0, sizeof(*s));
	rosterscene_open(&s->r, callscene_servers, ARRAY_LEN(callscene_servers), like);
	s->daemon.topology = s->r.topology;
	s->daemon.roster = s->r.roster;
}

static void callscene_close(struct callscene *s)
{
	rosterscene_close(&s->r);
}

static void callscene_expect(struct callscene *s, const char *line, const char *answer)
{
	struct command_context ctx = { .daemon = &s->daemon, .level = SETTINGS_LEVEL_ADMIN };
	AUTO_TEXT out = { 0 };
	AUTO_TEXT want = { 0 };

	if (*answer)
		text_addf(&want, "%s\n", answer);
	command_run(&ctx, line, &out);
	if (strcmp(text_str(&out), text_str(&want)) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", line, text_str(&out), text_str(&want));
}

struct callscene_exchange {
	const char *line, *answer;
};

static inline void callscene_expect_all(struct callscene *s, const struct callscene_exchange *list,
                                        size_t count)
{
	for (size_t i = 0; i < count; i++)
		callscene_expect(s, list[i].line, list[i].answer);
}

#endif
