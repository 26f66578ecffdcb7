/* SPDX-License-Identifier: MIT */
#ifndef CONF_KEYTABLE_H
#define CONF_KEYTABLE_H

#include "base/text.h"
#include "core/settings.h"

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
	X(DECIMAL, scalars_decimal)                                                                \
	X(DURATION, scalars_duration)                                                              \
	X(SECONDS, scalars_seconds)                                                                \
	X(MICROS, scalars_micros)                                                                  \
	X(IDLE, scalars_idle)                                                                      \
	X(WORD, scalars_word)                                                                      \
	X(CHOICE, scalars_choice)                                                                  \
	X(STRING, scalars_string)                                                                  \
	X(NAME, scalars_name)                                                                      \
	X(BYTES, wirebytes_bytes)                                                                  \
	X(HEX, wirebytes_hex)                                                                      \
	X(TEXT, wirebytes_text)                                                                    \
	X(REGEX, wirebytes_regex)                                                                  \
	X(OPTIONAL, wirebytes_optional)                                                            \
	X(METHOD, scalars_method)                                                                  \
	X(URL, scalars_url)                                                                        \
	X(LOCALITY, scalars_locality)                                                              \
	X(PATH, places_path)                                                                       \
	X(SOCKET, places_socket)                                                                   \
	X(MODE, places_mode)                                                                       \
	X(FILE, places_file)                                                                       \
	X(PROGRAM, places_program)                                                                 \
	X(DIRECTORY, places_directory)                                                             \
	X(USER, places_user)                                                                       \
	X(USERGROUP, places_group)                                                                 \
	X(HOST, endpoints_host)                                                                    \
	X(INTERFACE, endpoints_interface)                                                          \
	X(PORT, endpoints_port)                                                                    \
	X(LISTEN, endpoints_listen)                                                                \
	X(ADMIN, endpoints_admin)                                                                  \
	X(ADDRESS, endpoints_address)                                                              \
	X(SOURCE_ADDRESS, endpoints_source)                                                        \
	X(CONTROL, endpoints_control)                                                              \
	X(TRACK, endpoints_track)                                                                  \
	X(TARGET, logtarget_target)                                                                \
	X(SAMPLE, logtarget_sample)                                                                \
	X(HEADERS, lists_headers)                                                                  \
	X(STATUSES, lists_statuses)                                                                \
	X(NETS, lists_nets)                                                                        \
	X(NAMES, lists_names)                                                                      \
	X(NAMESERVERS, lists_nameservers)                                                          \
	X(SEEDS, discoverkeys_seeds)                                                               \
	X(FILTER, discoverkeys_filter)                                                             \
	X(KEPT, discoverkeys_kept)                                                                 \
	X(GROUP, keyreader_group)                                                                  \
	X(GROUPS, keyreader_groups)                                                                \
	X(MANY, keyreader_many)                                                                    \
	X(BINDS, keyreader_binds)                                                                  \
	X(SOURCE, keyreader_source)

enum keytable_type {
#define X(name, reader) KEYTABLE_##name,
	KEYTABLE_TYPES(X)
#undef X
};

enum keytable_flag {
	KEYTABLE_REQUIRED = 1, /* the group is not complete without it */
	KEYTABLE_SHARED = 2, /* of "services"; at the top level it is the default of all services */
	KEYTABLE_ASIDE = 4,  /* only a comment in the reference configuration */
	KEYTABLE_FIRST = 8,  /* read before the others of its group */
	KEYTABLE_TLS = 16,   /* only in checks that go over TLS */
	KEYTABLE_STEPLESS = 32, /* only in checks without steps */
	/* The rest are types of checks, one bit each: the key means something in those only. */
	KEYTABLE_TYPE_SHIFT = 8
};

#define KEYTABLE_ONLY(type) (1U << (KEYTABLE_TYPE_SHIFT + SETTINGS_CHECK_##type))

struct keytable_key {
	const char *group, *name;
	enum keytable_type type;
	unsigned int flags; /* of enum keytable_flag, and KEYTABLE_ONLY() */
	const char *type_words;
	uint64_t low, high; /* numbers (DECIMAL: kept in hundredths), durations (ms; MICROS: us) */
	const char *const *words; /* WORD, CHOICE: ended by NULL */
	const char *child;        /* GROUP, GROUPS, MANY, BINDS, SOURCE: the group of the value */
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

/*
 * Whether a key of "check" means something in a check of that type, over TLS or not, with steps or
 * not; and in words where it does: `type = "http" or "https"`, or nothing if everywhere.
 */
bool keytable_applies(const struct keytable_key *k, enum settings_check_type type, bool tls,
                      bool steps);
void keytable_add_types(const struct keytable_key *k, struct text *out);

#endif
