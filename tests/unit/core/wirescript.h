/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CORE_WIRESCRIPT_H
#define TESTS_CORE_WIRESCRIPT_H

#include "core/pgwire.h"

#include <stdlib.h>
#include <string.h>

/*
 * Conversations of PostgreSQL's protocol as words, "who:what" each:
 *   c:startup c:ssl c:gss c:cancel c:old c:tls   a client's first packet
 *   c:=N s:=N                                     that byte alone
 *   c:Qtext s:ZI s:R0 ...                         a message of that type with that text in it;
 *                                                 the text of an R is a digit, its code
 */
enum { WIRESCRIPT_MAX = 512 };

static inline size_t wirescript_word(uint8_t *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> (24 - 8 * i));
	return 4;
}

static inline size_t wirescript_packet(uint8_t *to, uint32_t code, size_t rest)
{
	wirescript_word(to, (uint32_t)(8 + rest));
	wirescript_word(to + 4, code);
	memset(to + 8, 'u', rest);
	return 8 + rest;
}

static inline size_t wirescript_message(uint8_t *to, const char *what)
{
	size_t len = strlen(what + 1);

	to[0] = (uint8_t)what[0];
	if (what[0] == 'R') {
		wirescript_word(to + 1, 8);
		wirescript_word(to + 5, (uint32_t)(what[1] - '0'));
		return 9;
	}
	wirescript_word(to + 1, (uint32_t)(4 + len));
	memcpy(to + 5, what + 1, len);
	return 5 + len;
}

/* The bytes of one word, without who says it. */
static inline size_t wirescript_bytes(uint8_t *to, const char *what)
{
	static const struct {
		const char *name;
		uint32_t code;
		size_t rest;
	} packets[] = {
		{ "startup", 0x30000, 20 }, { "ssl", 80877103, 0 },  { "gss", 80877104, 0 },
		{ "cancel", 80877102, 8 },  { "old", 0x20000, 288 },
	};

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		if (strcmp(what, packets[i].name) == 0)
			return wirescript_packet(to, packets[i].code, packets[i].rest);
	if (strcmp(what, "tls") == 0) {
		memcpy(to, "\x16\x03\x01\x02\x00\x01\x00\x01", 8);
		return 8;
	}
	if (what[0] == '=') {
		to[0] = (uint8_t)what[1];
		return 1;
	}
	return wirescript_message(to, what);
}

static inline void wirescript_say(struct pgwire *p, bool client, const uint8_t *bytes, size_t len)
{
	if (client)
		pgwire_from_client(p, bytes, len);
	else
		pgwire_from_server(p, bytes, len);
}

/* `piece` returns how many of the next `len` bytes come at once. */
static inline struct pgwire wirescript_run(const char *script, size_t (*piece)(size_t len))
{
	struct pgwire p = { 0 };
	char *copy = strdup(script);
	char *rest = NULL;

	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		uint8_t bytes[WIRESCRIPT_MAX];
		size_t len = wirescript_bytes(bytes, word + 2);

		for (size_t at = 0, n; at < len; at += n) {
			n = piece(len - at);
			wirescript_say(&p, word[0] == 'c', bytes + at, n);
		}
	}
	free(copy);
	return p;
}

#endif
