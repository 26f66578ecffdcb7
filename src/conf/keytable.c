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
#define DURATION(min, max)                                                                         \
	.type = KEYTABLE_DURATION, .type_words = "duration", .low = (min), .high = (max)
#define SECONDS(min, max)                                                                          \
	.type = KEYTABLE_SECONDS, .type_words = "duration of whole seconds",                       \
	.low = (min)*UINT64_C(1000), .high = (max)*UINT64_C(1000)
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
#define STRING    .type = KEYTABLE_STRING, .type_words = "string"
#define NAME      .type = KEYTABLE_NAME, .type_words = "name of letters, digits and - _ . :"
#define METHOD    .type = KEYTABLE_METHOD, .type_words = "HTTP method"
#define URL       .type = KEYTABLE_URL, .type_words = "path with optional query"
#define LOCALITY  .type = KEYTABLE_LOCALITY, .type_words = "locality, \"key=value,key=value\""
#define PATH      .type = KEYTABLE_PATH, .type_words = "absolute path"
#define SOCKET    .type = KEYTABLE_SOCKET, .type_words = "absolute path, or \"\" for none"
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
#define TARGET                                                                                     \
	.type = KEYTABLE_TARGET,                                                                   \
	.type_words = "\"stderr\", \"syslog:FACILITY@/path\", \"udp://FACILITY@address:port\" "    \
	              "or \"file:/path\""
#define HEADERS  .type = KEYTABLE_HEADERS, .type_words = "list of \"Name: value\""
#define STATUSES .type = KEYTABLE_STATUSES, .type_words = "list of statuses and \"low-high\""
#define NETS     .type = KEYTABLE_NETS, .type_words = "list of addresses and networks"
#define NAMESERVERS                                                                                \
	.type = KEYTABLE_NAMESERVERS, .type_words = "list of \"address\" or \"address:port\""
#define CHILD(name)    .type = KEYTABLE_GROUP, .type_words = "group", .child = (name)
#define CHILDREN(name) .type = KEYTABLE_GROUPS, .type_words = "list of groups", .child = (name)
#define BINDS(name)                                                                                \
	.type = KEYTABLE_BINDS,                                                                    \
	.type_words = "address to listen on, or a list of addresses and groups", .child = (name)

#define AT(tag, member)                                                                            \
	.offset = offsetof(struct tag, member), .size = sizeof(((struct tag *)NULL)->member)

enum {
	NONE = 0,
	REQUIRED = KEYTABLE_REQUIRED,
	SHARED = KEYTABLE_SHARED,
	HTTP = KEYTABLE_HTTP,
	TLS = KEYTABLE_TLS,
	PGSQL = KEYTABLE_PGSQL,
	ASIDE = KEYTABLE_ASIDE
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
