/* SPDX-License-Identifier: MIT */
#include "base/slab.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = alignof(uint64_t) };

struct chunk {
	struct chunk *next;
	_Alignas(ALIGN) char objects[];
};

void slab_init(struct slab *s, size_t size, size_t per_chunk, size_t max)
{
	assert(size > 0 && per_chunk > 0);
	*s = (struct slab){ .size = (size + ALIGN - 1) / ALIGN * ALIGN,
		            .per_chunk = per_chunk,
		            .max = max };
}

static void give_back(struct slab *s, void *object)
{
	memcpy(object, &s->free, sizeof(s->free));
	s->free = object;
}

static void grow(struct slab *s)
{
	size_t count = s->max - s->made < s->per_chunk ? s->max - s->made : s->per_chunk;
	struct chunk *c;

	if (!count)
		return;
	c = aligned_alloc(ALIGN, sizeof(*c) + count * s->size);
	if (!c)
		return;
	c->next = s->chunks;
	s->chunks = c;
	s->made += count;
	while (count--)
		give_back(s, c->objects + count * s->size);
}

void *slab_get(struct slab *s)
{
	void *object;

	if (!s->free)
		grow(s);
	object = s->free;
	if (!object)
		return NULL;
	memcpy(&s->free, object, sizeof(s->free));
	s->used++;
	return object;
}

void slab_put(struct slab *s, void *object)
{
	assert(s->used > 0);
	s->used--;
	give_back(s, object);
}

void slab_release(struct slab *s)
{
	assert(s->used == 0);
	while (s->chunks) {
		struct chunk *c = s->chunks;

		s->chunks = c->next;
		free(c);
	}
	*s = (struct slab){ 0 };
}
