/* SPDX-License-Identifier: MIT */
#ifndef REPORT_UIFILES_H
#define REPORT_UIFILES_H

#include "base/text.h"

#include <stddef.h>

/*
 * What the dashboard loads: the style sheets and scripts of src/report/ui, as they stand there,
 * inside the program.  A file that is put there is part of the next build.
 */
struct uifile {
	const char *name; /* "page.css" */
	const char *type; /* for Content-Type */
	const char *data; /* `len` bytes, not terminated; as long as the program */
	size_t len;
};

/* By name; false: there is none, and *ret is untouched. */
bool uifiles_find(const char *name, struct uifile *ret);

/* The one at `index`, in the order of their names; false: there are no more. */
bool uifiles_at(size_t index, struct uifile *ret);

/* Adds its entity tag, quotes included: the same bytes have the same in any build. */
void uifiles_add_tag(const struct uifile *f, struct text *out);

#endif
