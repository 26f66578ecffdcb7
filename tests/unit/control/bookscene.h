/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CONTROL_BOOKSCENE_H
#define TESTS_UNIT_CONTROL_BOOKSCENE_H

/* A book on a topology with psql/n1 and psql/n2, and a clock: for tests that wrap both clocks. */
#include "control/drillbook.h"
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { BEGIN_MS = 1000000, EVERY = DRILLBOOK_EVERY_MS };

#define WALL_MS ((int64_t)1795000000000)

static int64_t now_ms, wall_step_ms;

int64_t __wrap_tick_ms(void);
int64_t __wrap_tick_wall_ms(void);

int64_t __wrap_tick_ms(void)
{
	return now_ms;
}

int64_t __wrap_tick_wall_ms(void)
{
	return WALL_MS + now_ms + wall_step_ms;
}

struct book {
	struct topology *topology;
	struct drillbook *book;
	struct topology_service *psql;
	struct topology_server *n1, *n2;
};

/* n1 has had so many connections before. */
static inline struct book *bookscene_open(struct settings *settings, uint64_t connected)
{
	struct book *b = mem_zalloc(sizeof(*b));

	now_ms = BEGIN_MS;
	wall_step_ms = 0;
	b->topology = topology_new(settings);
	b->n1 = topology_find_server(b->topology, "psql/n1");
	b->n2 = topology_find_server(b->topology, "psql/n2");
	b->psql = b->n1->service;
	topology_set_state(b->n1, (struct state){ .health = STATE_UP });
	topology_set_state(b->n2, (struct state){ .health = STATE_UP });
	counter_add(&b->n1->count, COUNTER_CONNECTED, connected);
	b->book = drillbook_new(b->topology);
	return b;
}

static inline int bookscene_close(void **state)
{
	struct book *b = *state;

	drillbook_free(b->book);
	topology_free(b->topology);
	free(b);
	return 0;
}

static inline void bookscene_pass(struct book *b, int64_t ms)
{
	now_ms += ms;
	drillbook_sample(b->book);
}

#endif
