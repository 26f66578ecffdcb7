/* SPDX-License-Identifier: MIT */
#include "control/webauth.h"

#include "base/mem.h"
#include "base/tick.h"
#include "net/httpquery.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	CREDENTIALS_MAX = WEBAUTH_NAME_MAX, /* user, colon, password */
	REMEMBERED = 8,                     /* good credentials whose hash was computed */
	SECOND_US = 1000000,
	REST = 10,            /* a hash is followed by so many times its duration without one ... */
	SAVED_US = SECOND_US, /* ... which may have passed before it, ... */
	REST_MAX_US = SECOND_US /* ... but nobody waits longer */
};

struct webauth {
	const struct settings_user *users;
	size_t count;
	char good[REMEMBERED][CREDENTIALS_MAX]; /* "user:password", or "" */
	size_t next;
	int64_t second;
	unsigned int attempts; /* in that second */
	int64_t rested_us;     /* when the hashes so far will have had their rest */
	struct crypt_data crypt;
};

struct webauth *webauth_new(const struct settings_user *users, size_t count)
{
	struct webauth *a;

	if (!count)
		return NULL;
	a = mem_zalloc(sizeof(*a));
	a->users = users;
	a->count = count;
	return a;
}

void webauth_free(struct webauth *a)
{
	if (!a)
		return;
	explicit_bzero(a, sizeof(*a));
	free(a);
}

/* Takes as long as `b` is long, whatever `a` holds. */
static bool equals(const char *a, const char *b)
{
	size_t len_a = strlen(a);
	size_t len_b = strlen(b);
	unsigned int differs = len_a != len_b;

	for (size_t i = 0; i < len_b; i++)
		differs |=
		    (unsigned int)(unsigned char)a[len_a ? i % len_a : 0] ^ (unsigned char)b[i];
	return !differs;
}

static bool is_remembered(const struct webauth *a, const char *credentials)
{
	bool found = false;

	for (size_t i = 0; i < REMEMBERED; i++)
		found |= equals(a->good[i], credentials);
	return found;
}

static void remember(struct webauth *a, const char *credentials)
{
	memcpy(a->good[a->next++ % REMEMBERED], credentials, strlen(credentials) + 1);
}

static bool may_hash(struct webauth *a)
{
	int64_t now_us = tick_us();
	int64_t second = now_us / SECOND_US;

	if (now_us < a->rested_us)
		return false;
	if (second != a->second) {
		a->second = second;
		a->attempts = 0;
	}
	return a->attempts++ < WEBAUTH_HASHES_PER_SECOND;
}

static bool has_hash(const struct settings_user *u)
{
	return u->password[0] == '$';
}

/* Some hashes take a quarter of a second each, and checks have to go on. */
static void rest(struct webauth *a, int64_t begun_us)
{
	int64_t now_us = tick_us();
	int64_t from_us = a->rested_us;

	if (from_us < begun_us - SAVED_US)
		from_us = begun_us - SAVED_US;
	a->rested_us = from_us + REST * (now_us - begun_us);
	if (a->rested_us > now_us + REST_MAX_US)
		a->rested_us = now_us + REST_MAX_US;
}

static bool hash_matches(struct webauth *a, const char *password, const char *hash)
{
	int64_t begun_us = tick_us();
	const char *made = crypt_r(password, hash, &a->crypt);
	bool ok = made && equals(made, hash);

	rest(a, begun_us);
	explicit_bzero(&a->crypt, sizeof(a->crypt));
	return ok;
}

static enum webauth_verdict judge_hash(struct webauth *a, const struct settings_user *u,
                                       const char *credentials, const char *password)
{
	if (!may_hash(a))
		return WEBAUTH_BUSY;
	if (!hash_matches(a, password, u->password))
		return WEBAUTH_REFUSED;
	remember(a, credentials);
	return WEBAUTH_OK;
}

static enum webauth_verdict judge_user(struct webauth *a, const struct settings_user *u,
                                       const char *credentials, const char *password)
{
	size_t len = (size_t)(password - 1 - credentials);
	char name[CREDENTIALS_MAX];
	bool known;

	memcpy(name, credentials, len);
	name[len] = '\0';
	known = equals(name, u->name);
	if (has_hash(u))
		return known ? judge_hash(a, u, credentials, password) : WEBAUTH_REFUSED;
	known &= equals(password, u->password);
	return known ? WEBAUTH_OK : WEBAUTH_REFUSED;
}

static enum webauth_verdict judge(struct webauth *a, const char *credentials)
{
	const char *colon = strchr(credentials, ':');
	enum webauth_verdict verdict = WEBAUTH_REFUSED;

	if (!colon)
		return WEBAUTH_REFUSED;
	if (is_remembered(a, credentials))
		return WEBAUTH_OK;
	for (size_t i = 0; i < a->count && verdict == WEBAUTH_REFUSED; i++)
		verdict = judge_user(a, &a->users[i], credentials, colon + 1);
	return verdict;
}

/* "user:password" of the field; false: it is none of this scheme, or too long. */
static bool read_credentials(struct httphead_string authorization, char ret[static CREDENTIALS_MAX])
{
	static const char scheme[] = "basic ";
	size_t skip = sizeof(scheme) - 1;

	if (!authorization.at || authorization.len <= skip ||
	    strncasecmp(authorization.at, scheme, skip) != 0)
		return false;
	while (skip < authorization.len && authorization.at[skip] == ' ')
		skip++;
	return httpquery_base64(authorization.at + skip, authorization.len - skip, ret,
	                        CREDENTIALS_MAX);
}

enum webauth_verdict webauth_check(struct webauth *a, struct httphead_string authorization)
{
	char credentials[CREDENTIALS_MAX];
	enum webauth_verdict verdict;

	if (!read_credentials(authorization, credentials))
		return WEBAUTH_REFUSED;
	verdict = judge(a, credentials);
	explicit_bzero(credentials, sizeof(credentials));
	return verdict;
}

bool webauth_name(struct httphead_string authorization, char ret[static WEBAUTH_NAME_MAX])
{
	char *colon;

	if (!read_credentials(authorization, ret))
		return false;
	colon = strchr(ret, ':');
	if (colon)
		explicit_bzero(colon, strlen(colon));
	return colon != NULL;
}

/* "http://host:port/..." is of `host`. */
static bool is_of(struct httphead_string url, struct httphead_string host)
{
	const char *at = memmem(url.at, url.len, "://", 3);
	size_t len = at ? url.len - (size_t)(at + 3 - url.at) : 0;

	if (!at || !host.at || len < host.len || strncasecmp(at + 3, host.at, host.len) != 0)
		return false;
	return len == host.len || at[3 + host.len] == '/';
}

bool webauth_is_same_origin(const struct httphead_request *r)
{
	struct httphead_string host = httphead_field(r, "host");
	struct httphead_string site = httphead_field(r, "sec-fetch-site");
	struct httphead_string origin = httphead_field(r, "origin");
	struct httphead_string referer = httphead_field(r, "referer");

	if (site.at && !httphead_equals(site, "same-origin") && !httphead_equals(site, "none"))
		return false;
	if (origin.at)
		return is_of(origin, host);
	return !referer.at || is_of(referer, host);
}
