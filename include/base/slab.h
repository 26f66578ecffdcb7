/* SPDX-License-Identifier: MIT */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include <stddef.h>

/*
 * Objects of one size for one thread.  Grows by chunks of `per_chunk` objects up to `max` objects
 * and keeps what it has: taking an object after the first time costs no malloc.  What of a chunk
 * was never used was never touched, so that it takes no memory either.  Objects are
 * aligned for pointers and 64-bit numbers; their content is whatever was left there.
 */
struct slab {
	size_t size; /* of one object, rounded up */
	size_t per_chunk;
	size_t max;
	size_t made; /* objects that there is room for so far */
	size_t used; /* objects in use now */
	void *free;  /* list through the first word of each free object */
	char *fresh; /* the first object of the last chunk that was never used */
	size_t fresh_count;
	void *chunks;
};

void slab_init(struct slab *s, size_t size, size_t per_chunk, size_t max);
void *slab_get(struct slab *s); /* NULL: at `max`, or the system has no memory */
void slab_put(struct slab *s, void *object);
void slab_release(struct slab *s); /* every object must be back */

#endif
