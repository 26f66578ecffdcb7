/* SPDX-License-Identifier: MIT */
#include "logtarget.h"

#include "base/log.h"
#include "base/number.h"
#include "base/suggest.h"
#include "endpoints.h"
#include "keytable.h"
#include "scalars.h"

#include <stdio.h>
#include <string.h>

enum { HOST_ROOM = 256, FACILITY_DAEMON = 3, RANGES_MAX = 64, WORD_ROOM = 16 };

static bool parse_facility(const char *s, size_t len, int *ret, struct error *err)
{
	char word[32];
	const char *const *known;
	const char *near;
	size_t count;
	int facility;

	snprintf(word, sizeof(word), "%.*s", (int)len, s);
	facility = log_facility_find(word);
	if (facility >= 0) {
		*ret = facility;
		return true;
	}
	known = log_facilities(&count);
	near = suggest_nearest(word, known, count);
	return error_set(err,
	                 "\"%s\" is not a syslog facility%s%s%s: write kern, user, mail, daemon, "
	                 "auth, ... or local0 to local7",
	                 word, near ? "; did you mean \"" : "", near ? near : "",
	                 near ? "\"?" : "");
}

/* Takes "FACILITY@" off the front, if it is there. */
static bool take_facility(const char **s, int *ret, struct error *err)
{
	const char *at = strchr(*s, '@');

	*ret = FACILITY_DAEMON;
	if (!at)
		return true;
	if (!parse_facility(*s, (size_t)(at - *s), ret, err))
		return false;
	*s = at + 1;
	return true;
}

static bool parse_udp(const char *s, struct settings_log *l, struct error *err)
{
	char host[HOST_ROOM];
	uint16_t port;

	l->kind = SETTINGS_LOG_UDP;
	if (!take_facility(&s, &l->facility, err) ||
	    !addr_split(s, 514, host, sizeof(host), &port, err))
		return false;
	if (!*host || !addr_parse_ip(host, port, &l->addr))
		return error_set(
		    err, "\"%.60s\" is not a numeric address: write \"udp://10.0.0.9:514\"", s);
	return true;
}

static bool parse_syslog(const char *s, struct settings_log *l, struct error *err)
{
	struct addr unused;

	l->kind = SETTINGS_LOG_SYSLOG;
	l->path = "/dev/log";
	l->facility = FACILITY_DAEMON;
	if (!*s)
		return true;
	s++;
	if (!strchr(s, '@') && *s != '/')
		return parse_facility(s, strlen(s), &l->facility, err);
	if (!take_facility(&s, &l->facility, err))
		return false;
	l->path = s;
	if (*s != '/')
		return error_set(err,
		                 "\"%.60s\" is not an absolute path: write "
		                 "\"syslog:local0@/dev/log\"",
		                 s);
	return addr_from_unix(s, &unused, err);
}

static bool parse_target(const char *s, struct settings_log *l, struct error *err)
{
	l->facility = FACILITY_DAEMON;
	if (strcmp(s, "stderr") == 0 || strcmp(s, "stdout") == 0) {
		l->kind = s[3] == 'o' ? SETTINGS_LOG_STDOUT : SETTINGS_LOG_STDERR;
		return true;
	}
	if (strncmp(s, "fd:", 3) == 0) {
		l->kind = SETTINGS_LOG_FD;
		return endpoints_parse_fd(s, &l->fd, err);
	}
	if (strncmp(s, "syslog", 6) == 0 && (!s[6] || s[6] == ':'))
		return parse_syslog(s + 6, l, err);
	if (strncmp(s, "udp://", 6) == 0)
		return parse_udp(s + 6, l, err);
	if (strncmp(s, "file:", 5) == 0) {
		l->kind = SETTINGS_LOG_FILE;
		l->path = s + 5;
		if (*l->path != '/')
			return error_set(err,
			                 "\"%.60s\": write an absolute path, as in "
			                 "\"file:/var/log/sluice.log\"",
			                 s);
		return true;
	}
	return error_set(err,
	                 "\"%.60s\" is not a log target: write \"stderr\", \"stdout\", "
	                 "\"syslog:local0@/dev/log\", \"udp://10.0.0.9:514\", "
	                 "\"file:/var/log/sluice.log\" or \"fd:3\"",
	                 s);
}

void logtarget_target(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	struct settings_log *l = &((struct draft_log *)base)->l;
	const char *s = scalars_text(c, v, k->example);
	struct error err;

	if (!s)
		return;
	s = mem_arena_strdup(c->arena, s);
	if (parse_target(s, l, &err))
		l->text = s;
	else
		problem_add(c->problems, v, "%s", err.text);
}

/* "3" or "3-4" of `len` characters. */
static bool parse_range(const char *s, size_t len, struct settings_range *ret)
{
	const char *dash = memchr(s, '-', len);
	size_t first = dash ? (size_t)(dash - s) : len;
	char low[WORD_ROOM];
	char high[WORD_ROOM];
	uint64_t a;
	uint64_t b;

	if (len >= WORD_ROOM)
		return false;
	snprintf(low, sizeof(low), "%.*s", (int)first, s);
	snprintf(high, sizeof(high), "%.*s", (int)(dash ? len - first - 1 : len),
	         dash ? dash + 1 : s);
	if (!number_parse(low, UINT16_MAX, &a) || !number_parse(high, UINT16_MAX, &b) || !a ||
	    b < a)
		return false;
	*ret = (struct settings_range){ (uint16_t)a, (uint16_t)b };
	return true;
}

/* HAProxy's form (configuration manual 4.2 "log", "sample"): numbers and ranges, ':', how many. */
static bool parse_sample(const char *s, struct settings_range at[static RANGES_MAX],
                         size_t *ret_count, uint16_t *ret_size)
{
	const char *colon = strchr(s, ':');
	uint64_t size;
	size_t n = 0;

	if (!colon || !number_parse(colon + 1, UINT16_MAX, &size))
		return false;
	for (; s < colon; n++) {
		size_t len = strcspn(s, ",:");

		if (n == RANGES_MAX || !parse_range(s, len, &at[n]) || at[n].high > size ||
		    (n && at[n].low <= at[n - 1].high))
			return false;
		s += len + (s[len] == ',' && s[len + 1] != ':');
	}
	*ret_count = n;
	*ret_size = (uint16_t)size;
	return n > 0;
}

void logtarget_sample(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	struct settings_log *l = (void *)((char *)base + k->offset);
	const char *s = scalars_text(c, v, k->example);
	struct settings_range at[RANGES_MAX];
	struct settings_range *copy;
	uint16_t size;
	size_t n;

	if (!s)
		return;
	if (!parse_sample(s, at, &n, &size)) {
		problem_add(
		    c->problems, v,
		    "\"%.60s\" is not a sample: write rising numbers and how many lines they "
		    "are of, as in %s",
		    s, k->example);
		return;
	}
	copy = mem_arena_zalloc(c->arena, n * sizeof(*copy));
	memcpy(copy, at, n * sizeof(*copy));
	l->sample = (struct settings_ranges){ copy, n };
	l->sample_size = size;
}
