/* SPDX-License-Identifier: MIT */
#ifndef BASE_NOTES_H
#define BASE_NOTES_H

#include "base/slab.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Bytes that are kept for a while, for one thread: nearly always a few, sometimes many.  After an
 * outage each client is waiting for its first answer at the same moment, and what it has said is
 * kept, so a note is small as long as that is enough.
 */
struct note {
	uint32_t at;   /* the first byte that is not used up */
	uint32_t end;  /* one past the last */
	uint32_t room; /* bytes that there is room for */
	char bytes[];
};

struct notes {
	struct slab small, large;
	uint32_t most; /* bytes of a large one */
};

/* No note may be longer than `most`. */
void notes_init(struct notes *n, uint32_t most);
/* All notes must be back. */
void notes_release(struct notes *n);

/*
 * Room for `len` more bytes behind note->end: *note is an empty one if it was NULL, and may be
 * another one with the same bytes.  False, and it stays as it was: it would be too long, or there
 * is no memory.
 */
bool notes_room(struct notes *n, struct note **note, size_t len);
/* Gives it back; *note is NULL afterwards, or was before. */
void notes_put(struct notes *n, struct note **note);

#endif
