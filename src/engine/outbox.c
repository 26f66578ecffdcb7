/* SPDX-License-Identifier: MIT */
#include "engine/outbox.h"

#include "core/topology.h"

#include <assert.h>
#include <stdlib.h>

struct outbox {
	struct outbox_entry *entries;
	unsigned int mask;
	alignas(TOPOLOGY_LINE) _Atomic unsigned int written; /* by the worker */
	_Atomic uint64_t dropped;
	alignas(TOPOLOGY_LINE) _Atomic unsigned int taken; /* by control */
};

struct outbox *outbox_new(unsigned int capacity)
{
	struct outbox *o = aligned_alloc(TOPOLOGY_LINE, sizeof(*o));

	assert(capacity && (capacity & (capacity - 1)) == 0);
	if (!o)
		return NULL;
	*o = (struct outbox){ .mask = capacity - 1 };
	o->entries = calloc(capacity, sizeof(o->entries[0]));
	if (!o->entries) {
		free(o);
		return NULL;
	}
	return o;
}

void outbox_free(struct outbox *o)
{
	if (!o)
		return;
	free(o->entries);
	free(o);
}

bool outbox_put(struct outbox *o, const struct outbox_entry *e)
{
	unsigned int written = atomic_load_explicit(&o->written, memory_order_relaxed);
	unsigned int taken = atomic_load_explicit(&o->taken, memory_order_acquire);

	if (written - taken > o->mask) {
		atomic_fetch_add_explicit(&o->dropped, 1, memory_order_relaxed);
		return false;
	}
	o->entries[written & o->mask] = *e;
	atomic_store_explicit(&o->written, written + 1, memory_order_release);
	return written == taken;
}

bool outbox_take(struct outbox *o, struct outbox_entry *ret)
{
	unsigned int taken = atomic_load_explicit(&o->taken, memory_order_relaxed);

	if (atomic_load_explicit(&o->written, memory_order_acquire) == taken)
		return false;
	*ret = o->entries[taken & o->mask];
	atomic_store_explicit(&o->taken, taken + 1, memory_order_release);
	return true;
}

uint64_t outbox_dropped(struct outbox *o)
{
	return atomic_load_explicit(&o->dropped, memory_order_relaxed);
}
