/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DISCOVERYLINE_H
#define REPORT_DISCOVERYLINE_H

#include "report/statusjson.h"

/* For people, of one that is on: "5 nodes from http://n1:8080, 3s ago". */
void discoveryline_add(const struct statusjson_discovery *d, struct text *out);

#endif
