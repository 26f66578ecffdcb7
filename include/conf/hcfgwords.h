/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGWORDS_H
#define CONF_HCFGWORDS_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The vocabulary of HAProxy's configuration: every section, directive and option that a TCP
 * balancer can meet (conf/hcfgwords.def), where it may stand, and what sluice does with it.
 */
enum hcfgwords_place {
	HCFGWORDS_GLOBAL = 1,
	HCFGWORDS_DEFAULTS = 2,
	HCFGWORDS_FRONTEND = 4,
	HCFGWORDS_LISTEN = 8,
	HCFGWORDS_BACKEND = 16,
	HCFGWORDS_BIND = 32,      /* options of a bind line, and of "stats socket" */
	HCFGWORDS_SERVER = 64,    /* options of a server line, and of "default-server" */
	HCFGWORDS_RESOLVERS = 128 /* the section */
};

enum hcfgwords_fate {
	HCFGWORDS_CARRIED, /* a reader takes it; what it cannot take it says itself */
	HCFGWORDS_IGNORED, /* means nothing here: `sentence` says why */
	HCFGWORDS_LOST     /* cannot be carried over: what it meant, and what to do */
};

/* The carried words; each kind has its reader. */
enum hcfgwords_global {
#define CARRY_GLOBAL(id, name, args) HCFGWORDS_GLOBAL_##id,
#include "conf/hcfgwords.def"
	HCFGWORDS_GLOBAL_COUNT
};
enum hcfgwords_proxy {
#define CARRY_PROXY(id, name, places, args) HCFGWORDS_PROXY_##id,
#include "conf/hcfgwords.def"
	HCFGWORDS_PROXY_COUNT
};
enum hcfgwords_bind {
#define CARRY_BIND(id, name, args) HCFGWORDS_BIND_##id,
#include "conf/hcfgwords.def"
	HCFGWORDS_BIND_COUNT
};
enum hcfgwords_server {
#define CARRY_SERVER(id, name, args) HCFGWORDS_SERVER_##id,
#include "conf/hcfgwords.def"
	HCFGWORDS_SERVER_COUNT
};
enum hcfgwords_resolvers {
#define CARRY_RESOLVERS(id, name, args) HCFGWORDS_RESOLVERS_##id,
#include "conf/hcfgwords.def"
	HCFGWORDS_RESOLVERS_COUNT
};

struct hcfgwords_entry {
	const char *name;    /* "balance", "option tcplog" */
	unsigned int places; /* of enum hcfgwords_place */
	size_t args;         /* options: how many words follow; directives: how many at least */
	enum hcfgwords_fate fate;
	int id;               /* carried: of the enumeration of its place */
	const char *sentence; /* otherwise */
};

size_t hcfgwords_count(void);
const struct hcfgwords_entry *hcfgwords_at(size_t i);

/*
 * The directive that a line begins with, the longest name first; NULL if there is none in that
 * place.  `ret_words` is how many words its name has.
 */
const struct hcfgwords_entry *hcfgwords_find(enum hcfgwords_place place, const char *const *words,
                                             size_t count, size_t *ret_words);

/* The same in any place, for a directive that stands in the wrong section. */
const struct hcfgwords_entry *hcfgwords_find_anywhere(const char *const *words, size_t count);

/* Does the word begin names of two, as "option" does? */
bool hcfgwords_is_family(const char *word);

/* The nearest name of that place, or NULL. */
const char *hcfgwords_suggest(enum hcfgwords_place place, const char *const *words, size_t count);

/* Sections that are read (name only) and those that are skipped with a sentence. */
struct hcfgwords_section {
	const char *name;
	unsigned int place;   /* 0: skipped */
	const char *sentence; /* why, and what it meant */
};

/* NULL if the word begins no section. */
const struct hcfgwords_section *hcfgwords_find_section(const char *word);
const char *hcfgwords_suggest_section(const char *word);

#endif
