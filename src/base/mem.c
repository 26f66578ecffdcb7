/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK ((size_t)8192)

struct mem_chunk {
	struct mem_chunk *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char data[];
};

static void *must(void *p)
{
	if (!p) {
		fputs("sluice: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_zalloc(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *mem_resize(void *p, size_t count, size_t size)
{
	return must(reallocarray(p, count ? count : 1, size));
}

char *mem_strdup(const char *s)
{
	return must(strdup(s));
}

char *mem_strndup(const char *s, size_t len)
{
	return must(strndup(s, len));
}

void *mem_arena_zalloc(struct mem_arena *a, size_t size)
{
	size_t align = sizeof(max_align_t);
	struct mem_chunk *c = a->chunks;
	void *p;

	if (size > SIZE_MAX / 2)
		must(NULL);
	size = (size + align - 1) / align * align;
	if (!c || c->size - c->used < size) {
		size_t room = size > ARENA_CHUNK ? size : ARENA_CHUNK;

		c = mem_zalloc(sizeof(*c) + room);
		c->size = room;
		c->next = a->chunks;
		a->chunks = c;
	}
	p = c->data + c->used;
	c->used += size;
	return p;
}

char *mem_arena_strndup(struct mem_arena *a, const char *s, size_t len)
{
	char *copy;

	len = strnlen(s, len);
	copy = mem_arena_zalloc(a, len + 1);
	memcpy(copy, s, len);
	return copy;
}

char *mem_arena_strdup(struct mem_arena *a, const char *s)
{
	return mem_arena_strndup(a, s, strlen(s));
}

char *mem_arena_printf(struct mem_arena *a, const char *fmt, ...)
{
	va_list args;
	char *s;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		abort();
	s = mem_arena_zalloc(a, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, args);
	va_end(args);
	return s;
}

void mem_arena_release(struct mem_arena *a)
{
	while (a->chunks) {
		struct mem_chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
}
