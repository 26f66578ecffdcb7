/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGNOTE_H
#define CONF_HCFGNOTE_H

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"

#include <stddef.h>

/*
 * What is to be said about a configuration of HAProxy while it is translated: a list of notes,
 * each with its place, collected in any order and shown in the order of the files.
 *
 * The same words about the same line are kept once.  After HCFGNOTE_MAX notes the others are only
 * counted, so that a hostile file cannot fill the memory.
 */
enum { HCFGNOTE_MAX = 1000 };

enum hcfgnote_kind {
	HCFGNOTE_ERROR, /* HAProxy refuses it, too, or it cannot be understood: no translation */
	HCFGNOTE_LOSS,  /* understood, and not carried over */
	HCFGNOTE_REMARK /* left out because it means nothing here, or carried over in other words */
};
enum { HCFGNOTE_KINDS = HCFGNOTE_REMARK + 1 };

/* Where something was written.  `line` 0: nowhere. */
struct hcfgnote_place {
	const char *file;
	unsigned int file_number; /* in the order of reading, from 0 */
	unsigned int line;
};

struct hcfgnote {
	enum hcfgnote_kind kind;
	struct hcfgnote_place place;
	const char *text;
	size_t order; /* of being added */
};

/* Initialise with { 0 }.  Texts and file names belong to `arena`. */
struct hcfgnote_list {
	struct mem_arena arena;
	struct hcfgnote *items;
	size_t count, left_out;
	size_t of_kind[HCFGNOTE_KINDS]; /* the ones left out included */
};

/* Control characters in the result are shown as '?'. */
void hcfgnote_add(struct hcfgnote_list *l, enum hcfgnote_kind kind, struct hcfgnote_place place,
                  const char *fmt, ...) PRINTF(4, 5);

void hcfgnote_sort(struct hcfgnote_list *l);

/* "FILE:LINE: not carried over: ...\n"; errors come without a prefix, remarks with "note: ". */
void hcfgnote_write(const struct hcfgnote *n, struct text *out);

void hcfgnote_release(struct hcfgnote_list *l);

#endif
