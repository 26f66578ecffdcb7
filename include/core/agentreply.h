/* SPDX-License-Identifier: MIT */
#ifndef CORE_AGENTREPLY_H
#define CORE_AGENTREPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One line of an agent (HAProxy configuration manual 5.2 "agent-check"): words separated by spaces,
 * tabs and commas, of which the last one of its kind counts, and a description after '#'.
 *   75%  weight:75%  weight:30   weight, in per cent of the configured one or absolute (0..256)
 *   maxconn:20
 *   ready drain maint            administrative state
 *   up down fail stopped         health
 * As in HAProxy 2.6, '#' begins a description only as the first character of a word.
 */
enum agentreply_weight {
	AGENTREPLY_NO_WEIGHT,
	AGENTREPLY_PERCENT, /* up to 25600 */
	AGENTREPLY_ABSOLUTE
};
enum agentreply_admin { AGENTREPLY_NO_ADMIN, AGENTREPLY_READY, AGENTREPLY_DRAIN, AGENTREPLY_MAINT };
enum agentreply_health { AGENTREPLY_NO_HEALTH, AGENTREPLY_UP, AGENTREPLY_DOWN };

enum { AGENTREPLY_WORD_MAX = 64 };

struct agentreply {
	enum agentreply_weight weight_kind;
	uint32_t weight;
	bool has_maxconn;
	uint32_t maxconn; /* 0: no limit */
	enum agentreply_admin admin;
	enum agentreply_health health;
	char word[AGENTREPLY_WORD_MAX];    /* of the health, as it was written */
	char reason[128];                  /* the description */
	char unknown[AGENTREPLY_WORD_MAX]; /* the first word that is none of these */
	const char *warning;               /* about a number, in HAProxy's words; or NULL */
};

/* Takes `len` bytes without the line's end.  Never fails: see `unknown` and `warning`. */
void agentreply_parse(const char *line, size_t len, struct agentreply *ret);

/* The info of the check: "via agent : down (maintenance at noon)"; may be empty. */
void agentreply_describe(const struct agentreply *r, char *buf, size_t size);

#endif
