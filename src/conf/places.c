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

enum { LOOKUP_ROOM = 65536, MODE_DIGITS = 4 };

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

/* Whether it exists, is of the kind (S_IFREG, S_IFDIR), and lets itself be used (R_OK, X_OK). */
static bool is_usable(const struct draft_context *c, const char *path, mode_t kind, int mode,
                      struct error *err)
{
	struct stat st;

	if (c->again)
		return true;
	if (stat(path, &st) == -1 || access(path, mode) == -1)
		return error_sys(err, errno, "\"%.100s\" cannot be used", path);
	if ((st.st_mode & S_IFMT) != kind)
		return error_set(err, "\"%.100s\" is not a %s", path,
		                 kind == S_IFDIR ? "directory" : "file");
	return true;
}

/* Stores the place if is_usable(); NULL: what is wrong with it has been said. */
static void store(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base, const char *s, mode_t kind, int mode)
{
	struct error err;

	if (!s)
		return;
	if (is_usable(c, s, kind, mode, &err))
		scalars_store_text(c, k, base, s);
	else
		problem_add(c->problems, v, "%s", err.text);
}

void places_file(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base)
{
	store(c, k, v, base, scalars_text(c, v, k->example), S_IFREG, R_OK);
}

void places_program(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	store(c, k, v, base, absolute(c, v, k->example), S_IFREG, X_OK);
}

/* As chmod(1) takes it. */
void places_mode(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base)
{
	const char *s = scalars_text(c, v, k->example);
	uint32_t mode;

	if (!s)
		return;
	mode = (uint32_t)strtoul(s, NULL, 8);
	if (!*s || strlen(s) > MODE_DIGITS || s[strspn(s, "01234567")] || !mode || mode > 0777) {
		problem_add(c->problems, v, "\"%.60s\" is not a mode: write octal digits, as in %s",
		            s, k->example);
		return;
	}
	memcpy((char *)base + k->offset, &mode, sizeof(mode));
}

void places_directory(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	store(c, k, v, base, absolute(c, v, k->example), S_IFDIR, X_OK);
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
	if (c->again || (getpwnam_r(s, &pw, room, LOOKUP_ROOM, &found) == 0 && found))
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
	if (c->again || (getgrnam_r(s, &gr, room, LOOKUP_ROOM, &found) == 0 && found))
		scalars_store_text(c, k, base, s);
	else
		problem_add(
		    c->problems, v,
		    "there is no group \"%.60s\" on this host: create it (groupadd --system) "
		    "or name another",
		    s);
}
