/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A growing string.  Initialise with {0}; text_release() gives the memory back; `data` is NULL or
 * terminated and holds `len` bytes.  Used by every encoder: they write text and do no I/O.
 */
struct text {
	char *data;
	size_t len;
	size_t room; /* bytes allocated */
};

void text_add(struct text *t, const char *s);
void text_addn(struct text *t, const void *bytes, size_t len);
void text_addc(struct text *t, char c);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The string as a JSON string with its quotes (RFC 8259 section 7); invalid UTF-8 becomes U+FFFD.
 */
void text_add_json(struct text *t, const char *s);

/* Escaped for HTML text and for attribute values in double quotes. */
void text_add_html(struct text *t, const char *s);

/* As a CSV field the way HAProxy writes it: quoted only if it holds a comma, a quote or a newline.
 */
void text_add_csv(struct text *t, const char *s);

/* Whether they are the same string, or both none: NULL is not "". */
bool text_same(const char *a, const char *b);

/* The terminated string, never NULL.  Valid until the text changes. */
const char *text_str(const struct text *t);

/* Drops the first `n` bytes. */
void text_consume(struct text *t, size_t n);
void text_clear(struct text *t);

/* The string becomes the caller's, to free(); the text is empty again. */
char *text_take(struct text *t);
void text_release(struct text *t);

#define AUTO_TEXT __attribute__((cleanup(text_release))) struct text

#endif
