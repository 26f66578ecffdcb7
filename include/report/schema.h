/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SCHEMA_H
#define REPORT_SCHEMA_H

#include "base/text.h"

/* The JSON schema of `show info json` and `show stat json` (management manual 9.3). */
void schema_write(struct text *out);

#endif
