/* SPDX-License-Identifier: MIT */
#ifndef REPORT_FIELD_H
#define REPORT_FIELD_H

#include "base/error.h"
#include "base/mem.h"

#include <jansson.h>
#include <stdint.h>

/*
 * Members of a JSON object that somebody else wrote, taken without trust.  The first failure is
 * kept with the name of the key; after it every reader returns its empty value, so that a decoder
 * is a list of assignments with one check at the end.
 */
struct field {
	struct error *err;
	bool failed;
};

/* Parses a whole text that must be an object; NULL and `f->failed` otherwise. */
json_t *field_parse(struct field *f, const char *json);

int64_t field_number(struct field *f, const json_t *o, const char *key);
/* Also an integer of 0 .. max. */
uint64_t field_unsigned(struct field *f, const json_t *o, const char *key, uint64_t max);
bool field_flag(struct field *f, const json_t *o, const char *key);

/* Control characters are replaced.  In the arena; "" on failure, never NULL. */
const char *field_text(struct field *f, const json_t *o, const char *key, struct mem_arena *a);
/* The same, or NULL if the member is null or missing. */
const char *field_text_or_null(struct field *f, const json_t *o, const char *key,
                               struct mem_arena *a);
/* Into a buffer; what does not fit is cut off. */
void field_copy(struct field *f, const json_t *o, const char *key, char *buf, size_t size);
/* As field_copy(), "" if the member is null or missing. */
void field_copy_or_empty(struct field *f, const json_t *o, const char *key, char *buf, size_t size);
/* Milliseconds since the epoch, of an RFC 3339 string. */
int64_t field_time(struct field *f, const json_t *o, const char *key);

const json_t *field_array(struct field *f, const json_t *o, const char *key);
const json_t *field_object(struct field *f, const json_t *o, const char *key);
/* NULL without a failure if the member is null or missing. */
const json_t *field_object_or_null(struct field *f, const json_t *o, const char *key);

void field_fail(struct field *f, const char *fmt, ...) PRINTF(2, 3);

#endif
