/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONTROL_FAKECHECKER_H
#define TESTS_CONTROL_FAKECHECKER_H

#include "base/mem.h"
#include "engine/checker.h"

#include <stdio.h>
#include <string.h>

/*
 * A checker that only notes what it is told.  A test that includes this needs the line
 * WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port
 * checker_set_agent_send checker_add checker_remove
 */
enum { FAKECHECKER_SLOTS = 32 };

struct fakechecker_slot {
	enum checker_pace pace;
	unsigned int hurried;
	char address[ADDR_TEXT_MAX]; /* "" before the first, "-" for none */
	uint16_t port;
	char send[64];
	const struct settings_target *target; /* of one that was added */
};

struct fakechecker {
	struct fakechecker_slot slots[FAKECHECKER_SLOTS];
	size_t next;      /* the slot that the next target gets */
	bool refuse_next; /* checker_add() fails */
};

/* Its address is the checker that the code under test has. */
static inline struct checker *fakechecker_as_checker(struct fakechecker *f)
{
	return (struct checker *)(void *)f;
}

static inline struct fakechecker_slot *fakechecker_at(struct checker *c, size_t slot)
{
	struct fakechecker *f = (struct fakechecker *)(void *)c;

	return &f->slots[slot];
}

void __wrap_checker_set_pace(struct checker *c, size_t slot, enum checker_pace pace);
void __wrap_checker_hurry(struct checker *c, size_t slot);
void __wrap_checker_set_address(struct checker *c, size_t slot, const struct addr *addr,
                                const char *reason);
void __wrap_checker_set_port(struct checker *c, size_t slot, uint16_t port);
void __wrap_checker_set_agent_send(struct checker *c, size_t slot, const char *line);
bool __wrap_checker_add(struct checker *c, const struct settings_target *target, size_t *ret_slot,
                        struct error *err);
void __wrap_checker_remove(struct checker *c, size_t slot);

void __wrap_checker_set_pace(struct checker *c, size_t slot, enum checker_pace pace)
{
	fakechecker_at(c, slot)->pace = pace;
}

void __wrap_checker_hurry(struct checker *c, size_t slot)
{
	fakechecker_at(c, slot)->hurried++;
}

void __wrap_checker_set_address(struct checker *c, size_t slot, const struct addr *addr,
                                const char *reason)
{
	char buf[ADDR_TEXT_MAX];

	(void)reason;
	snprintf(fakechecker_at(c, slot)->address, sizeof(buf), "%s",
	         addr ? addr_format_host(addr, buf) : "-");
}

void __wrap_checker_set_port(struct checker *c, size_t slot, uint16_t port)
{
	fakechecker_at(c, slot)->port = port;
}

void __wrap_checker_set_agent_send(struct checker *c, size_t slot, const char *line)
{
	snprintf(fakechecker_at(c, slot)->send, sizeof(fakechecker_at(c, slot)->send), "%s", line);
}

bool __wrap_checker_add(struct checker *c, const struct settings_target *target, size_t *ret_slot,
                        struct error *err)
{
	struct fakechecker *f = (struct fakechecker *)(void *)c;

	if (f->refuse_next)
		return error_set(err, "no such certificate");
	f->slots[f->next] = (struct fakechecker_slot){ .target = target, .pace = CHECKER_PAUSED };
	*ret_slot = f->next++;
	return true;
}

void __wrap_checker_remove(struct checker *c, size_t slot)
{
	fakechecker_at(c, slot)->target = NULL;
}

#endif
