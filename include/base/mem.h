/* SPDX-License-Identifier: MIT */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * Memory of the cold path.  These never return NULL: a process that cannot get a few bytes to
 * load its configuration ends with a message (abort).  The data plane does not use them after
 * start; it has slabs (base/slab.h), whose failure is an ordinary answer.
 */
void *mem_zalloc(size_t size);
void *mem_resize(void *p, size_t count, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t len);

/*
 * An arena: everything that belongs to one object (a configuration, a snapshot) and is freed with
 * it at once.  Zeroed memory, aligned for any type.  An arena is initialised with {0}.
 */
struct mem_arena {
	struct mem_chunk *chunks;
};

void *mem_arena_zalloc(struct mem_arena *a, size_t size);
char *mem_arena_strdup(struct mem_arena *a, const char *s);
char *mem_arena_strndup(struct mem_arena *a, const char *s, size_t len);
char *mem_arena_printf(struct mem_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void mem_arena_release(struct mem_arena *a);

#endif
