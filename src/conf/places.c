/* SPDX-License-Identifier: MIT */
#include "places.h"

#include "keytable.h"
#include "scalars.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOKUP_ROOM = 65536 };

/* An absolute path, or NULL after a problem: the process may change its directory. */
static const char *absolute(struct draft_context *c, const config_setting_t *v, const char *example)
{
	const char *s = scalars_text(c, v, example);

	if (s && *s != '/') {
		problem_add(c->problems, v,
		            "\"%.60s\" is not an absolute path: begin it with \"/\", as in %s", s,
		            example);
		return NULL;
	}
	return s;
}

void places_path(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base)
{
	const char *s = absolute(c, v, k->example);

	if (s)
		scalars_store_text(c, k, base, s);
}

void places_socket(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                   void *base)
{
	const char *s = config_setting_get_string(v);
	struct error err;
	struct addr addr;

	if (s && !*s) {
		memset((char *)base + k->offset, 0, k->size);
		return;
	}
	s = absolute(c, v, k->initial);
	if (!s)
		return;
	if (addr_from_unix(s, &addr, &err))
		scalars_store_text(c, k, base, s);
	else
		problem_add(c->problems, v, "%s", err.text);
}

void places_file(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base)
{
	const char *s = scalars_text(c, v, k->example);
	struct stat st;

	if (!s)
		return;
	if (stat(s, &st) == -1)
		problem_add(c->problems, v, "\"%.100s\" cannot be read: %s", s, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		problem_add(c->problems, v, "\"%.100s\" is not a file", s);
	else if (access(s, R_OK) == -1)
		problem_add(c->problems, v, "\"%.100s\" cannot be read: %s", s, strerror(errno));
	else
		scalars_store_text(c, k, base, s);
}

void places_directory(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	const char *s = absolute(c, v, k->example);
	struct stat st;

	if (!s)
		return;
	if (stat(s, &st) == -1)
		problem_add(c->problems, v, "\"%.100s\": %s", s, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		problem_add(c->problems, v, "\"%.100s\" is not a directory", s);
	else
		scalars_store_text(c, k, base, s);
}

void places_user(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base)
{
	const char *s = scalars_text(c, v, k->example);
	char *room = mem_arena_zalloc(c->arena, LOOKUP_ROOM);
	struct passwd *found = NULL;
	struct passwd pw;

	if (!s)
		return;
	if (getpwnam_r(s, &pw, room, LOOKUP_ROOM, &found) == 0 && found)
		scalars_store_text(c, k, base, s);
	else
		problem_add(
		    c->problems, v,
		    "there is no user \"%.60s\" on this host: create it (useradd --system) or "
		    "name another",
		    s);
}

void places_group(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base)
{
	const char *s = scalars_text(c, v, k->example);
	char *room = mem_arena_zalloc(c->arena, LOOKUP_ROOM);
	struct group *found = NULL;
	struct group gr;

	if (!s)
		return;
	if (getgrnam_r(s, &gr, room, LOOKUP_ROOM, &found) == 0 && found)
		scalars_store_text(c, k, base, s);
	else
		problem_add(
		    c->problems, v,
		    "there is no group \"%.60s\" on this host: create it (groupadd --system) "
		    "or name another",
		    s);
}
