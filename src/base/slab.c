/* SPDX-License-Identifier: MIT */
#include "base/slab.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of a chunk that of a cache line, so that objects of whole lines begin one. */
enum { ALIGN = alignof(uint64_t), CHUNK_ALIGN = 64 };

struct chunk {
	struct chunk *next;
	_Alignas(CHUNK_ALIGN) char objects[];
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

static bool grow(struct slab *s)
{
	size_t count = s->max - s->made < s->per_chunk ? s->max - s->made : s->per_chunk;
	struct chunk *c;

	if (!count)
		return false;
	c = aligned_alloc(CHUNK_ALIGN, (sizeof(*c) + count * s->size + CHUNK_ALIGN - 1) /
	                                   CHUNK_ALIGN * CHUNK_ALIGN);
	if (!c)
		return false;
	c->next = s->chunks;
	s->chunks = c;
	s->made += count;
	s->fresh = c->objects;
	s->fresh_count = count;
	return true;
}

static void *take_fresh(struct slab *s)
{
	void *object;

	if (!s->fresh_count && !grow(s))
		return NULL;
	object = s->fresh;
	s->fresh += s->size;
	s->fresh_count--;
	return object;
}

void *slab_get(struct slab *s)
{
	void *object = s->free;

	if (object)
		memcpy(&s->free, object, sizeof(s->free));
	else
		object = take_fresh(s);
	if (!object)
		return NULL;
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
