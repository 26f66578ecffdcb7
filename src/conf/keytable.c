/* SPDX-License-Identifier: MIT */
#include "keytable.h"

#include "base/error.h"
#include "draft.h"

#include <string.h>

#define Q(s) "\"" s "\""

#define FLAG .type = KEYTABLE_FLAG, .type_words = "true or false"
#define WHOLE(min, max)                                                                            \
	.type = KEYTABLE_WHOLE, .type_words = "whole number " #min ".." #max, .low = (min),        \
	.high = (max)
#define DECIMAL(min, max)                                                                          \
	.type = KEYTABLE_DECIMAL, .type_words = "number " #min ".." #max ", as 1.4", .low = (min), \
	.high = (max)
#define DURATION(min, max)                                                                         \
	.type = KEYTABLE_DURATION, .type_words = "duration", .low = (min), .high = (max)
#define SECONDS(min, max)                                                                          \
	.type = KEYTABLE_SECONDS, .type_words = "duration of whole seconds",                       \
	.low = (min)*UINT64_C(1000), .high = (max)*UINT64_C(1000)
#define MICROS(min, max)                                                                           \
	.type = KEYTABLE_MICROS, .type_words = "duration, as \"50us\"", .low = (min), .high = (max)
#define WORD(...)                                                                                  \
	.type = KEYTABLE_WORD, .type_words = "one of " #__VA_ARGS__,                               \
	.words = (const char *const[])                                                             \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
#define CHOICE(...)                                                                                \
	.type = KEYTABLE_CHOICE, .type_words = "one of " #__VA_ARGS__,                             \
	.words = (const char *const[])                                                             \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
#define IDLE      .type = KEYTABLE_IDLE, .type_words = "\"never\" or \"idle \" and a duration"
#define STRING    .type = KEYTABLE_STRING, .type_words = "string"
#define NAME      .type = KEYTABLE_NAME, .type_words = "name of letters, digits and - _ . :"
#define BYTES     .type = KEYTABLE_BYTES, .type_words = "string, with \\r \\n \\t \\xNN"
#define HEX       .type = KEYTABLE_HEX, .type_words = "string of hexadecimal digits"
#define TEXT      .type = KEYTABLE_TEXT, .type_words = "string, with \\r \\n \\t \\xNN"
#define REGEX     .type = KEYTABLE_REGEX, .type_words = "regular expression"
#define OPTIONAL  .type = KEYTABLE_OPTIONAL, .type_words = "string, or \"\" for none"
#define METHOD    .type = KEYTABLE_METHOD, .type_words = "HTTP method"
#define URL       .type = KEYTABLE_URL, .type_words = "path with optional query"
#define LOCALITY  .type = KEYTABLE_LOCALITY, .type_words = "locality, \"key=value,key=value\""
#define PATH      .type = KEYTABLE_PATH, .type_words = "absolute path"
#define SOCKET    .type = KEYTABLE_SOCKET, .type_words = "absolute path, or \"\" for none"
#define MODE      .type = KEYTABLE_MODE, .type_words = "string of octal digits"
#define PROGRAM   .type = KEYTABLE_PROGRAM, .type_words = "absolute path of a program"
#define FILE_NAME .type = KEYTABLE_FILE, .type_words = "path of a readable file"
#define DIRECTORY .type = KEYTABLE_DIRECTORY, .type_words = "absolute path of a directory"
#define USER      .type = KEYTABLE_USER, .type_words = "name of a user"
#define USERGROUP .type = KEYTABLE_USERGROUP, .type_words = "name of a group of users"
#define HOST      .type = KEYTABLE_HOST, .type_words = "host name or address"
#define INTERFACE .type = KEYTABLE_INTERFACE, .type_words = "name of a network interface"
#define PORT      .type = KEYTABLE_PORT, .type_words = "\"sql\", \"http\" or a port number"
#define LISTEN    .type = KEYTABLE_LISTEN, .type_words = "address to listen on"
#define ADMIN     .type = KEYTABLE_ADMIN, .type_words = "address to listen on, or \"\" for none"
#define ADDRESS   .type = KEYTABLE_ADDRESS, .type_words = "\"host:port\" or \"unix:/path\""
#define SOURCE_ADDRESS                                                                             \
	.type = KEYTABLE_SOURCE_ADDRESS,                                                           \
	.type_words = "\"address\", \"address:port\" or \"address:low-high\""
#define CONTROL                                                                                    \
	.type = KEYTABLE_CONTROL,                                                                  \
	.type_words = "\"/path\", \"unix:/path\", \"address:port\" or \"fd:N\""
#define TRACK  .type = KEYTABLE_TRACK, .type_words = "\"service/server\" or \"server\""
#define SAMPLE .type = KEYTABLE_SAMPLE, .type_words = "\"numbers:size\""
#define TARGET                                                                                     \
	.type = KEYTABLE_TARGET, .type_words =                                                     \
	                             "\"stderr\", \"stdout\", \"syslog:FACILITY@/path\", "         \
	                             "\"udp://FACILITY@address:port\", \"file:/path\" or \"fd:N\""
#define HEADERS  .type = KEYTABLE_HEADERS, .type_words = "list of \"Name: value\""
#define STATUSES .type = KEYTABLE_STATUSES, .type_words = "list of statuses and \"low-high\""
#define NAMES    .type = KEYTABLE_NAMES, .type_words = "list of names"
#define NETS     .type = KEYTABLE_NETS, .type_words = "list of addresses and networks"
#define NAMESERVERS                                                                                \
	.type = KEYTABLE_NAMESERVERS, .type_words = "list of \"address\" or \"address:port\""
#define SEEDS          .type = KEYTABLE_SEEDS, .type_words = "URL, or a list of URLs"
#define FILTER         .type = KEYTABLE_FILTER, .type_words = "\"KEY=REGEX,...\""
#define KEPT           .type = KEYTABLE_KEPT, .type_words = "absolute path, or \"\" for none"
#define CHILD(name)    .type = KEYTABLE_GROUP, .type_words = "group", .child = (name)
#define CHILDREN(name) .type = KEYTABLE_GROUPS, .type_words = "list of groups", .child = (name)
#define MANY(name)     .type = KEYTABLE_MANY, .type_words = "group, or list of groups", .child = (name)
#define SOURCE(name)   .type = KEYTABLE_SOURCE, .type_words = "address, or a group", .child = (name)
#define BINDS(name)                                                                                \
	.type = KEYTABLE_BINDS,                                                                    \
	.type_words = "address to listen on, or a list of addresses and groups", .child = (name)

/* For macros of keys: there cppcheck 2.10 takes FLAG apart at its commas. */
#define SWITCH() FLAG
#define OPTION() OPTIONAL

#define AT(tag, member)                                                                            \
	.offset = offsetof(struct tag, member), .size = sizeof(((struct tag *)NULL)->member)

enum {
	NONE = 0,
	REQUIRED = KEYTABLE_REQUIRED,
	SHARED = KEYTABLE_SHARED,
	ASIDE = KEYTABLE_ASIDE,
	FIRST = KEYTABLE_FIRST,
	TLS = KEYTABLE_TLS,
	HTTP = KEYTABLE_ONLY(HTTP) | KEYTABLE_ONLY(HTTPS),
	REQUEST = HTTP | KEYTABLE_STEPLESS,
	STEPS = HTTP | KEYTABLE_ONLY(TCP),
	LOGIN = KEYTABLE_ONLY(PGSQL) | KEYTABLE_ONLY(MYSQL),
	SMTP = KEYTABLE_ONLY(SMTP),
	EXTERNAL = KEYTABLE_ONLY(EXTERNAL)
};

static const struct keytable_key keys[] = {
#define GROUP(name, tag, help)
#define KEY(group_, name_, type_, flags_, initial_, example_, target_, help_)                      \
	{ .group = (group_),                                                                       \
	  .name = (name_),                                                                         \
	  type_,                                                                                   \
	  .flags = (flags_),                                                                       \
	  .initial = (initial_),                                                                   \
	  .example = (example_),                                                                   \
	  target_,                                                                                 \
	  .help = (help_) },
#include "conf/keys.def"
#undef KEY
#undef GROUP
};

static const struct keytable_group groups[] = {
#define GROUP(name, tag, help) { name, sizeof(struct tag), help },
#define KEY(...)
#include "conf/keys.def"
#undef KEY
#undef GROUP
};

const struct keytable_key *keytable_keys(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(keys);
	return keys;
}

const struct keytable_group *keytable_groups(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(groups);
	return groups;
}

const struct keytable_key *keytable_find(const char *group, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].name, name) == 0 && strcmp(keys[i].group, group) == 0)
			return &keys[i];
	return NULL;
}

const struct keytable_key *keytable_find_shared(const char *name)
{
	const struct keytable_key *k = keytable_find("services", name);

	return k && k->flags & KEYTABLE_SHARED ? k : NULL;
}

const struct keytable_group *keytable_find_group(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (strcmp(groups[i].name, name) == 0)
			return &groups[i];
	return NULL;
}

bool keytable_belongs(const struct keytable_key *k, const char *group)
{
	return strcmp(k->group, group) == 0 || (!*group && k->flags & KEYTABLE_SHARED);
}

static bool has_type(const struct keytable_key *k, enum settings_check_type type)
{
	return k->flags >> (KEYTABLE_TYPE_SHIFT + type) & 1U;
}

bool keytable_applies(const struct keytable_key *k, enum settings_check_type type, bool tls,
                      bool steps)
{
	if (k->flags & KEYTABLE_TLS)
		return tls || type == SETTINGS_CHECK_HTTPS;
	if (k->flags & KEYTABLE_STEPLESS && steps)
		return false;
	return !(k->flags >> KEYTABLE_TYPE_SHIFT) || has_type(k, type);
}

void keytable_add_types(const struct keytable_key *k, struct text *out)
{
	const char *before = "type = ";

	if (k->flags & KEYTABLE_TLS)
		text_add(out, "type = \"https\", via_tls = true or a step over TLS");
	for (enum settings_check_type t = SETTINGS_CHECK_NONE; t <= SETTINGS_CHECK_AGENT; t++) {
		unsigned int others = k->flags >> (KEYTABLE_TYPE_SHIFT + t) >> 1;

		if (!has_type(k, t))
			continue;
		text_addf(out, "%s\"%s\"", before, settings_check_name(t));
		before = others & (others - 1) ? ", " : " or ";
	}
}
