/* SPDX-License-Identifier: MIT */
#include "engine/pulse.h"

#include "base/mem.h"
#include "crewparts.h"

#include <stdlib.h>

struct beat {
	_Atomic bool answered;
	bool asked; /* the question has been put */
};

struct pulse {
	struct crew *crew;
	uint32_t count;
	struct beat beats[];
};

/* The worker's thread. */
static void answer(void *arg)
{
	struct beat *b = arg;

	atomic_store_explicit(&b->answered, true, memory_order_release);
}

/* A mailbox that stays full is that of a worker that does not turn. */
static void ask(const struct pulse *p, struct beat *b, uint32_t i)
{
	struct mailbox_mail mail = { .kind = MAILBOX_CALL, .call = answer, .arg = b };

	atomic_store_explicit(&b->answered, false, memory_order_relaxed);
	b->asked = mailbox_put(&p->crew->workers[i]->mailbox, &mail);
}

struct pulse *pulse_new(struct crew *c)
{
	uint32_t count = crew_threads(c);
	struct pulse *p = mem_zalloc(sizeof(*p) + count * sizeof(p->beats[0]));

	p->crew = c;
	p->count = count;
	for (uint32_t i = 0; i < count; i++)
		ask(p, &p->beats[i], i);
	return p;
}

bool pulse_feel(struct pulse *p)
{
	bool all = true;

	for (uint32_t i = 0; i < p->count; i++) {
		struct beat *b = &p->beats[i];
		bool answered = atomic_load_explicit(&b->answered, memory_order_acquire);

		all = all && answered;
		if (answered || !b->asked)
			ask(p, b, i);
	}
	return all;
}

void pulse_free(struct pulse *p)
{
	free(p);
}
