/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGREADER_H
#define CONF_HCFGREADER_H

#include "conf/hcfgmodel.h"
#include "conf/hcfgwords.h"

/*
 * One directive on its way into the model, and what all readers of directives need.
 * `words` are those after its name; readers step through them.
 */
struct hcfgreader {
	struct hcfgmodel *model;
	struct hcfgnote_list *notes;
	const struct hcfglex_line *line;
	const char *name; /* of the directive, as in the table: "timeout client" */
	const char *const *words;
	size_t count;
	size_t left; /* in a hcfgreader_option: words after the option's name, its own and more */
	bool off;    /* "no" or "default" stands before it */
};

/* Notes at the line; the name of the directive comes first. */
void hcfgreader_error(const struct hcfgreader *r, const char *fmt, ...) PRINTF(2, 3);
void hcfgreader_lose(const struct hcfgreader *r, const char *fmt, ...) PRINTF(2, 3);
void hcfgreader_remark(const struct hcfgreader *r, const char *fmt, ...) PRINTF(2, 3);

/* An error if there are more than `count` words. */
void hcfgreader_at_most(const struct hcfgreader *r, size_t count);

/* The word, or false after an error.  `what` names it in the message: "a port". */
bool hcfgreader_whole(const struct hcfgreader *r, const char *word, uint32_t low, uint32_t high,
                      uint32_t *ret);
/*
 * As HAProxy's atol() reads it where it does not look closer: what follows the digits does not
 * count, and without digits it is 0; noted, and at most `high`.
 */
uint32_t hcfgreader_loose(const struct hcfgreader *r, const char *word, uint32_t high);
/* Milliseconds; `unit_ms` is that of a bare number.  HAProxy's times have one unit. */
bool hcfgreader_time(const struct hcfgreader *r, const char *word, uint32_t unit_ms, uint32_t *ret);

/* The number from an exact list of words, or -1. */
int hcfgreader_find(const char *word, const char *const *list, size_t count);

/* The value is set, here. */
void hcfgreader_set(const struct hcfgreader *r, struct hcfgmodel_value *v, uint32_t n);

/* The options of a bind or server line from words[i] on, with the table. */
typedef void hcfgreader_option(struct hcfgreader *r, int id, const char *const *args, void *object);

/*
 * Calls `carry` for each carried option with its arguments, notes the others; stops at an error.
 */
void hcfgreader_options(struct hcfgreader *r, enum hcfgwords_place place, size_t i,
                        hcfgreader_option *carry, void *object);

#endif
