/* SPDX-License-Identifier: MIT */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Strict parsing of the numbers that people write: the whole string must be used, no sign, no
 * space, no overflow.  On false nothing is written.
 */
bool number_parse(const char *s, uint64_t max, uint64_t *ret);
/* Of `len` bytes that no NUL ends, and none is among; at most 23. */
bool number_parse_bytes(const char *s, size_t len, uint64_t max, uint64_t *ret);

/* The value of a hexadecimal digit, in capitals or not; -1 if it is none. */
int number_hex_digit(char c);

/*
 * A duration with its unit, in milliseconds: "500ms", "2s", "10m", "1h", "1d"; parts may be joined
 * from large to small ("1m30s").  A bare number is milliseconds.  Microseconds ("50us") round up
 * to one millisecond.
 */
bool number_parse_duration(const char *s, uint64_t *ret_ms);

/* The same in microseconds, which do not round up here: "50us", "1ms", "2s"; "0" is 0. */
bool number_parse_micros(const char *s, uint64_t *ret_us);

/* Bytes with an optional unit k, m or g (1024-based, either case): "64k". */
bool number_parse_size(const char *s, uint64_t *ret);

/* The shortest exact form that number_parse_duration() reads back: "2s", "1m30s", "500ms", "0ms".
 */
void number_format_duration(uint64_t ms, char *buf, size_t size);

/* How long ago, for people: two units at most, "3s", "4m12s", "2h05m", "3d04h". */
void number_format_age(uint64_t seconds, char *buf, size_t size);

/* Bytes for people: "512 B", "12.3 kB", "4.0 MB" (1000-based). */
void number_format_bytes(uint64_t bytes, char *buf, size_t size);

#endif
