/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

/*
 * A failure in words, for the cold path: configuration, binding, commands.
 *
 * A function that can fail returns false and fills `*err`; each caller on the way up adds what
 * it knows with error_wrap(); whoever decides what happens next shows the text once.  NULL is
 * accepted everywhere and means "only the verdict".  All functions return false, so that
 * `return error_set(err, ...)` is one line.
 */
struct error {
	int errnum;     /* the errno behind it, or 0 */
	char text[496]; /* one sentence without a final full stop; always terminated */
};

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK        __attribute__((warn_unused_result))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))

bool error_set(struct error *err, const char *fmt, ...) PRINTF(2, 3);

/* As error_set(), then ": " and the words of `errnum`. */
bool error_sys(struct error *err, int errnum, const char *fmt, ...) PRINTF(3, 4);

/* Puts "fmt: " before the text that is there. */
bool error_wrap(struct error *err, const char *fmt, ...) PRINTF(2, 3);

/* Puts " (hint)" after the text that is there: the cure. */
bool error_hint(struct error *err, const char *hint);

#endif
