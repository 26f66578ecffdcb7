/* SPDX-License-Identifier: MIT */
#include "base/notes.h"

#include <string.h>

enum { SMALL = 512, SMALL_PER_CHUNK = 32, LARGE_PER_CHUNK = 4 };

void notes_init(struct notes *n, uint32_t most)
{
	n->most = most;
	slab_init(&n->small, SMALL, SMALL_PER_CHUNK, UINT32_MAX);
	slab_init(&n->large, sizeof(struct note) + most, LARGE_PER_CHUNK, UINT32_MAX);
}

void notes_release(struct notes *n)
{
	slab_release(&n->small);
	slab_release(&n->large);
}

static struct note *make(struct notes *n, size_t len)
{
	bool small = len <= SMALL - sizeof(struct note) && n->most > SMALL;
	struct note *note = slab_get(small ? &n->small : &n->large);

	if (note)
		*note = (struct note){ .room = small ? SMALL - sizeof(*note) : n->most };
	return note;
}

bool notes_room(struct notes *n, struct note **note, size_t len)
{
	struct note *old = *note;
	struct note *larger;

	if (old && len <= old->room - old->end)
		return true;
	if (len > n->most - (old ? old->end : 0))
		return false;
	larger = make(n, len + (old ? old->end : 0));
	if (!larger)
		return false;
	if (old) {
		memcpy(larger->bytes, old->bytes, old->end);
		larger->at = old->at;
		larger->end = old->end;
		notes_put(n, note);
	}
	*note = larger;
	return true;
}

void notes_put(struct notes *n, struct note **note)
{
	if (*note)
		slab_put((*note)->room == n->most ? &n->large : &n->small, *note);
	*note = NULL;
}
