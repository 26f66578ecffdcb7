/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STATSROW_H
#define REPORT_STATSROW_H

#include "base/text.h"
#include "report/csv.h"

/* The tables of HAProxy's statistics page. */

/* The two rows of heads. */
void statsrow_add_heads(struct text *out);

/* A row with all its cells; `form`: servers have a check-box. */
void statsrow_add(struct text *out, const struct snapshot_row *r, const struct csv_filter *f,
                  bool form);

#endif
