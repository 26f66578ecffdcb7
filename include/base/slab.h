/* SPDX-License-Identifier: MIT */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include <stddef.h>

/*
 * Objects of one size for one thread.  Grows by chunks of `per_chunk` objects up to `max` objects
 * and keeps what it has: taking an object after the first time costs no malloc.  Objects are
 * aligned for pointers and 64-bit numbers; their content is whatever was left there.
 */
struct slab {
	size_t size; /* of one object, rounded up */
	size_t per_chunk;
	size_t max;
	size_t made; /* objects carved out so far */
	size_t used; /* objects in use now */
	void *free;  /* list through the first word of each free object */
	void *chunks;
};

void slab_init(struct slab *s, size_t size, size_t per_chunk, size_t max);
void *slab_get(struct slab *s); /* NULL: at `max`, or the system has no memory */
void slab_put(struct slab *s, void *object);
void slab_release(struct slab *s); /* every object must be back */

#endif
