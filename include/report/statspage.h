/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STATSPAGE_H
#define REPORT_STATSPAGE_H

#include "base/text.h"
#include "report/csv.h"

/*
 * HAProxy's statistics page as its scripts and its operators know it: title, "HAProxy version X,",
 * process facts ("pid = ", "uptime = ", "idle = "), then a table for each proxy with the columns
 * of HAProxy 2.6 and, if state may be changed, a form that posts `s`, `action` and `b`.  One
 * self-contained document without a script.  Names and texts of others are escaped.
 */
struct statspage_options {
	const char *uri;    /* where it is, for its links: "/stats" */
	const char *suffix; /* what the request had after it that links keep: ";up", or "" */
	struct csv_filter filter;
	bool writable;
	bool hide_version;
	uint32_t refresh_s;  /* of the header that goes with it; 0: none */
	const char *outcome; /* of the action before, HAProxy's word: "DONE"; NULL: none */
};
void statspage_write(const struct snapshot *s, const struct statspage_options *o, struct text *out);

/* The actions of its form in their order: value and words; NULL after the last. */
struct statspage_action {
	const char *value, *words;
};
const struct statspage_action *statspage_actions(size_t *ret_count);

#endif
