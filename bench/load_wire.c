/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <string.h>

enum { HEAD_MAGIC = 0x6c6f6164 };

/* As often as a chunk needs it, one copy after the other, so that no chunk wraps around. */
static char ring[WIRE_RING + WIRE_CHUNK];

void wire_init(void)
{
	uint64_t x = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < WIRE_RING; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		ring[i] = (char)(x >> 32);
	}
	for (size_t i = WIRE_RING; i < sizeof(ring); i++)
		ring[i] = ring[i - WIRE_RING];
}

struct wire wire_begin(uint32_t number, enum wire_way way)
{
	uint64_t mixed = (uint64_t)number * 2654435761U + (way == WIRE_REPLY ? WIRE_RING / 2 : 0);

	return (struct wire){ .at = (uint32_t)(mixed % WIRE_RING) };
}

const char *wire_next(const struct wire *w)
{
	return ring + w->at;
}

void wire_skip(struct wire *w, size_t count)
{
	w->at = (uint32_t)((w->at + count) % WIRE_RING);
}

size_t wire_check(struct wire *w, const char *data, size_t count)
{
	const char *right = wire_next(w);

	if (count > WIRE_CHUNK || memcmp(right, data, count) != 0) {
		size_t good = 0;

		while (good < count && good < WIRE_CHUNK && right[good] == data[good])
			good++;
		return good;
	}
	wire_skip(w, count);
	return count;
}

void wire_put_head(char head[WIRE_HEAD], uint32_t number)
{
	uint32_t words[2] = { HEAD_MAGIC, number };

	memcpy(head, words, WIRE_HEAD);
}

bool wire_get_head(const char head[WIRE_HEAD], uint32_t *number)
{
	uint32_t words[2];

	memcpy(words, head, WIRE_HEAD);
	*number = words[1];
	return words[0] == HEAD_MAGIC;
}

/* Values below 2^SPREAD_FINE have a class each; above, the highest bit and the next ones count. */
static unsigned class_of(uint64_t ns)
{
	unsigned shift;

	if (ns >> 40)
		return SPREAD_CLASSES - 1;
	if (ns >> SPREAD_FINE == 0)
		return (unsigned)ns;
	shift = 63 - SPREAD_FINE - (unsigned)__builtin_clzll(ns);
	return (shift << SPREAD_FINE) + (unsigned)(ns >> shift);
}

/* The middle of a class. */
static double value_of(unsigned class)
{
	unsigned shift;
	uint64_t low;

	if (class >> SPREAD_FINE == 0)
		return class;
	shift = (class >> SPREAD_FINE) - 1;
	low = (uint64_t)((class & ((1U << SPREAD_FINE) - 1)) | 1U << SPREAD_FINE) << shift;
	return (double)low + (double)(1ULL << shift) / 2;
}

void spread_add(struct spread *s, int64_t ns)
{
	uint64_t value = ns < 0 ? 0 : (uint64_t)ns;

	s->count++;
	if (value > s->max)
		s->max = value;
	s->classes[class_of(value)]++;
}

double spread_at(const struct spread *s, double share)
{
	uint64_t rank = (uint64_t)(share * (double)s->count), seen = 0;

	if (s->count == 0)
		return 0;
	for (unsigned i = 0; i < SPREAD_CLASSES; i++) {
		seen += s->classes[i];
		if (seen > rank)
			return value_of(i) / 1000;
	}
	return (double)s->max / 1000;
}
