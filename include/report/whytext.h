/* SPDX-License-Identifier: MIT */
#ifndef REPORT_WHYTEXT_H
#define REPORT_WHYTEXT_H

#include "base/text.h"
#include "report/whyjson.h"

/*
 * The answer of `sluice why` for people: for each server the verdict, the rules, a table of its
 * last checks and what happened to it.  Of several servers fewer checks and events are shown.  No
 * line is wider than `width` columns (at least 60 are assumed), unless a word is.  Times are local.
 */
enum whytext_flag {
	WHYTEXT_COLOUR = 1, /* ANSI colours */
	WHYTEXT_ASCII = 2   /* glyphs become + ~ x */
};

void whytext_write(const struct whyjson *w, unsigned int width, unsigned int flags,
                   struct text *out);

#endif
