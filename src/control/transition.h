/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_TRANSITION_H
#define CONTROL_TRANSITION_H

#include "rosterparts.h"

/*
 * A change of a server's state and everything that hangs on it, in this order: the state is in
 * force, the journal has it, sessions are ended (on_marked_down, on_marked_up), slowstart begins,
 * those who wait look again, the servers that track this one follow.
 */
struct transition {
	enum state_event event;
	uint8_t flag;
	enum journal_cause cause;
	const struct probe_result *check; /* or NULL */
	bool agent_check;                 /* `check` is the agent's */
	const char *why;                  /* in words */
};

void transition_apply(struct roster *r, struct topology_server *s, const struct transition *t);

/* A check that says nothing about the server: for whoever asks why. */
void transition_note_check(struct topology_server *s, const struct probe_result *check,
                           bool agent_check);

/* A check of the agent that moved its health: for logs that ask for it. */
void transition_tell_agent_check(struct roster *r, struct topology_server *s,
                                 const struct probe_result *check, const char *why);

/* `s` takes over the health of the server that it tracks. */
void transition_follow(struct roster *r, struct topology_server *s);

/* Tells of a service that lost its last usable server or has one again. */
void transition_judge(struct roster *r, struct topology_service *service);

#endif
