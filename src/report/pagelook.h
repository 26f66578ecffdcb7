/* SPDX-License-Identifier: MIT */
#ifndef REPORT_PAGELOOK_H
#define REPORT_PAGELOOK_H

#include "base/text.h"
#include "core/state.h"

/* A class of the style sheet, a glyph and a word: each alone tells the state. */
struct pagelook {
	const char *class, *glyph;
};

struct pagelook pagelook_of(const struct state *s);

#endif
