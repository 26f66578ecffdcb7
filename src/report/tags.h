/* SPDX-License-Identifier: MIT */
#ifndef REPORT_TAGS_H
#define REPORT_TAGS_H

/* The letters of HAProxy's typed output in words, for its JSON form (management manual 9.2). */
const char *tags_origin(char c); /* 'M': "Metric" */
const char *tags_nature(char c); /* 'G': "Gauge" */
const char *tags_scope(char c);  /* 'P': "Process" */

#endif
