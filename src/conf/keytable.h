/* SPDX-License-Identifier: MIT */
#ifndef CONF_KEYTABLE_H
#define CONF_KEYTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The rows of conf/keys.def.  Each type has one reader; the enumeration and the readers come from
 * this list, so that a type without a reader does not compile.
 *   X(name, reader)
 */
#define KEYTABLE_TYPES(X)                                                                          \
	X(FLAG, scalars_flag)                                                                      \
	X(WHOLE, scalars_whole)                                                                    \
	X(DURATION, scalars_duration)                                                              \
	X(SECONDS, scalars_seconds)                                                                \
	X(WORD, scalars_word)                                                                      \
	X(CHOICE, scalars_choice)                                                                  \
	X(STRING, scalars_string)                                                                  \
	X(NAME, scalars_name)                                                                      \
	X(METHOD, scalars_method)                                                                  \
	X(URL, scalars_url)                                                                        \
	X(LOCALITY, scalars_locality)                                                              \
	X(PATH, places_path)                                                                       \
	X(SOCKET, places_socket)                                                                   \
	X(FILE, places_file)                                                                       \
	X(DIRECTORY, places_directory)                                                             \
	X(USER, places_user)                                                                       \
	X(USERGROUP, places_group)                                                                 \
	X(HOST, endpoints_host)                                                                    \
	X(INTERFACE, endpoints_interface)                                                          \
	X(PORT, endpoints_port)                                                                    \
	X(LISTEN, endpoints_listen)                                                                \
	X(ADMIN, endpoints_admin)                                                                  \
	X(ADDRESS, endpoints_address)                                                              \
	X(TARGET, endpoints_target)                                                                \
	X(HEADERS, lists_headers)                                                                  \
	X(STATUSES, lists_statuses)                                                                \
	X(NETS, lists_nets)                                                                        \
	X(NAMESERVERS, lists_nameservers)                                                          \
	X(GROUP, keyreader_group)                                                                  \
	X(GROUPS, keyreader_groups)                                                                \
	X(BINDS, keyreader_binds)

enum keytable_type {
#define X(name, reader) KEYTABLE_##name,
	KEYTABLE_TYPES(X)
#undef X
};

enum keytable_flag {
	KEYTABLE_REQUIRED = 1, /* the group is not complete without it */
	KEYTABLE_SHARED = 2, /* of "services"; at the top level it is the default of all services */
	KEYTABLE_HTTP = 4,   /* only in checks of type http and https */
	KEYTABLE_TLS = 8,    /* only https */
	KEYTABLE_PGSQL = 16, /* only pgsql */
	KEYTABLE_ASIDE = 32  /* only a comment in the reference configuration */
};

struct keytable_key {
	const char *group, *name;
	enum keytable_type type;
	unsigned int flags; /* of enum keytable_flag */
	const char *type_words;
	uint64_t low, high;       /* numbers, durations (ms) */
	const char *const *words; /* WORD, CHOICE: ended by NULL */
	const char *child;        /* GROUP, GROUPS, BINDS: the group of the value */
	const char *initial;      /* default as it would be written, or "" */
	const char *example;      /* for the reference configuration, or "" */
	size_t offset, size;      /* of the target in the group's structure */
	const char *help;
};

struct keytable_group {
	const char *name;
	size_t size; /* of its structure in draft.h */
	const char *help;
};

const struct keytable_key *keytable_keys(size_t *ret_count);
const struct keytable_group *keytable_groups(size_t *ret_count);

/* NULL if there is no such key. */
const struct keytable_key *keytable_find(const char *group, const char *name);
/* NULL if no service key of that name may stand at the top level. */
const struct keytable_key *keytable_find_shared(const char *name);
const struct keytable_group *keytable_find_group(const char *name);

/* True if the key stands in the group, or at the top level as a default of services. */
bool keytable_belongs(const struct keytable_key *k, const char *group);

#endif
